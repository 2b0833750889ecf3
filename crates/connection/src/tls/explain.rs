//! The TLS fault of a failed handshake or stream: the error of rustls or of the connection, in the terms of an operator.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use milena_codec::frame::{DetectedProtocol, frame_length};
use rustls::AlertDescription as Alert;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, Error};

use crate::transport::TlsFault;

/// The facts of a connection that a fault depends on.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Whether a client certificate is configured.
    pub(super) shows_certificate: bool,
    /// The first bytes of the peer.
    pub(super) first: Vec<u8>,
}

impl Seen {
    /// The fault of a failed handshake.
    pub(super) fn handshake(&self, error: io::Error) -> TlsFault {
        if let Some(error) = rustls_error(&error) {
            return self.rustls(error);
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => TlsFault::Closed { error: None },
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                TlsFault::Closed { error: Some(error) }
            }
            _ => TlsFault::Io(error),
        }
    }

    /// The fault of a handshake that timed out.
    pub(super) const fn timed_out(&self, timeout: Duration) -> TlsFault {
        TlsFault::TimedOut { timeout, silent: self.first.is_empty() }
    }

    /// The fault of a rustls error.
    pub(super) fn rustls(&self, error: &Error) -> TlsFault {
        match error {
            Error::InvalidCertificate(error) => certificate(error),
            Error::AlertReceived(alert) => self.alert(*alert),
            Error::PeerIncompatible(why) => TlsFault::NothingInCommon { detail: format!("{why:?}") },
            _ if self.is_not_tls() => self.not_tls(),
            error => TlsFault::Protocol(shortened(&error.to_string())),
        }
    }

    /// Servers differ in their alerts: for a missing client certificate Java's sends `bad_certificate`, OpenSSL's
    /// `handshake_failure` in TLS 1.2.
    fn alert(&self, alert: Alert) -> TlsFault {
        match alert {
            Alert::CertificateRequired => TlsFault::CertificateRequired { alert },
            Alert::BadCertificate | Alert::CertificateUnknown | Alert::NoCertificate
                if !self.shows_certificate =>
            {
                TlsFault::CertificateRequired { alert }
            }
            Alert::BadCertificate
            | Alert::CertificateUnknown
            | Alert::NoCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::UnknownCA
            | Alert::AccessDenied => TlsFault::CertificateRefused { alert },
            Alert::HandshakeFailure if !self.shows_certificate => TlsFault::NothingInCommon {
                detail: format!(
                    "{alert:?}; the broker may also require a client certificate, none is configured"
                ),
            },
            Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity => {
                TlsFault::NothingInCommon { detail: format!("{alert:?}") }
            }
            alert => TlsFault::Alert(alert),
        }
    }

    /// A record of TLS begins with its content type, and a version whose first byte is 3 (RFC 8446, 5.1).
    fn is_not_tls(&self) -> bool {
        match self.first.as_slice() {
            [] => false,
            [kind, rest @ ..] => {
                !(20..=24).contains(kind) || rest.first().is_some_and(|version| *version != 3)
            }
        }
    }

    fn not_tls(&self) -> TlsFault {
        let detected = frame_length(&self.first, 0).err().and_then(|error| error.detected);
        TlsFault::NotTls {
            detected: detected.filter(|detected| *detected != DetectedProtocol::Tls),
            first: self.first.clone(),
        }
    }
}

/// The rustls error inside an I/O error.
pub(super) fn rustls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

