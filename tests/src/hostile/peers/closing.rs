//! Peers that go away, at every moment of a conversation.

use milena::ConnectErrorKind::{Authentication, Unreachable};
use milena::ErrorKind::DeliveryTimeout;
use milena_fake::ApiKey;

use crate::hostile::script::{Act, At, Peer};

/// Peers that close the connection.
#[must_use]
pub fn closing() -> Vec<Peer> {
    let closes = |name, api| Peer::new(name, At::Asked(api), Act::Close);
    let cuts = |name, api| Peer::new(name, At::Asked(api), Act::Cut(9));
    vec![
        Peer::new("an end before the beginning", At::Accepted, Act::Close)
            .refused(Unreachable, &["security protocol"]),
        closes("an end in the place of versions", ApiKey::API_VERSIONS)
            .refused(Unreachable, &["security protocol"]),
        // What a listener does that asks for SASL, when the first request is another one.
        closes("an end in the place of a description", ApiKey::METADATA)
            .refused(Authentication, &["Metadata", "SASL"]),
        closes("an end in the place of an identity", ApiKey::INIT_PRODUCER_ID)
            .refused(Authentication, &["InitProducerId", "SASL"]),
        closes("an end in the place of an acknowledgement", ApiKey::PRODUCE)
            .undelivered(DeliveryTimeout, &["closed"]),
        Peer::new("an end in the middle of a record", At::Asking(ApiKey::PRODUCE), Act::Close)
            .undelivered(DeliveryTimeout, &[]),
        cuts("an end in the middle of versions", ApiKey::API_VERSIONS).refused(Unreachable, &[]),
        cuts("an end in the middle of a description", ApiKey::METADATA).refused(Unreachable, &["Metadata"]),
        cuts("an end in the middle of an identity", ApiKey::INIT_PRODUCER_ID)
            .refused(Unreachable, &["InitProducerId"]),
        cuts("an end in the middle of an acknowledgement", ApiKey::PRODUCE)
            .undelivered(DeliveryTimeout, &["closed"]),
    ]
}
