//! One batch on its way through a codec, and what comes back.

use std::sync::Arc as StdArc;
use std::time::Duration;

use milena_codec::compression::{Failure, Outcome};

use super::{TopicCompression, Workspace};
use crate::batch::Batch;
use crate::sync::{Arc, Charge};

/// Which batch a job is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobId {
    /// The partition, by serial.
    pub(crate) partition: u32,
    /// The batch among those that were sent; none for the one that is to be sent next.
    pub(crate) entry: Option<u64>,
}

/// A batch to be compressed, or to be opened. It has one owner: the broker's sender makes it, its shell runs it, and the
/// result goes back to that sender.
#[derive(Debug)]
pub struct CompressionJob {
    pub(crate) id: JobId,
    pub(crate) work: Work,
    pub(crate) batch: Batch,
    pub(crate) compression: StdArc<TopicCompression>,
    /// The most bytes of a batch on the wire.
    pub(crate) bytes_max: usize,
}

/// The work of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Compress a batch that was never sent.
    Compress,
    /// Cut a batch that a broker rejected as too large.
    Cut,
    /// Take out the records that a broker named (KIP-467), by their ascending index in the batch.
    Drop(Vec<u32>),
}

/// The batch of a job after its work.
#[derive(Debug)]
pub(crate) enum Output {
    /// One batch, compressed or as it was.
    Batch(Batch),
    /// Several, in order, and the batch that they were cut from. They hold its charge.
    Parts { parts: Vec<Batch>, source: Batch },
    /// The batch does not hold the records that it was made of.
    Broken { source: Batch, reason: String },
    /// The job panicked, and its batch is gone. This is what it was charged.
    Lost { charged: Charge },
}

/// The result of a job.
#[derive(Debug)]
pub struct CompressionResult {
    pub(crate) id: JobId,
    pub(crate) output: Output,
    /// Bytes of records that the codec was given.
    pub(crate) plain_bytes: usize,
    /// Bytes of the same records on the wire.
    pub(crate) wire_bytes: usize,
    /// Batches that were compressed.
    pub(crate) compressed: u64,
    pub(crate) elapsed: Duration,
    failure: Option<Failure>,
    compression: Option<StdArc<TopicCompression>>,
}

impl CompressionJob {
    /// Which batch it is about.
    #[must_use]
    pub const fn id(&self) -> JobId {
        self.id
    }

    /// The charge of its batch.
    #[must_use]
    pub fn charged(&self) -> Charge {
        Charge { account: Arc::clone(&self.batch.account), bytes: self.batch.charged }
    }

    /// Whether it takes so little time that it is compressed in place (`IN_PLACE_MAX`).
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.batch.plain_bytes() <= self.compression.in_place_bytes_max()
    }

    /// The codec and level of the job.
    #[must_use]
    pub fn compression(&self) -> &TopicCompression {
        &self.compression
    }

    /// The result of work that leaves the batch as it is, for models of the threads around it.
    #[cfg(all(loom, test))]
    pub(crate) fn left_as_it_is(self) -> CompressionResult {
        let lost = CompressionResult::lost(self.id, self.charged());
        CompressionResult { output: Output::Batch(self.batch), ..lost }
    }

    /// Does the work. A codec that fails or panics leaves the batch as it is, and the result reports that.
    pub fn run(self, workspace: &mut Workspace) -> CompressionResult {
        let Self { id, work, mut batch, compression, bytes_max } = self;
        let mut run = Run::new(workspace, &compression, bytes_max);
        let output = match work {
            Work::Compress if run.compress(&mut batch) => Output::Batch(batch),
            Work::Compress => run.cut_plain(batch),
            Work::Cut => run.cut_sent(batch),
            Work::Drop(indexes) => run.drop_records(batch, &indexes),
        };
        let Run { plain_bytes, wire_bytes, compressed, failure, .. } = run;
        let elapsed = Duration::ZERO;
        let compression = Some(compression);
        CompressionResult { id, output, plain_bytes, wire_bytes, compressed, elapsed, failure, compression }
    }
}

impl CompressionResult {
    /// The result of a job that panicked: its batch is gone, and its records fail. `charged` is the job's
    /// [charge](CompressionJob::charged).
    #[must_use]
    pub const fn lost(id: JobId, charged: Charge) -> Self {
        let elapsed = Duration::ZERO;
        Self {
            id,
            output: Output::Lost { charged },
            plain_bytes: 0,
            wire_bytes: 0,
            compressed: 0,
            elapsed,
            failure: None,
            compression: None,
        }
    }

    /// Notes how long the job took.
    #[must_use]
    pub fn took(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        if let Some(compression) = &self.compression {
            compression.took(self.plain_bytes, elapsed);
        }
        self
    }

    /// How long the job took.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The codec's failure, if it failed.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}

/// A job while it runs.
pub(super) struct Run<'w> {
    pub(super) workspace: &'w mut Workspace,
    compression: &'w TopicCompression,
    pub(super) bytes_max: usize,
    plain_bytes: usize,
    wire_bytes: usize,
    compressed: u64,
    /// Once the codec failed, the rest of the job goes as it is.
    failure: Option<Failure>,
}

impl<'w> Run<'w> {
    const fn new(workspace: &'w mut Workspace, compression: &'w TopicCompression, bytes_max: usize) -> Self {
        Self {
            workspace,
            compression,
            bytes_max,
            plain_bytes: 0,
            wire_bytes: 0,
            compressed: 0,
            failure: None,
        }
    }

    /// Compresses a plain batch if that makes it smaller. Returns whether it may go as it is then: within the limit, or
    /// alone, since a single record cannot be cut.
    pub(super) fn compress(&mut self, batch: &mut Batch) -> bool {
        let bytes_max = if batch.records > 1 { self.bytes_max } else { usize::MAX };
        let plain_bytes = batch.plain_bytes();
        let outcome = match self.failure {
            Some(_) => Outcome::NotSmaller,
            None => self.workspace.compress(batch, self.compression, bytes_max),
        };
        match outcome {
            Outcome::TooLarge => return false,
            Outcome::Compressed { .. } => self.compressed += 1,
            Outcome::NotSmaller => {}
            Outcome::Failed(failure) => self.failure = Some(failure),
        }
        let fits = batch.bytes() <= bytes_max;
        if fits {
            self.plain_bytes += plain_bytes;
            self.wire_bytes += batch.body_bytes();
        }
        fits
    }
}
