//! The metrics of a producer: by topic and by broker, by Java's names, and through the `metrics` facade. The clock is paused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what goes wrong fails its test")]

mod export;
mod snapshot;
