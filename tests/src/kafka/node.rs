//! One node of a cluster: broker and controller in a process of its own, held by a shell that outlives nobody.
//!
//! ```text
//!   test ── pipe ──▶ sh ── child ──▶ java kafka.Kafka
//! ```
//!
//! Words on the pipe have the node killed with SIGKILL, or paused and resumed. A pipe that closes means that the test was
//! itself killed, or ends with a cluster that all tests share: then the node goes, and the cluster's folder too.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use super::{jars, wait_until};

/// `$1` is the cluster's folder, the rest runs the node. Of the nodes that end together the last one leaves nothing behind.
const KEEPER: &str = r#"folder=$1; shift
"$@" </dev/null &
node=$!
while read -r word; do
  case $word in
    pause) kill -STOP $node;;
    resume) kill -CONT $node;;
    keep) break;;
  esac
done
kill -9 $node
wait $node
[ "$word" = keep ] || rm -rf "$folder" 2>/dev/null"#;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: usize,
    folder: PathBuf,
    port: u16,
    controller_port: u16,
    /// The shell, while the node runs.
    keeper: Option<Child>,
    paused: bool,
    /// How often it was started; each time has a log of its own.
    starts: u32,
}

impl Node {
    /// A node that is not formatted yet.
    pub(super) fn new(id: usize, cluster: &Path) -> Self {
        let folder = cluster.join(format!("node-{id}"));
        fs::create_dir_all(&folder).expect("a folder for the node");
        Self {
            id,
            folder,
            port: free_port(),
            controller_port: free_port(),
            keeper: None,
            paused: false,
            starts: 0,
        }
    }

    /// Writes its settings, and gives what formats its storage.
    pub(super) fn format(&self, cluster_id: &str, voters: &str, nodes: usize) -> Command {
        fs::write(self.settings_file(), self.settings(voters, nodes)).expect("a settings file");
        let mut command = Command::new("java");
        command
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jars::class_path()])
            .args(["kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config"])
            .arg(self.settings_file())
            .stdout(Stdio::null());
        command
    }

    /// Starts it, and does not wait.
    pub(super) fn start(&mut self) {
        self.starts += 1;
        let log = File::create(self.log_file()).expect("a log file");
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(self.folder.parent().unwrap_or(&self.folder))
            .args(["java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-Dlog4j2.level=INFO"])
            .args(["-cp", jars::class_path(), "kafka.Kafka"])
            .arg(self.settings_file())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            // Ctrl-C is for the test; the shell hears of it by the pipe.
            .process_group(0)
            .spawn()
            .expect("a shell");
        self.keeper = Some(keeper);
    }

    /// Waits until it serves.
    pub(super) fn wait_ready(&self) {
        wait_until(&format!("node {} serves", self.id), || self.log().contains("Kafka Server started"));
    }

    /// Kills it with SIGKILL and waits for its end. What it wrote stays.
    pub(super) fn kill(&mut self) {
        self.say("keep\n");
        if let Some(mut keeper) = self.keeper.take() {
            let _ = keeper.wait();
        }
        self.paused = false;
    }

    /// Stops it where it is, with all its connections open.
    pub(super) fn pause(&mut self) {
        self.say("pause\n");
        self.paused = true;
    }

    /// Lets a paused node go on.
    pub(super) fn resume(&mut self) {
        self.say("resume\n");
        self.paused = false;
    }

    /// Whether it may answer.
    pub(super) const fn is_awake(&self) -> bool {
        self.keeper.is_some() && !self.paused
    }

    /// Where clients find it.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How the controllers find it.
    pub(super) fn voter(&self) -> String {
        format!("{}@127.0.0.1:{}", self.id, self.controller_port)
    }

    /// Where its partitions lie.
    pub(super) fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What it has logged since it was last started.
    pub(super) fn log(&self) -> String {
        fs::read(self.log_file())
            .map_or_else(|error| error.to_string(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn say(&mut self, word: &str) {
        if let Some(pipe) = self.keeper.as_mut().and_then(|keeper| keeper.stdin.as_mut()) {
            // A shell that is gone took the node with it.
            let _ = pipe.write_all(word.as_bytes());
        }
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join(format!("log-{}.txt", self.starts))
    }

    fn settings_file(&self) -> PathBuf {
        self.folder.join("node.properties")
    }

    fn settings(&self, voters: &str, nodes: usize) -> String {
        let (id, address, controller_port) = (self.id, self.address(), self.controller_port);
        let data = self.data_folder();
        let (replicas, in_sync) = if nodes == 1 { (1, 1) } else { (3, 2) };
        let mut settings = format!(
            "process.roles=broker,controller\n\
             node.id={id}\n\
             controller.quorum.voters={voters}\n\
             controller.listener.names=CONTROLLER\n\
             listeners=PLAINTEXT://{address},CONTROLLER://127.0.0.1:{controller_port}\n\
             advertised.listeners=PLAINTEXT://{address}\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n\
             inter.broker.listener.name=PLAINTEXT\n\
             log.dirs={}\n\
             default.replication.factor={replicas}\n\
             min.insync.replicas={in_sync}\n\
             offsets.topic.replication.factor={replicas}\n\
             transaction.state.log.replication.factor={replicas}\n\
             transaction.state.log.min.isr={in_sync}\n\
             share.coordinator.state.topic.replication.factor={replicas}\n\
             share.coordinator.state.topic.min.isr={in_sync}\n",
            data.display()
        );
        settings.push_str(SETTINGS);
        settings
    }
}

/// The same for each node: small, quick to start, and quick to find out that another node is gone.
const SETTINGS: &str = "\
auto.create.topics.enable=false
auto.leader.rebalance.enable=false
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.num.partitions=1
num.network.threads=2
num.io.threads=2
num.replica.fetchers=1
log.segment.bytes=16777216
log.retention.bytes=268435456
log.retention.ms=-1
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=2097152
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
controller.quorum.election.timeout.ms=500
controller.quorum.fetch.timeout.ms=1000
";

/// A port that nobody listens on, below those that the system hands out: a client that dials a dead node again and again
/// would else find itself there sooner or later.
fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Processes that run at the same time begin at different ports.
    let begin = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or_default();
    loop {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (begin + tried) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
