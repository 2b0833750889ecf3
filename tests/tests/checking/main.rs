//! The preflight check: each finding, good and bad, against the fake cluster; servers that lie or are silent; and that no finding
//! shows a secret.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod cluster;
mod hostile;
mod secrets;
mod servers;
mod support;
mod topics;
