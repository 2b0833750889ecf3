//! The producer for plain threads: each call blocks its thread until it has its outcome. No runtime is needed.
//!
//! ```no_run
//! fn main() -> Result<(), milena::Error> {
//!     let producer = milena::blocking::Producer::connect("localhost:9092")?;
//!     let ack = producer.send(("orders", "user-123", "3 apples"))?;
//!     println!("{} @ {}", ack.partition, ack.offset);
//!
//!     let delivery = producer.enqueue(("orders", "user-123", "4 pears"))?;
//!     delivery.wait()?;
//!     producer.close()?;
//!     Ok(())
//! }
//! ```
//!
//! The driver has a thread of its own ([`Driver::Thread`](crate::Driver::Thread)), whatever `driver` is set to. A [`Producer`] can be
//! shared by any number of threads; clones are cheap.
//!
//! # Inside of an async runtime
//!
//! Every call works there as well, and blocks the thread that it is called on: other tasks of a current-thread runtime stand
//! still meanwhile, and a runtime with several workers has one less. Nothing of the producer runs on the caller's runtime, so that a
//! call cannot wait for a task that it blocks itself. Async code has [`milena::Producer`](crate::Producer), which blocks nothing.

mod delivery;
mod producer;
mod topic;

pub use delivery::Delivery;
pub use producer::Producer;
pub use topic::Topic;
