//! The records as librdkafka reads them, through its Python wheel, so that nothing is compiled.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::read::logged;
use super::tools::run;
use super::{Kafka, Logged, fail, target_folder};

impl Kafka {
    /// Everything that is in partition 0 of a topic, as librdkafka's consumer gives it, checksums checked.
    #[must_use]
    pub fn read_by_librdkafka(&self, topic: &str) -> Vec<Logged> {
        self.printed_by_librdkafka(topic, &[])
    }

    /// The same for records that need not be text: keys, values and values of headers are
    /// [`escaped`](super::escaped).
    #[must_use]
    pub fn read_escaped_by_librdkafka(&self, topic: &str) -> Vec<Logged> {
        self.printed_by_librdkafka(topic, &["--escaped"])
    }

    fn printed_by_librdkafka(&self, topic: &str, options: &[&str]) -> Vec<Logged> {
        let mut reader = Command::new(python());
        reader.arg(interop().join("read_topic.py")).args([&self.awake_servers(), topic]).args(options);
        let printed = run(reader);
        let record = |line| logged(line).unwrap_or_else(|| fail(format_args!("librdkafka reads {line:?}")));
        printed.lines().map(record).collect()
    }
}

/// A Python that has librdkafka, made once in the target folder.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let folder = target_folder().join("librdkafka");
        let python = folder.join("bin/python");
        let mut import = Command::new(&python);
        import.args(["-c", "import confluent_kafka"]);
        if !import.output().is_ok_and(|output| output.status.success()) {
            let mut venv = Command::new("python3");
            venv.args(["-m", "venv", "--clear"]).arg(&folder);
            run(venv);
            let mut pip = Command::new(&python);
            pip.args(["-m", "pip", "install", "-q", "-r"]).arg(interop().join("requirements.txt"));
            run(pip);
        }
        python
    })
}

fn interop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop")
}
