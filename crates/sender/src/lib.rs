//! Every decision of a Kafka producer about batches: no sockets, no clock, no runtime.
//!
//! ```text
//!            callers                                   the driver
//!               │ append                                   │ handle(now, …), poll(now)
//!        ┌──────▼───────┐   ready, opened   ┌──────────────▼──────────────┐
//!        │ accumulator  │ ────────────────▶ │ broker sender (one a broker)         │ ─▶ Produce requests
//!        │ a queue for  │ ◀──────────────── │  partition sender (one a partition):  │
//!        │ each         │    take a batch   │  stamps, retries, order     │ ◀─ answers, ends of connections
//!        │ partition    │                   └──────────────┬──────────────┘
//!        └──────────────┘                       events    │    orders
//!                                           ┌──────────────▼──────────────┐
//!                                           │ assignment: who leads what,│
//!                                           │ the producer's identity     │
//!                                           └─────────────────────────────┘
//! ```
//!
//! * [`accumulator`]: records are encoded into the open batch of their partition; one byte budget.
//! * [`partition_sender`]: the batches of one partition that left their queue, in order, until each is settled.
//! * [`broker_sender`]: what goes into the next request to one broker, and what an answer means.
//! * [`assignment`]: which broker sender looks after which partition; the identity of an idempotent producer.
//! * [`sync`]: everything that threads share.
//!
//! Time is an argument everywhere, randomness comes from a seed, and nothing here waits.

pub mod accumulator;
pub mod assignment;
mod backoff;
pub mod batch;
pub mod broker_sender;
pub mod compression;
mod outcome;
pub mod partition_sender;
pub mod sync;
#[cfg(all(test, not(loom)))]
mod tests;

pub use backoff::Backoff;
pub use outcome::{Ending, Failure, FailureKind, Obstacle, OngoingRejection, Persisted, Receipt};
