//! The start of a producer: reachable and unreachable servers, and the errors about them.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod credentials;
mod dialling;
mod ends;
mod log;
mod proxies;
mod refusals;
mod servers;
mod tls;
mod versions;
