//! Authentication of producers: by every mechanism, again before a session ends, and on connections that were idle.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod files;
mod identity_provider;
mod idle;
mod mechanisms;
mod renewing;
