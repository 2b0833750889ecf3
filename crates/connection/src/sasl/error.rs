//! Why an authentication failed: what happened, and what to do about it. No variant holds a secret.

use std::fmt;
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::wire::DecodeError;

use super::token::TokenError;
use super::{Mechanism, ScramError};

/// An authentication that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslError {
    /// Our own credentials cannot be sent. Nothing was.
    Credentials(CredentialError),
    /// There is no token.
    Token(TokenError),
    /// The listener does not ask for SASL (`ILLEGAL_SASL_STATE`).
    NotAsked,
    /// The broker lacks what the exchange is carried in: SaslHandshake 1 and SaslAuthenticate.
    TooOld,
    /// The broker does not have the mechanism (`UNSUPPORTED_SASL_MECHANISM`).
    MechanismNotEnabled {
        /// What was asked for.
        mechanism: Mechanism,
        /// What the broker has, as it says; shortened.
        offered: Vec<String>,
    },
    /// The broker refused the mechanism for another reason.
    HandshakeRefused(ErrorCode),
    /// The broker does not believe us (`SASL_AUTHENTICATION_FAILED`).
    Refused {
        /// The mechanism.
        mechanism: Mechanism,
        /// What the broker says about it, made printable and shortened.
        message: String,
    },
    /// The broker failed at the exchange, with another code.
    Failed {
        /// The code.
        code: ErrorCode,
        /// What the broker says about it, made printable and shortened.
        message: String,
    },
    /// The broker's part of the SCRAM exchange is not to be trusted.
    Scram(ScramError),
    /// The broker goes on asking after the exchange is over.
    Unending,
    /// What the broker answered cannot be read.
    Malformed(DecodeError),
    /// An answer longer than any of a SASL exchange.
    TooLarge {
        /// The length that it promises.
        bytes: i32,
        /// The most that was allowed.
        limit: usize,
    },
    /// The broker closed the connection in the middle of it.
    Closed,
    /// It took too long: the broker, or the giver of tokens.
    TimedOut {
        /// How long was waited.
        timeout: Duration,
        /// For what.
        awaited: &'static str,
    },
    /// What the exchange needed from this machine did not come about.
    Interrupted(&'static str),
}

/// Credentials that no broker can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// PLAIN separates by NUL (RFC 4616, section 2).
    Nul {
        /// Name or password.
        what: &'static str,
    },
    /// It is empty.
    Empty {
        /// Name, password or token.
        what: &'static str,
    },
    /// It has characters that SASLprep does not allow (RFC 4013, sections 2.3 to 2.5).
    Prohibited {
        /// Name or password.
        what: &'static str,
    },
    /// It has characters beyond ASCII, and the build has no SASLprep: the feature `saslprep` is off.
    SaslprepOff {
        /// Name or password.
        what: &'static str,
    },
    /// The token is no `b64token` (RFC 6750, section 2.1).
    NoToken,
    /// A name of an extension that is no row of letters, or is `auth` (KIP-342).
    ExtensionName,
    /// The value of an extension has characters that cannot be sent (RFC 7628, section 3.1).
    ExtensionValue {
        /// The extension.
        name: String,
    },
    /// Longer than what a broker reads while it authenticates.
    TooLong {
        /// The most.
        limit: usize,
    },
}

impl SaslError {
    /// The code that the broker returned, where it did.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::NotAsked => Some(ErrorCode::ILLEGAL_SASL_STATE),
            Self::MechanismNotEnabled { .. } => Some(ErrorCode::UNSUPPORTED_SASL_MECHANISM),
            Self::Refused { .. } => Some(ErrorCode::SASL_AUTHENTICATION_FAILED),
            Self::HandshakeRefused(code) | Self::Failed { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the same credentials would be refused again: waiting does not help, somebody has to change something.
    ///
    /// False for what may pass: a broker that closed the connection or took too long, a token that could not be
    /// fetched.
    #[must_use]
    pub const fn is_definite(&self) -> bool {
        match self {
            Self::Credentials(_)
            | Self::NotAsked
            | Self::TooOld
            | Self::MechanismNotEnabled { .. }
            | Self::HandshakeRefused(_)
            | Self::Refused { .. }
            | Self::Scram(_)
            | Self::Unending
            | Self::Malformed(_)
            | Self::TooLarge { .. } => true,
            Self::Token(_)
            | Self::Failed { .. }
            | Self::Closed
            | Self::TimedOut { .. }
            | Self::Interrupted(_) => false,
        }
    }
}

impl fmt::Display for SaslError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials(error) => write!(f, "the credentials cannot be used: {error}"),
            Self::Token(error) => write!(f, "there is no token to authenticate with: {error}"),
            Self::NotAsked => f.write_str(
                "the listener does not ask for SASL, and it is configured here: \
                 check the port and the security protocol",
            ),
            Self::TooOld => f.write_str(
                "the broker does not know SaslHandshake 1 and SaslAuthenticate: use brokers of Kafka 2.1 or newer",
            ),
            Self::MechanismNotEnabled { mechanism, offered } => {
                write!(f, "the broker does not have {mechanism} enabled: ")?;
                match offered.as_slice() {
                    [] => f.write_str("it offers no mechanism"),
                    offered => write!(f, "it offers {}", offered.join(", ")),
                }
            }
            Self::HandshakeRefused(code) => write!(f, "the broker refuses the SASL handshake: {code}"),
            Self::Refused { mechanism, message } => {
                write!(f, "the broker refuses the {mechanism} credentials")?;
                said(f, message)?;
                f.write_str(": check user name and password, or the token")
            }
            Self::Failed { code, message } => {
                write!(f, "the broker failed to authenticate us: {code}")?;
                said(f, message)
            }
            Self::Scram(error) => write!(f, "{error}"),
            Self::Unending => {
                f.write_str("the broker goes on with a SASL exchange that is over: it breaks the protocol")
            }
            Self::Malformed(error) => write!(f, "the broker's SASL answer cannot be read: {error}"),
            Self::TooLarge { bytes, limit } => {
                write!(f, "a SASL answer promises {bytes} bytes, the limit is {limit}")
            }
            Self::Closed => f.write_str(
                "the broker closed the connection during the authentication: \
                 check the security protocol of the listener and the broker's log",
            ),
            Self::TimedOut { timeout, awaited } => {
                write!(f, "the authentication took longer than {timeout:?}: {awaited} did not come")
            }
            Self::Interrupted(what) => write!(f, "the authentication was interrupted: {what}"),
        }
    }
}

fn said(f: &mut fmt::Formatter<'_>, message: &str) -> fmt::Result {
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
                f.write_str("an extension's name may have letters alone, and must not be `auth` (KIP-342)")
            }
            Self::ExtensionValue { name } => write!(
                f,
                "the value of the extension `{name}` is empty or has characters that cannot be sent (RFC 7628)"
            ),
            Self::TooLong { limit } => write!(f, "they are longer than {limit} bytes"),
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
