//! A cluster, a folder, and a way to run the binary that ends in bounded time.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use milena_fake::{Builder, Cluster, LoggedRecord};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Longer than anything here takes; then something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a test runs in.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    folder: tempfile::TempDir,
}

impl World {
    /// A cluster of one broker and topic `t` of three partitions, which makes no topics of its own accord.
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Cluster::builder().brokers(1).topic("t", 3).auto_create(false);
        let cluster = change(builder).start().await.unwrap();
        Self { cluster, folder: tempfile::tempdir().unwrap() }
    }

    /// A file of the test's folder, written.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command with the cluster's address in the environment, and this on standard input.
    pub(crate) fn run(&self, arguments: &str, input: impl AsRef<[u8]>) -> Ended {
        let running = self.start(arguments);
        running.write(input);
        running.end()
    }

    /// Starts a command with the cluster's address in the environment.
    pub(crate) fn start(&self, arguments: &str) -> Running {
        Running::start(command(arguments).env("KAFKA_BOOTSTRAP_SERVERS", self.cluster.bootstrap_servers()))
    }

    /// The values of a partition; `null` for none.
    pub(crate) fn values(&self, topic: &str, partition: i32) -> Vec<String> {
        self.cluster.log(topic, partition).iter().map(value).collect()
    }

    /// The values of all partitions of a topic, in no particular order.
    pub(crate) fn all_values(&self, topic: &str) -> Vec<String> {
        let count = i32::try_from(self.cluster.partition_count(topic).unwrap()).unwrap();
        let mut values: Vec<_> = (0..count).flat_map(|partition| self.values(topic, partition)).collect();
        values.sort_unstable();
        values
    }
}

/// Waits until something is the case.
pub(crate) async fn wait_until(mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

/// A record's value as text; `null` for none.
pub(crate) fn value(record: &LoggedRecord) -> String {
    record
        .value
        .as_ref()
        .map_or_else(|| "null".to_owned(), |value| String::from_utf8_lossy(value).into_owned())
}

/// The binary with these arguments, between blanks, in an environment that says nothing.
pub(crate) fn command(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milena"));
    command.args(arguments.split_whitespace()).env_remove("KAFKA_BOOTSTRAP_SERVERS");
    command
}

/// Runs a command without a cluster.
pub(crate) fn run(arguments: &str) -> Ended {
    Running::start(&mut command(arguments)).end()
}

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    stderr: JoinHandle<String>,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::start_on(command, Stdio::piped())
    }

    /// Starts a command whose standard error is this.
    pub(crate) fn start_on(command: &mut Command, stderr: Stdio) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = piped.spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            // The test may have hung up; then the pipe is closed.
            stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let stderr = child.stderr.take();
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.map(|mut stderr| stderr.read_to_string(&mut text).unwrap());
            text
        });
        Self { stdin: child.stdin.take(), child, lines, stderr }
    }

    /// Writes to standard input. The command may have ended meanwhile.
    pub(crate) fn write(&self, input: impl AsRef<[u8]>) {
        let mut stdin = self.stdin.as_ref().unwrap();
        let _ = stdin.write_all(input.as_ref());
    }

    /// The next line of standard output.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// Reads no more of standard output.
    pub(crate) fn hang_up(&mut self) {
        self.lines = channel().1;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Closes standard input, and waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        self.stdin = None;
        self.end_with_open_input()
    }

    /// Waits for the end.
    pub(crate) fn end_with_open_input(mut self) -> Ended {
        let pid = Pid::from_child(&self.child);
        let (ended, has_ended) = channel::<()>();
        let watchdog = std::thread::spawn(move || {
            if has_ended.recv_timeout(PATIENCE).is_err() {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        let status = self.child.wait().unwrap();
        let _ = ended.send(());
        watchdog.join().unwrap();
        Ended {
            code: status.code(),
            stdout: self.lines.iter().collect(),
            stderr: self.stderr.join().unwrap(),
        }
    }
}

impl Ended {
    /// Fails, with all that was said, unless the exit code is this one.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Fails, with all that was said, unless standard error has this in it.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not said: {self:#?}");
        self
    }

    /// Standard output, an object a line.
    #[track_caller]
    pub(crate) fn json(&self) -> Vec<Value> {
        self.stdout.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
