//! Behaviours that follow from no single feature: topics that cannot be sent to yet, and processes that stood still. The clock is
//! paused.

mod suspended;
mod topics;
