//! Authentication errors: the step that failed, and the remedy. No variant holds a secret.

use std::fmt;
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::wire::DecodeError;

use super::scram::ScramError;
use crate::mechanism::Mechanism;

/// An authentication that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslError {
    /// The configured credentials cannot be sent. Nothing was sent.
    Credentials(CredentialError),
    /// The token provider returned an error.
    Token(TokenError),
    /// The listener does not use SASL (`ILLEGAL_SASL_STATE`).
    SaslNotUsed,
    /// The broker supports neither SaslHandshake 1 nor SaslAuthenticate.
    TooOld,
    /// The broker does not have the mechanism (`UNSUPPORTED_SASL_MECHANISM`).
    MechanismNotEnabled {
        /// The configured mechanism.
        mechanism: Mechanism,
        /// The mechanisms that the broker offers, made printable and shortened.
        offered: Vec<String>,
    },
    /// The broker rejected the SASL handshake with another error code.
    HandshakeRefused(ErrorCode),
    /// The broker rejected the credentials (`SASL_AUTHENTICATION_FAILED`).
    Refused {
        /// The mechanism.
        mechanism: Mechanism,
        /// The broker's message, made printable and shortened.
        message: String,
    },
    /// The broker ended the exchange with another error code.
    Failed {
        /// The error code.
        code: ErrorCode,
        /// The broker's message, made printable and shortened.
        message: String,
    },
    /// The broker's part of the SCRAM exchange is invalid.
    Scram(ScramError),
    /// The broker continues an exchange that is over.
    Unending,
    /// A malformed response.
    Malformed(DecodeError),
    /// A response with a length above the limit of a SASL exchange.
    TooLarge {
        /// The length in the response's header.
        bytes: i32,
        /// The limit.
        limit: usize,
    },
    /// The broker closed the connection during the exchange.
    Closed,
    /// The broker or the token provider took too long.
    TimedOut {
        /// The time that was waited.
        timeout: Duration,
        /// The response or token that was waited for.
        awaited: &'static str,
    },
    /// The exchange failed on this host: no random numbers, a panic of the token provider, or a lost thread.
    Interrupted(&'static str),
}

/// Credentials that cannot be sent to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// A NUL character, which separates the fields of PLAIN (RFC 4616, section 2).
    Nul {
        /// `user name` or `password`.
        what: &'static str,
    },
    /// An empty value.
    Empty {
        /// `user name`, `password` or `token`.
        what: &'static str,
    },
    /// Characters that SASLprep prohibits (RFC 4013, sections 2.3 to 2.5).
    Prohibited {
        /// `user name` or `password`.
        what: &'static str,
    },
    /// Characters beyond ASCII, in a build without SASLprep: the feature `saslprep` is off.
    SaslprepOff {
        /// `user name` or `password`.
        what: &'static str,
    },
    /// A token that is not a `b64token` (RFC 6750, section 2.1).
    NoToken,
    /// An extension name with other characters than letters, or `auth` (KIP-342).
    ExtensionName,
    /// An extension value with characters that cannot be sent (RFC 7628, section 3.1).
    ExtensionValue {
        /// The extension.
        name: String,
    },
    /// Credentials above the size that a broker reads during authentication.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
}

/// There is no token: why, without a word of what is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenError(String);

impl TokenError {
    /// With a message that holds no secret.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TokenError {}

impl SaslError {
    /// The error code that the broker returned, if any.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::SaslNotUsed => Some(ErrorCode::ILLEGAL_SASL_STATE),
            Self::MechanismNotEnabled { .. } => Some(ErrorCode::UNSUPPORTED_SASL_MECHANISM),
            Self::Refused { .. } => Some(ErrorCode::SASL_AUTHENTICATION_FAILED),
            Self::HandshakeRefused(code) | Self::Failed { code, .. } => Some(*code),
            _ => None,
        }
    }
}

