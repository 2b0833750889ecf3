//! A private key out of PEM: in each of the forms that tools write, opened with its password where it has one.

use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::pkcs5::{self, EncryptionScheme};
use pkcs8::{EncryptedPrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use secrecy::{ExposeSecret, SecretString};

use super::pem::Part;
use super::setup::TlsSetupFault;

/// Most rounds of PBKDF2 to open a key: some seconds. OpenSSL takes 2 048, OWASP asks for 600 000.
const PBKDF2_ROUNDS_MAX: u32 = 10_000_000;

/// Most bytes that scrypt works through to open a key, N · r · p · 128 of RFC 7914. OpenSSL takes 16 MiB.
const SCRYPT_BYTES_MAX: u64 = 128 << 20;

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
        "ENCRYPTED PRIVATE KEY" => {
            let opened = open(&part.der, password)?;
            Ok(PrivatePkcs8KeyDer::from(opened.as_bytes().to_vec()).into())
        }
        label => Err(TlsSetupFault::KeyRefused(format!("`{label}` is another format"))),
    }
}

/// Opens a key of PKCS#8 with its password (PBES2, RFC 8018).
fn open(der: &[u8], password: Option<&SecretString>) -> Result<SecretDocument, TlsSetupFault> {
    let key = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| TlsSetupFault::UnknownEncryption)?;
    affordable(&key.encryption_algorithm)?;
    let password = password.ok_or(TlsSetupFault::PasswordMissing)?;
    key.decrypt(password.expose_secret()).map_err(|error| match error {
        // A wrong password mostly shows in the padding, and else in what is no key.
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => {
            TlsSetupFault::PasswordWrong
        }
        _ => TlsSetupFault::UnknownEncryption,
    })
}

/// The file decides how much work it makes, so that it has a bound.
fn affordable(scheme: &EncryptionScheme) -> Result<(), TlsSetupFault> {
    let EncryptionScheme::Pbes2(parameters) = scheme else { return Err(TlsSetupFault::UnknownEncryption) };
    let asked = match &parameters.kdf {
        Kdf::Pbkdf2(asked) if asked.iteration_count > PBKDF2_ROUNDS_MAX => {
            format!("{} rounds of PBKDF2, the limit is {PBKDF2_ROUNDS_MAX}", asked.iteration_count)
        }
        Kdf::Pbkdf2(_) => return Ok(()),
        Kdf::Scrypt(asked) => {
            let blocks = u64::from(asked.block_size).saturating_mul(u64::from(asked.parallelization));
            let bytes = asked.cost_parameter.saturating_mul(blocks).saturating_mul(128);
            match bytes > SCRYPT_BYTES_MAX || asked.cost_parameter < 2 {
                true => format!("{bytes} bytes of scrypt, the limit is {SCRYPT_BYTES_MAX}"),
                false => return Ok(()),
            }
        }
        _ => return Err(TlsSetupFault::UnknownEncryption),
    };
    Err(TlsSetupFault::TooExpensive { asked })
}
