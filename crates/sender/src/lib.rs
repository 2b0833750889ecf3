//! Every decision of a Kafka producer about batches: no sockets, no clock, no runtime.
//!
//! ```text
//!            callers                                       the driver
//!               │ append                                       │ handle(now, input), poll(now)
//!        ┌──────▼───────┐   ready, opened   ┌──────────────────▼──────────────────┐
//!        │ accumulator  │ ────────────────▶ │ broker sender (one a broker)        │ ─▶ Produce requests
//!        │ a queue for  │ ◀──────────────── │  partition sender (one a partition):│
//!        │ each         │    take a batch   │  stamps, retries, order             │ ◀─ responses, ends of connections
//!        │ partition    │                   └──────────────────┬──────────────────┘
//!        └──────────────┘                              events  │  partition commands
//!                                           ┌──────────────────▼──────────────────┐
//!                                           │ assignment: leaders of partitions,  │
//!                                           │ the producer id and epoch           │
//!                                           └─────────────────────────────────────┘
//! ```
//!
//! * [`accumulator`]: records are encoded into the open batch of their partition; one byte budget.
//! * [`partition_sender`]: the batches of one partition that left their queue, in order, until each is settled.
//! * [`broker_sender`]: the next request to one broker, and the meaning of its responses.
//! * [`assignment`]: the broker sender of each partition; the producer id of an idempotent producer.
//! * [`sync`]: everything that threads share.
//!
//! Time is an argument everywhere, randomness comes from a seed, and nothing here waits.

pub mod accumulator;
pub mod assignment;
pub mod batch;
pub mod broker_sender;
pub mod compression;
mod error_kind;
pub mod ids;
mod outcome;
pub mod partition_sender;
pub mod sync;
#[cfg(all(test, not(loom)))]
mod tests;
mod timing;

pub use outcome::{Ending, ErrorKind, Failure, Obstacle, OngoingRejection, Persisted, Receipt};
pub use sync::LatencyHistogram;
pub use timing::BatchTiming;
