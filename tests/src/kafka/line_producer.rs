//! Java's own producer as a process that a test feeds record by record: `tests/kafka/LineProducer.java`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::jars::Release;
use super::{fail, tools};

/// What a producer reported of records, by their values: the offset, or the error.
pub type Reported = BTreeMap<String, Result<i64, String>>;

/// A Java producer of a release, idempotent and without linger. Dropping it kills it.
#[derive(Debug)]
pub struct LineProducer {
    process: Child,
    reported: Arc<Mutex<Reported>>,
}

impl LineProducer {
    /// Starts a producer of one topic.
    #[must_use]
    pub fn start(release: Release, servers: &str, topic: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("kafka/LineProducer.java");
        let mut java = tools::java();
        java.args(["-cp", release.class_path()]).arg(source).args([servers, topic]);
        java.stdin(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = java.spawn().unwrap_or_else(|error| fail(error));
        let reported = Arc::<Mutex<Reported>>::default();
        let (output, collected) = (process.stdout.take(), Arc::clone(&reported));
        thread::spawn(move || {
            for line in output.into_iter().flat_map(|pipe| BufReader::new(pipe).lines()).map_while(Result::ok)
            {
                match outcome(&line) {
                    Some((value, outcome)) => {
                        let mut collected = collected.lock().unwrap_or_else(PoisonError::into_inner);
                        collected.insert(value, outcome);
                    }
                    None => println!("java: {line}"),
                }
            }
        });
        Self { process, reported }
    }

    /// Sends a record of this value, which has no line ends.
    pub fn send(&mut self, value: &str) {
        let written = self.process.stdin.as_mut().map(|pipe| writeln!(pipe, "{value}"));
        if !matches!(written, Some(Ok(()))) {
            fail(format_args!("Java's producer takes no record: {written:?}"));
        }
    }

    /// What was reported so far.
    #[must_use]
    pub fn reported(&self) -> Reported {
        self.reported.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes the producer, and waits for the end of its process.
    pub fn close(mut self) {
        drop(self.process.stdin.take());
        match self.process.wait() {
            Ok(status) if status.success() => {}
            ended => fail(format_args!("Java's producer did not close: {ended:?}")),
        }
    }
}

impl Drop for LineProducer {
    fn drop(&mut self) {
        // A process that has ended already is not there any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads a line such as `acked 3 VALUE` or `failed TimeoutException VALUE`.
fn outcome(line: &str) -> Option<(String, Result<i64, String>)> {
    let mut words = line.splitn(3, ' ');
    let (kind, detail, value) = (words.next()?, words.next()?, words.next()?);
    let outcome = match kind {
        "acked" => Ok(detail.parse().ok()?),
        "failed" => Err(detail.to_owned()),
        _ => return None,
    };
    Some((value.to_owned(), outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_read_and_other_lines_are_not() {
        assert_eq!(outcome("acked 3 a b"), Some(("a b".to_owned(), Ok(3))));
        let failed = Err("TimeoutException".to_owned());
        assert_eq!(outcome("failed TimeoutException a"), Some(("a".to_owned(), failed)));
        for line in ["acked x a", "acked 3", "WARN 3 a", ""] {
            assert_eq!(outcome(line), None, "{line}");
        }
    }
}
