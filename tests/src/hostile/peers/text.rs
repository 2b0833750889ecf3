//! Words of a peer: what is no text, what confuses a terminal, and what floods a log.

use milena::ConnectErrorKind::{Timeout, Unsupported};
use milena::ErrorKind::{DeliveryTimeout, InvalidRecord, UnknownTopic};
use milena_codec::ErrorCode;
use milena_codec::message::{BatchIndexAndErrorMessage, MetadataResponse, ProduceResponse};
use milena_fake::ApiKey;

use crate::hostile::script::{Act, At, Peer};

/// Clears a screen, rings, changes the colour, and ends a line.
const ESCAPES: &str = "\u{1b}[2J\u{7}\u{1b}[31m\0red\u{9b}0m\r\n";

/// Peers whose words are none.
#[must_use]
pub fn text() -> Vec<Peer> {
    let describes = |name, lie| Peer::new(name, At::Asked(ApiKey::METADATA), Act::Lie(lie));
    let acknowledges = |name, lie| Peer::new(name, At::Asked(ApiKey::PRODUCE), Act::Lie(lie));
    vec![
        describes("a host that is no UTF-8", |honest| {
            honest.replaced(b"localhost", b"\xff\xfe\xc3(\x80host")
        })
        .refused(Unsupported, &["Metadata", "UTF-8"]),
        describes("a host that clears the screen", |honest| {
            honest.changed(|answer: &mut MetadataResponse| answer.brokers[0].host = ESCAPES.to_owned())
        })
        .refused(Timeout, &[]),
        describes("a host of 30 000 letters", |honest| {
            honest.changed(|answer: &mut MetadataResponse| answer.brokers[0].host = "x".repeat(30_000))
        })
        .refused(Timeout, &[]),
        describes("a host without a letter", |honest| {
            honest.changed(|answer: &mut MetadataResponse| answer.brokers[0].host.clear())
        })
        .refused(Timeout, &[]),
        describes("a topic that is no UTF-8", |honest| honest.replaced(b"\x02t", b"\x02\xff"))
            .undelivered(UnknownTopic, &["max.block.ms", "localhost:9001", "UTF-8"]),
        describes("a cluster whose name clears the screen", |honest| {
            honest.changed(|answer: &mut MetadataResponse| answer.cluster_id = Some(ESCAPES.repeat(1000)))
        })
        .harmless(),
        acknowledges("a refusal that clears the screen", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                let partition = &mut answer.responses[0].partition_responses[0];
                partition.error_code = ErrorCode::INVALID_RECORD;
                partition.error_message = Some(ESCAPES.to_owned());
            })
        })
        .undelivered(InvalidRecord, &["red"]),
        acknowledges("a refusal of 30 000 letters", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                let partition = &mut answer.responses[0].partition_responses[0];
                partition.error_code = ErrorCode::INVALID_RECORD;
                partition.error_message = Some("x".repeat(30_000));
            })
        })
        .undelivered(InvalidRecord, &["xxx"]),
        acknowledges("a culprit of 30 000 letters that clear the screen", |honest| {
            honest.changed(|answer: &mut ProduceResponse| {
                let partition = &mut answer.responses[0].partition_responses[0];
                partition.error_code = ErrorCode::INVALID_RECORD;
                partition.record_errors = vec![BatchIndexAndErrorMessage {
                    batch_index: 0,
                    batch_index_error_message: Some(ESCAPES.repeat(1500)),
                }];
            })
        })
        .undelivered(InvalidRecord, &["red"]),
        acknowledges("a refusal that is no UTF-8", |honest| {
            let refused = honest.changed(|answer: &mut ProduceResponse| {
                let partition = &mut answer.responses[0].partition_responses[0];
                partition.error_code = ErrorCode::INVALID_RECORD;
                partition.error_message = Some("words".to_owned());
            });
            crate::hostile::Honest { frame: refused, ..honest }.replaced(b"words", b"\xff\xfe\xfd\xfc\xfb")
        })
        .undelivered(DeliveryTimeout, &[]),
    ]
}
