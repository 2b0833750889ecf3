//! The promises of a session, each told against a peer made of bytes.

mod broker;
mod endings;
mod peer;
mod reading;
mod sasl;
mod time;
mod writing;
