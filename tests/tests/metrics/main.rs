//! The metrics of a producer: by topic and by broker, and by Java's names. The clock is paused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what goes wrong fails its test")]

mod snapshot;
