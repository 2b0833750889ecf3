//! The settings of a topic that a producer can run into.

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
    /// `message.timestamp.after.max.ms`: how far in the future a timestamp may lie.
    pub timestamp_after_max_ms: i64,
}

impl Default for TopicConfig {
    fn default() -> Self {
        Self {
            max_message_bytes: 1_048_588,
            min_insync_replicas: 1,
            compacted: false,
            log_append_time: false,
            timestamp_after_max_ms: 3_600_000,
        }
    }
}

impl TopicConfig {
    /// Changes the setting of this name, as CreateTopics asks for it; false for a name or value that is none.
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
            "message.timestamp.after.max.ms" => set(&mut self.timestamp_after_max_ms, value.parse().ok()),
            // Nothing here depends on them.
            "retention.ms" | "retention.bytes" | "segment.bytes" | "segment.ms" | "compression.type" => true,
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
    fn settings_have_kafkas_names_and_others_are_refused() {
        let mut config = TopicConfig::default();
        assert!(config.set("max.message.bytes", "1000"));
        assert!(config.set("cleanup.policy", "compact,delete"));
        assert!(!config.set("cleanup.policy", "shred"));
        assert!(!config.set("min.insync.replicas", "0"));
        assert!(!config.set("max.message.byte", "1"));
        assert_eq!((config.max_message_bytes, config.min_insync_replicas), (1000, 1));
    }
}
