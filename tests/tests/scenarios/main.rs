//! Behaviours that follow from no single feature: topics that cannot be sent to yet, topics that are idle, processes that stood
//! still, brokers that lose records, and counters that tell what happened. The clock is paused.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod data_loss;
mod idle_topics;
mod metrics;
mod suspended;
mod topics;
