//! The guard: what a real broker was seen to answer, asked of the cluster itself, so that it cannot grow permissive.
//!
//! Requests are written by milena's codec, byte by byte where it would not write them.

mod client;
mod produce;
mod protocol;
