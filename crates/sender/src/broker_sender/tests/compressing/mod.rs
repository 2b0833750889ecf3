//! When batches are claimed and compressed, and how long they grow.

mod claiming;
mod growing;

use milena_codec::compression::Compression;
use milena_codec::ids::BrokerId;
use milena_codec::record::RecordBatch;

use super::harness::{SenderHarness, batches, broker_senders};
use crate::accumulator::AccumulatorConfig;
use crate::broker_sender::ProduceRequest;
use crate::compression::TopicCompression;
use crate::tests::{KIB, accumulator};

pub(super) const ONE: Option<BrokerId> = Some(BrokerId(1));
pub(super) const EVENT_BYTES: usize = 60;

pub(super) fn event(number: usize) -> Vec<u8> {
    format!(
        "{number:010} event of user {:08}, paid {:06}, again",
        number * 7919 % 100_000,
        number * 31 % 9_973
    )
    .into()
}

/// A thousand bytes that compress to about a tenth.
pub(super) fn line(number: usize) -> Vec<u8> {
    let mut dice = fastrand::Rng::with_seed(number as u64);
    let start: String = (0..110).map(|_| dice.alphanumeric()).collect();
    format!("{start}{:890}", "the rest of the line is always the same; ").into()
}

pub(super) fn harness(codec: Compression, partitions: usize) -> SenderHarness {
    compressed(codec, partitions, accumulator())
}

pub(super) fn compressed(codec: Compression, partitions: usize, config: AccumulatorConfig) -> SenderHarness {
    let compression = TopicCompression::new(codec, None);
    SenderHarness::compressed(partitions, config, broker_senders(), 32 << 20, compression)
}

pub(super) fn send_events(harness: &mut SenderHarness, count: usize) {
    (0..count).for_each(|number| drop(harness.send(0, &event(number)).unwrap()));
    harness.linger();
}

/// Records of 1 000 bytes that no codec makes smaller.
pub(super) fn send_noise(harness: &mut SenderHarness, dice: &mut fastrand::Rng, bytes: usize) {
    for _ in 0..bytes / 1_000 {
        let value: Vec<u8> = (0..1_000).map(|_| dice.u8(..)).collect();
        harness.send(0, &value).unwrap();
    }
    harness.linger();
}

/// Sends all that waits. Returns the lengths of the batches.
pub(super) fn served(harness: &mut SenderHarness) -> Vec<usize> {
    let mut sent = Vec::new();
    while let Some(request) = harness.request(1) {
        sent.extend(batches(&request).iter().map(|(_, bytes)| bytes.len()));
        harness.served(1, request);
    }
    assert!(sent.iter().sum::<usize>() < 1_000 * KIB);
    sent
}

/// How many records each batch of a request has.
pub(super) fn records(request: &ProduceRequest) -> Vec<usize> {
    let count = |bytes: &Vec<u8>| RecordBatch::parse(bytes).unwrap().header.records;
    batches(request).iter().map(|(_, bytes)| usize::try_from(count(bytes)).unwrap()).collect()
}
