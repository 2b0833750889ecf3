//! The batches on the disks, as Java's `DumpLogSegments` prints them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use milena_codec::compression::Compression;

use super::tools::{run, tool};
use super::{Kafka, fail};

/// A batch as it lies in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The offset of its first record.
    pub base_offset: i64,
    /// The offset of its last record.
    pub last_offset: i64,
    /// How many records it has.
    pub count: i64,
    /// The sequence of its first record; -1 without idempotence.
    pub base_sequence: i32,
    /// The sequence of its last record.
    pub last_sequence: i32,
    /// Who wrote it; -1 without idempotence.
    pub producer_id: i64,
    /// In which of its epochs.
    pub producer_epoch: i16,
    /// Its length with its header, as it lies there.
    pub bytes: usize,
    /// Its codec.
    pub codec: Compression,
    /// Whether its checksum is right.
    pub is_valid: bool,
}

/// One node's copy of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The node.
    pub node: usize,
    /// The partition.
    pub partition: i32,
    /// All batches, in order.
    pub batches: Vec<Batch>,
}

impl Kafka {
    /// All copies of all partitions of a topic, by node and partition.
    #[must_use]
    pub fn dump(&self, topic: &str) -> Vec<Replica> {
        let mut segments = BTreeMap::new();
        for node in &self.nodes {
            for (partition, path) in segment_files(&node.data_folder(), topic) {
                segments.insert(path, (node.id, partition));
            }
        }
        let paths: Vec<_> = segments.keys().map(|path| path.display().to_string()).collect();
        let mut tool = tool("org.apache.kafka.tools.DumpLogSegments");
        tool.args(["--files", &paths.join(",")]);

        let mut replicas = BTreeMap::<_, Vec<Batch>>::new();
        let mut current = None;
        for line in run(tool).lines() {
            if let Some(path) = line.strip_prefix("Dumping ") {
                current = segments.get(Path::new(path)).copied();
                replicas.entry(current).or_default();
            } else if let Some(batch) = batch(line) {
                replicas.entry(current).or_default().push(batch);
            }
        }
        let replica = |(place, batches): (Option<_>, _)| {
            place.map(|(node, partition)| Replica { node, partition, batches })
        };
        replicas.into_iter().filter_map(replica).collect()
    }

    /// The files of a topic's records on the first node, by partition and in order.
    #[must_use]
    pub fn segments(&self, topic: &str) -> Vec<Vec<u8>> {
        let files = self.nodes.iter().take(1).flat_map(|node| segment_files(&node.data_folder(), topic));
        let read = |(_, path): (i32, PathBuf)| fs::read(&path).unwrap_or_else(|error| fail(error));
        files.map(read).collect()
    }
}

/// The files of a topic's records on one node, with their partitions; a partition's are in order.
fn segment_files(data: &Path, topic: &str) -> Vec<(i32, PathBuf)> {
    let partition_of = |folder: &Path| -> Option<i32> {
        folder.file_name()?.to_str()?.strip_prefix(topic)?.strip_prefix('-')?.parse().ok()
    };
    let mut files = Vec::new();
    for folder in entries(data) {
        let Some(partition) = partition_of(&folder) else { continue };
        let logs =
            entries(&folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "log"));
        files.extend(logs.map(|path| (partition, path)));
    }
    files.sort();
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// Reads a line such as `baseOffset: 0 lastOffset: 9 count: 10 baseSequence: 0 … isvalid: true`.
fn batch(line: &str) -> Option<Batch> {
    let words: Vec<_> = line.split_ascii_whitespace().collect();
    let field = |name: &str| words.iter().position(|word| *word == name).and_then(|at| words.get(at + 1));
    let number = |name: &str| field(name)?.parse::<i64>().ok();
    Some(Batch {
        base_offset: number("baseOffset:")?,
        last_offset: number("lastOffset:")?,
        count: number("count:")?,
        base_sequence: number("baseSequence:")?.try_into().ok()?,
        last_sequence: number("lastSequence:")?.try_into().ok()?,
        producer_id: number("producerId:")?,
        producer_epoch: number("producerEpoch:")?.try_into().ok()?,
        bytes: number("size:")?.try_into().ok()?,
        codec: codec(field("compresscodec:")?)?,
        is_valid: *field("isvalid:")? == "true",
    })
}

fn codec(name: &str) -> Option<Compression> {
    Compression::ALL.into_iter().find(|codec| codec.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "baseOffset: 10 lastOffset: 19 count: 10 baseSequence: 5 lastSequence: 14 producerId: 1000 \
         producerEpoch: 1 partitionLeaderEpoch: 0 isTransactional: false isControl: false deleteHorizonMs: \
         OptionalLong.empty position: 0 CreateTime: 17 size: 5589 magic: 2 compresscodec: none crc: 3791951289 \
         isvalid: true";

    #[test]
    fn a_dumped_batch_is_read() {
        let expected = Batch {
            base_offset: 10,
            last_offset: 19,
            count: 10,
            base_sequence: 5,
            last_sequence: 14,
            producer_id: 1000,
            producer_epoch: 1,
            bytes: 5_589,
            codec: Compression::None,
            is_valid: true,
        };
        assert_eq!(batch(LINE), Some(expected));
        let compressed = Batch { codec: Compression::Zstd, ..expected };
        assert_eq!(batch(&LINE.replace("none", "zstd")), Some(compressed));
        assert_eq!(batch(&LINE.replace("none", "lzma")), None);
        let broken = Batch { is_valid: false, ..expected };
        assert_eq!(batch(&LINE.replace("isvalid: true", "isvalid: false")), Some(broken));
    }

    #[test]
    fn a_dumped_record_is_no_batch() {
        assert_eq!(
            batch("| offset: 10 CreateTime: 17 keySize: 3 valueSize: 5 sequence: 5 headerKeys: []"),
            None
        );
    }
}
