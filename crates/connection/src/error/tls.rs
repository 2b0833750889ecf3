//! The faults of TLS: what happened, what it means, and what to do.

use std::fmt;
use std::io;
use std::time::Duration;

use milena_codec::frame::DetectedProtocol;
use rustls::AlertDescription;
use rustls::pki_types::UnixTime;

/// The fault of a TLS handshake, or of a TLS stream. A stream returns it inside of an [`io::Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsFault {
    /// The host is no name that a certificate can have.
    Name,
    /// The broker's certificate was issued by an authority that is not trusted.
    UnknownAuthority,
    /// The broker's certificate has other names than the host.
    WrongName {
        /// The host that was dialled.
        expected: String,
        /// The names of the certificate, shortened to some of them.
        presented: Vec<String>,
    },
    /// The broker's certificate has expired.
    Expired {
        /// The last moment of the certificate, and the time of the check.
        times: Option<(UnixTime, UnixTime)>,
    },
    /// The broker's certificate is not valid yet.
    NotYetValid {
        /// The first moment of the certificate, and the time of the check.
        times: Option<(UnixTime, UnixTime)>,
    },
    /// The broker's certificate is of X.509 version 1.
    CertificateVersion,
    /// The broker's certificate is that of an authority.
    AuthorityAsBroker,
    /// The broker's certificate is rejected for another reason.
    BadCertificate(String),
    /// The broker requests a client certificate, and none is configured.
    CertificateRequired {
        /// The broker's alert.
        alert: AlertDescription,
    },
    /// The broker rejected the client certificate.
    CertificateRefused {
        /// The broker's alert.
        alert: AlertDescription,
    },
    /// Client and broker have no TLS version, cipher suite, group or signature scheme in common.
    NothingInCommon {
        /// The details that are known.
        detail: String,
    },
    /// The peer does not use TLS.
    NotTls {
        /// The protocol of the peer, if it was recognised.
        detected: Option<DetectedProtocol>,
        /// The first bytes of the peer.
        first: Vec<u8>,
    },
    /// The peer closed the connection during the handshake.
    Closed {
        /// The error; none after an orderly close.
        error: Option<io::Error>,
    },
    /// The handshake took too long.
    TimedOut {
        /// The time-out.
        timeout: Duration,
        /// Whether the peer sent nothing at all.
        silent: bool,
    },
    /// The broker ended TLS with another alert.
    Alert(AlertDescription),
    /// The peer breaks the protocol.
    Protocol(String),
    /// The stream below failed.
    Io(io::Error),
}

impl TlsFault {
    /// The TLS fault inside an error of a stream.
    ///
    /// ```
    /// use milena_connection::transport::TlsFault;
    /// assert!(TlsFault::of(&std::io::Error::other("a cable")).is_none());
    /// ```
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TLS: ")?;
        match self {
            Self::Name => f.write_str("no certificate can be for this host: use a DNS name or an IP address"),
            Self::UnknownAuthority => f.write_str(UNKNOWN_AUTHORITY),
            Self::WrongName { expected, presented } => {
                write!(f, "the broker's certificate is not for `{}` but ", expected.escape_debug())?;
                names(f, presented)?;
                write!(f, ": {CONNECT_TO_ITS_NAME}")
            }
            Self::Expired { times } => {
                f.write_str("the broker's certificate has expired")?;
                dates(f, "valid until", *times)?;
                f.write_str(": renew it, or check this host's clock")
            }
            Self::NotYetValid { times } => {
                f.write_str("the broker's certificate is not valid yet")?;
                dates(f, "valid from", *times)?;
                f.write_str(": check this host's clock")
            }
            Self::CertificateVersion => f.write_str(CERTIFICATE_VERSION),
            Self::AuthorityAsBroker => f.write_str(AUTHORITY_AS_BROKER),
            Self::BadCertificate(why) => {
                write!(f, "the broker's certificate is rejected ({why}): issue a new one")
            }
            Self::CertificateRequired { alert } => {
                write!(f, "the broker requests a client certificate, and none is configured ({alert:?}): ")?;
                f.write_str(SHOW_A_CERTIFICATE)
            }
            Self::CertificateRefused { alert } => {
                write!(f, "the broker rejected our client certificate ({alert:?}): {CHECK_OURS}")
            }
            Self::NothingInCommon { detail } => {
                write!(f, "no TLS parameters in common with the broker ({detail}): {ALLOW_MORE}")
            }
            Self::NotTls { detected, first } => not_tls(f, *detected, first),
            Self::Closed { error } => {
                f.write_str("the peer closed the connection during the handshake")?;
                if let Some(error) = error {
                    write!(f, " ({error})")?;
                }
                write!(f, ": {CHECK_LISTENER}")
            }
            Self::TimedOut { timeout, silent } => {
                let missing = if *silent { "no byte of the peer" } else { "no complete handshake" };
                write!(f, "{missing} within {timeout:?}: {CHECK_LISTENER}")
            }
            Self::Alert(alert) => {
                write!(f, "the broker ended TLS ({alert:?}): see the broker's log")
            }
            Self::Protocol(why) => {
                write!(f, "the peer breaks the protocol ({why}): check the server on this port")
            }
            Self::Io(error) => write!(f, "the connection failed ({error}): check the network and the broker"),
        }
    }
}

