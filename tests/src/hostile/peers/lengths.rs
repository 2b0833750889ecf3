//! Lengths of frames: greetings of other servers in their place, impossible lengths, and frames that never end.

use std::time::Duration;

use milena::ConnectErrorKind::{Timeout, Unsupported};
use milena::ErrorKind::DeliveryTimeout;
use milena_fake::ApiKey;

use crate::hostile::script::{Act, At, Peer};

const VERSIONS: At = At::Asked(ApiKey::API_VERSIONS);
const METADATA: At = At::Asked(ApiKey::METADATA);
const IDENTITY: At = At::Asked(ApiKey::INIT_PRODUCER_ID);
const PRODUCE: At = At::Asked(ApiKey::PRODUCE);

/// `receive.message.max.bytes`, and one more.
const OVER_THE_LIMIT: &[u8] = &100_000_001_u32.to_be_bytes();
/// What the list of versions may have, and one more.
const OVER_A_MEBIBYTE: &[u8] = &1_048_577_u32.to_be_bytes();
/// A length that may be, and eight bytes that could begin an answer.
const FIFTY_MEGABYTES: &[u8] = &50_000_000_u32.to_be_bytes();

/// Peers whose lengths are none, or too large.
#[must_use]
pub fn lengths() -> Vec<Peer> {
    let says = |name, bytes| Peer::new(name, VERSIONS, Act::Say(bytes));
    vec![
        says("a TLS alert", &[0x15, 3, 3, 0, 2, 2, 40]).refused(Unsupported, &["TLS"]),
        Peer::new(
            "a TLS alert before anything was asked",
            At::Accepted,
            Act::Say(&[0x15, 3, 1, 0, 2, 2, 10]),
        )
        .refused(Unsupported, &["TLS"]),
        says("a TLS handshake", &[0x16, 3, 3, 0, 122, 2, 0, 0, 118]).refused(Unsupported, &["TLS"]),
        says("a web server", b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            .refused(Unsupported, &["HTTP"]),
        Peer::new("a secure shell, which speaks first", At::Accepted, Act::Say(b"SSH-2.0-OpenSSH_9.6\r\n"))
            .refused(Unsupported, &["SSH"]),
        Peer::new("a mail server", At::Accepted, Act::Say(b"220 mail.example.org ESMTP ready\r\n"))
            .refused(Unsupported, &["no Kafka broker"]),
        says("a length of -1", &[0xff; 64]).refused(Unsupported, &["no Kafka broker"]),
        says("a length of -2147483648", &[0x80, 0, 0, 0, 1, 2, 3, 4]).refused(Unsupported, &[]),
        says("a length of 2147483647", &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]).refused(Unsupported, &[]),
        says("a length of 0", &[0; 64]).refused(Unsupported, &["breaks the protocol"]),
        says("a length without a number", &[0, 0, 0, 3, 0, 0, 0])
            .refused(Unsupported, &["breaks the protocol"]),
        says("versions of more than a mebibyte", OVER_A_MEBIBYTE).refused(Unsupported, &["1048576"]),
        Peer::new("a description just over the limit", METADATA, Act::Say(OVER_THE_LIMIT))
            .refused(Unsupported, &["Metadata", "receive.message.max.bytes"]),
        Peer::new("an identity just over the limit", IDENTITY, Act::Say(OVER_THE_LIMIT))
            .refused(Unsupported, &["InitProducerId", "receive.message.max.bytes"]),
        Peer::new("an acknowledgement just over the limit", PRODUCE, Act::Say(OVER_THE_LIMIT))
            .undelivered(DeliveryTimeout, &["receive.message.max.bytes"]),
        Peer::new("an acknowledgement of -1 bytes", PRODUCE, Act::Say(&[0xff; 8]))
            .undelivered(DeliveryTimeout, &[]),
        Peer::new(
            "a web server that once was a broker",
            PRODUCE,
            Act::Say(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
        )
        .undelivered(DeliveryTimeout, &["HTTP"]),
        Peer::new(
            "a description of 50 MB, a byte a second",
            METADATA,
            Act::Trickle(FIFTY_MEGABYTES, Duration::from_secs(1)),
        )
        .refused(Timeout, &["Metadata"]),
        Peer::new(
            "an acknowledgement of 50 MB, a byte a second",
            PRODUCE,
            Act::Trickle(FIFTY_MEGABYTES, Duration::from_secs(1)),
        )
        .undelivered(DeliveryTimeout, &[]),
    ]
}
