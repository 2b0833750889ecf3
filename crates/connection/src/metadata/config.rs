//! How the metadata is kept.

use std::fmt;
use std::time::Duration;

/// How long to wait after the attempt with this number, counted from 0 since something last changed.
///
/// The caller brings it, with its growth, its ceiling and its jitter.
pub type Backoff = Box<dyn FnMut(u32) -> Duration + Send>;

/// The settings of [`Metadata`](super::Metadata).
pub struct MetadataConfig {
    /// After how long everything is asked again, even if nothing seems wrong (`metadata.max.age.ms`).
    pub max_age: Duration,
    /// The wait between questions that are asked because something is wrong.
    pub refresh_backoff: Backoff,
    /// Whether brokers may create a topic that does not exist when they are asked about it.
    pub allow_auto_topic_creation: bool,
    /// After which time without an answer the known brokers are given up for the bootstrap servers
    /// (`metadata.recovery.rebootstrap.trigger.ms`). None keeps to the known brokers, once there are some, and asks no
    /// bootstrap server again (`metadata.recovery.strategy=none`).
    pub rebootstrap_after: Option<Duration>,
}

impl fmt::Debug for MetadataConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetadataConfig")
            .field("max_age", &self.max_age)
            .field("allow_auto_topic_creation", &self.allow_auto_topic_creation)
            .field("rebootstrap_after", &self.rebootstrap_after)
            .finish_non_exhaustive()
    }
}
