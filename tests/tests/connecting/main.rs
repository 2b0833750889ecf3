//! The first seconds of a producer: whom it finds, whom it does not, and what it says about it.

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
