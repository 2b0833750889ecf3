//! Peers that are broken or mean, each by itself and each beside an honest broker. The clock is paused, so that minutes
//! of patience pass at once.
//!
//! A new one is a line in `tests/src/hostile/peers`: its name, its moment, what it does, and how it ends for a producer.

mod memory;
mod sockets;
mod words;
