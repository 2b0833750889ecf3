//! The metrics of a producer: by topic and by broker, by Java's names, through the `metrics` facade, and pushed to the cluster
//! (KIP-714). The clock is paused.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what goes wrong fails its test")]

mod export;
mod otlp;
mod push;
mod snapshot;
