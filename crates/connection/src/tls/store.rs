//! Recognises other formats of certificates and keys than PEM by their first bytes.

use super::setup::StoreKind;

/// The format of a file with these first bytes, if known.
pub(super) fn recognise(bytes: &[u8]) -> Option<StoreKind> {
    match bytes {
        // The magic numbers of `sun.security.provider.JavaKeyStore` and `com.sun.crypto.provider.JceKeyStore`.
        [0xfe, 0xed, 0xfe, 0xed, ..] => Some(StoreKind::Jks),
        [0xce, 0xce, 0xce, 0xce, ..] => Some(StoreKind::Jceks),
        [SEQUENCE, ..] => of_der(content(bytes)?),
        _ => None,
    }
}

/// A PFX begins with version 3 (RFC 7292, 4), a key with version 0 or 1 (RFC 5958, 2; RFC 8017, A.1.2; RFC 5915, 3). A
/// certificate begins with a long sequence (RFC 5280, 4.1), an encrypted key with a short one (RFC 5958, 3).
fn of_der(content: &[u8]) -> Option<StoreKind> {
    match content {
        [INTEGER, 1, 3, ..] => Some(StoreKind::Pkcs12),
        [INTEGER, 1, 0 | 1, ..] => Some(StoreKind::DerKey),
        [SEQUENCE, 0..0x80, ..] => Some(StoreKind::DerKey),
        [SEQUENCE, _, ..] => Some(StoreKind::DerCertificate),
        _ => None,
    }
}

/// The content of the outermost sequence. Its length may be indefinite: Windows and old Java write such PKCS#12.
fn content(bytes: &[u8]) -> Option<&[u8]> {
    let length_bytes = match bytes.get(1)? {
        0..0x81 => 0,
        long @ 0x81..=0x84 => usize::from(long - 0x80),
        _ => return None,
    };
    bytes.get(2 + length_bytes..)
}

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
