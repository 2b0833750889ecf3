//! The shells around the core: sockets or in-memory streams, the clock, and the tasks that serve connections.
//!
//! A broker has a listener. While it is open, its connections are served; closing it ends all of them at once, and a
//! listening socket is closed before the call returns.

mod connection;
mod listener;
mod shared;

pub(crate) use connection::serve;
pub(crate) use listener::{bind, listen};
pub(crate) use shared::Shared;
