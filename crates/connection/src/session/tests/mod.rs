//! The promises of a session, each told against a peer made of bytes.

mod broker;
mod confirming;
mod endings;
mod idle;
mod peer;
mod pipelining;
mod reading;
mod reauthentication;
mod sasl;
mod time;
mod writing;
