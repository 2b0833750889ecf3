//! Compression of batches: between the queue and the first request, and when a compressed batch has to be opened.
//!
//! ```text
//!            claim                          run                      next request
//!  queue ───────────▶ CompressionJob ───────────────▶ prepared ───────────────▶ stamped, in flight
//!                          ▲            a few threads, or in place                   │
//!                          └───── MESSAGE_TOO_LARGE, record errors: cut, dropped ◀───┘
//! ```
//!
//! A job owns its batch. The broker's sender hands jobs to its shell, which runs each with a [`Workspace`] wherever it
//! likes and hands the result back. One batch of a partition is claimed ahead of its turn; the records behind it gather in
//! the queue meanwhile. A job allocates nothing in steady state: the compressed bytes take the place of the plain ones
//! in the chunks of the batch, and the chunks that become free go back to the budget. So compressing never waits for
//! memory, which only sending can free.
//!
//! A batch is compressed before it is stamped: a new stamp changes the header and the CRC alone, and a retry sends the
//! same bytes.

mod cut;
mod job;
mod topic;
mod workspace;

pub use job::{CompressionJob, CompressionResult, JobId};
pub(crate) use job::{Output, Work};
pub use topic::TopicCompression;
pub use workspace::{CodecLevel, Workspace};

#[cfg(all(test, not(loom)))]
mod tests;
