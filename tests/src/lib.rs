//! Helpers of the end-to-end tests: a [`ClusterHarness`] with a cluster, and a ledger that checks the records.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use milena_fake::Cluster;
//! use milena_tests::{ClusterHarness, Tag, assert_exactly_once};
//!
//! let harness = ClusterHarness::on_sockets(Cluster::builder().topic("t", 3)).await;
//! let producer = harness.producer().build().await?;
//! let tag = Tag { sender: 1, number: 0 };
//! let ack = producer.send(tag.record("t")).await?;
//! assert_exactly_once(&harness, "t", &[(tag, ack)]);
//! # Ok(()) }
//! ```

mod cable;
mod documents;
mod dropping;
mod harness;
pub mod hostile;
#[cfg(feature = "kafka")]
pub mod kafka;
mod ledger;
mod load;
mod log;
mod network;
mod payload;
mod stopwatch;

pub use cable::Cable;
pub use dropping::{at_every_wait, drop_at};
pub use harness::{ClusterHarness, eventually, within};
pub use ledger::{Sent, Settled, Tag, assert_exactly_once, assert_in_order, assert_truly_reported, tags};
pub use load::Load;
pub use log::Log;
pub use network::{Dialled, Name, Network};
pub use payload::{line, noise};
pub use stopwatch::Stopwatch;
