//! TLS around a connection: whom to trust, and who we are.

mod connector;

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;

pub use connector::{TlsConnector, TlsSetupError};

/// What a client trusts, and how it shows who it is. By default: the authorities that the system trusts, no
/// certificate of its own, TLS 1.2 and 1.3, and the host name is always checked.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "read by the connector")]
pub struct Tls {
    authorities: Option<Pem>,
    certificate: Option<Pem>,
    key: Option<Pem>,
    key_password: Option<SecretString>,
    versions: TlsVersions,
    checks_host_name: bool,
    custom: Option<Arc<rustls::ClientConfig>>,
}

/// A PEM document: read anew for each use, or at hand.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "read by the connector")]
enum Pem {
    File(PathBuf),
    Inline(SecretString),
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

impl Default for Tls {
    fn default() -> Self {
        Self {
            authorities: None,
            certificate: None,
            key: None,
            key_password: None,
            versions: TlsVersions::default(),
            checks_host_name: true,
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
        Self { authorities: Some(Pem::File(path.into())), ..self }
    }

    /// Trusts the authorities in this PEM text, and no others.
    #[must_use]
    pub fn ca_pem(self, pem: impl Into<String>) -> Self {
        Self { authorities: Some(Pem::Inline(pem.into().into())), ..self }
    }

    /// Shows the certificate chain in this PEM file. Its key is looked for in the same file unless it is named.
    #[must_use]
    pub fn certificate_file(self, path: impl Into<PathBuf>) -> Self {
        Self { certificate: Some(Pem::File(path.into())), ..self }
    }

    /// Shows the certificate chain in this PEM text. Its key is looked for in the same text unless it is named.
    #[must_use]
    pub fn certificate_pem(self, pem: impl Into<SecretString>) -> Self {
        Self { certificate: Some(Pem::Inline(pem.into())), ..self }
    }

    /// The certificate's key is in this PEM file.
    #[must_use]
    pub fn key_file(self, path: impl Into<PathBuf>) -> Self {
        Self { key: Some(Pem::File(path.into())), ..self }
    }

    /// The certificate's key is in this PEM text.
    #[must_use]
    pub fn key_pem(self, pem: impl Into<SecretString>) -> Self {
        Self { key: Some(Pem::Inline(pem.into())), ..self }
    }

    /// The password of the key.
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

    /// Takes a configuration as it is; nothing else that is set here counts.
    #[must_use]
    pub fn client_config(self, config: Arc<rustls::ClientConfig>) -> Self {
        Self { custom: Some(config), ..self }
    }
}
