//! Why nobody answered a question: in one word for programs, in many for people, and with its types for both.

use std::cmp::Ordering;
use std::fmt;
use std::io;
use std::sync::Arc;

use milena_codec::ErrorCode;
use milena_connection::Endpoint;
use milena_connection::control::{Breakdown, CallError, ConnectError};
use milena_connection::metadata::ForeignCluster;
use milena_connection::session::SessionError;
use milena_connection::transport::{DialError, TlsError};
use milena_sender::Obstacle;

use crate::error::{Cause, ConnectErrorKind};

/// What the brokers that were asked had to say, each in its words.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    /// How far any of them came.
    pub(super) kind: ConnectErrorKind,
    /// Whether everyone who came that far would say the same again, however often it is asked.
    pub(super) is_definite: bool,
    /// The code that the first who came that far returned, where it did.
    pub(super) code: Option<ErrorCode>,
    /// Each of them, in order.
    said: Vec<String>,
    /// What stopped the first who came that far.
    pub(super) cause: Option<Cause>,
    /// Whether a connection to any of them stood.
    pub(super) is_reached: bool,
}

/// How an attempt is called by its error: in one word, and whether that would be the same the next time.
pub(super) type Verdict = (ConnectErrorKind, bool);

impl Trouble {
    pub(super) fn new(kind: ConnectErrorKind, said: impl fmt::Display) -> Self {
        Self { kind, said: vec![said.to_string()], is_reached: true, ..Self::default() }
    }

    fn of(verdict: Verdict, error: impl std::error::Error + Send + Sync + 'static) -> Self {
        let said = vec![error.to_string()];
        let (kind, is_definite) = verdict;
        Self { kind, is_definite, said, cause: Some(Arc::new(error)), is_reached: true, code: None }
    }

    /// With the code that the broker returned.
    pub(super) fn with_code(self, code: Option<ErrorCode>) -> Self {
        Self { code, ..self }
    }

    /// Why records make no progress.
    pub(super) fn obstacle(&self) -> Obstacle {
        Obstacle { message: self.to_string().into(), code: self.code }
    }

    /// The same, said by this broker.
    pub(super) fn at(mut self, endpoint: &Endpoint) -> Self {
        self.said.iter_mut().for_each(|said| said.insert_str(0, &format!("{endpoint}: ")));
        self
    }

    /// The same, and no time mends it.
    pub(super) fn definite(self) -> Self {
        Self { is_definite: true, ..self }
    }

    /// The same, and no connection to the broker stood.
    pub(super) fn unreached(self) -> Self {
        Self { is_reached: false, ..self }
    }

    /// Whether an answer came from another cluster.
    pub(super) fn is_foreign(&self) -> bool {
        self.cause.as_ref().is_some_and(|cause| cause.is::<ForeignCluster>())
    }

    /// Whether nobody was asked.
    pub(super) const fn is_none(&self) -> bool {
        self.said.is_empty()
    }

    /// The trouble with this broker and with another one: the kind is that of the one who came further.
    pub(super) fn and(mut self, other: Self) -> Self {
        if self.is_none() {
            return other;
        }
        self.is_reached |= other.is_reached;
        match depth(other.kind).cmp(&depth(self.kind)) {
            Ordering::Less => {}
            Ordering::Equal => self.is_definite &= other.is_definite,
            Ordering::Greater => {
                (self.kind, self.is_definite) = (other.kind, other.is_definite);
                (self.cause, self.code) = (other.cause, other.code);
            }
        }
        let new = other.said.into_iter().filter(|said| !self.said.contains(said)).collect::<Vec<_>>();
        self.said.extend(new);
        self
    }
}

/// What the log was told of a trouble that lasts: news is what stops at another step than the time before.
#[derive(Debug, Default)]
pub(super) struct Told(Option<ConnectErrorKind>);

impl Told {
    /// Whether the log does not have it yet.
    pub(super) fn is_news(&mut self, trouble: &Trouble) -> bool {
        self.0.replace(trouble.kind) != Some(trouble.kind)
    }

    /// The trouble is over: whether the log has it.
    pub(super) const fn is_over(&mut self) -> bool {
        self.0.take().is_some()
    }
}

/// Nobody was asked.
impl Default for Trouble {
    fn default() -> Self {
        Self {
            kind: ConnectErrorKind::Unreachable,
            is_definite: false,
            code: None,
            said: Vec::new(),
            cause: None,
            is_reached: false,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said.join("; "))
    }
}

impl From<DialError> for Trouble {
    fn from(error: DialError) -> Self {
        Self::of(of_dial(&error), error).unreached()
    }
}

impl From<ConnectError> for Trouble {
    fn from(error: ConnectError) -> Self {
        let verdict = match &error {
            ConnectError::Dial(error) => of_dial(error),
            ConnectError::Negotiation { breakdown, .. } => of_breakdown(breakdown),
            _ => (ConnectErrorKind::Unreachable, false),
        };
        let is_reached = !matches!(error, ConnectError::Dial(_));
        let code = match &error {
            ConnectError::Negotiation { breakdown, .. } => code_of(breakdown),
            _ => None,
        };
        Self { is_reached, code, ..Self::of(verdict, error) }
    }
}

