//! The faults of a session: the negotiation, the authentication, the protocol, and the time-outs.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::frame::FrameError;
use milena_codec::message::ApiKey;
use milena_codec::wire::{DecodeError, EncodeError};

use super::sasl::SaslError;

/// The fault that ended a session. Close its connection; [`Session::end`](crate::session::Session::end) returns the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionFault {
    /// The broker closed the connection.
    PeerClosed {
        /// Whether the versions were not negotiated yet.
        negotiating: bool,
        /// Whether requests were sent without credentials, and not a byte of a response came: a SASL listener closes the
        /// connection then.
        unauthenticated: bool,
        /// The number of requests without a response.
        unanswered: usize,
        /// The number of bytes of an incomplete response.
        partial: usize,
    },
    /// The bytes are no frame of Kafka, or the frame is above the limit.
    Frame(FrameError),
    /// The length of the first response is above that of every list of versions.
    FirstResponseTooLarge {
        /// The length that the peer sent.
        length: i32,
        /// The limit.
        limit: usize,
    },
    /// A response is too short for a correlation id.
    ResponseTooShort {
        /// Its length.
        bytes: usize,
    },
    /// A response does not belong to the oldest request.
    WrongCorrelationId {
        /// The correlation id of the oldest request.
        expected: i32,
        /// The correlation id of the response.
        found: i32,
    },
    /// A response came without a request.
    Unsolicited {
        /// The correlation id of the response.
        correlation_id: i32,
    },
    /// The first request cannot be encoded: a setting is too long.
    Unencodable(EncodeError),
    /// The list of versions cannot be parsed.
    MalformedVersions(DecodeError),
    /// The broker returned this error code to ApiVersions.
    Refused(ErrorCode),
    /// Broker and client have no version of ApiVersions in common.
    UnsupportedVersion {
        /// The version that the broker rejected last.
        version: i16,
        /// The versions that the broker knows, where it returned them.
        theirs: Option<RangeInclusive<i16>>,
    },
    /// The negotiation took too long.
    NegotiationTimedOut {
        /// The time-out.
        timeout: Duration,
    },
    /// The authentication failed.
    Sasl(SaslError),
    /// The broker did not respond to the probe on an idle connection. No request was sent.
    Unresponsive {
        /// The time-out.
        timeout: Duration,
    },
    /// The connection was idle for too long. The session ends before a load balancer on the way drops the connection.
    Idle {
        /// The time-out.
        idle: Duration,
    },
    /// No response came in time.
    RequestTimedOut {
        /// The API, where the request names it.
        api: Option<ApiKey>,
        /// The correlation id of the request.
        correlation_id: i32,
        /// The time-out, from the last byte of the request.
        timeout: Duration,
    },
    /// The broker accepted no byte of a request in time.
    NoProgress {
        /// The API, where the request names it.
        api: Option<ApiKey>,
        /// The correlation id of the request.
        correlation_id: i32,
        /// The time-out, from the last byte that was written.
        timeout: Duration,
    },
}

impl SessionFault {
    /// Whether the text names the request.
    pub(super) const fn names_request(&self) -> bool {
        matches!(self, Self::RequestTimedOut { .. } | Self::NoProgress { .. })
    }

    /// The error code that the broker returned, if there is one.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(code) => Some(*code),
            Self::UnsupportedVersion { .. } => Some(ErrorCode::UNSUPPORTED_VERSION),
            Self::Sasl(error) => error.code(),
            _ => None,
        }
    }

    /// Whether the connection was unusable without any sign that the broker is: the next dial needs no backoff.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        matches!(self, Self::Unresponsive { .. } | Self::Idle { .. })
    }
}

