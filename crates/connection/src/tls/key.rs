//! Private keys in PEM: PKCS#8, PKCS#1 and SEC1, and encrypted PKCS#8.

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use secrecy::SecretString;

#[cfg(feature = "encrypted-keys")]
use super::encrypted_key::open;
use super::pem::Part;
use super::setup::TlsSetupFault;

/// The first private key among the parts.
pub(super) fn of(
    parts: &[Part],
    password: Option<&SecretString>,
) -> Result<PrivateKeyDer<'static>, TlsSetupFault> {
    let Some(part) = parts.iter().find(|part| part.label.ends_with("PRIVATE KEY")) else {
        return Err(TlsSetupFault::NoKey { found: parts.iter().map(|part| part.label.clone()).collect() });
    };
    if part.legacy {
        return Err(TlsSetupFault::LegacyEncryption);
    }
    match part.label.as_str() {
        "PRIVATE KEY" => Ok(PrivatePkcs8KeyDer::from(part.der.to_vec()).into()),
        "RSA PRIVATE KEY" => Ok(PrivatePkcs1KeyDer::from(part.der.to_vec()).into()),
        "EC PRIVATE KEY" => Ok(PrivateSec1KeyDer::from(part.der.to_vec()).into()),
        "ENCRYPTED PRIVATE KEY" => open(&part.der, password),
        label => Err(TlsSetupFault::KeyRefused(format!("`{label}` is another format"))),
    }
}

#[cfg(not(feature = "encrypted-keys"))]
fn open(_: &[u8], _: Option<&SecretString>) -> Result<PrivateKeyDer<'static>, TlsSetupFault> {
    Err(TlsSetupFault::EncryptedKeysOff)
}
