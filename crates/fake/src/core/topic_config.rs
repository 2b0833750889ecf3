//! The settings of a topic that a producer can run into.

use milena_codec::compression::Compression;

/// A topic's settings, with Kafka's defaults.
///
/// ```
/// use milena_fake::TopicConfig;
/// let small = TopicConfig { max_message_bytes: 1000, ..TopicConfig::default() };
/// assert_eq!(small.min_insync_replicas, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicConfig {
    /// `max.message.bytes`: the longest batch, as it is encoded.
    pub max_message_bytes: usize,
    /// `min.insync.replicas`: below so many, `acks=all` is refused. Capped at the count of replicas.
    pub min_insync_replicas: usize,
    /// `cleanup.policy=compact`: a record needs a key.
    pub compacted: bool,
    /// `message.timestamp.type=LogAppendTime`: the broker's time counts.
    pub log_append_time: bool,
    /// `message.timestamp.before.max.ms`: how far in the past a timestamp may lie.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`: how far in the future a timestamp may lie.
    pub timestamp_after_max_ms: i64,
    /// `compression.type`: the codec that batches are stored with.
    pub compression_type: TopicCompression,
}

/// `RecordBatch.NO_TIMESTAMP`.
pub(crate) const NO_TIMESTAMP_MS: i64 = -1;

/// The codec that a topic's batches are stored with (`BrokerCompressionType`).
///
/// ```
/// use milena_fake::{Compression, TopicCompression, TopicConfig};
/// let compression_type = TopicCompression::Always(Compression::Zstd);
/// let config = TopicConfig { compression_type, ..TopicConfig::default() };
/// # assert_ne!(config, TopicConfig::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TopicCompression {
    /// `producer`: batches are stored as they came.
    #[default]
    Producer,
    /// This codec, or `uncompressed` for [`Compression::None`]: batches that came with another one are encoded anew.
    Always(Compression),
}

impl TopicCompression {
    /// Codec in the log of a batch that came with `source`.
    pub(crate) const fn target(self, source: Compression) -> Compression {
        match self {
            Self::Producer => source,
            Self::Always(compression) => compression,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Always(Compression::None) => "uncompressed",
            Self::Always(compression) => compression.name(),
        }
    }

    fn parse(value: &str) -> Option<Self> {
        match value {
            "producer" => Some(Self::Producer),
            "uncompressed" => Some(Self::Always(Compression::None)),
            value => value.parse().ok().filter(|codec| *codec != Compression::None).map(Self::Always),
        }
    }
}

impl Default for TopicConfig {
    fn default() -> Self {
        Self {
            max_message_bytes: 1_048_588,
            min_insync_replicas: 1,
            compacted: false,
            log_append_time: false,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            compression_type: TopicCompression::Producer,
        }
    }
}

impl TopicConfig {
    /// Whether the topic takes no record with this timestamp at this time of day. Differences wrap as they do in Java
    /// (`LogValidator.validateTimestamp`, `recordHasInvalidTimestamp`).
    pub(crate) const fn rejects_timestamp(&self, timestamp_ms: i64, wall_ms: i64) -> bool {
        let age_ms = wall_ms.wrapping_sub(timestamp_ms);
        let is_out_of_range =
            age_ms > self.timestamp_before_max_ms || age_ms.wrapping_neg() > self.timestamp_after_max_ms;
        !self.log_append_time && timestamp_ms != NO_TIMESTAMP_MS && is_out_of_range
    }

    /// The settings by name, as DescribeConfigs lists them.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let timestamps = if self.log_append_time { "LogAppendTime" } else { "CreateTime" };
        vec![
            ("cleanup.policy", if self.compacted { "compact" } else { "delete" }.to_owned()),
            ("compression.type", self.compression_type.name().to_owned()),
            ("max.message.bytes", self.max_message_bytes.to_string()),
            ("message.timestamp.after.max.ms", self.timestamp_after_max_ms.to_string()),
            ("message.timestamp.before.max.ms", self.timestamp_before_max_ms.to_string()),
            ("message.timestamp.type", timestamps.to_owned()),
            ("min.insync.replicas", self.min_insync_replicas.to_string()),
        ]
    }

    /// Changes the setting of this name, as in a CreateTopics request; false for an unknown name or a wrong value.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> bool {
        match name {
            "max.message.bytes" => set(&mut self.max_message_bytes, value.parse().ok()),
            "min.insync.replicas" => {
                set(&mut self.min_insync_replicas, value.parse().ok().filter(|count| *count > 0))
            }
            "cleanup.policy" => {
                self.compacted = value.split(',').any(|policy| policy.trim() == "compact");
                value.split(',').all(|policy| matches!(policy.trim(), "compact" | "delete"))
            }
            "message.timestamp.type" => {
                self.log_append_time = value == "LogAppendTime";
                matches!(value, "LogAppendTime" | "CreateTime")
            }
            "message.timestamp.before.max.ms" => set(&mut self.timestamp_before_max_ms, value.parse().ok()),
            "message.timestamp.after.max.ms" => set(&mut self.timestamp_after_max_ms, value.parse().ok()),
            "compression.type" => set(&mut self.compression_type, TopicCompression::parse(value)),
            // Nothing here depends on them.
            "retention.ms" | "retention.bytes" | "segment.bytes" | "segment.ms" => true,
            _ => false,
        }
    }
}

fn set<T>(setting: &mut T, value: Option<T>) -> bool {
    value.map(|value| *setting = value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_topic_settings_are_rejected() {
        let mut config = TopicConfig::default();
        assert!(config.set("max.message.bytes", "1000"));
        assert!(config.set("cleanup.policy", "compact,delete"));
        assert!(!config.set("cleanup.policy", "shred"));
        assert!(!config.set("min.insync.replicas", "0"));
        assert!(!config.set("max.message.byte", "1"));
        assert_eq!((config.max_message_bytes, config.min_insync_replicas), (1000, 1));
    }

    #[test]
    fn listed_settings_can_be_set_again() {
        let config = TopicConfig {
            max_message_bytes: 7,
            min_insync_replicas: 2,
            compacted: true,
            log_append_time: true,
            timestamp_before_max_ms: 3,
            timestamp_after_max_ms: 4,
            compression_type: TopicCompression::Always(Compression::Zstd),
        };
        let mut again = TopicConfig::default();
        assert!(config.settings().into_iter().all(|(name, value)| again.set(name, &value)));
        assert_eq!(again, config);
    }

    #[test]
    fn compression_type_has_the_names_of_kafka() {
        for (name, expected) in [
            ("producer", TopicCompression::Producer),
            ("uncompressed", TopicCompression::Always(Compression::None)),
            ("gzip", TopicCompression::Always(Compression::Gzip)),
            ("snappy", TopicCompression::Always(Compression::Snappy)),
            ("lz4", TopicCompression::Always(Compression::Lz4)),
            ("zstd", TopicCompression::Always(Compression::Zstd)),
        ] {
            let mut config = TopicConfig::default();
            assert!(config.set("compression.type", name));
            assert_eq!(config.compression_type, expected, "{name}");
        }
        for name in ["none", "", "ZSTD", "brotli"] {
            assert!(!TopicConfig::default().set("compression.type", name), "{name}");
        }
    }
}
