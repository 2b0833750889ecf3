//! The script of a peer: its actions, their time, and the expected outcome for a producer.

use std::time::Duration;

use milena::{ConnectErrorKind, ErrorKind, Sasl};
use milena_fake::ApiKey;

use super::honest::Honest;
use super::secret::Side;

/// A peer by its name, what it does, and what comes of it.
#[derive(Clone, Debug)]
pub struct Peer {
    /// In a few words; no two have the same.
    pub name: &'static str,
    /// When its moment comes, again on every connection.
    pub at: At,
    /// What it does then.
    pub does: Act,
    /// How it ends.
    pub ends: Ends,
    /// By what certificate it speaks TLS; none where it speaks none.
    pub tls: Option<Side>,
    /// How the producer proves who it is, where that is asked for.
    pub sasl: Option<fn() -> Sasl>,
}

/// A moment in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The connection stands, and nothing was said, not even by TLS.
    Accepted,
    /// The same behind the handshake of TLS.
    Secured,
    /// A request of this kind came.
    Asked(ApiKey),
    /// The first bytes of such a request came.
    Asking(ApiKey),
    /// It does not come.
    Never,
}

/// What a peer does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Passes everything on.
    Nothing,
    /// Closes the connection.
    Close,
    /// Ends the connection as if it had never been: a reset, where there are sockets.
    Reset,
    /// Reads, and never says a word.
    Silence,
    /// Stops reading.
    Deafness,
    /// Says these bytes, and not a word more.
    Say(&'static [u8]),
    /// The same, and closes.
    SayAndClose(&'static [u8]),
    /// The same, and resets.
    SayAndReset(&'static [u8]),
    /// Says these bytes, and then a zero every so often, for ever.
    Trickle(&'static [u8], Duration),
    /// Says these bytes past TLS, unencrypted.
    Beneath(&'static [u8]),
    /// Says this many zeros behind these bytes, as fast as they are taken.
    Flood(&'static [u8], usize),
    /// Gives the honest answer in single bytes, one every so often.
    Drip(Duration),
    /// Gives so many bytes of the honest answer, and closes.
    Cut(usize),
    /// Makes of the honest answer what it likes; the bytes include those of the length.
    Lie(fn(Honest) -> Vec<u8>),
}

/// How a producer fares that has this peer for its only broker.
#[derive(Clone, Copy, Debug)]
pub enum Ends {
    /// It does not come about. Its error names the broker and has these words.
    Refused(ConnectErrorKind, &'static [&'static str]),
    /// It comes about, and its record fails, with these words.
    Undelivered(ErrorKind, &'static [&'static str]),
    /// Nothing happens: the record is delivered.
    Delivered,
}

impl Peer {
    /// A peer that is to be met in vain until it is said how it ends.
    #[must_use]
    pub const fn new(name: &'static str, at: At, does: Act) -> Self {
        Self { name, at, does, ends: Ends::Delivered, tls: None, sasl: None }
    }

    /// No producer comes about.
    #[must_use]
    pub const fn refused(mut self, kind: ConnectErrorKind, words: &'static [&'static str]) -> Self {
        self.ends = Ends::Refused(kind, words);
        self
    }

    /// A record fails.
    #[must_use]
    pub const fn undelivered(mut self, kind: ErrorKind, words: &'static [&'static str]) -> Self {
        self.ends = Ends::Undelivered(kind, words);
        self
    }

    /// It does no harm.
    #[must_use]
    pub const fn harmless(mut self) -> Self {
        self.ends = Ends::Delivered;
        self
    }

    /// It speaks TLS.
    #[must_use]
    pub const fn by_tls(mut self, side: Side) -> Self {
        self.tls = Some(side);
        self
    }

    /// Whoever comes has to prove who he is, and does it like this.
    #[must_use]
    pub const fn asking(mut self, sasl: fn() -> Sasl) -> Self {
        self.sasl = Some(sasl);
        self
    }
}
