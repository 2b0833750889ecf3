//! TLS around a connection: trusted authorities, client certificates, and the connector.
//!
//! * [`Tls`] has the settings. `config` makes a rustls configuration of them: `pem` and `key` parse certificates and keys,
//!   `encrypted_key` decrypts a key (feature `encrypted-keys`), `store` recognises other formats than PEM, `trust` verifies certificates, `provider` selects the cryptography, `setup`
//!   has the errors.
//! * [`TlsConnector`] opens connections. `reload` reads changed files again, `stream` is a connection, `explain` turns a
//!   failure into a [`TlsFault`](crate::transport::TlsFault).
//! * [`TlsSession`] has the negotiated parameters of a connection and the dates of its certificates; `certificate` reads them.

mod certificate;
mod config;
mod connector;
#[cfg(feature = "encrypted-keys")]
mod encrypted_key;
mod explain;
mod key;
mod pem;
mod provider;
mod reload;
mod session;
mod setup;
mod store;
mod stream;
#[cfg(test)]
mod tests;
mod trust;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::SupportedProtocolVersion;
use rustls::crypto::CryptoProvider;
use rustls::version::{TLS12, TLS13};
use secrecy::SecretString;

pub use certificate::CertificateDates;
pub use connector::TlsConnector;
use pem::Pem;
#[cfg(all(test, feature = "oidc"))]
pub(crate) use provider::built_in as built_in_provider;
pub use session::TlsSession;
pub use setup::{StoreKind, TlsPart, TlsSetupError, TlsSetupFault};
pub(crate) use stream::TlsStream;

/// The TLS settings of a client. By default: the authorities of the system, no client certificate, TLS 1.2 and 1.3, and host
/// name verification.
///
/// Files are PEM. They are read when the connector is made, and again for each connection, so that a certificate that is
/// renewed on disk is used without a restart. Invalid files are logged as a warning, and the valid ones stay in use.
///
/// ```
/// use milena_connection::tls::Tls;
/// let mutual = Tls::new()
///     .ca_file("/etc/kafka/ca.pem")
///     .certificate_file("/etc/kafka/client.pem")
///     .key_file("/etc/kafka/client.key")
///     .key_password("changeit");
/// assert!(!format!("{mutual:?}").contains("changeit"));
/// ```
#[derive(Clone, Debug)]
pub struct Tls {
    authorities: Option<Pem>,
    certificate: Option<Pem>,
    key: Option<Pem>,
    key_password: Option<SecretString>,
    versions: TlsVersions,
    checks_host_name: bool,
    provider: Option<Arc<CryptoProvider>>,
    custom: Option<Arc<rustls::ClientConfig>>,
}

/// The allowed versions of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    #[default]
    Both,
    /// 1.2 alone.
    Only12,
    /// 1.3 alone.
    Only13,
}

impl TlsVersions {
    fn list(self) -> &'static [&'static SupportedProtocolVersion] {
        static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            Self::Both => &BOTH,
            Self::Only13 => &BOTH[..1],
            Self::Only12 => &BOTH[1..],
        }
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            authorities: None,
            certificate: None,
            key: None,
            key_password: None,
            versions: TlsVersions::default(),
            checks_host_name: true,
            provider: None,
            custom: None,
        }
    }
}

impl Tls {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the authorities in this PEM file, and no others.
    #[must_use]
    pub fn ca_file(self, path: impl Into<PathBuf>) -> Self {
        Self { authorities: Some(Pem::File(path.into().into())), ..self }
    }

    /// Trusts the authorities in this PEM text, and no others.
    #[must_use]
    pub fn ca_pem(self, pem: impl Into<String>) -> Self {
        Self { authorities: Some(Pem::Inline(pem.into().into())), ..self }
    }

    /// Authenticates with the certificate chain in this PEM file. The key is in the same file unless set.
    #[must_use]
    pub fn certificate_file(self, path: impl Into<PathBuf>) -> Self {
        Self { certificate: Some(Pem::File(path.into().into())), ..self }
    }

    /// Authenticates with the certificate chain in this PEM text. The key is in the same text unless set.
    #[must_use]
    pub fn certificate_pem(self, pem: impl Into<SecretString>) -> Self {
        Self { certificate: Some(Pem::Inline(pem.into())), ..self }
    }

    /// Takes the key of the certificate from this PEM file.
    #[must_use]
    pub fn key_file(self, path: impl Into<PathBuf>) -> Self {
        Self { key: Some(Pem::File(path.into().into())), ..self }
    }

    /// Takes the key of the certificate from this PEM text.
    #[must_use]
    pub fn key_pem(self, pem: impl Into<SecretString>) -> Self {
        Self { key: Some(Pem::Inline(pem.into())), ..self }
    }

    /// The password of the key. An encrypted key needs the feature `encrypted-keys`.
    #[must_use]
    pub fn key_password(self, password: impl Into<SecretString>) -> Self {
        Self { key_password: Some(password.into()), ..self }
    }

    /// Allows these versions only.
    #[must_use]
    pub fn versions(self, versions: TlsVersions) -> Self {
        Self { versions, ..self }
    }

    /// Disables host name verification: every holder of a certificate of a trusted authority can pose as a broker.
    #[must_use]
    pub fn danger_accept_any_host_name(self) -> Self {
        Self { checks_host_name: false, ..self }
    }

    /// Uses this cryptography instead of the built-in one.
    ///
    /// The built-in one is that of the first enabled feature of `tls-aws-lc`, `tls-ring` and `tls-graviola`. The last one is
    /// on by default; it needs a processor with AES and other instructions, which is checked first.
    #[must_use]
    pub fn crypto_provider(self, provider: Arc<CryptoProvider>) -> Self {
        Self { provider: Some(provider), ..self }
    }

    /// Whether the host name of the broker is verified; none if a [configuration of rustls](Self::client_config) decides.
    #[must_use]
    pub const fn verifies_host_name(&self) -> Option<bool> {
        match self.custom {
            Some(_) => None,
            None => Some(self.checks_host_name),
        }
    }

    /// Uses a rustls configuration as it is; all other settings are ignored.
    #[must_use]
    pub fn client_config(self, config: Arc<rustls::ClientConfig>) -> Self {
        Self { custom: Some(config), ..self }
    }
}
