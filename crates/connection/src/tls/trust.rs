//! Certificate verification: with the authorities of a PEM text or of the system, with or without the host name.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use super::explain::words_of;
use super::pem::Part;
use super::setup::TlsSetupFault;

/// A verifier of broker certificates.
pub(super) type Trust = Arc<dyn ServerCertVerifier>;

/// The verifiers of Apple, Windows and Android check name and chain at once.
const SYSTEM_CHECKS_NAME_LAST: bool =
    cfg!(all(unix, not(target_vendor = "apple"), not(target_os = "android")));

/// A verifier with these authorities only.
pub(super) fn in_authorities(
    parts: &[Part],
    provider: &Arc<CryptoProvider>,
    checks_host_name: bool,
) -> Result<Trust, TlsSetupFault> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(parts)? {
        roots.add(certificate).map_err(|error| TlsSetupFault::BadCertificate(words_of(&error)))?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), Arc::clone(provider)).build();
    let verifier = verifier.map_err(|error| TlsSetupFault::BadCertificate(error.to_string()))?;
    Ok(if checks_host_name { verifier } else { Arc::new(AnyName(verifier)) })
}

/// A verifier with the authorities of the system.
pub(super) fn in_system(
    provider: &Arc<CryptoProvider>,
    checks_host_name: bool,
) -> Result<Trust, TlsSetupFault> {
    if !checks_host_name && !SYSTEM_CHECKS_NAME_LAST {
        return Err(TlsSetupFault::NameIsAlwaysChecked);
    }
    let verifier = Verifier::new(Arc::clone(provider))
        .map_err(|error| TlsSetupFault::NoSystemAuthorities(error.to_string()))?;
    Ok(if checks_host_name { Arc::new(verifier) } else { Arc::new(AnyName(Arc::new(verifier))) })
}

/// The certificates among the parts, at least one.
pub(super) fn certificates(parts: &[Part]) -> Result<Vec<CertificateDer<'static>>, TlsSetupFault> {
    let certificate = |part: &&Part| CERTIFICATE_LABELS.contains(&part.label.as_str());
    let found: Vec<_> =
        parts.iter().filter(certificate).map(|part| CertificateDer::from(part.der.to_vec())).collect();
    match found.is_empty() {
        true => {
            Err(TlsSetupFault::NoCertificate { found: parts.iter().map(|part| part.label.clone()).collect() })
        }
        false => Ok(found),
    }
}

/// The labels of certificates (RFC 7468, 5.1).
const CERTIFICATE_LABELS: [&str; 2] = ["CERTIFICATE", "X509 CERTIFICATE"];

/// Verifies everything but the host name.
///
/// Relies on rustls, which checks the name last: a certificate that fails by its name is valid otherwise.
struct AnyName(Trust);

impl fmt::Debug for AnyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyName").finish()
    }
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.0.root_hint_subjects()
    }
}
