//! The settings that all sessions of a client share.

use std::time::Duration;

use crate::sasl::Sasl;

/// The settings of a session, shared by all sessions of a client.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The name of the client in the broker's log and quotas (`client.id`).
    pub client_id: Option<String>,
    /// The name of the software, sent to the broker (KIP-511): letters, digits, `-` and `.`.
    pub software_name: String,
    /// The version of the software, of the same characters.
    pub software_version: String,
    /// The time-out of a response, from the last byte of its request, and of the negotiation (`request.timeout.ms`).
    pub request_timeout: Duration,
    /// The time-out of writing, from the last written byte (`write.timeout.ms`).
    pub write_timeout: Duration,
    /// The largest response that is accepted (`receive.message.max.bytes`).
    pub frame_bytes_max: usize,
    /// The most requests that are sent or queued at a time. The sender of requests keeps the bound, by
    /// [`Session::room`](super::Session::room).
    pub max_in_flight: usize,
    /// The credentials; none on a listener without SASL.
    pub sasl: Option<Sasl>,
    /// Whether the connection is encrypted, as with TLS. A secret in plain text on an unencrypted connection is logged as a
    /// warning.
    pub secure: bool,
    /// The time-out of an authentication: handshake, rounds, and the work of fetching tokens and deriving keys.
    pub authentication_timeout: Duration,
    /// The time without a byte from the broker, and without requests in flight, after which a probe goes before the next
    /// request. A dead peer is detected within [`probe_timeout`](Self::probe_timeout) then, instead of
    /// [`request_timeout`](Self::request_timeout).
    pub probe_after: Duration,
    /// The time-out of the probe.
    pub probe_timeout: Duration,
    /// The time without a byte in either direction, and without requests in flight, after which the session ends: a load
    /// balancer drops idle connections silently (`connections.max.idle.ms`). None for no limit.
    pub max_idle: Option<Duration>,
}

impl Default for SessionConfig {
    /// The defaults of Java, with these exceptions. The limit of a response, which Java's producer does not have, is
    /// librdkafka's. A connection is idle for 3 min 45 s at most, where Java has 9 min: load balancers drop what is idle
    /// for 4 min. An authentication has Java's 10 s for setting up a connection. Java has no probe.
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
