//! A broker: what is on its way there, what it takes up late of a connection that ended, and what it may answer.

use std::collections::VecDeque;
use std::time::Instant;

use milena_codec::ErrorCode;
use milena_codec::ids::{PartitionId, TopicId};
use milena_codec::message::{BatchIndexAndErrorMessage, PartitionProduceResponse, ProduceResponse};

use super::cluster::Cluster;
use crate::broker_sender::ProduceRequest;
use crate::broker_sender::tests::bodies::respond_by_id;
use crate::broker_sender::tests::harness::batches;
use crate::tests::Log;

/// A broker and the connection to it, both ways in order.
#[derive(Default)]
pub(super) struct Broker {
    pub(super) sent: VecDeque<ProduceRequest>,
    pub(super) answered: VecDeque<(ProduceRequest, Vec<u8>)>,
    /// Requests of connections that ended, which the broker has and did not look at yet.
    late: VecDeque<Vec<Entry>>,
    /// It does nothing before this.
    pub(super) hangs_until: Option<Instant>,
}

/// A batch of a request: its partition, the topic's id, its bytes.
type Entry = (i32, TopicId, Vec<u8>);

impl Broker {
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.answered.is_empty()
    }

    /// It takes up the next request. Of 1 000 answers `faults` tell of something wrong.
    pub(super) fn serve(&mut self, id: i32, cluster: &mut Cluster, faults: u32, dice: &mut fastrand::Rng) {
        let Some(request) = self.sent.pop_front() else { return };
        let max = cluster.max;
        let mut responses: Vec<(TopicId, PartitionProduceResponse)> = entries(&request)
            .into_iter()
            .map(|(partition, topic, bytes)| {
                let wrong = dice.u32(..1_000) < faults;
                let response = match cluster.log(id, partition, topic) {
                    Err(code) => coded((code, -1)),
                    Ok(log) if wrong => faulty(log, &bytes, max, dice),
                    Ok(log) => coded(log.append(&bytes, max)),
                };
                (topic, PartitionProduceResponse { index: PartitionId(partition), ..response })
            })
            .collect();
        if dice.u32(..1_000) < faults / 20 {
            dice.shuffle(&mut responses);
            responses.pop();
        }
        let body = respond_by_id(request.version(), responses, ProduceResponse::default());
        self.answered.push_back((request, body));
    }

    /// It takes up what a connection that ended left with it.
    pub(super) fn serve_late(&mut self, id: i32, cluster: &mut Cluster) {
        let max = cluster.max;
        for (partition, topic, bytes) in self.late.pop_front().into_iter().flatten() {
            if let Ok(log) = cluster.log(id, partition, topic) {
                log.append(&bytes, max);
            }
        }
    }

    /// The connection ends: of what was sent, the broker has some, and reads it later, if at all. Each request, and
    /// whether the broker may have had all of it.
    pub(super) fn cut(&mut self, dice: &mut fastrand::Rng) -> Vec<(ProduceRequest, bool)> {
        let mut ended: Vec<_> = self.answered.drain(..).map(|(request, _)| (request, true)).collect();
        let whole = dice.usize(..=self.sent.len());
        let delivered = dice.usize(..=whole);
        self.late.extend(self.sent.iter().take(delivered).map(entries));
        ended.extend(self.sent.drain(..).enumerate().map(|(place, request)| (request, place < whole)));
        ended
    }

    /// It ends, and what it has not looked at is lost.
    pub(super) fn stop(&mut self) {
        self.late.clear();
    }
}

fn entries(request: &ProduceRequest) -> Vec<Entry> {
    let ids = request.in_flight_batches.iter().flatten().map(|in_flight_batch| in_flight_batch.topic_id);
    batches(request).into_iter().zip(ids).map(|((partition, bytes), id)| (partition, id, bytes)).collect()
}

fn coded((error_code, base_offset): (ErrorCode, i64)) -> PartitionProduceResponse {
    PartitionProduceResponse { error_code, base_offset, ..PartitionProduceResponse::default() }
}

/// One of the things that go wrong, for one batch.
fn faulty(log: &mut Log, bytes: &[u8], max: usize, dice: &mut fastrand::Rng) -> PartitionProduceResponse {
    // Not appended, for a while or for good.
    const REFUSALS: [i16; 19] = [2, 3, 5, 6, 9, 17, 19, 29, 42, 47, 49, 72, 74, 75, 89, 100, 103, 87, 44];
    // AcceptedRecord or not, and the broker cannot say. With 3 its offset tells.
    const DOUBTS: [i16; 7] = [7, 13, 20, 56, -1, 6, 3];
    match dice.u8(..10) {
        0..=4 => coded((ErrorCode(REFUSALS[dice.usize(..REFUSALS.len())]), -1)),
        5 | 6 => {
            let code = ErrorCode(DOUBTS[dice.usize(..DOUBTS.len())]);
            let offset = if dice.bool() { log.append(bytes, max).1 } else { -1 };
            let tells = code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION || dice.bool();
            coded((code, if tells { offset } else { -1 }))
        }
        7 | 8 => coded(log.append(bytes, dice.usize(100..20_000).min(max))),
        _ => {
            let rejected = (0..dice.usize(1..4)).map(|_| BatchIndexAndErrorMessage {
                batch_index: dice.i32(-1..20),
                batch_index_error_message: Some("no good".to_owned()),
            });
            let record_errors = rejected.collect();
            let code = if dice.bool() { ErrorCode::INVALID_RECORD } else { ErrorCode::INVALID_TIMESTAMP };
            PartitionProduceResponse { record_errors, ..coded((code, -1)) }
        }
    }
}
