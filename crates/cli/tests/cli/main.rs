//! The binary as its users run it, against a cluster in the process of the test.

mod check;
mod compression;
mod config;
mod connecting;
mod demo;
mod ending;
mod errors;
mod failing;
mod fake;
mod perf;
mod produce;
mod terminal;
mod world;
