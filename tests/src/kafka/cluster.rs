//! [`Kafka`]: nodes that are one cluster, from their formatting to their end.

use std::fmt::Display;
use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use super::layout::Layout;
use super::node::Node;
use super::{fail, target_folder};

/// The listener that asks nobody who they are.
const PLAIN: &str = "PLAINTEXT";
/// How much of a node's log is printed when a test fails.
const LOG_LINES_SHOWN: usize = 80;

/// A cluster of its own. It ends with the value; if a test panics, its folder stays, and the ends of its logs are printed.
#[derive(Debug)]
pub struct Kafka {
    pub(super) nodes: Vec<Node>,
    folder: PathBuf,
}

impl Kafka {
    /// Starts one plain node or three, and waits until all serve.
    #[must_use]
    pub fn start(nodes: usize) -> Self {
        Self::start_as(Layout::nodes(nodes))
    }

    /// Starts what a layout describes, and waits until all serve.
    #[must_use]
    pub fn start_as(layout: Layout) -> Self {
        let folder = unique_folder();
        let layout = Arc::new(layout);
        let nodes = (1..=layout.nodes).map(|id| Node::new(id, &layout, &folder)).collect();
        let mut kafka = Self { nodes, folder };
        kafka.format();
        for node in &mut kafka.nodes {
            node.start();
        }
        for node in &kafka.nodes {
            node.wait_ready();
        }
        kafka
    }

    /// One plain node of the reference release for all tests of the process. It ends with the process. For older releases:
    /// [`Self::shared_of`].
    #[must_use]
    pub fn shared() -> Shared {
        static SHARED: OnceLock<Kafka> = OnceLock::new();
        Shared(SHARED.get_or_init(|| Self::start_as(Layout::nodes(1).steady())))
    }

    /// Kills a node as `kill -9` does, and waits for its end.
    pub fn kill(&mut self, id: usize) {
        self.node_mut(id).kill();
    }

    /// Has a node hand over what it leads and end, as an operator does, and waits for its end.
    pub fn stop(&mut self, id: usize) {
        self.node_mut(id).stop();
    }

    /// Gives a node that is down other ports, from its next start on: it keeps its id and what it has on disk.
    pub fn move_away(&mut self, id: usize) {
        self.node_mut(id).move_away();
    }

    /// Starts a node that was killed or stopped, on what it had on disk, and does not wait for it.
    pub fn start_again(&mut self, id: usize) {
        self.node_mut(id).start();
    }

    /// Stops a node where it is, as a machine does that hangs: its connections stay open, and nobody answers.
    pub fn pause(&mut self, id: usize) {
        self.node_mut(id).pause();
    }

    /// Lets a paused node go on.
    pub fn resume(&mut self, id: usize) {
        self.node_mut(id).resume();
    }

    /// Waits until a node that was started again serves.
    pub fn wait_ready(&self, id: usize) {
        self.nodes[id - 1].wait_ready();
    }

    /// All nodes, as clients take them.
    #[must_use]
    pub fn bootstrap_servers(&self) -> String {
        self.servers(PLAIN)
    }

    /// All nodes by one of their listeners.
    #[must_use]
    pub fn servers(&self, listener: &str) -> String {
        addresses(self.nodes.iter(), listener)
    }

    /// The first node's door for controllers, at which clients are wrong.
    #[must_use]
    pub fn controller(&self) -> String {
        self.nodes.first().map_or_else(String::new, Node::controller_address)
    }

    /// A file beside the nodes, which goes when they go.
    #[must_use]
    pub fn file(&self, name: &str, text: impl Display) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text.to_string())
            .unwrap_or_else(|error| fail(format_args!("{}: {error}", path.display())));
        path
    }

    /// Those that answer: Java's tools wait long for another one.
    pub(super) fn awake_servers(&self) -> String {
        addresses(self.nodes.iter().filter(|node| node.is_awake()), PLAIN)
    }

    /// Side by side: most of the time is Java's start.
    fn format(&mut self) {
        let voters = self.nodes.iter().map(Node::voter).collect::<Vec<_>>().join(",");
        // Any 16 bytes in URL-safe base64 are a cluster id.
        let cluster_id = "milena-tests-on-kafkaA";
        let spawn = |node: &mut Node| node.format(cluster_id, &voters).spawn().expect("java");
        let formatting: Vec<Child> = self.nodes.iter_mut().map(spawn).collect();
        for child in formatting {
            let output = child.wait_with_output().expect("an exit status");
            if !output.status.success() {
                fail("the storage of a node was not formatted: Java's words are above");
            }
        }
    }

    fn node_mut(&mut self, id: usize) -> &mut Node {
        &mut self.nodes[id - 1]
    }

    /// The end of each node's log, on the test's output.
    fn print_logs(&self) {
        for node in &self.nodes {
            let log = node.log();
            let lines: Vec<_> = log.lines().collect();
            let shown = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
            println!("---- the end of the log of node {}:\n{}", node.id, shown.join("\n"));
        }
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        let failed = std::thread::panicking();
        if failed {
            self.print_logs();
            println!("---- everything is kept in {}", self.folder.display());
        }
        for node in &mut self.nodes {
            node.kill();
        }
        if !failed {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A test's hold on the node that all share.
#[derive(Debug)]
pub struct Shared(pub(super) &'static Kafka);

impl Deref for Shared {
    type Target = Kafka;

    fn deref(&self) -> &Kafka {
        self.0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.print_logs();
        }
    }
}

fn addresses<'a>(nodes: impl Iterator<Item = &'a Node>, listener: &str) -> String {
    nodes.map(|node| node.address(listener)).collect::<Vec<_>>().join(",")
}

fn unique_folder() -> PathBuf {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    target_folder().join("tmp").join(format!("kafka-{}-{number}", std::process::id()))
}
