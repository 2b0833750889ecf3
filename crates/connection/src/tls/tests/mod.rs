//! TLS connections, against servers of rustls and against peers of other protocols.

mod failing;
mod peer;
mod reloading;
mod settings;
mod showing;
mod streaming;
mod trusting;
