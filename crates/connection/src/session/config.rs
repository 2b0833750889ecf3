//! What all sessions of a client have in common.

use std::time::Duration;

use crate::sasl::Sasl;

/// The settings of a session, shared by all sessions of a client.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The client's name for itself, in the broker's log and quotas (`client.id`).
    pub client_id: Option<String>,
    /// The software's name, told to the broker (KIP-511): letters, digits, `-` and `.`.
    pub software_name: String,
    /// Its version, of the same characters.
    pub software_version: String,
    /// How long an answer may take from the last byte of its request, how long the writing may stand still, and how
    /// long the negotiation may last (`request.timeout.ms`).
    pub request_timeout: Duration,
    /// The largest answer that is accepted (`receive.message.max.bytes`).
    pub frame_bytes_max: usize,
    /// How many requests may be sent or queued at a time. The sender of requests keeps the bound, by
    /// [`Session::room`](super::Session::room).
    pub max_in_flight: usize,
    /// Who we are; none on a listener that does not ask.
    pub sasl: Option<Sasl>,
}

impl Default for SessionConfig {
    /// The defaults of Java, but for the limit of an answer, which Java's producer does not have: librdkafka's.
    fn default() -> Self {
        Self {
            client_id: None,
            software_name: env!("CARGO_PKG_NAME").to_owned(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            request_timeout: Duration::from_secs(30),
            frame_bytes_max: 100_000_000,
            max_in_flight: 5,
            sasl: None,
        }
    }
}
