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
    /// How long an answer may take from the last byte of its request, and how long the negotiation may last
    /// (`request.timeout.ms`).
    pub request_timeout: Duration,
    /// How long the writing may stand still (`write.timeout.ms`).
    pub write_timeout: Duration,
    /// The largest answer that is accepted (`receive.message.max.bytes`).
    pub frame_bytes_max: usize,
    /// How many requests may be sent or queued at a time. The sender of requests keeps the bound, by
    /// [`Session::room`](super::Session::room).
    pub max_in_flight: usize,
    /// Who we are; none on a listener that does not ask.
    pub sasl: Option<Sasl>,
    /// Whether nobody on the way can read what is sent, as with TLS. Where it is not so, a secret that is sent as it is
    /// is worth a warning.
    pub secure: bool,
    /// How long an authentication may last: handshake, rounds, and what has to be fetched or computed for it.
    pub authentication_timeout: Duration,
    /// After how long without a byte from the broker a connection without requests in flight is asked for a sign of
    /// life before it gets the next one. A peer that is gone is found out within [`probe_timeout`](Self::probe_timeout)
    /// then, instead of [`request_timeout`](Self::request_timeout).
    pub probe_after: Duration,
    /// How long that sign may take.
    pub probe_timeout: Duration,
    /// After how long without a byte in either direction a connection without requests in flight ends itself, before
    /// something on the way drops it silently (`connections.max.idle.ms`). None for never.
    pub max_idle: Option<Duration>,
}

impl Default for SessionConfig {
    /// The defaults of Java, with these exceptions. The limit of an answer, which Java's producer does not have, is
    /// librdkafka's. A connection is idle for 3 min 45 s at most, where Java has 9 min: load balancers drop what is idle
    /// for 4 min. An authentication has Java's 10 s for setting up a connection. Java does not probe.
    fn default() -> Self {
        Self {
            client_id: None,
            software_name: env!("CARGO_PKG_NAME").to_owned(),
            software_version: env!("CARGO_PKG_VERSION").to_owned(),
            request_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            frame_bytes_max: 100_000_000,
            max_in_flight: 5,
            sasl: None,
            secure: false,
            authentication_timeout: Duration::from_secs(10),
            probe_after: Duration::from_secs(30),
            probe_timeout: Duration::from_secs(2),
            max_idle: Some(Duration::from_secs(225)),
        }
    }
}
