//! Behaviours that follow from no single feature: topics that cannot be sent to yet, and processes that stood still. The clock is
//! paused.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod suspended;
mod topics;