impl fmt::Display for SaslError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials(error) => write!(f, "authentication: invalid credentials: {error}"),
            Self::Token(error) => write!(f, "authentication: no token: {error}"),
            Self::SaslNotUsed => f.write_str(
                "authentication: the listener does not use SASL, but SASL is configured: \
                 check the port and the security protocol",
            ),
            Self::TooOld => f.write_str(
                "authentication: the broker does not support SaslHandshake 1 and SaslAuthenticate: \
                 use brokers of Kafka 2.1 or newer",
            ),
            Self::MechanismNotEnabled { mechanism, offered } => {
                write!(f, "authentication: the broker does not have {mechanism} enabled: ")?;
                match offered.as_slice() {
                    [] => f.write_str("it offers no mechanism"),
                    offered => write!(f, "it offers {}", offered.join(", ")),
                }
            }
            Self::HandshakeRefused(code) => {
                write!(f, "authentication: the broker rejected the SASL handshake: {code}")
            }
            Self::Refused { mechanism, message } => {
                write!(f, "authentication: the broker rejected the {mechanism} credentials")?;
                quote(f, message)?;
                f.write_str(": check user name and password, or the token")
            }
            Self::Failed { code, message } => {
                write!(f, "authentication: the broker returned {code}")?;
                quote(f, message)
            }
            Self::Scram(error) => write!(f, "authentication: {error}"),
            Self::Unending => f.write_str(
                "authentication: the broker continues a SASL exchange that is over: protocol violation",
            ),
            Self::Malformed(error) => write!(f, "authentication: malformed SASL response: {error}"),
            Self::TooLarge { bytes, limit } => {
                write!(f, "authentication: SASL response of {bytes} bytes, above the limit of {limit}")
            }
            Self::Closed => f.write_str(
                "authentication: the broker closed the connection during the SASL exchange: \
                 check the security protocol of the listener and the broker's log",
            ),
            Self::TimedOut { timeout, awaited } => {
                write!(f, "authentication: {awaited} did not arrive within {timeout:?}")
            }
            Self::Interrupted(what) => write!(f, "authentication: {what}"),
        }
    }
}

fn quote(f: &mut fmt::Formatter<'_>, message: &str) -> fmt::Result {
    match message {
        "" => Ok(()),
        message => write!(f, " ({message})"),
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nul { what } => write!(f, "the {what} has a NUL character, which PLAIN cannot carry"),
            Self::Empty { what } => write!(f, "the {what} is empty"),
            Self::Prohibited { what } => {
                write!(f, "the {what} has characters that SASLprep (RFC 4013) does not allow")
            }
            Self::SaslprepOff { what } => write!(
                f,
                "the {what} has characters beyond ASCII, and this build has no SASLprep (RFC 4013) to prepare them: turn \
                 on the feature `saslprep` of the crate `milena`, or send the text as it is with `Sasl::unprepared`"
            ),
            Self::NoToken => {
                f.write_str("the token has other characters than letters, digits and `-._~+/=` (RFC 6750)")
            }
            Self::ExtensionName => {
                f.write_str("an extension name must have letters only, and must not be `auth` (KIP-342)")
            }
            Self::ExtensionValue { name } => write!(
                f,
                "the value of the extension `{name}` is empty or has characters that cannot be sent (RFC 7628)"
            ),
            Self::TooLong { limit } => {
                write!(f, "user name and password, or the token, are longer than {limit} bytes")
            }
        }
    }
}

impl std::error::Error for CredentialError {}

impl std::error::Error for SaslError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Credentials(error) => Some(error),
            Self::Token(error) => Some(error),
            Self::Scram(error) => Some(error),
            Self::Malformed(error) => Some(error),
            _ => None,
        }
    }
}

impl From<CredentialError> for SaslError {
    fn from(error: CredentialError) -> Self {
        Self::Credentials(error)
    }
}

impl From<ScramError> for SaslError {
    fn from(error: ScramError) -> Self {
        Self::Scram(error)
    }
}

impl From<TokenError> for SaslError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}
