//! The action of a hook on a request or on its response.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use milena_codec::ErrorCode;

/// The action on a request in the place of serving it, before it or after it.
///
/// Without [`apply_then`](crate::On::apply_then) nothing of the request is applied, but by the actions that need the
/// response of the request to change it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// The request is served as ever; it takes up the hook's turn.
    Pass,
    /// An error for the partitions, topics or request that the filters match.
    Error {
        /// The code.
        code: ErrorCode,
        /// Error message of the broker, if the version carries one.
        message: Option<String>,
        /// Record errors, by the place of each record in the batch (Produce v8 and up).
        records: Vec<i32>,
    },
    /// No response, and none to any later request of the connection, which stays open.
    Silence,
    /// The connection closes.
    Disconnect,
    /// The connection closes. The request, and those that the client sent behind it on the connection, are served so much
    /// later, without a response.
    DisconnectThenApply(Duration),
    /// The same when a [`Hold`](crate::Hold) is released.
    #[doc(hidden)]
    DisconnectThenHold(Gate),
    /// The connection stands still for so long; then the request is served, or its response is sent.
    Delay(Duration),
    /// The same until a [`Hold`](crate::Hold) is released.
    #[doc(hidden)]
    Hold(Gate),
    /// These bytes in the place of the response, exactly as given.
    Raw(Bytes),
    /// A message of the test in the place of the response.
    #[doc(hidden)]
    Message(MessageOf),
    /// The first bytes of the response frame, its length counted; then the connection closes.
    Truncate(usize),
    /// The response with another correlation id.
    WrongCorrelationId,
    /// The response twice.
    DuplicateResponse,
    /// The response behind the next one of the connection; it is not sent if there is no next one.
    Overtaken,
    /// The response in pieces of so many bytes, at an interval.
    Drip {
        /// Bytes of a piece; at least one.
        bytes: usize,
        /// Interval between two pieces.
        every: Duration,
    },
}

impl Action {
    /// An error without a message.
    #[must_use]
    pub const fn error(code: ErrorCode) -> Self {
        Self::Error { code, message: None, records: Vec::new() }
    }

    /// Whether the action needs the response of the request.
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
