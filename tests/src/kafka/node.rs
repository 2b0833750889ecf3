//! One node of a cluster: broker and controller in a process of its own, held by a shell that outlives nobody.
//!
//! ```text
//!   test ── pipe ──▶ sh ── child ──▶ java kafka.Kafka
//! ```
//!
//! Words on the pipe have the node killed with SIGKILL, stopped with SIGTERM, or paused and resumed. A pipe that closes means that the test was
//! itself killed, or ends with a cluster that all tests share: then the node goes, and the cluster's folder too.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use super::layout::Layout;
use super::settings::{Place, settings};
use super::{fail, wait_until};

/// `$1` is the cluster's folder, the rest runs the node. Of the nodes that end together the last one leaves nothing behind.
const KEEPER: &str = r#"folder=$1; shift
"$@" </dev/null &
node=$!
while read -r word; do
  case $word in
    pause) kill -STOP $node;;
    resume) kill -CONT $node;;
    keep) break;;
    stop)
      kill $node; tries=600
      while [ $tries -gt 0 ] && kill -0 $node 2>/dev/null; do sleep 0.1; tries=$((tries - 1)); done
      word=keep; break;;
  esac
done
kill -9 $node
wait $node
[ "$word" = keep ] || rm -rf "$folder" 2>/dev/null"#;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: usize,
    layout: Arc<Layout>,
    folder: PathBuf,
    /// One for each listener of the layout.
    ports: Vec<u16>,
    controller_port: u16,
    /// All controllers, as each node's settings have them.
    voters: String,
    /// The shell, while the node runs.
    keeper: Option<Child>,
    paused: bool,
    /// How often it was started; each time has a log of its own.
    starts: u32,
}

impl Node {
    /// A node that is not formatted yet.
    pub(super) fn new(id: usize, layout: &Arc<Layout>, cluster: &Path) -> Self {
        let folder = cluster.join(format!("node-{id}"));
        fs::create_dir_all(&folder).expect("a folder for the node");
        Self {
            id,
            layout: Arc::clone(layout),
            folder,
            ports: free_ports(layout),
            controller_port: free_port(),
            voters: String::new(),
            keeper: None,
            paused: false,
            starts: 0,
        }
    }

    /// Writes its settings, and gives what formats its storage.
    pub(super) fn format(&mut self, cluster_id: &str, voters: &str) -> Command {
        voters.clone_into(&mut self.voters);
        self.write_settings();
        let mut command = Command::new("java");
        command
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", self.layout.release.logging()])
            .args(["-cp", self.layout.release.class_path()])
            .args(["kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config"])
            .arg(self.settings_file())
            .stdout(Stdio::null());
        for user in &self.layout.scram {
            command.args(["--add-scram", user]);
        }
        command
    }

    /// Gives each of its listeners another port, from its next start on.
    pub(super) fn move_away(&mut self) {
        self.ports = free_ports(&self.layout);
        self.write_settings();
    }

    /// Starts it, and does not wait.
    pub(super) fn start(&mut self) {
        self.starts += 1;
        let log = File::create(self.log_file()).expect("a log file");
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(self.folder.parent().unwrap_or(&self.folder))
            .args(["java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", self.layout.release.logging()])
            .args(["-cp", self.layout.release.class_path(), "kafka.Kafka"])
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
        self.end_by("keep\n");
    }

    /// Has it hand over what it leads and end, as an operator does, and waits for its end.
    pub(super) fn stop(&mut self) {
        self.end_by("stop\n");
    }

    fn end_by(&mut self, word: &str) {
        self.say(word);
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

    /// Where a listener is, by its name.
    pub(super) fn address(&self, listener: &str) -> String {
        let index = self.layout.listeners.iter().position(|is| is.name == listener);
        let port = index.and_then(|index| self.ports.get(index));
        format!("127.0.0.1:{}", port.unwrap_or_else(|| fail(format_args!("no listener {listener}"))))
    }

    /// How the controllers find it.
    pub(super) fn voter(&self) -> String {
        format!("{}@{}", self.id, self.controller_address())
    }

    /// Where it listens to controllers.
    pub(super) fn controller_address(&self) -> String {
        format!("127.0.0.1:{}", self.controller_port)
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

    fn write_settings(&self) {
        let place = Place {
            id: self.id,
            ports: &self.ports,
            controller_port: self.controller_port,
            voters: &self.voters,
            data: &self.data_folder(),
        };
        let settings = settings(&self.layout, place).to_string();
        fs::write(self.settings_file(), settings).expect("a settings file");
    }
}

fn free_ports(layout: &Layout) -> Vec<u16> {
    layout.listeners.iter().map(|_| free_port()).collect()
}

/// A port that nobody listens on, below those that the system hands out: a client that dials a dead node again and again
/// would else find itself there sooner or later.
pub(super) fn free_port() -> u16 {
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
