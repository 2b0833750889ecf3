//! TLS around a connection: whom to trust, and who we are.
//!
//! * [`Tls`] says what is wanted. `config` makes of it what rustls takes: `pem` and `key` read what was given,
//!   `encrypted_key` opens a key with its password (feature `encrypted-keys`), `store` recognises what is no PEM, `trust`
//!   judges certificates, `provider` brings the cryptography; `setup` tells what cannot be.
//! * [`TlsConnector`] opens connections. `reload` looks whether files have changed, `stream` is a connection, `explain`
//!   says what a failure means, as a [`TlsFault`](crate::transport::TlsFault).

mod config;
mod connector;
#[cfg(feature = "encrypted-keys")]
mod encrypted_key;
mod explain;
mod key;
mod pem;
mod provider;
mod reload;
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

use config::Settings;
pub use connector::TlsConnector;
use pem::Pem;
#[cfg(all(test, feature = "oidc"))]
pub(crate) use provider::built_in as built_in_provider;
pub use setup::{StoreKind, TlsPart, TlsSetupError, TlsSetupFault};
pub(crate) use stream::TlsStream;

/// What a client trusts, and how it shows who it is. By default: the authorities that the system trusts, no
/// certificate of its own, TLS 1.2 and 1.3, and the host name is always checked.
///
/// Files are PEM. They are read when the connector is made, and again for each connection, so that a certificate that
/// is renewed on disk is used without a restart; what cannot be used is warned of, and what was good stays in use.
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

/// Which versions of TLS may be spoken.
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

    /// Shows the certificate chain in this PEM file. Its key is looked for in the same file unless it is named.
    #[must_use]
    pub fn certificate_file(self, path: impl Into<PathBuf>) -> Self {
        Self { certificate: Some(Pem::File(path.into().into())), ..self }
    }

    /// Shows the certificate chain in this PEM text. Its key is looked for in the same text unless it is named.
    #[must_use]
    pub fn certificate_pem(self, pem: impl Into<SecretString>) -> Self {
        Self { certificate: Some(Pem::Inline(pem.into())), ..self }
    }

    /// The certificate's key is in this PEM file.
    #[must_use]
    pub fn key_file(self, path: impl Into<PathBuf>) -> Self {
        Self { key: Some(Pem::File(path.into().into())), ..self }
    }

    /// The certificate's key is in this PEM text.
    #[must_use]
    pub fn key_pem(self, pem: impl Into<SecretString>) -> Self {
        Self { key: Some(Pem::Inline(pem.into())), ..self }
    }

    /// The password of the key. An encrypted key needs the feature `encrypted-keys`.
    #[must_use]
    pub fn key_password(self, password: impl Into<SecretString>) -> Self {
        Self { key_password: Some(password.into()), ..self }
    }

    /// Speaks these versions alone.
    #[must_use]
    pub fn versions(self, versions: TlsVersions) -> Self {
        Self { versions, ..self }
    }

    /// Takes any host name: whoever has a certificate of a trusted authority can pose as a broker.
    #[must_use]
    pub fn danger_accept_any_host_name(self) -> Self {
        Self { checks_host_name: false, ..self }
    }

    /// Uses this cryptography, and not the one that was built in.
    ///
    /// Built in is, of those that are on, the first of the features `tls-aws-lc`, `tls-ring` and `tls-graviola`. The
    /// last one is on by default; it needs a processor with AES instructions and some more, which is looked at first.
    #[must_use]
    pub fn crypto_provider(self, provider: Arc<CryptoProvider>) -> Self {
        Self { provider: Some(provider), ..self }
    }

    /// Takes a configuration as it is; nothing else that is set here counts.
    #[must_use]
    pub fn client_config(self, config: Arc<rustls::ClientConfig>) -> Self {
        Self { custom: Some(config), ..self }
    }

    fn custom(&self) -> Option<Arc<rustls::ClientConfig>> {
        self.custom.clone()
    }

    fn settings(&self) -> Settings {
        Settings {
            authorities: self.authorities.clone(),
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            key_password: self.key_password.clone(),
            versions: self.versions.list(),
            checks_host_name: self.checks_host_name,
            provider: self.provider.clone(),
        }
    }
}
