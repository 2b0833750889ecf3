//! The facts of a connection error, and their texts: what failed, where to look, and what to do.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::message::ApiKey;
use milena_codec::wire::EncodeError;

use super::session::{SessionFault, VersionMismatch};
use super::tls::TlsFault;
use crate::endpoint::Endpoint;
use crate::metadata::ForeignCluster;

/// The facts of a failure. The variants up to [`Connector`](Self::Connector) are of a connection that was never open.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// The host name was not resolved.
    Name(io::Error),
    /// The resolver did not respond in time.
    NameTimedOut {
        /// The time that the dial had.
        timeout: Duration,
    },
    /// The host name has no address.
    NoAddress,
    /// No address of the host accepted the connection.
    Tcp {
        /// Every address that was tried, in order; at least one.
        attempts: Vec<Attempt>,
    },
    /// The TLS handshake failed.
    Tls(TlsFault),
    /// The connector did not end in time.
    DialTimedOut {
        /// The time that the dial had.
        timeout: Duration,
    },
    /// A connector of the application failed.
    Connector(Box<dyn Error + Send + Sync>),
    /// The stream failed. A [`TlsFault`] may be inside.
    Io(io::Error),
    /// The session failed.
    Session(SessionFault),
    /// Broker and client have no version of a request in common. The request was not sent.
    Version(VersionMismatch),
    /// The version in common cannot carry the request. The request was not sent.
    Unencodable {
        /// The request.
        api: ApiKey,
        /// The part that the version cannot carry.
        error: EncodeError,
    },
    /// The response cannot be parsed, or does not fit the request. The broker may have acted on the request.
    InvalidResponse {
        /// The request.
        api: ApiKey,
        /// The version of the request, where the caller knows it.
        version: Option<i16>,
        /// The error of the response.
        error: Box<dyn Error + Send + Sync>,
    },
    /// Too many requests were abandoned before their responses came. The request was not sent.
    TooManyAbandoned,
    /// An earlier request ended the connection. The request was not sent.
    Ended,
    /// The caller's time for a request is over.
    NoResponse {
        /// That time.
        timeout: Duration,
    },
    /// The broker returned an error code instead of a result.
    Rejected {
        /// The request.
        api: ApiKey,
        /// The error code.
        code: ErrorCode,
    },
    /// The broker advertises no broker with a usable address.
    NoBrokers,
    /// The broker belongs to another cluster.
    ForeignCluster(ForeignCluster),
    /// The broker has another address.
    Moved,
    /// The producer closes the connection.
    NotNeeded,
    /// Batches that the broker does not acknowledge give way to callers that wait for memory.
    GaveWay,
}

/// A failed attempt to connect to one address.
#[derive(Debug)]
pub struct Attempt {
    /// The address.
    pub address: SocketAddr,
    /// The error; [`io::ErrorKind::TimedOut`] when nothing came back in time.
    pub error: io::Error,
}

