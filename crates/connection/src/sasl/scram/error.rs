//! What a SCRAM exchange can break on.

use std::fmt;

/// A SCRAM exchange that came to no good end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScramError {
    /// The server ends the exchange with `e=`.
    Refused {
        /// Its reason, made printable and shortened.
        reason: String,
    },
    /// A message of the server that breaks the grammar of RFC 5802.
    Malformed {
        /// Which, and where.
        what: &'static str,
    },
    /// The server demands an extension that no client knows (`m=`).
    UnknownExtension,
    /// The server's nonce does not extend ours: somebody repeats an older exchange.
    ForeignNonce,
    /// Too few iterations give the password away to whoever listens; too many are an attack on our CPU.
    Iterations {
        /// What the server asks for.
        asked: u32,
        /// The fewest that are accepted.
        min: u32,
        /// The most that are accepted.
        max: u32,
    },
    /// The server does not prove that it knows the password: it is not the one that it should be.
    WrongSignature,
    /// A message at the wrong time.
    Unexpected,
}

impl fmt::Display for ScramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { reason } => {
                write!(f, "the broker refuses the SCRAM credentials ({reason}): check user name and password")
            }
            Self::Malformed { what } => write!(f, "the broker's SCRAM message cannot be read: {what}"),
            Self::UnknownExtension => {
                f.write_str("the broker demands a SCRAM extension that is not known here")
            }
            Self::ForeignNonce => f.write_str(
                "the broker's SCRAM nonce does not extend ours: the peer may be repeating somebody else's exchange",
            ),
            Self::Iterations { asked, min, max } => write!(
                f,
                "the broker asks for {asked} SCRAM iterations, accepted are {min} to {max}: \
                 create the credentials anew with a number between, or raise the limit"
            ),
            Self::WrongSignature => f.write_str(
                "the broker does not prove that it knows the password: the peer is not who it should be",
            ),
            Self::Unexpected => f.write_str("a SCRAM message came out of turn: the peer breaks the protocol"),
        }
    }
}

impl std::error::Error for ScramError {}
