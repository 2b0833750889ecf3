//! What is promised about TLS, against servers of rustls and against peers that are none.

mod failing;
mod peer;
mod reloading;
mod settings;
mod showing;
mod streaming;
mod trusting;
