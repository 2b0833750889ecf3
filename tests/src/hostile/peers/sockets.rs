//! Behaviour that only sockets have. These peers run on the real clock.

use milena::ConnectErrorKind::{Timeout, Unreachable};
use milena::ErrorKind::DeliveryTimeout;
use milena_fake::ApiKey;

use crate::hostile::script::{Act, At, Peer};

/// The beginning of an answer of 64 bytes.
const HALF: &[u8] = &[0, 0, 0, 64, 0, 0, 0, 1, 0, 0, 0, 0];

/// Peers whose connections are reset, or take no more.
#[must_use]
pub fn sockets() -> Vec<Peer> {
    vec![
        Peer::new("a reset before the beginning", At::Accepted, Act::Reset).refused(Unreachable, &[]),
        Peer::new("a reset in the place of versions", At::Asked(ApiKey::API_VERSIONS), Act::Reset)
            .refused(Unreachable, &[]),
        Peer::new(
            "a reset in the middle of versions",
            At::Asked(ApiKey::API_VERSIONS),
            Act::SayAndReset(HALF),
        )
        .refused(Unreachable, &[]),
        Peer::new(
            "a reset in the middle of a description",
            At::Asked(ApiKey::METADATA),
            Act::SayAndReset(HALF),
        )
        .refused(Unreachable, &["Metadata"]),
        Peer::new("a reset in the middle of a record", At::Asking(ApiKey::PRODUCE), Act::Reset)
            .undelivered(DeliveryTimeout, &["127.0.0.1"]),
        Peer::new(
            "a reset in the middle of an acknowledgement",
            At::Asked(ApiKey::PRODUCE),
            Act::SayAndReset(HALF),
        )
        .undelivered(DeliveryTimeout, &["127.0.0.1"]),
        Peer::new(
            "a window that closes in the middle of a record",
            At::Asking(ApiKey::PRODUCE),
            Act::Deafness,
        )
        .undelivered(DeliveryTimeout, &["127.0.0.1", "took no byte"]),
        Peer::new("a port that takes connections, and nobody behind it", At::Accepted, Act::Deafness)
            .refused(Timeout, &["security protocol"]),
    ]
}
