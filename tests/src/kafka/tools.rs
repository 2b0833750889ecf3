//! Java's command-line tools: how they are run, and those that manage topics.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::OnceLock;
use std::{fs, thread};

use super::jars::Release;
use super::{Kafka, fail, wait_until};

/// What a Java machine that lives for a second runs best with.
const JAVA_OPTIONS: [&str; 3] = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xlog:disable"];

/// A tool by its class, without its arguments.
pub(super) fn tool(class: &str) -> Command {
    let mut command = java();
    if let Some(archive) = class_archive() {
        command.arg(format!("-XX:SharedArchiveFile={}", archive.display()));
    }
    command.args(["-cp", Release::REFERENCE.class_path(), class]);
    command
}

/// The tools' classes as the Java machine has them in memory, kept beside the jars: a tool that reads them costs a third less.
/// None where the machine cannot write them; one that cannot use them goes without.
fn class_archive() -> Option<&'static Path> {
    static ARCHIVE: OnceLock<PathBuf> = OnceLock::new();
    let archive = ARCHIVE.get_or_init(|| {
        let class_path = Release::REFERENCE.class_path();
        let archive = Release::REFERENCE.folder().join("tools.jsa");
        if !archive.exists() {
            let partial = archive.with_extension(format!("{}.partial", process::id()));
            // A consumer that reaches no broker has loaded most classes when it ends.
            let mut consumer = java();
            consumer.arg(format!("-XX:ArchiveClassesAtExit={}", partial.display()));
            consumer.args(["-cp", class_path, "org.apache.kafka.tools.consumer.ConsoleConsumer"]);
            consumer.args(["--bootstrap-server", "127.0.0.1:1", "--topic", "none", "--timeout-ms", "1"]);
            let _ = consumer.output();
            let _ = fs::rename(partial, &archive);
        }
        archive
    });
    archive.exists().then_some(archive)
}

/// A Java machine that is heard, without what it runs.
pub(super) fn java() -> Command {
    let mut command = Command::new("java");
    command.args(JAVA_OPTIONS).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a tool to its end, and gives what it printed.
pub(super) fn run(mut tool: Command) -> String {
    let output = tool.output().unwrap_or_else(|error| fail(format_args!("java: {error}")));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        fail(format_args!("{tool:?} failed:\n{said}{}", String::from_utf8_lossy(&output.stderr)));
    }
    said
}

/// A partition, as the controller has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its leader, or none.
    pub leader: Option<usize>,
    /// The nodes that hold it.
    pub replicas: Vec<usize>,
    /// Those that are in sync.
    pub in_sync: Vec<usize>,
}

impl Kafka {
    /// Creates a topic with a replica on each node; `settings` are of the form `name=value`.
    pub fn create_topic(&self, topic: &str, partitions: usize, settings: &[&str]) {
        let mut tool = self.topics(topic);
        tool.args(["--create", "--partitions", &partitions.to_string()]);
        for setting in settings {
            tool.args(["--config", setting]);
        }
        run(tool);
    }

    /// Deletes a topic.
    pub fn delete_topic(&self, topic: &str) {
        let mut tool = self.topics(topic);
        tool.arg("--delete");
        run(tool);
    }

    /// Gives a topic more partitions.
    pub fn add_partitions(&self, topic: &str, partitions: usize) {
        let mut tool = self.topics(topic);
        tool.args(["--alter", "--partitions", &partitions.to_string()]);
        run(tool);
    }

    /// Sets a property of a topic, and waits until the nodes go by it.
    pub fn configure_topic(&self, topic: &str, name: &str, value: &str) {
        let mut tool = tool("org.apache.kafka.tools.ConfigCommand");
        tool.args(["--bootstrap-server", &self.awake_servers(), "--alter", "--entity-type", "topics"]);
        tool.args(["--entity-name", topic, "--add-config", &format!("{name}={value}")]);
        run(tool);
        let line = format!("Updating topic {topic} with new configuration : {name} -> {value}");
        wait_until(&line, || self.nodes.iter().all(|node| node.log().contains(&line)));
    }

    /// The partitions of a topic, in order.
    #[must_use]
    pub fn describe_topic(&self, topic: &str) -> Vec<Described> {
        let mut tool = self.topics(topic);
        tool.arg("--describe");
        run(tool).lines().filter_map(described).collect()
    }

    /// Waits until each replica of a topic is in sync.
    pub fn wait_in_sync(&self, topic: &str) {
        let all = self.nodes.len();
        wait_until(&format!("all replicas of {topic} are in sync"), || {
            self.describe_topic(topic).iter().all(|partition| partition.in_sync.len() == all)
        });
    }

    /// Waits until another node than `node` leads the first partition of a topic.
    pub fn wait_for_another_leader(&self, topic: &str, node: usize) {
        wait_until(&format!("another node than {node} leads {topic}"), || {
            self.describe_topic(topic)[0].leader.is_some_and(|leader| leader != node)
        });
    }

