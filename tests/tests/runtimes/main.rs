//! A producer on the runtimes that callers have: one thread or many, its own, one that ends, one that is kept busy; and
//! futures that are dropped wherever they wait.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod dropping;
mod endings;
mod executors;
mod idle;
mod telling;
mod threads;
