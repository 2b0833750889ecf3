//! An encrypted private key (PKCS#8 with PBES2, RFC 5958 and RFC 8018), opened with its password. The feature
//! `encrypted-keys` adds this file and the crates that it needs.

use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::pkcs5::{self, EncryptionScheme};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::{ExposeSecret, SecretString};

use super::setup::TlsSetupFault;

/// The maximum number of PBKDF2 rounds of a key: some seconds. OpenSSL uses 2 048, OWASP recommends 600 000.
const PBKDF2_ROUNDS_MAX: u32 = 10_000_000;

/// The maximum number of bytes that scrypt processes for a key, N · r · p · 128 of RFC 7914. OpenSSL uses 16 MiB.
const SCRYPT_BYTES_MAX: u64 = 128 << 20;

/// Decrypts a PKCS#8 key with its password (PBES2, RFC 8018).
pub(super) fn open(
    der: &[u8],
    password: Option<&SecretString>,
) -> Result<PrivateKeyDer<'static>, TlsSetupFault> {
    let key = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| TlsSetupFault::UnknownEncryption)?;
    affordable(&key.encryption_algorithm)?;
    let password = password.ok_or(TlsSetupFault::PasswordMissing)?;
    let opened = key.decrypt(password.expose_secret()).map_err(|error| match error {
        // A wrong password mostly yields invalid padding, and else an invalid key.
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => {
            TlsSetupFault::PasswordWrong
        }
        _ => TlsSetupFault::UnknownEncryption,
    })?;
    Ok(PrivatePkcs8KeyDer::from(opened.as_bytes().to_vec()).into())
}

/// The file decides how much work it makes, so that it has a bound.
fn affordable(scheme: &EncryptionScheme) -> Result<(), TlsSetupFault> {
    let EncryptionScheme::Pbes2(parameters) = scheme else { return Err(TlsSetupFault::UnknownEncryption) };
    let work = match &parameters.kdf {
        Kdf::Pbkdf2(parameters) if parameters.iteration_count > PBKDF2_ROUNDS_MAX => {
            format!("{} rounds of PBKDF2, the limit is {PBKDF2_ROUNDS_MAX}", parameters.iteration_count)
        }
        Kdf::Pbkdf2(_) => return Ok(()),
        Kdf::Scrypt(parameters) => {
            let blocks =
                u64::from(parameters.block_size).saturating_mul(u64::from(parameters.parallelization));
            let bytes = parameters.cost_parameter.saturating_mul(blocks).saturating_mul(128);
            match bytes > SCRYPT_BYTES_MAX || parameters.cost_parameter < 2 {
                true => format!("{bytes} bytes of scrypt, the limit is {SCRYPT_BYTES_MAX}"),
                false => return Ok(()),
            }
        }
        _ => return Err(TlsSetupFault::UnknownEncryption),
    };
    Err(TlsSetupFault::TooExpensive { work })
}
