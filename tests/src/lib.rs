//! What the end-to-end tests share.

#[cfg(feature = "kafka")]
pub mod kafka;
