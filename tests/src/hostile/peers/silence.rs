//! Peers that send nothing or almost nothing, or stop reading.

use std::time::Duration;

use milena::ConnectErrorKind::Timeout;
use milena::ErrorKind::DeliveryTimeout;
use milena_fake::ApiKey;

use crate::hostile::script::{Act, At, Peer};

const SECOND: Duration = Duration::from_secs(1);

/// Peers that take their time, all of it.
#[must_use]
pub fn silence() -> Vec<Peer> {
    vec![
        Peer::new("nobody, behind an open port", At::Accepted, Act::Silence)
            .refused(Timeout, &["security protocol"]),
        Peer::new("nobody, who does not even read", At::Accepted, Act::Deafness)
            .refused(Timeout, &["security protocol"]),
        Peer::new("silence about versions", At::Asked(ApiKey::API_VERSIONS), Act::Silence)
            .refused(Timeout, &["security protocol"]),
        Peer::new("silence about the cluster", At::Asked(ApiKey::METADATA), Act::Silence)
            .refused(Timeout, &["Metadata"]),
        Peer::new("silence about an identity", At::Asked(ApiKey::INIT_PRODUCER_ID), Act::Silence)
            .refused(Timeout, &["InitProducerId"]),
        Peer::new("silence about a record", At::Asked(ApiKey::PRODUCE), Act::Silence)
            .undelivered(DeliveryTimeout, &[]),
        Peer::new("deafness in the middle of a record", At::Asking(ApiKey::PRODUCE), Act::Deafness)
            .undelivered(DeliveryTimeout, &[]),
        Peer::new("versions, a byte a second", At::Asked(ApiKey::API_VERSIONS), Act::Drip(SECOND))
            .refused(Timeout, &[]),
        Peer::new("a description, a byte a second", At::Asked(ApiKey::METADATA), Act::Drip(SECOND))
            .refused(Timeout, &["Metadata"]),
        Peer::new("an identity, a byte a second", At::Asked(ApiKey::INIT_PRODUCER_ID), Act::Drip(SECOND))
            .refused(Timeout, &["InitProducerId"]),
        Peer::new("an acknowledgement, a byte a second", At::Asked(ApiKey::PRODUCE), Act::Drip(SECOND))
            .undelivered(DeliveryTimeout, &[]),
        Peer::new("half an acknowledgement", At::Asked(ApiKey::PRODUCE), Act::Say(&[0, 0, 0, 40, 0, 0]))
            .undelivered(DeliveryTimeout, &[]),
        Peer::new("half a description", At::Asked(ApiKey::METADATA), Act::Say(&[0, 0, 0, 90, 0, 0, 0, 1, 0]))
            .refused(Timeout, &["Metadata"]),
    ]
}
