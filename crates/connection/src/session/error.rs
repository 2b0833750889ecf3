//! Why a session ended: what happened, and what to do about it.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::frame::FrameError;
use milena_codec::message::ApiKey;
use milena_codec::wire::{DecodeError, EncodeError};

use crate::sasl::SaslError;

/// The end of a session. There is no way on: its connection is closed, [`Session::end`](super::Session::end) tells
/// what became of the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionError {
    /// The peer closed the connection.
    PeerClosed {
        /// Whether the versions were still being negotiated.
        negotiating: bool,
        /// Whether requests were sent, not a byte of an answer ever came, and we did not say who we are: what a
        /// listener that asks for SASL does.
        unauthenticated: bool,
        /// How many requests had no answer.
        unanswered: usize,
        /// How many bytes of an unfinished answer had come.
        partial: usize,
    },
    /// What came is no frame of Kafka, or one above the limit.
    Frame(FrameError),
    /// The first answer promises to be larger than any list of versions.
    FirstAnswerTooLarge {
        /// The length, as the peer wrote it.
        length: i32,
        /// The most that was allowed.
        limit: usize,
    },
    /// An answer too short for a correlation id.
    AnswerTooShort {
        /// Its length.
        bytes: usize,
    },
    /// An answer to another request than the oldest one.
    WrongCorrelationId {
        /// The oldest request's.
        expected: i32,
        /// The answer's.
        found: i32,
    },
    /// An answer that no request is waiting for.
    Unsolicited {
        /// The answer's correlation id.
        correlation_id: i32,
    },
    /// The first request cannot be written: a setting is too long for the wire.
    Unencodable(EncodeError),
    /// The list of versions could not be read.
    MalformedVersions(DecodeError),
    /// The broker refused to tell its versions.
    Refused(ErrorCode),
    /// The broker knows no version of ApiVersions that this client knows.
    UnsupportedVersion {
        /// The version that was refused last.
        asked: i16,
        /// The versions that the broker knows, where it names them.
        theirs: Option<RangeInclusive<i16>>,
    },
    /// The negotiation took too long.
    NegotiationTimedOut {
        /// How long was waited.
        timeout: Duration,
    },
    /// The broker does not know who we are.
    Sasl(SaslError),
    /// The peer gave no sign of life after the connection had been idle. No request was sent.
    Unresponsive {
        /// How long was waited.
        timeout: Duration,
    },
    /// Nothing was sent or received for long: the session ended itself, before something on the way does.
    Idle {
        /// For how long.
        idle: Duration,
    },
    /// A request was not answered in time.
    RequestTimedOut {
        /// Which API, where the request tells.
        api: Option<ApiKey>,
        /// The request's correlation id.
        correlation_id: i32,
        /// How long was waited, from its last byte.
        timeout: Duration,
    },
    /// The peer stopped taking bytes.
    NoProgress {
        /// The API of the request that could not be written, where it tells.
        api: Option<ApiKey>,
        /// The request's correlation id.
        correlation_id: i32,
        /// How long was waited, from the last byte that went.
        timeout: Duration,
    },
}

impl SessionError {
    /// Whether it is the authentication that failed. [`SaslError::is_definite`] tells whether it would fail again.
    #[must_use]
    pub const fn is_authentication(&self) -> bool {
        matches!(self, Self::Sasl(_))
    }