const UNKNOWN_AUTHORITY: &str = "the broker's certificate comes from an authority that is not trusted: name the \
     authority that issued it (`ssl.truststore.location`, `ssl.ca.location`, `Tls::ca_file`), or have the broker send \
     the intermediate certificates between its own and that of the authority";
const CERTIFICATE_VERSION: &str = "the broker's certificate is X.509 version 1, and version 3 is needed, with the \
     broker's name: make it with `printf subjectAltName=DNS:HOST > san.cnf && openssl x509 -req -in broker.csr -CA ca.pem \
     -CAkey ca.key -CAcreateserial -days 365 -extfile san.cnf -out broker.pem`";
const AUTHORITY_AS_BROKER: &str = "the broker's certificate is that of an authority (`CA:TRUE`), as self-signed ones \
     often are: have an authority issue one for the broker, or make it with `openssl req -x509 -key broker.key -days 365 \
     -subj /CN=HOST -addext subjectAltName=DNS:HOST -addext basicConstraints=critical,CA:FALSE -out broker.pem`, and trust \
     that one";
const CONNECT_TO_ITS_NAME: &str = "connect to a name that it has (`bootstrap.servers`, `advertised.listeners`), or have \
     it issued with this one as a subject alternative name";
const SHOW_A_CERTIFICATE: &str = "show one (`ssl.keystore.location` with PEM, `ssl.certificate.location`, \
     `Tls::certificate_file`)";
const CHECK_OURS: &str = "check that the broker trusts the authority that issued it, and its dates";
const ALLOW_MORE: &str = "allow the versions that the broker has enabled (`ssl.enabled.protocols`; TLS 1.2 and 1.3, with \
     AEAD cipher suites alone)";
const CHECK_LISTENER: &str = "typical of a listener without TLS (PLAINTEXT, SASL_PLAINTEXT), or an overloaded one; \
     check the port and `security.protocol`";

fn not_tls(f: &mut fmt::Formatter<'_>, detected: Option<DetectedProtocol>, first: &[u8]) -> fmt::Result {
    match detected {
        Some(DetectedProtocol::Http) => f.write_str("the peer is an HTTP server: this is not a Kafka port"),
        Some(DetectedProtocol::Ssh) => f.write_str("the peer is an SSH server: this is not a Kafka port"),
        _ if first.first() == Some(&0) => f.write_str(
            "the peer is a Kafka listener without TLS: connect without TLS, or to the port with TLS",
        ),
        _ => {
            f.write_str("the peer does not use TLS, its first bytes are ")?;
            first.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
            f.write_str(": check the port")
        }
    }
}

fn names(f: &mut fmt::Formatter<'_>, presented: &[String]) -> fmt::Result {
    if presented.is_empty() {
        return f.write_str("has no host name at all (a common name alone does not count)");
    }
    f.write_str("for")?;
    for (index, name) in presented.iter().enumerate() {
        write!(f, "{} `{}`", if index == 0 { "" } else { "," }, name.escape_debug())?;
    }
    Ok(())
}

fn dates(f: &mut fmt::Formatter<'_>, what: &str, times: Option<(UnixTime, UnixTime)>) -> fmt::Result {
    let Some((bound, now)) = times else { return Ok(()) };
    write!(f, " ({what} {}, checked at {})", Utc(bound), Utc(now))
}

/// A moment as `2026-01-31 12:00:00 UTC`.
pub(crate) struct Utc(pub(crate) UnixTime);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0.as_secs() / 86_400, self.0.as_secs() % 86_400);
        // Days since 1 March of year 0, in eras of 400 years; a year begins in March, so that the leap day is last.
        let days = days + 719_468;
        let (era, day) = (days / 146_097, days % 146_097);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let date = day - (153 * month + 2) / 5 + 1;
        let (month, turn) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let year = era * 400 + year + turn;
        write!(f, "{year:04}-{month:02}-{date:02} {hour:02}:{minute:02}:{second:02} UTC")
    }
}

impl std::error::Error for TlsFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Closed { error: Some(error) } | Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_authority_error_names_intermediate_certificates() {
        let error = TlsFault::UnknownAuthority.to_string();
        assert!(error.contains("ssl.ca.location"), "{error}");
        assert!(error.contains("have the broker send the intermediate certificates"), "{error}");
    }

    #[test]
    fn unix_times_are_formatted_as_utc_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_827_696, "2000-02-29 12:34:56 UTC"),
            (1_709_164_800, "2024-02-29 00:00:00 UTC"),
            (1_798_761_599, "2026-12-31 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            assert_eq!(Utc(time).to_string(), expected);
        }
    }
}