impl fmt::Display for SessionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerClosed { negotiating: true, .. } => write!(
                f,
                "the broker closed the connection during the negotiation of versions: {CHECK_LISTENER}"
            ),
            Self::PeerClosed { negotiating: false, unauthenticated, unanswered, partial } => {
                peer_closed(f, *unauthenticated, *unanswered, *partial)
            }
            Self::Sasl(error) => write!(f, "{error}"),
            Self::Unresponsive { timeout } => write!(
                f,
                "no response to a probe within {timeout:?} on an idle connection: a firewall or load balancer may have \
                 dropped the connection"
            ),
            Self::Idle { idle } => write!(f, "the connection was idle for {idle:?}"),
            Self::Frame(error @ FrameError { detected: Some(_), .. }) => write!(f, "{error}"),
            Self::Frame(error) => {
                write!(
                    f,
                    "{error}: raise the limit (`receive.message.max.bytes`) if the peer is a Kafka broker"
                )
            }
            Self::FirstResponseTooLarge { length, limit } => write!(
                f,
                "the length of the first response is {length} bytes, the limit is {limit}: the peer is no Kafka broker"
            ),
            Self::ResponseTooShort { bytes } => {
                write!(f, "a response of {bytes} bytes has no correlation id: {BREAKS_PROTOCOL}")
            }
            Self::WrongCorrelationId { expected, found } => write!(
                f,
                "the correlation id of a response is {found} instead of {expected}: {BREAKS_PROTOCOL}"
            ),
            Self::Unsolicited { correlation_id } => write!(
                f,
                "a response with correlation id {correlation_id} came without a request: {BREAKS_PROTOCOL}"
            ),
            Self::Unencodable(error) => {
                write!(f, "the first request cannot be encoded ({error}): shorten the client id")
            }
            Self::MalformedVersions(error) => {
                write!(f, "invalid ApiVersions response ({error}): the peer is no Kafka broker")
            }
            Self::Refused(code) => write!(f, "the broker rejected ApiVersions: {code}"),
            Self::UnsupportedVersion { version, theirs } => unsupported_version(f, *version, theirs.as_ref()),
            Self::NegotiationTimedOut { timeout } => {
                write!(f, "no ApiVersions response within {timeout:?}: {CHECK_LISTENER}")
            }
            Self::RequestTimedOut { api, correlation_id, timeout } => {
                write_request(f, *api, *correlation_id)?;
                write!(f, "no response within {timeout:?} of its last byte: ")?;
                f.write_str("check the broker's load, or raise `request.timeout.ms`")
            }
            Self::NoProgress { api, correlation_id, timeout } => {
                write_request(f, *api, *correlation_id)?;
                write!(f, "the broker took no byte for {timeout:?}: ")?;
                f.write_str("check the network and the broker's load")
            }
        }
    }
}

const CHECK_LISTENER: &str = "check that the listener has the security protocol that is configured";
const BREAKS_PROTOCOL: &str = "the peer breaks the protocol";

fn unsupported_version(
    f: &mut fmt::Formatter<'_>,
    version: i16,
    theirs: Option<&RangeInclusive<i16>>,
) -> fmt::Result {
    match theirs {
        Some(theirs) if *theirs.start() > version => write!(
            f,
            "the broker knows ApiVersions {}-{} and rejects {version}: the broker is newer than this client: use a newer \
             version of milena",
            theirs.start(),
            theirs.end()
        ),
        _ => {
            write!(
                f,
                "the broker rejects ApiVersions {version} and returns no version that this client knows"
            )
        }
    }
}

fn peer_closed(
    f: &mut fmt::Formatter<'_>,
    unauthenticated: bool,
    unanswered: usize,
    partial: usize,
) -> fmt::Result {
    let requests = if unanswered == 1 { "request" } else { "requests" };
    match unanswered {
        0 => f.write_str("the broker closed the connection")?,
        _ => write!(f, "the broker closed the connection, {unanswered} {requests} had no response")?,
    }
    if partial > 0 {
        let bytes = if partial == 1 { "byte" } else { "bytes" };
        write!(f, ", {partial} {bytes} of an incomplete response had come")?;
    }
    match unauthenticated {
        true => f.write_str(": a SASL listener needs credentials to be configured"),
        false => Ok(()),
    }
}

fn write_request(f: &mut fmt::Formatter<'_>, api: Option<ApiKey>, correlation_id: i32) -> fmt::Result {
    match api {
        Some(api) => write!(f, "{api} {correlation_id}: "),
        None => write!(f, "request {correlation_id}: "),
    }
}

impl std::error::Error for SessionFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Frame(error) => Some(error),
            Self::Unencodable(error) => Some(error),
            Self::MalformedVersions(error) => Some(error),
            Self::Sasl(error) => Some(error),
            _ => None,
        }
    }
}

/// Broker and client have no version of a request in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionMismatch {
    /// The request.
    pub api: ApiKey,
    /// The versions that this client knows.
    pub ours: RangeInclusive<i16>,
    /// The versions that the broker knows; none where the broker does not know the request.
    pub theirs: Option<RangeInclusive<i16>>,
}

impl fmt::Display for VersionMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { api, ours, theirs } = self;
        match theirs {
            // Every broker knows Metadata; a KRaft controller does not.
            None if *api == ApiKey::METADATA => f.write_str(
                "this is a controller's listener, which does not know Metadata: connect to a broker's listener",
            )?,
            None => write!(
                f,
                "the broker does not know {api} (this client knows {}-{}): use brokers of Kafka 2.1 or newer",
                ours.start(),
                ours.end()
            )?,
            Some(theirs) => {
                write!(f, "the broker knows {api} {}-{}, ", theirs.start(), theirs.end())?;
                write!(f, "this client {}-{}: ", ours.start(), ours.end())?;
                f.write_str(match theirs.start() > ours.end() {
                    true => "the broker is newer than this client: use a newer version of milena",
                    false => "the broker is too old: use brokers of Kafka 2.1 or newer",
                })?;
            }
        }
        match *api {
            ApiKey::INIT_PRODUCER_ID => f.write_str(", or set `enable.idempotence=false`"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for VersionMismatch {}