impl Fault {
    /// The error code that the broker returned, if there is one.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Session(fault) => fault.code(),
            Self::Rejected { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the connection was open.
    #[must_use]
    pub const fn was_open(&self) -> bool {
        !matches!(
            self,
            Self::Name(_)
                | Self::NameTimedOut { .. }
                | Self::NoAddress
                | Self::Tcp { .. }
                | Self::Tls(_)
                | Self::DialTimedOut { .. }
                | Self::Connector(_)
        )
    }

    /// Writes the text that follows the endpoint.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, endpoint: Option<&Endpoint>) -> fmt::Result {
        match self {
            Self::Name(error) => write!(
                f,
                "the host name was not resolved ({error}): check its spelling and the DNS of this host"
            ),
            Self::NameTimedOut { timeout } => {
                write!(f, "the host name was not resolved within {timeout:?}: check the DNS of this host")
            }
            Self::NoAddress => f.write_str("the host name has no address: check its DNS entry"),
            Self::Tcp { attempts } => tcp(f, endpoint, attempts),
            Self::Tls(fault) => write!(f, "{fault}"),
            Self::DialTimedOut { timeout } => {
                write!(f, "no connection within {timeout:?}: check the network and the broker")
            }
            Self::Connector(error) => write!(f, "{error}"),
            Self::Io(error) if TlsFault::of(error).is_some() => write!(f, "{error}"),
            Self::Io(error) => {
                write!(f, "the connection failed ({error}): check the network and the broker")
            }
            Self::Session(fault) => write!(f, "{fault}"),
            Self::Version(mismatch) => write!(f, "{mismatch}"),
            Self::Unencodable { api, error } => write!(f, "the {api} request cannot be encoded: {error}"),
            Self::InvalidResponse { api, version: Some(version), error } => {
                write!(f, "invalid {api} response (version {version}): {error}: report this")
            }
            Self::InvalidResponse { api, version: None, error } => {
                write!(f, "invalid {api} response: {error}")
            }
            Self::TooManyAbandoned => {
                f.write_str("too many requests were abandoned without a response: open a new connection")
            }
            Self::Ended => f.write_str("an earlier request ended the connection: open a new one"),
            Self::NoResponse { timeout } => {
                write!(f, "no response within {timeout:?}: check the load of the broker, and the network")
            }
            Self::Rejected { api, code } => rejected(f, *api, *code),
            Self::NoBrokers => f.write_str(
                "the broker advertises no usable address: check `advertised.listeners` of the brokers",
            ),
            Self::ForeignCluster(error) => write!(f, "{error}"),
            Self::Moved => f.write_str("the broker has another address"),
            Self::NotNeeded => f.write_str("the producer does not need the connection any more"),
            Self::GaveWay => f.write_str(
                "the broker does not respond to batches whose delivery timeout is over, while callers wait for room in \
                 buffer.memory: reset",
            ),
        }
    }
}

fn tcp(f: &mut fmt::Formatter<'_>, endpoint: Option<&Endpoint>, attempts: &[Attempt]) -> fmt::Result {
    let endpoint = endpoint.map(Endpoint::to_string);
    f.write_str("no TCP connection")?;
    for (index, Attempt { address, error }) in attempts.iter().enumerate() {
        f.write_str(if index == 0 { ": " } else { ", " })?;
        // An endpoint with an IP address names the address already.
        if endpoint.as_ref() != Some(&address.to_string()) {
            write!(f, "{address}: ")?;
        }
        write!(f, "{error}")?;
    }
    f.write_str("; check that the broker runs, listens on this port, and that no firewall is between")
}

fn rejected(f: &mut fmt::Formatter<'_>, api: ApiKey, code: ErrorCode) -> fmt::Result {
    let denied = is_denied(code);
    match api {
        ApiKey::METADATA if denied => f.write_str(
            "authorization: the broker does not describe the cluster to this producer: allow DESCRIBE on the cluster",
        ),
        ApiKey::INIT_PRODUCER_ID if denied => f.write_str(
            "authorization: the producer may not write idempotently: allow WRITE on a topic, or IDEMPOTENT_WRITE on the \
             cluster, or set enable.idempotence=false",
        ),
        _ => write!(f, "the broker rejected {api}: {code}"),
    }
}

/// Whether an error code denies the request to this user.
pub(super) const fn is_denied(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::CLUSTER_AUTHORIZATION_FAILED | ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, None)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Name(error) | Self::Io(error) => Some(error),
            Self::Tcp { attempts } => attempts.last().map(|attempt| &attempt.error as &(dyn Error + 'static)),
            Self::Tls(fault) => Some(fault),
            Self::Session(fault) => fault.source(),
            Self::Version(mismatch) => Some(mismatch),
            Self::Unencodable { error, .. } => Some(error),
            Self::Connector(error) | Self::InvalidResponse { error, .. } => Some(&**error),
            Self::ForeignCluster(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SessionFault> for Fault {
    fn from(fault: SessionFault) -> Self {
        Self::Session(fault)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
