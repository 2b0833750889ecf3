//! A program with its input, from its start to how it ended: the command line under test, or a tool of Java's.

use std::fmt;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use super::{fail, milena_binary};

/// A program that is to be run, and what it reads.
#[derive(Debug)]
pub struct Program {
    command: Command,
    input: String,
    within: Duration,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; none when it did not end in time and was killed.
    pub code: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// How long it ran: to be printed, and nothing depends on it.
    pub took: Duration,
}

impl Program {
    /// A command that is given two minutes.
    #[must_use]
    pub fn new(command: Command) -> Self {
        Self { command, input: String::new(), within: Duration::from_secs(120) }
    }

    /// The command line under test.
    #[must_use]
    pub fn milena() -> Self {
        Self::new(Command::new(milena_binary()))
    }

    /// With more arguments, each of them a word.
    #[must_use]
    pub fn args<T: AsRef<std::ffi::OsStr>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.command.args(arguments);
        self
    }

    /// With this on its standard input.
    #[must_use]
    pub fn input(self, input: impl Into<String>) -> Self {
        Self { input: input.into(), ..self }
    }

    /// Given that long: then it is killed.
    #[must_use]
    pub fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    /// Runs it to its end.
    #[must_use]
    pub fn run(mut self) -> Ended {
        let started = now();
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            self.command.spawn().unwrap_or_else(|error| fail(format_args!("{:?}: {error}", self.command)));
        let (input, pipe) = (std::mem::take(&mut self.input), child.stdin.take());
        // A program that ends early does not read everything.
        let feeding = thread::spawn(move || pipe.map(|mut pipe| pipe.write_all(input.as_bytes())));
        let (stdout, stderr) = (hear(child.stdout.take()), hear(child.stderr.take()));
        let code = self.wait(&mut child, started);
        let _ = feeding.join();
        Ended { code, stdout: heard(stdout), stderr: heard(stderr), took: now() - started }
    }

    fn wait(&self, child: &mut Child, started: Instant) -> Option<i32> {
        while now() - started < self.within {
            match child.try_wait() {
                Ok(Some(status)) => return status.code(),
                Ok(None) => sleep(Duration::from_millis(10)),
                Err(error) => fail(error),
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        None
    }
}

/// In words, for a test that fails.
impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "exit {code}")?,
            None => write!(f, "killed")?,
        }
        write!(f, " after {:.1} s: {}{}", self.took.as_secs_f64(), self.stdout, self.stderr)
    }
}

type Heard = Option<JoinHandle<String>>;

fn hear<P: Read + Send + 'static>(pipe: Option<P>) -> Heard {
    let mut pipe = pipe?;
    Some(thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }))
}

fn heard(heard: Heard) -> String {
    heard.and_then(|thread| thread.join().ok()).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a program that hangs has to end, whatever else does")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        Program::new(Command::new("sh")).args(["-c", script])
    }

    #[test]
    fn a_program_reads_its_input_and_tells_what_it_said_and_how_it_ended() {
        let ended = shell("cat; echo no >&2; exit 3").input("yes").run();
        assert_eq!((ended.code, &*ended.stdout, &*ended.stderr), (Some(3), "yes", "no\n"));
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let ended = shell("exec sleep 1000").within(Duration::from_millis(50)).run();
        assert_eq!(ended.code, None);
    }
}
