//! Behaviours that follow from no single feature: topics that cannot be sent to yet, processes that stood still, and counters that
//! tell what happened. The clock is paused.

mod metrics;
mod suspended;
mod topics;
