//! The certificates of peers with TLS, and the authority that a producer trusts.

use std::sync::Arc;

use milena::Tls;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

macro_rules! certificate {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/certificates/", $name)
    };
}

/// The authority that producers trust.
pub const CA: &str = certificate!("ca.pem");

/// A peer's side of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A good certificate.
    Good,
    /// A certificate of another host.
    Elsewhere,
    /// A certificate that has expired.
    Expired,
    /// A certificate by an authority that nobody trusts.
    Unknown,
    /// A good certificate, to clients that show one too.
    Mutual,
}

/// What a producer trusts, and shows nothing.
#[must_use]
pub fn client() -> Tls {
    Tls::new().ca_file(CA)
}

impl Side {
    /// How a peer of this kind speaks TLS.
    ///
    /// # Panics
    /// When the certificates cannot be read.
    #[expect(clippy::unwrap_used, reason = "a test without its certificates has failed")]
    #[must_use]
    pub fn config(self) -> Arc<ServerConfig> {
        let chain = match self {
            Self::Good | Self::Mutual => certificate!("server.pem"),
            Self::Elsewhere => certificate!("server-elsewhere.pem"),
            Self::Expired => certificate!("server-expired.pem"),
            Self::Unknown => certificate!("server-unknown.pem"),
        };
        let chain = CertificateDer::pem_file_iter(chain).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(certificate!("server-key.pem")).unwrap();
        let provider = Arc::new(rustls_graviola::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match self {
            Self::Mutual => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(CertificateDer::from_pem_file(CA).unwrap()).unwrap();
                let verifier =
                    rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
            _ => builder.with_no_client_auth(),
        };
        Arc::new(builder.with_single_cert(chain, key).unwrap())
    }
}
