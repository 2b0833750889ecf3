//! What a hook does to a request or to its answer.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use milena_codec::ErrorCode;

/// What happens to a request instead of, before or after being served.
///
/// Without [`apply_then`](crate::On::apply_then) nothing of the request is applied, but by the actions that need the
/// real answer to spoil it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// The request is served as ever; it takes up the hook's turn.
    Pass,
    /// An error for the partitions, topics or request that the filters match.
    Error {
        /// The code.
        code: ErrorCode,
        /// The broker's words for it, where the version carries them.
        message: Option<String>,
        /// The records of the batch to blame, by their place in it (Produce v8 and up).
        records: Vec<i32>,
    },
    /// No answer, and none to any later request of the connection, which stays open.
    Silence,
    /// The connection closes.
    Disconnect,
    /// The connection closes. The request, and those that the client sent behind it on the connection, are served so much
    /// later, and not answered.
    DisconnectThenApply(Duration),
    /// The same when a [`Hold`](crate::Hold) is released.
    #[doc(hidden)]
    DisconnectThenHold(Gate),
    /// The connection stands still for so long; then the request is served, or its answer sent.
    Delay(Duration),
    /// The same until a [`Hold`](crate::Hold) is released.
    #[doc(hidden)]
    Hold(Gate),
    /// These bytes instead of the answer, exactly as given.
    Raw(Bytes),
    /// A message of the test's own instead of the answer.
    #[doc(hidden)]
    Message(MessageOf),
    /// The first bytes of the answer's frame, its length counted; then the connection closes.
    Truncate(usize),
    /// The answer under another correlation id.
    WrongCorrelationId,
    /// The answer twice.
    DuplicateResponse,
    /// The answer behind the next one of the connection. Where none comes, it stays away.
    Overtaken,
    /// The answer in pieces of so many bytes, one every so often.
    Drip {
        /// How many bytes a piece has; at least one.
        bytes: usize,
        /// How long there is nothing between two of them.
        every: Duration,
    },
}

impl Action {
    /// An error without more words.
    #[must_use]
    pub const fn error(code: ErrorCode) -> Self {
        Self::Error { code, message: None, records: Vec::new() }
    }

    /// Whether there is nothing to do before the request was served.
    pub(crate) const fn needs_a_response(&self) -> bool {
        matches!(
            self,
            Self::Truncate(_)
                | Self::WrongCorrelationId
                | Self::DuplicateResponse
                | Self::Overtaken
                | Self::Drip { .. }
                | Self::Pass
        )
    }
}

/// Writes a whole frame for a version and a correlation id.
type Writer = dyn Fn(i16, i32) -> Option<Bytes> + Send + Sync;

/// A message of the test's own, written once the version of the request is known.
#[derive(Clone)]
pub struct MessageOf(pub(crate) Arc<Writer>);

impl fmt::Debug for MessageOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageOf")
    }
}

/// Where requests wait until a test lets them on.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Inside>);

#[derive(Debug, Default)]
struct Inside {
    open: AtomicBool,
    arrived: AtomicUsize,
}

impl Gate {
    pub(crate) fn open(&self) {
        self.0.open.store(true, Ordering::Release);
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.open.load(Ordering::Acquire)
    }

    pub(crate) fn arrive(&self) {
        self.0.arrived.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn arrived(&self) -> usize {
        self.0.arrived.load(Ordering::Acquire)
    }
}
