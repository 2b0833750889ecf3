//! Behaviours that follow from no single feature: topics that cannot be sent to yet, processes that stood still, brokers that
//! lose records, and counters that tell what happened. The clock is paused.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod data_loss;
mod metrics;
mod suspended;
mod topics;