fn certificate(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::UnknownIssuer => TlsFault::UnknownAuthority,
        CertificateError::Expired => TlsFault::Expired { times: None },
        CertificateError::ExpiredContext { time, not_after } => {
            TlsFault::Expired { times: Some((*not_after, *time)) }
        }
        CertificateError::NotValidYet => TlsFault::NotYetValid { times: None },
        CertificateError::NotValidYetContext { time, not_before } => {
            TlsFault::NotYetValid { times: Some((*not_before, *time)) }
        }
        CertificateError::NotValidForNameContext { expected, presented } => TlsFault::WrongName {
            expected: host(expected),
            presented: presented.iter().take(NAMES_MAX).map(|name| bare(name)).collect(),
        },
        CertificateError::BadSignature => TlsFault::BadCertificate(
            "a signature in its chain is invalid, or its RSA key has fewer than 2048 bits".to_owned(),
        ),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            TlsFault::BadCertificate(
                "a signature in its chain has an algorithm that is not accepted, SHA-1 for example"
                    .to_owned(),
            )
        }
        error if is_version_1(error) => TlsFault::CertificateVersion,
        CertificateError::Other(_) if is_of_webpki(error, "CaUsedAsEndEntity") => TlsFault::AuthorityAsBroker,
        error => TlsFault::BadCertificate(words(error)),
    }
}

/// The fault of a certificate as text.
pub(super) fn words(error: &CertificateError) -> String {
    let text = match error {
        CertificateError::BadEncoding => "it is damaged, or not an X.509 certificate",
        CertificateError::Revoked => "it was revoked",
        CertificateError::UnhandledCriticalExtension => "it has an unknown critical extension",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its extended key usage does not allow this purpose"
        }
        error if is_version_1(error) => "it is X.509 version 1, and version 3 is needed",
        CertificateError::Other(_) if is_of_webpki(error, "CaUsedAsEndEntity") => {
            "it is the certificate of an authority (`CA:TRUE`)"
        }
        error => return shortened(&error.to_string()),
    };
    text.to_owned()
}

/// The fault of a certificate, or any other error of rustls, as text.
pub(super) fn words_of(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => words(error),
        error => shortened(&error.to_string()),
    }
}

/// Whether the error is X.509 version 1, which rustls does not parse.
pub(super) fn is_version_1(error: &CertificateError) -> bool {
    is_of_webpki(error, "UnsupportedCertVersion")
}

/// Whether the error is this one of webpki, which rustls passes on without a type: its `Debug` text has the name.
fn is_of_webpki(error: &CertificateError, name: &str) -> bool {
    format!("{error:?}").contains(name)
}

fn host(name: &ServerName<'_>) -> String {
    match name {
        ServerName::IpAddress(address) => IpAddr::from(*address).to_string(),
        name => name.to_str().into_owned(),
    }
}

/// The name inside rustls' `DnsName("kafka")` or `IpAddress(10.0.0.1)`.
fn bare(name: &str) -> String {
    let inner = |name: &str| shortened(name.strip_suffix(')').unwrap_or(name).trim_matches('"'));
    match (name.strip_prefix("DnsName("), name.strip_prefix("IpAddress(")) {
        // An IP address as a DNS name never matches, and looks as if it did.
        (Some(name), _) if inner(name).parse::<IpAddr>().is_ok() => {
            format!("{} (as a DNS name)", inner(name))
        }
        (Some(name), _) | (None, Some(name)) => inner(name),
        (None, None) => inner(name),
    }
}

/// Bounds and escapes text that a peer may have written, for a log line.
fn shortened(text: &str) -> String {
    let kept: String = text.escape_debug().take(TEXT_CHARS_MAX).collect();
    kept.replace("\\'", "'").replace("\\\"", "\"")
}

/// The maximum number of a certificate's names in an error.
const NAMES_MAX: usize = 8;

/// The maximum number of characters of a peer's text in an error.
const TEXT_CHARS_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_name_has_no_type_unless_an_address_is_a_dns_name() {
        assert_eq!(bare("DnsName(\"kafka\")"), "kafka");
        assert_eq!(bare("IpAddress(10.0.0.1)"), "10.0.0.1");
        assert_eq!(bare("DnsName(\"10.0.0.1\")"), "10.0.0.1 (as a DNS name)");
        assert_eq!(bare("something else"), "something else");
    }
}