impl From<CallError> for Trouble {
    fn from(error: CallError) -> Self {
        let verdict = match &error {
            CallError::Broken { breakdown, .. } => of_breakdown(breakdown),
            // Brokers do not learn further versions by being asked again.
            CallError::Unsupported { .. } => (ConnectErrorKind::Unsupported, true),
            CallError::Malformed { .. } => (ConnectErrorKind::Unsupported, false),
            _ => (ConnectErrorKind::Unreachable, false),
        };
        let code = match &error {
            CallError::Broken { breakdown, .. } => code_of(breakdown),
            _ => None,
        };
        Self::of(verdict, error).with_code(code)
    }
}

impl From<(&Endpoint, ForeignCluster)> for Trouble {
    fn from((endpoint, error): (&Endpoint, ForeignCluster)) -> Self {
        Self::of((ConnectErrorKind::Unsupported, false), error).at(endpoint)
    }
}

/// A dial that failed.
const fn of_dial(error: &DialError) -> Verdict {
    match error {
        DialError::Tls { .. } => (ConnectErrorKind::Tls, error.is_definite()),
        DialError::Name { .. } | DialError::NameTimedOut { .. } | DialError::NoAddress { .. } => {
            (ConnectErrorKind::Name, false)
        }
        _ => (ConnectErrorKind::Unreachable, false),
    }
}

/// A connection that broke is as good as none; what breaks the protocol is no broker that we know.
fn of_breakdown(breakdown: &Breakdown) -> Verdict {
    match breakdown {
        Breakdown::Io(error) => of_io(error),
        Breakdown::Session(error) => of_session(error),
    }
}

/// The code that the broker returned before the connection broke.
const fn code_of(breakdown: &Breakdown) -> Option<ErrorCode> {
    match breakdown {
        Breakdown::Io(_) => None,
        Breakdown::Session(error) => error.code(),
    }
}

/// Bytes that did not come or go. What a broker has against our certificate comes after the handshake in TLS 1.3.
pub(super) fn of_io(error: &io::Error) -> Verdict {
    match TlsError::of(error) {
        Some(error) => (ConnectErrorKind::Tls, error.is_definite()),
        None => (ConnectErrorKind::Unreachable, false),
    }
}

/// A session that ended.
pub(super) const fn of_session(error: &SessionError) -> Verdict {
    let kind = match error {
        SessionError::Sasl(error) => return (ConnectErrorKind::Authentication, error.is_definite()),
        // It speaks TLS, or is a web server: so it will the next time.
        SessionError::Frame(error) if error.detected.is_some() => {
            return (ConnectErrorKind::Unsupported, true);
        }
        SessionError::UnsupportedVersion { .. } => return (ConnectErrorKind::Unsupported, true),
        // A listener that asks for SASL hangs up on the first request of who does not know that.
        SessionError::PeerClosed { unauthenticated: true, .. } => ConnectErrorKind::Authentication,
        SessionError::PeerClosed { .. } | SessionError::Idle { .. } => ConnectErrorKind::Unreachable,
        SessionError::NegotiationTimedOut { .. }
        | SessionError::RequestTimedOut { .. }
        | SessionError::Unresponsive { .. }
        | SessionError::NoProgress { .. } => ConnectErrorKind::Timeout,
        _ => ConnectErrorKind::Unsupported,
    };
    (kind, false)
}

/// From who is not there to who says no.
const fn depth(kind: ConnectErrorKind) -> u8 {
    match kind {
        ConnectErrorKind::Name => 0,
        ConnectErrorKind::Unreachable => 1,
        ConnectErrorKind::Timeout => 2,
        ConnectErrorKind::Unsupported => 3,
        ConnectErrorKind::Tls => 4,
        ConnectErrorKind::Authentication => 5,
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use milena_codec::frame::{DetectedProtocol, FrameError};

    use super::*;

    #[test]
    fn who_speaks_another_protocol_will_do_so_the_next_time() {
        let frame = |detected| SessionError::Frame(FrameError { length: 1, limit: 0, detected });
        let kind = ConnectErrorKind::Unsupported;
        assert_eq!(of_session(&frame(Some(DetectedProtocol::Tls))), (kind, true));
        assert_eq!(of_session(&frame(None)), (kind, false));
    }

    #[test]
    fn who_came_furthest_names_the_trouble_and_all_are_quoted() {
        let unknown = Trouble::new(ConnectErrorKind::Name, "a: no such name");
        let dead = Trouble::new(ConnectErrorKind::Unreachable, "b: refused");
        let web = Trouble::new(ConnectErrorKind::Unsupported, "c: HTTP");
        let all = [unknown, dead.clone(), web, dead].into_iter().fold(Trouble::default(), Trouble::and);
        assert_eq!(all.kind, ConnectErrorKind::Unsupported);
        assert_eq!(all.to_string(), "a: no such name; b: refused; c: HTTP");
    }

    #[test]
    fn a_trouble_is_definite_when_everyone_who_came_furthest_is() {
        let refused = || Trouble::new(ConnectErrorKind::Authentication, "a: no").definite();
        let slow = || Trouble::new(ConnectErrorKind::Authentication, "b: later");
        let dead = || Trouble::new(ConnectErrorKind::Unreachable, "c: refused");
        let is_definite =
            |all: Vec<Trouble>| all.into_iter().fold(Trouble::default(), Trouble::and).is_definite;
        assert!(is_definite(vec![dead(), refused(), dead()]));
        assert!(is_definite(vec![refused(), refused()]));
        assert!(!is_definite(vec![refused(), slow()]));
        assert!(!is_definite(vec![slow(), refused()]));
        assert!(!is_definite(vec![dead(), slow()]));
        assert!(!is_definite(vec![]));
    }
}
