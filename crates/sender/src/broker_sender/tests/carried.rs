//! What a request carries.

use milena_codec::ids::ProducerIdAndEpoch;
use milena_codec::record::{RecordBatch, Stamp};

use crate::broker_sender::ProduceRequest;

/// The batches of an encoded request, by partition.
pub(crate) fn batches(request: &ProduceRequest) -> Vec<(i32, Vec<u8>)> {
    let in_flight_batches = request.in_flight_batches.iter().flatten();
    in_flight_batches
        .map(|in_flight_batch| {
            (in_flight_batch.partition.index().0, in_flight_batch.batch.pieces().collect::<Vec<_>>().concat())
        })
        .collect()
}

/// The partitions of a request.
pub(crate) fn partitions(request: &ProduceRequest) -> Vec<i32> {
    batches(request).into_iter().map(|(partition, _)| partition).collect()
}

/// The stamp of a request's only batch.
fn stamp(request: &ProduceRequest) -> Stamp {
    let [(_, bytes)] = &batches(request)[..] else { panic!("one batch") };
    RecordBatch::parse(bytes).unwrap().header.stamp
}

/// Producer id, epoch and first sequence.
pub(crate) fn run_of(request: &ProduceRequest) -> (i64, i16, i32) {
    let Stamp { identity: ProducerIdAndEpoch { producer_id, epoch }, base_sequence } = stamp(request);
    (producer_id.0, epoch.0, base_sequence.0)
}
