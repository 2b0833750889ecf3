//! The hash functions of SCRAM, as values instead of types.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256, Sha512};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// RFC 7677.
    Sha256,
    /// SCRAM-SHA-512, as RFC 7677 with SHA-512.
    Sha512,
}

impl Hash {
    /// The hash of `data`.
    pub(super) fn digest(self, data: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        })
    }

    /// HMAC (RFC 2104), with a key of any length.
    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Sha256 => mac::<Hmac<Sha256>>(key, data),
            Self::Sha512 => mac::<Hmac<Sha512>>(key, data),
        })
    }

    /// `Hi` of RFC 5802, section 2.2: PBKDF2 with one block of output.
    pub(super) fn salted(self, password: &[u8], salt: &[u8], iterations: u32) -> Zeroizing<Vec<u8>> {
        let mut salted = Zeroizing::new(vec![0; self.bytes()]);
        let derived = match self {
            Self::Sha256 => pbkdf2::pbkdf2::<Hmac<Sha256>>(password, salt, iterations, &mut salted),
            Self::Sha512 => pbkdf2::pbkdf2::<Hmac<Sha512>>(password, salt, iterations, &mut salted),
        };
        debug_assert!(derived.is_ok(), "a key of HMAC may have any length");
        salted
    }

    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    let keyed = <M as KeyInit>::new_from_slice(key);
    debug_assert!(keyed.is_ok(), "a key of HMAC may have any length");
    keyed.map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec()).unwrap_or_default()
}
