//! The next Produce request: the batches of the partitions that are ready, at most one of each, and the few bytes of the request
//! itself, which are written around the batches.

use std::time::Instant;

use milena_codec::ids::PartitionId;
use milena_codec::message::produce::{PartitionRecords, RequestFrame, TOPIC_IDS_SINCE, put_request};
use milena_codec::wire::EncodeError;

use super::BrokerSender;
use super::schedule::{PollReason, Scheduled};
use crate::ids::ProduceVersion;
use crate::partition_sender::{BatchResponse, InFlightBatch, Next};

/// A request, and everything that goes out with it. It has one owner at a time: the broker sender makes it, the connection
/// writes it and keeps it until the response, and gives it back to the broker sender.
#[derive(Debug, Default)]
pub struct ProduceRequest {
    /// Its batches, sorted by topic; taken out one by one as their responses are read.
    pub(super) in_flight_batches: Vec<Option<InFlightBatch>>,
    version: i16,
    /// Everything but the batches.
    glue: Vec<u8>,
    /// Where in `glue` each batch belongs.
    cuts: Vec<usize>,
    /// The pieces in order.
    pieces: Vec<Piece>,
    bytes: usize,
}

/// A piece of a request.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Glue { start: usize, end: usize },
    Chunk { in_flight_batch: usize, chunk: usize },
}

/// The fields of a request besides its batches.
#[derive(Clone, Debug)]
pub struct RequestConfig {
    /// The client's name for itself.
    pub client_id: Option<String>,
    /// 0, 1, or -1 for all.
    pub acks: i16,
    /// How long the broker may wait for its followers, in milliseconds.
    pub timeout_ms: i32,
}

/// The order of a request: partitions of one topic stand together.
fn place(in_flight_batch: &Option<InFlightBatch>) -> Option<(&str, PartitionId)> {
    in_flight_batch
        .as_ref()
        .map(|in_flight_batch| (&**in_flight_batch.partition.topic(), in_flight_batch.partition.index()))
}

impl ProduceRequest {
    /// Adds a batch, of a partition that it has none of.
    pub(super) fn push(&mut self, in_flight_batch: InFlightBatch) {
        self.in_flight_batches.push(Some(in_flight_batch));
    }

    /// All batches are in it: the version is the one of the connection, unless a topic has no id.
    pub(super) fn close(&mut self, ProduceVersion(version): ProduceVersion) {
        self.in_flight_batches.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
        debug_assert!(
            self.in_flight_batches.windows(2).all(|pair| place(&pair[0]) != place(&pair[1])),
            "a broker keeps the last of two batches for one partition"
        );
        let has_ids = self
            .in_flight_batches
            .iter()
            .flatten()
            .all(|in_flight_batch| !in_flight_batch.topic_id.is_zero());
        self.version = if has_ids { version } else { version.min(TOPIC_IDS_SINCE - 1) };
    }

    /// Makes it empty. Its memory is kept for the next request.
    pub(super) fn clear(&mut self) {
        self.in_flight_batches.clear();
        self.glue.clear();
        self.cuts.clear();
        self.pieces.clear();
        self.bytes = 0;
    }

    /// Writes the frame around the batches.
    ///
    /// # Errors
    /// [`EncodeError`] when the version does not exist, or the request is longer than a frame may be.
    pub fn encode(&mut self, correlation_id: i32, config: &RequestConfig) -> Result<(), EncodeError> {
        let frame = RequestFrame {
            version: self.version,
            correlation_id,
            client_id: config.client_id.as_deref(),
            transactional_id: None,
            acks: config.acks,
            timeout_ms: config.timeout_ms,
        };
        let batches = self.in_flight_batches.iter().flatten().map(|in_flight_batch| PartitionRecords {
            topic: in_flight_batch.partition.topic(),
            topic_id: in_flight_batch.topic_id,
            partition: in_flight_batch.partition.index(),
            bytes: in_flight_batch.batch.bytes(),
        });
        put_request(&mut self.glue, &mut self.cuts, &frame, batches)?;
        let mut start = 0;
        for (in_flight_batch, cut) in self.cuts.iter().enumerate() {
            self.pieces.push(Piece::Glue { start, end: *cut });
            let chunks = self.in_flight_batches[in_flight_batch]
                .as_ref()
                .map_or(0, |in_flight_batch| in_flight_batch.batch.piece_count());
            self.pieces.extend((0..chunks).map(|chunk| Piece::Chunk { in_flight_batch, chunk }));
            start = *cut;
        }
        self.pieces.push(Piece::Glue { start, end: self.glue.len() });
        self.bytes = (0..self.pieces.len()).map(|index| self.piece(index).len()).sum();
        Ok(())
    }

    /// How many pieces go out, once it is encoded.
    #[must_use]
    pub const fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// A piece.
    #[must_use]
    pub fn piece(&self, index: usize) -> &[u8] {
        match self.pieces.get(index) {
            Some(Piece::Glue { start, end }) => &self.glue[*start..*end],
            Some(Piece::Chunk { in_flight_batch, chunk }) => self.in_flight_batches[*in_flight_batch]
                .as_ref()
                .map_or(&[], |in_flight_batch| in_flight_batch.batch.piece(*chunk)),
            None => &[],
        }
    }

    /// Length of the whole frame, once it is encoded.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> i16 {
        self.version
    }

    /// How many batches it carries.
    #[must_use]
    pub const fn batches(&self) -> usize {
        self.in_flight_batches.len()
    }
}

impl BrokerSender {
    /// Gathers the next request: at most one batch a partition.
    pub(super) fn build(&mut self, now: Instant) -> Option<ProduceRequest> {
        let version = self.version?;
        let mut request = self.spares.pop().unwrap_or_default();
        let mut bytes = 0;
        for _ in 0..self.schedule.ready.len() {
            let Some(serial) = self.schedule.ready.pop_front() else { break };
            let Some(Scheduled { sender, marks }) = self.partition_senders.get_mut(&serial) else { continue };
            marks.note_unlisted();
            match sender.next(now, self.identity, &self.config.partition_sender, &mut self.completer) {
                Next::Busy => self.schedule.poll_later(serial, PollReason::StateChanged),
                Next::Nothing => self.poll_partition(serial, now, PollReason::StateChanged),
                Next::InFlightBatch(in_flight_batch) if in_flight_batch.batch.is_beyond(version.0) => {
                    self.on_batch_response(
                        now,
                        in_flight_batch,
                        &BatchResponse::CodecTooNew { produce: version },
                        None,
                    );
                }
                Next::InFlightBatch(in_flight_batch) => {
                    let more = in_flight_batch.batch.bytes();
                    if request.batches() > 0 && bytes + more > self.request_bytes_max {
                        sender.put_back(in_flight_batch, &mut self.completer);
                        self.schedule.list_first(serial, marks);
                        break;
                    }
                    bytes += more;
                    request.push(in_flight_batch);
                }
            }
        }
        // Only now may a partition be listed again: a request takes each at most once.
        for in_flight_batch in request.in_flight_batches.iter().flatten() {
            self.completer.count_sent(&in_flight_batch.batch, &in_flight_batch.partition);
            self.poll_partition(in_flight_batch.partition.serial(), now, PollReason::StateChanged);
        }
        if request.batches() == 0 {
            self.recycle(request);
            return None;
        }
        request.close(version);
        Some(request)
    }
}
