//! Errors of a SCRAM exchange.

use std::fmt;

/// A failed SCRAM exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScramError {
    /// The server ended the exchange with `e=`.
    Refused {
        /// The server's reason, made printable and shortened.
        reason: String,
    },
    /// A message of the server that violates the grammar of RFC 5802.
    Malformed {
        /// The violation.
        what: &'static str,
    },
    /// The server requires an extension (`m=`); none is defined.
    UnknownExtension,
    /// The server's nonce does not begin with the client's: a replay of an older exchange.
    ForeignNonce,
    /// The iteration count is out of bounds. Few iterations make the password easy to guess from a recorded exchange; many are
    /// an attack on the CPU of the client.
    Iterations {
        /// The count that the server requests.
        iterations: u32,
        /// The minimum.
        min: u32,
        /// The maximum.
        max: u32,
    },
    /// The server's signature is wrong: the server does not know the password.
    WrongSignature,
    /// A message out of order.
    Unexpected,
}

impl fmt::Display for ScramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { reason } => {
                write!(f, "the broker rejected the SCRAM credentials ({reason}): check user name and password")
            }
            Self::Malformed { what } => write!(f, "malformed SCRAM message: {what}"),
            Self::UnknownExtension => {
                f.write_str("the broker requires an unknown SCRAM extension")
            }
            Self::ForeignNonce => f.write_str(
                "the SCRAM nonce does not begin with the client's: the peer may replay another exchange",
            ),
            Self::Iterations { iterations, min, max } => write!(
                f,
                "the broker requests {iterations} SCRAM iterations, allowed are {min} to {max}: \
                 recreate the credentials with an allowed number, or raise the limit"
            ),
            Self::WrongSignature => f.write_str(
                "wrong SCRAM server signature: the peer does not know the password and is not the broker of this user",
            ),
            Self::Unexpected => f.write_str("SCRAM message out of order: protocol violation"),
        }
    }
}

impl std::error::Error for ScramError {}
