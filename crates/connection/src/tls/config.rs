//! The rustls configuration: reads the files of the settings, and builds a [`ClientConfig`].

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{ClientConfig, Error, InconsistentKeys};
use sha2::{Digest, Sha256};

use super::pem::{self, Pem, Text};
use super::setup::{TlsPart, TlsSetupError, TlsSetupFault};
use super::{Tls, explain, key, provider, trust};
use crate::shown::Shown;

/// The content of the files at one moment.
pub(super) struct Material {
    authorities: Option<Text>,
    certificate: Option<Text>,
    key: Option<Text>,
}

impl Tls {
    /// Whether any of the settings is a file, which can change on disk.
    pub(super) fn has_files(&self) -> bool {
        let all = [&self.authorities, &self.certificate, &self.key];
        all.into_iter().flatten().any(|pem| pem.path().is_some())
    }

    /// Reads the files.
    pub(super) fn read(&self) -> Result<Material, TlsSetupError> {
        let read = |part, pem: &Option<Pem>| {
            pem.as_ref().map(|pem| pem.read().map_err(at(part, Some(pem)))).transpose()
        };
        Ok(Material {
            authorities: read(TlsPart::Authorities, &self.authorities)?,
            certificate: read(TlsPart::Certificate, &self.certificate)?,
            key: read(TlsPart::Key, &self.key)?,
        })
    }

    /// Builds the rustls configuration of the content.
    pub(super) fn rustls_config(&self, material: &Material) -> Result<ClientConfig, TlsSetupError> {
        let provider = match &self.provider {
            Some(provider) => Arc::clone(provider),
            None => provider::built_in()?,
        };
        let trust = self.trust(material, &provider)?;
        let shown = self.certificate(material, &provider)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions.list())
            .map_err(|error| TlsSetupError::cryptography(TlsSetupFault::NothingToSpeak(error.to_string())))?;
        // The verifiers are those of rustls; at most the host name verification is disabled.
        let builder = builder.dangerous().with_custom_certificate_verifier(trust);
        Ok(match shown {
            Some(shown) => builder.with_client_cert_resolver(shown),
            None => builder.with_no_client_auth(),
        })
    }

    fn trust(
        &self,
        material: &Material,
        provider: &Arc<CryptoProvider>,
    ) -> Result<trust::Trust, TlsSetupError> {
        let Some(text) = &material.authorities else {
            return trust::in_system(provider, self.checks_host_name).map_err(TlsSetupError::cryptography);
        };
        pem::parts(text)
            .and_then(|parts| trust::in_authorities(&parts, provider, self.checks_host_name))
            .map_err(at(TlsPart::Authorities, self.authorities.as_ref()))
    }

    /// The client certificate, with the key from its own setting or from beside the certificate.
    fn certificate(
        &self,
        material: &Material,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ResolvesClientCert>>, TlsSetupError> {
        let in_key = at(TlsPart::Key, self.key.as_ref().or(self.certificate.as_ref()));
        let Some(text) = &material.certificate else {
            return match material.key {
                Some(_) => Err(in_key(TlsSetupFault::KeyAlone)),
                None => Ok(None),
            };
        };
        let in_certificate = at(TlsPart::Certificate, self.certificate.as_ref());
        let parts = pem::parts(text).map_err(&in_certificate)?;
        let chain = trust::certificates(&parts).map_err(&in_certificate)?;
        let parts = match &material.key {
            Some(text) => pem::parts(text).map_err(&in_key)?,
            None => parts,
        };
        let key = key::of(&parts, self.key_password.as_ref()).map_err(&in_key)?;
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|error| in_key(TlsSetupFault::KeyRefused(error.to_string())))?;
        let pair = pair(chain, &key).map_err(|fault| match fault {
            TlsSetupFault::KeyMismatch => in_key(fault),
            fault => in_certificate(fault),
        })?;
        Ok(Some(Arc::new(SingleCertAndKey::from(pair))))
    }
}

/// Pairs a chain with its key. The certificate of the key must be first; some tools write the authority first.
fn pair(
    mut chain: Vec<CertificateDer<'static>>,
    key: &Arc<dyn SigningKey>,
) -> Result<CertifiedKey, TlsSetupFault> {
    let mut verdict = TlsSetupFault::KeyMismatch;
    for index in 0..chain.len() {
        chain[..=index].rotate_right(1);
        let pair = CertifiedKey::new(chain.clone(), Arc::clone(key));
        match pair.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => return Ok(pair),
            Err(Error::InconsistentKeys(_)) => {}
            // webpki parses X.509 version 3 only. Brokers accept version 1 too: the certificate is sent unparsed.
            Err(_) if has_key(&chain[0], key) => return Ok(pair),
            Err(error) if !is_version_1(&error) => {
                verdict = TlsSetupFault::BadCertificate(explain::words_of(&error))
            }
            Err(_) => {}
        }
        chain[..=index].rotate_left(1);
    }
    Err(verdict)
}

/// Whether a certificate contains the public half of the key (RFC 5280, 4.1: subjectPublicKeyInfo).
fn has_key(certificate: &CertificateDer<'_>, key: &Arc<dyn SigningKey>) -> bool {
    let Some(public) = key.public_key() else { return true };
    certificate.windows(public.len().max(1)).any(|window| window == public.as_ref())
}

fn is_version_1(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(error) if explain::is_version_1(error))
}

/// Returns a function that makes errors of a part, with the path of its file.
fn at(part: TlsPart, pem: Option<&Pem>) -> impl Fn(TlsSetupFault) -> TlsSetupError {
    // A path that may be a secret is not shown.
    let path = pem.and_then(Pem::path).map(|path| match Shown(&path.to_string_lossy()).is_hidden() {
        true => "[hidden]".into(),
        false => path.to_owned(),
    });
    move |fault| TlsSetupError { part, path: path.clone(), fault }
}

impl Material {
    /// A digest of the content, to detect changes without keeping the content.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for text in [&self.authorities, &self.certificate, &self.key] {
            let text = text.as_ref().map_or(&[][..], |text| text);
            digest.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(text);
        }
        digest.finalize().into()
    }
}