    /// Waits until a node leads one partition of a topic at least.
    pub fn wait_until_leads(&self, topic: &str, node: usize) {
        wait_until(&format!("node {node} leads a partition of {topic}"), || {
            self.describe_topic(topic).iter().any(|partition| partition.leader == Some(node))
        });
    }

    /// Waits until a topic holds that many records.
    pub fn wait_for_records(&self, topic: &str, count: u64) {
        wait_until(&format!("{topic} holds {count} records"), || self.record_count(topic) == count);
    }

    /// How many records a topic holds, by where its partitions end.
    #[must_use]
    pub fn record_count(&self, topic: &str) -> u64 {
        let mut tool = tool("org.apache.kafka.tools.GetOffsetShell");
        tool.args(["--bootstrap-server", &self.awake_servers(), "--topic", topic]);
        let end = |line: &str| line.rsplit(':').next().and_then(|offset| offset.parse::<u64>().ok());
        run(tool).lines().filter_map(end).sum()
    }

    /// Where Java's own producer sends each of these keys, in a topic with that many partitions.
    ///
    /// Keys are UTF-8 without line ends.
    #[must_use]
    pub fn partitions_by_java(
        &self,
        partitions: usize,
        keys: impl IntoIterator<Item = String>,
    ) -> BTreeMap<String, i32> {
        let topic = format!("by-java-{partitions}");
        self.create_topic(&topic, partitions, &[]);
        let lines: Vec<_> = keys.into_iter().map(|key| format!("{key}\tv")).collect();
        self.produce_by_java(&topic, "none", &lines);
        let keys = self.read(&topic).into_iter();
        keys.filter_map(|record| Some((record.key?, record.partition))).collect()
    }

    /// Has Java's own producer write records by a compression, each of them given as key, tab and value.
    pub fn produce_by_java(&self, topic: &str, compression: &str, lines: &[String]) {
        let mut tool = tool("org.apache.kafka.tools.ConsoleProducer");
        tool.args(["--bootstrap-server", &self.awake_servers(), "--topic", topic]).args([
            "--compression-codec",
            compression,
            "--reader-property",
            "parse.key=true",
        ]);
        feed(tool, (lines.join("\n") + "\n").into_bytes());
    }

    fn topics(&self, topic: &str) -> Command {
        let mut tool = tool("org.apache.kafka.tools.TopicCommand");
        tool.args(["--bootstrap-server", &self.awake_servers(), "--topic", topic]);
        tool
    }
}

/// Runs a tool on an input.
fn feed(mut tool: Command, input: Vec<u8>) {
    let mut running = tool.stdin(Stdio::piped()).spawn().unwrap_or_else(|error| fail(error));
    let pipe = running.stdin.take();
    let feeding = thread::spawn(move || pipe.map(|mut pipe| pipe.write_all(&input)));
    let output = running.wait_with_output().unwrap_or_else(|error| fail(error));
    let fed = feeding.join();
    if !output.status.success() || !matches!(fed, Ok(Some(Ok(())))) {
        fail(format_args!("{tool:?} failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
}

/// Reads a line such as `Topic: t Partition: 0 Leader: 1 Replicas: 1,2 Isr: 1,2 Elr: LastKnownElr:`, with tabs.
fn described(line: &str) -> Option<Described> {
    let field = |name: &str| {
        let (_, rest) = line.split_once(&format!("\t{name}: "))?;
        rest.split('\t').next()
    };
    let nodes = |name: &str| -> Option<Vec<usize>> {
        Some(field(name)?.split(',').filter_map(|node| node.trim().parse().ok()).collect())
    };
    field("Partition")?;
    Some(Described {
        leader: field("Leader")?.parse().ok(),
        replicas: nodes("Replicas")?,
        in_sync: nodes("Isr")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_described_partition_is_read_and_a_heading_is_not_one() {
        let line = "\tTopic: t\tPartition: 3\tLeader: 2\tReplicas: 1,2,3\tIsr: 2,3\tElr: \tLastKnownElr: ";
        let expected = Described { leader: Some(2), replicas: vec![1, 2, 3], in_sync: vec![2, 3] };
        assert_eq!(described(line), Some(expected));
        assert_eq!(
            described("Topic: t\tTopicId: x\tPartitionCount: 6\tReplicationFactor: 3\tConfigs: "),
            None
        );
    }

    #[test]
    fn a_partition_without_a_leader_has_none() {
        let line = "\tTopic: t\tPartition: 3\tLeader: none\tReplicas: 1\tIsr: \tElr: \tLastKnownElr: ";
        let expected = Described { leader: None, replicas: vec![1], in_sync: vec![] };
        assert_eq!(described(line), Some(expected));
    }
}
