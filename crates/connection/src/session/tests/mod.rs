//! The promises of a session, each told against a peer made of bytes.

mod endings;
mod peer;
mod reading;
mod time;
mod writing;
