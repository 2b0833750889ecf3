//! The settings of the cluster's metadata.

use std::fmt;
use std::time::Duration;

/// The wait after a number of failed attempts, counted from 0 since the last change of the metadata.
///
/// The caller provides growth, maximum and jitter.
pub type Backoff = Box<dyn FnMut(u32) -> Duration + Send>;

/// The settings of [`Metadata`](super::Metadata).
pub struct MetadataConfig {
    /// The age at which everything is requested again, even without errors (`metadata.max.age.ms`).
    pub max_age: Duration,
    /// The wait between requests that follow an error.
    pub refresh_backoff: Backoff,
    /// Whether a Metadata request lets brokers create a topic that does not exist.
    pub allow_auto_topic_creation: bool,
    /// The time without a usable response after which the known brokers are given up for the bootstrap servers
    /// (`metadata.recovery.rebootstrap.trigger.ms`). With none, only known brokers are candidates once there are some
    /// (`metadata.recovery.strategy=none`).
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
