//! The table of faults: which step failed, and whether another attempt can succeed.

use super::fault::{Fault, is_denied};
use super::sasl::SaslError;
use super::session::SessionFault;
use super::tls::TlsFault;

/// A step on the way to a usable broker, in order. The attempt that came furthest explains best why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Resolving the host name.
    Name,
    /// Opening the connection, and keeping it.
    Connect,
    /// Getting a response in time.
    Response,
    /// Kafka's protocol, in versions that both sides know.
    Protocol,
    /// TLS: certificates, versions, cipher suites.
    Tls,
    /// Proving the identity of the client.
    Authentication,
    /// Having the permissions that a producer needs.
    Authorization,
}

/// Another attempt can succeed.
const fn transient(step: Step) -> (Step, bool) {
    (step, false)
}

/// Another attempt fails as well, until a setting, a certificate or the broker changes.
const fn permanent(step: Step) -> (Step, bool) {
    (step, true)
}

fn of_fault(fault: &Fault) -> (Step, bool) {
    match fault {
        Fault::Name(_) | Fault::NameTimedOut { .. } | Fault::NoAddress => transient(Step::Name),
        Fault::Tls(fault) => of_tls(fault),
        Fault::Io(error) => TlsFault::of(error).map_or(transient(Step::Connect), of_tls),
        Fault::Session(fault) => of_session(fault),
        Fault::Tcp { .. }
        | Fault::DialTimedOut { .. }
        | Fault::Connector(_)
        | Fault::Unencodable { .. }
        | Fault::TooManyAbandoned
        | Fault::Ended
        | Fault::Moved
        | Fault::NotNeeded => transient(Step::Connect),
        Fault::NoResponse { .. } | Fault::NoBrokers | Fault::GaveWay => transient(Step::Response),
        Fault::Rejected { code, .. } if is_denied(*code) => permanent(Step::Authorization),
        Fault::Rejected { .. } => transient(Step::Response),
        Fault::Version(_) => permanent(Step::Protocol),
        Fault::InvalidResponse { .. } | Fault::ForeignCluster(_) => transient(Step::Protocol),
    }
}

const fn of_tls(fault: &TlsFault) -> (Step, bool) {
    match fault {
        TlsFault::Name
        | TlsFault::UnknownAuthority
        | TlsFault::WrongName { .. }
        | TlsFault::Expired { .. }
        | TlsFault::NotYetValid { .. }
        | TlsFault::CertificateVersion
        | TlsFault::AuthorityAsBroker
        | TlsFault::BadCertificate(_)
        | TlsFault::CertificateRequired { .. }
        | TlsFault::CertificateRefused { .. }
        | TlsFault::NothingInCommon { .. }
        | TlsFault::NotTls { .. } => permanent(Step::Tls),
        TlsFault::Closed { .. }
        | TlsFault::TimedOut { .. }
        | TlsFault::Alert(_)
        | TlsFault::Protocol(_)
        | TlsFault::Io(_) => transient(Step::Tls),
    }
}

const fn of_session(fault: &SessionFault) -> (Step, bool) {
    match fault {
        SessionFault::Sasl(error) => of_sasl(error),
        // A listener for TLS, HTTP or SSH.
        SessionFault::Frame(error) if error.detected.is_some() => permanent(Step::Protocol),
        SessionFault::UnsupportedVersion { .. } => permanent(Step::Protocol),
        // A SASL listener closes the connection at the first request of a client without credentials.
        SessionFault::PeerClosed { unauthenticated: true, .. } => transient(Step::Authentication),
        SessionFault::PeerClosed { .. } | SessionFault::Idle { .. } => transient(Step::Connect),
        SessionFault::NegotiationTimedOut { .. }
        | SessionFault::RequestTimedOut { .. }
        | SessionFault::Unresponsive { .. }
        | SessionFault::NoProgress { .. } => transient(Step::Response),
        SessionFault::Frame(_)
        | SessionFault::FirstResponseTooLarge { .. }
        | SessionFault::ResponseTooShort { .. }
        | SessionFault::WrongCorrelationId { .. }
        | SessionFault::Unsolicited { .. }
        | SessionFault::Unencodable(_)
        | SessionFault::MalformedVersions(_)
        | SessionFault::Refused(_) => transient(Step::Protocol),
    }
}

const fn of_sasl(error: &SaslError) -> (Step, bool) {
    match error {
        SaslError::Credentials(_)
        | SaslError::SaslNotUsed
        | SaslError::TooOld
        | SaslError::MechanismNotEnabled { .. }
        | SaslError::HandshakeRefused(_)
        | SaslError::Refused { .. }
        | SaslError::Scram(_)
        | SaslError::Unending
        | SaslError::Malformed(_)
        | SaslError::TooLarge { .. } => permanent(Step::Authentication),
        SaslError::Token(_)
        | SaslError::Failed { .. }
        | SaslError::Closed
        | SaslError::TimedOut { .. }
        | SaslError::Interrupted(_) => transient(Step::Authentication),
    }
}

impl Fault {
    /// The step that failed.
    #[must_use]
    pub fn step(&self) -> Step {
        of_fault(self).0
    }

    /// Whether each further attempt fails as well, until a setting, a certificate or the broker changes.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        of_fault(self).1
    }
}

impl SessionFault {
    /// Whether each further attempt fails as well, until a setting, a certificate or the broker changes.
    pub(crate) const fn is_permanent(&self) -> bool {
        of_session(self).1
    }
}

#[cfg(test)]
mod tests {
    use milena_codec::frame::{DetectedProtocol, FrameError};

    use super::*;

    #[test]
    fn listener_of_another_protocol_is_permanent() {
        let frame =
            |detected| Fault::Session(SessionFault::Frame(FrameError { length: 1, limit: 0, detected }));
        assert_eq!(of_fault(&frame(Some(DetectedProtocol::Tls))), (Step::Protocol, true));
        assert_eq!(of_fault(&frame(None)), (Step::Protocol, false));
    }

    #[test]
    fn tls_fault_inside_an_io_error_counts_as_tls() {
        let io = |fault| Fault::Io(std::io::Error::other::<TlsFault>(fault));
        assert_eq!(of_fault(&io(TlsFault::UnknownAuthority)), (Step::Tls, true));
        assert_eq!(of_fault(&io(TlsFault::Closed { error: None })), (Step::Tls, false));
        assert_eq!(of_fault(&Fault::Io(std::io::Error::other("a cable"))), (Step::Connect, false));
    }
}
