//! The failed attempts of one request to the cluster, at one broker after the other.
//!
//! The attempt that came furthest decides the step and the cause: it explains best why there is no response. The text quotes
//! every attempt.

use std::fmt;

use milena_connection::transport::{ConnectionError, Step};
use milena_sender::Obstacle;

/// The errors of all attempts, in order.
#[derive(Debug, Default)]
pub(super) struct FailedAttempts {
    /// Each error with its text. Invariant: no text twice.
    errors: Vec<(String, ConnectionError)>,
}

impl FailedAttempts {
    pub(super) fn add(&mut self, error: ConnectionError) {
        let text = error.to_string();
        if self.errors.iter().all(|(other, _)| *other != text) {
            self.errors.push((text, error));
        }
    }

    /// Whether no broker was tried.
    pub(super) const fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The step that failed in the attempts that came furthest.
    pub(super) fn step(&self) -> Step {
        self.errors.iter().map(|(_, error)| error.step()).max().unwrap_or(Step::Connect)
    }

    /// Whether further attempts fail as well: every attempt that came furthest failed permanently.
    pub(super) fn is_permanent(&self) -> bool {
        let step = self.step();
        let mut furthest = self.errors.iter().filter(|(_, error)| error.step() == step).peekable();
        furthest.peek().is_some() && furthest.all(|(_, error)| error.is_permanent())
    }

    /// Whether a connection to any broker was open.
    pub(super) fn was_open(&self) -> bool {
        self.errors.iter().any(|(_, error)| error.fault().was_open())
    }

    /// The reason for which records make no progress.
    pub(super) fn obstacle(&self) -> Obstacle {
        let step = self.step();
        let furthest = self.errors.iter().find(|(_, error)| error.step() == step);
        let code = furthest.and_then(|(_, error)| error.code());
        Obstacle { message: self.to_string().into(), code }
    }

    /// The error of the first attempt that came furthest.
    pub(super) fn into_furthest(self) -> Option<ConnectionError> {
        let step = self.step();
        self.errors.into_iter().map(|(_, error)| error).find(|error| error.step() == step)
    }
}

impl From<ConnectionError> for FailedAttempts {
    fn from(error: ConnectionError) -> Self {
        let mut failed = Self::default();
        failed.add(error);
        failed
    }
}

impl fmt::Display for FailedAttempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (text, _)) in self.errors.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            f.write_str(text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use milena_codec::ErrorCode;
    use milena_codec::message::ApiKey;
    use milena_connection::session::SessionFault;
    use milena_connection::transport::Fault;

    use super::*;

    fn failed<const N: usize>(faults: [(&str, Fault); N]) -> FailedAttempts {
        let mut failed = FailedAttempts::default();
        for (host, fault) in faults {
            failed.add(ConnectionError::new(format!("{host}:1").parse().unwrap(), fault));
        }
        failed
    }

    fn denied(host: &str) -> (&str, Fault) {
        let code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        (host, Fault::Rejected { api: ApiKey::METADATA, code })
    }

    fn unauthenticated(host: &str) -> (&str, Fault) {
        let fault =
            SessionFault::PeerClosed { negotiating: false, unauthenticated: true, unanswered: 1, partial: 0 };
        (host, fault.into())
    }

    fn bad_credentials(host: &str) -> (&str, Fault) {
        (host, SessionFault::Sasl(milena_connection::sasl::SaslError::SaslNotUsed).into())
    }

    fn down(host: &str) -> (&str, Fault) {
        (host, Fault::Connector("refused".into()))
    }

    #[test]
    fn attempt_that_came_furthest_decides_and_all_are_quoted() {
        let failed = failed([("a", Fault::NoAddress), down("b"), denied("c"), down("b")]);
        assert_eq!(failed.step(), Step::Authorization);
        assert_eq!(failed.obstacle().code, Some(ErrorCode::CLUSTER_AUTHORIZATION_FAILED));
        let text = failed.to_string();
        assert!(text.starts_with("a:1: the host name has no address"), "{text}");
        assert!(text.contains("; b:1: refused; c:1: ") && text.matches("b:1").count() == 1, "{text}");
        let furthest = failed.into_furthest().unwrap();
        assert_eq!(furthest.endpoint().host, "c");
    }

    #[test]
    fn failure_is_permanent_when_every_attempt_that_came_furthest_is() {
        let bad = bad_credentials;
        assert!(failed([down("a"), bad("b"), down("c")]).is_permanent());
        assert!(failed([bad("a"), bad("b")]).is_permanent());
        assert!(!failed([bad("a"), unauthenticated("b")]).is_permanent());
        assert!(!failed([unauthenticated("a"), bad("b")]).is_permanent());
        assert!(!failed([down("a"), unauthenticated("b")]).is_permanent());
        assert!(!failed([]).is_permanent());
    }
}