    /// The code that the broker returned, where it did.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused(code) => Some(*code),
            Self::UnsupportedVersion { .. } => Some(ErrorCode::UNSUPPORTED_VERSION),
            Self::Sasl(error) => error.code(),
            _ => None,
        }
    }

    /// Whether the connection was of no use any more, and nothing is wrong with the broker as far as is known: another
    /// one may be opened at once.
    #[must_use]
    pub const fn is_staleness(&self) -> bool {
        matches!(self, Self::Unresponsive { .. } | Self::Idle { .. })
    }
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerClosed { negotiating: true, .. } => f.write_str(
                "the broker closed the connection before it told its versions: \
                 check that the listener speaks the security protocol that is configured",
            ),
            Self::PeerClosed { negotiating: false, unauthenticated, unanswered, partial } => {
                peer_closed(f, *unauthenticated, *unanswered, *partial)
            }
            Self::Sasl(error) => write!(f, "{error}"),
            Self::Unresponsive { timeout } => write!(
                f,
                "the broker gave no sign of life within {timeout:?} on a connection that was idle: \
                 something on the way may have dropped it"
            ),
            Self::Idle { idle } => write!(f, "nothing was sent or received for {idle:?}"),
            Self::Frame(error @ FrameError { detected: Some(_), .. }) => write!(f, "{error}"),
            Self::Frame(error) => {
                write!(f, "{error}: raise it (`receive.message.max.bytes`) if the peer is a Kafka broker")
            }
            Self::FirstAnswerTooLarge { length, limit } => write!(
                f,
                "the first answer promises {length} bytes, the limit is {limit}: the peer is no Kafka broker"
            ),
            Self::AnswerTooShort { bytes } => {
                write!(f, "an answer of {bytes} bytes has no correlation id: the peer breaks the protocol")
            }
            Self::WrongCorrelationId { expected, found } => write!(
                f,
                "an answer with correlation id {found} came, {expected} was next: the peer breaks the protocol"
            ),
            Self::Unsolicited { correlation_id } => write!(
                f,
                "an answer with correlation id {correlation_id} came, nothing was asked: \
                 the peer breaks the protocol"
            ),
            Self::Unencodable(error) => {
                write!(f, "the first request cannot be written ({error}): shorten the client id")
            }
            Self::MalformedVersions(error) => {
                write!(f, "the broker's versions cannot be read ({error}): the peer is no Kafka broker")
            }
            Self::Refused(code) => write!(f, "the broker does not tell its versions: {code}"),
            Self::UnsupportedVersion { asked, theirs } => unsupported_version(f, *asked, theirs.as_ref()),
            Self::NegotiationTimedOut { timeout } => write!(
                f,
                "the broker did not tell its versions within {timeout:?}: \
                 check that the listener speaks the security protocol that is configured"
            ),
            Self::RequestTimedOut { api, correlation_id, timeout } => {
                named(f, *api)?;
                write!(f, " {correlation_id} was not answered within {timeout:?} of its last byte: ")?;
                f.write_str("check the broker's load, or raise `request.timeout.ms`")
            }
            Self::NoProgress { api, correlation_id, timeout } => {
                named(f, *api)?;
                write!(
                    f,
                    " {correlation_id} could not be written, the broker took no byte for {timeout:?}: "
                )?;
                f.write_str("check the network and the broker's load")
            }
        }
    }
}

fn unsupported_version(
    f: &mut fmt::Formatter<'_>,
    asked: i16,
    theirs: Option<&RangeInclusive<i16>>,
) -> fmt::Result {
    match theirs {
        Some(theirs) if *theirs.start() > asked => write!(
            f,
            "the broker speaks ApiVersions {}-{} and refuses {asked}: the broker is newer than this client: use a newer \
             version of milena",
            theirs.start(),
            theirs.end()
        ),
        _ => write!(f, "the broker refuses ApiVersions {asked} and names no version that is known here"),
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
        _ => write!(f, "the broker closed the connection, {unanswered} {requests} had no answer")?,
    }
    if partial > 0 {
        let bytes = if partial == 1 { "byte" } else { "bytes" };
        write!(f, ", {partial} {bytes} of an unfinished answer had come")?;
    }
    match unauthenticated {
        true => f.write_str(": if the listener asks for SASL, credentials have to be configured"),
        false => Ok(()),
    }
}

fn named(f: &mut fmt::Formatter<'_>, api: Option<ApiKey>) -> fmt::Result {
    match api {
        Some(api) => write!(f, "{api}"),
        None => f.write_str("request"),
    }
}

impl std::error::Error for SessionError {
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
