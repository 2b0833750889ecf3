//! A connection to a broker: what is on its way there, what is on its way back, and what a broker may say.

use std::collections::VecDeque;

use milena_codec::ErrorCode;
use milena_codec::ids::{PartitionId, TopicId};
use milena_codec::message::{BatchIndexAndErrorMessage, PartitionProduceResponse, ProduceResponse};

use crate::lane::ProduceRequest;
use crate::lane::tests::responses::respond_by_id;
use crate::lane::tests::world::{MAX, batches};
use crate::tests::Log;

/// A connection, both ways in order.
#[derive(Default)]
pub(super) struct Connection {
    pub(super) sent: VecDeque<ProduceRequest>,
    pub(super) answered: VecDeque<(ProduceRequest, Vec<u8>)>,
}

impl Connection {
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.answered.is_empty()
    }

    /// The broker takes up the next request. Of 1 000 answers `faults` tell of something wrong.
    pub(super) fn serve(&mut self, logs: &mut [Log], faults: u32, dice: &mut fastrand::Rng) {
        let Some(request) = self.sent.pop_front() else { return };
        let ids: Vec<TopicId> = request.flights.iter().flatten().map(|flight| flight.topic_id).collect();
        let mut answers: Vec<(TopicId, PartitionProduceResponse)> = batches(&request)
            .into_iter()
            .zip(ids)
            .map(|((partition, bytes), id)| {
                let log = &mut logs[usize::try_from(partition).unwrap()];
                let wrong = dice.u32(..1_000) < faults;
                let answer = if wrong { faulty(log, &bytes, dice) } else { said(log.append(&bytes, MAX)) };
                (id, PartitionProduceResponse { index: PartitionId(partition), ..answer })
            })
            .collect();
        if dice.u32(..1_000) < faults / 20 {
            dice.shuffle(&mut answers);
            answers.pop();
        }
        let body = respond_by_id(request.version(), answers, ProduceResponse::default());
        self.answered.push_back((request, body));
    }

    /// It ends, after the broker had some of what was sent. Each request, and whether the broker may have had all of
    /// it.
    pub(super) fn cut(&mut self, dice: &mut fastrand::Rng) -> Vec<(ProduceRequest, bool)> {
        let mut ended: Vec<_> = self.answered.drain(..).map(|(request, _)| (request, true)).collect();
        let whole = dice.usize(..=self.sent.len());
        ended.extend(self.sent.drain(..).enumerate().map(|(place, request)| (request, place < whole)));
        ended
    }
}

fn said((error_code, base_offset): (ErrorCode, i64)) -> PartitionProduceResponse {
    PartitionProduceResponse { error_code, base_offset, ..PartitionProduceResponse::default() }
}

/// One of the things that go wrong, for one batch.
fn faulty(log: &mut Log, bytes: &[u8], dice: &mut fastrand::Rng) -> PartitionProduceResponse {
    // Not appended, for a while or for good.
    const REFUSALS: [i16; 19] = [2, 3, 5, 6, 9, 17, 19, 29, 42, 47, 49, 72, 74, 75, 89, 100, 103, 87, 44];
    // Appended or not, and the broker cannot say.
    const DOUBTS: [i16; 5] = [7, 13, 20, 56, -1];
    match dice.u8(..10) {
        0..=4 => said((ErrorCode(REFUSALS[dice.usize(..REFUSALS.len())]), -1)),
        5 | 6 => {
            if dice.bool() {
                log.append(bytes, MAX);
            }
            said((ErrorCode(DOUBTS[dice.usize(..DOUBTS.len())]), -1))
        }
        7 | 8 => said(log.append(bytes, dice.usize(100..20_000))),
        _ => {
            let blamed = (0..dice.usize(1..4)).map(|_| BatchIndexAndErrorMessage {
                batch_index: dice.i32(-1..20),
                batch_index_error_message: Some("no good".to_owned()),
            });
            let record_errors = blamed.collect();
            let code = if dice.bool() { ErrorCode::INVALID_RECORD } else { ErrorCode::INVALID_TIMESTAMP };
            PartitionProduceResponse { record_errors, ..said((code, -1)) }
        }
    }
}
