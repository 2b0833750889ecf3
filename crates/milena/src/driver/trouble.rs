//! Why nobody answered a question: in one word for programs, in many for people.

use std::fmt;

use milena_connection::control::{Breakdown, CallError, ConnectError};
use milena_connection::session::SessionError;

use crate::error::ConnectErrorKind;

/// What the brokers that were asked had to say, each in its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// How far any of them came.
    pub(super) kind: ConnectErrorKind,
    pub(super) said: String,
}

impl Trouble {
    pub(super) fn new(kind: ConnectErrorKind, said: impl fmt::Display) -> Self {
        Self { kind, said: said.to_string() }
    }

    /// The trouble with this broker and with another one: the kind is that of the one who came further.
    pub(super) fn and(mut self, other: &Self) -> Self {
        if depth(other.kind) > depth(self.kind) {
            self.kind = other.kind;
        }
        if !self.said.is_empty() {
            self.said.push_str("; ");
        }
        self.said.push_str(&other.said);
        self
    }
}

/// Nobody was asked.
impl Default for Trouble {
    fn default() -> Self {
        Self { kind: ConnectErrorKind::Unreachable, said: String::new() }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl From<ConnectError> for Trouble {
    fn from(error: ConnectError) -> Self {
        let kind = match &error {
            ConnectError::Negotiation { breakdown, .. } => kind_of(breakdown),
            _ => ConnectErrorKind::Unreachable,
        };
        Self::new(kind, error)
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        let kind = match &error {
            CallError::Broken { breakdown, .. } => kind_of(breakdown),
            CallError::Unsupported { .. } | CallError::Malformed { .. } => ConnectErrorKind::Unsupported,
            _ => ConnectErrorKind::Unreachable,
        };
        Self::new(kind, error)
    }
}

/// A connection that broke is as good as none; what breaks the protocol is no broker that we know.
const fn kind_of(breakdown: &Breakdown) -> ConnectErrorKind {
    match breakdown {
        Breakdown::Io(_) | Breakdown::Session(SessionError::PeerClosed { .. }) => {
            ConnectErrorKind::Unreachable
        }
        Breakdown::Session(
            SessionError::NegotiationTimedOut { .. }
            | SessionError::RequestTimedOut { .. }
            | SessionError::NoProgress { .. },
        ) => ConnectErrorKind::Timeout,
        Breakdown::Session(_) => ConnectErrorKind::Unsupported,
    }
}

/// From who is not there to who says no.
const fn depth(kind: ConnectErrorKind) -> u8 {
    match kind {
        ConnectErrorKind::Unreachable => 0,
        ConnectErrorKind::Timeout => 1,
        ConnectErrorKind::Unsupported => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_came_furthest_names_the_trouble_and_all_are_quoted() {
        let dead = Trouble::new(ConnectErrorKind::Unreachable, "a: refused");
        let web = Trouble::new(ConnectErrorKind::Unsupported, "b: HTTP");
        let both = Trouble::default().and(&dead).and(&web).and(&dead);
        assert_eq!(both.kind, ConnectErrorKind::Unsupported);
        assert_eq!(both.said, "a: refused; b: HTTP; a: refused");
    }
}
