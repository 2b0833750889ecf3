//! Responses with other correlation ids, duplicate or unsolicited responses, and responses of another API.

use milena::ConnectErrorKind::Unsupported;
use milena::ErrorKind::DeliveryTimeout;
use milena_codec::message::{ApiVersionsResponse, InitProducerIdResponse, MetadataResponse, ProduceResponse};
use milena_fake::ApiKey;

use crate::hostile::honest::Honest;
use crate::hostile::script::{Act, At, Peer};

fn another_number(honest: Honest) -> Vec<u8> {
    let mut frame = honest.frame;
    frame[5] ^= 0x55;
    frame
}

fn twice(honest: Honest) -> Vec<u8> {
    honest.frame.repeat(2)
}

/// An answer to a request that was not sent yet, which has the next number.
fn ahead(honest: Honest) -> Vec<u8> {
    let mut next = honest.frame.clone();
    next[7] = next[7].wrapping_add(1);
    [honest.frame, next].concat()
}

/// Peers that answer something else.
#[must_use]
pub fn identity() -> Vec<Peer> {
    let asked = |name, api, lie| Peer::new(name, At::Asked(api), Act::Lie(lie));
    vec![
        asked("versions under another number", ApiKey::API_VERSIONS, another_number)
            .refused(Unsupported, &["correlation id", "breaks the protocol"]),
        asked("a description under another number", ApiKey::METADATA, another_number)
            .refused(Unsupported, &["Metadata", "correlation id"]),
        asked("an acknowledgement under another number", ApiKey::PRODUCE, another_number)
            .undelivered(DeliveryTimeout, &["correlation id"]),
        asked("versions twice", ApiKey::API_VERSIONS, twice).refused(Unsupported, &["correlation id"]),
        asked("a description twice", ApiKey::METADATA, twice).harmless(),
        asked("an acknowledgement twice", ApiKey::PRODUCE, twice).harmless(),
        asked("an acknowledgement and one ahead", ApiKey::PRODUCE, ahead).harmless(),
        Peer::new(
            "an answer to nothing",
            At::Accepted,
            Act::Say(&[0, 0, 0, 12, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0]),
        )
        .refused(Unsupported, &["correlation id"]),
        asked("versions in the place of a description", ApiKey::METADATA, |honest| {
            let answer = ApiVersionsResponse::default();
            Honest { version: 3, ..honest }.instead(&answer)
        })
        .refused(Unsupported, &["Metadata"]),
        asked("a description in the place of versions", ApiKey::API_VERSIONS, |honest| {
            Honest { version: 12, ..honest }.instead(&MetadataResponse::default())
        })
        .refused(Unsupported, &[]),
        asked("an acknowledgement in the place of an identity", ApiKey::INIT_PRODUCER_ID, |honest| {
            Honest { version: 9, ..honest }.instead(&ProduceResponse::default())
        })
        .refused(Unsupported, &["InitProducerId"]),
        asked("an identity in the place of an acknowledgement", ApiKey::PRODUCE, |honest| {
            Honest { version: 4, ..honest }.instead(&InitProducerIdResponse::default())
        })
        .undelivered(DeliveryTimeout, &[]),
    ]
}
