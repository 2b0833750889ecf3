//! PEM (RFC 7468), leniently: several parts in one text, in any order, with text around them, indented or on one line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use super::setup::TlsSetupFault;
use super::store;
use crate::shown::{FilePath, holds_pem};

/// The maximum size of a PEM text: the authorities of a system have a quarter of a megabyte.
pub(super) const PEM_BYTES_MAX: usize = 8 << 20;

/// A PEM document: a file that is read for each use, or text. `Debug` does not show the text.
#[derive(Clone, Debug)]
pub(super) enum Pem {
    File(FilePath),
    Inline(SecretString),
}

/// A PEM text, wiped from memory on drop.
pub(super) type Text = Zeroizing<Vec<u8>>;

/// A part between `BEGIN` and `END`.
pub(super) struct Part {
    /// The label, as in `CERTIFICATE`.
    pub(super) label: String,
    /// The decoded bytes; empty for a key in OpenSSL's legacy encryption.
    pub(super) der: Zeroizing<Vec<u8>>,
    /// Whether the part is in OpenSSL's legacy encryption (RFC 1421, 4.6.1.1).
    pub(super) legacy: bool,
}

impl Pem {
    /// The path of a file; none for text.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Inline(_) => None,
        }
    }

    /// Reads the file, or copies the text.
    pub(super) fn read(&self) -> Result<Text, TlsSetupFault> {
        match self {
            Self::File(path) => read_file(path),
            Self::Inline(text) => Ok(text.expose_secret().as_bytes().to_vec().into()),
        }
    }
}

fn read_file(path: &Path) -> Result<Text, TlsSetupFault> {
    if holds_pem(&path.to_string_lossy()) {
        return Err(TlsSetupFault::TextAsPath);
    }
    let mut text = Text::default();
    let mut read = || {
        let file = File::open(path)?;
        file.take(PEM_BYTES_MAX as u64 + 1).read_to_end(&mut text)
    };
    let bytes = read().map_err(TlsSetupFault::Unreadable)?;
    match bytes > PEM_BYTES_MAX {
        true => Err(TlsSetupFault::TooLarge { limit: PEM_BYTES_MAX }),
        false => Ok(text),
    }
}

/// The parts of a text, at least one.
pub(super) fn parts(text: &[u8]) -> Result<Vec<Part>, TlsSetupFault> {
    if let Some(kind) = store::recognise(text) {
        return Err(TlsSetupFault::Store(kind));
    }
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(TlsSetupFault::Empty);
    }
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((_, behind)) = cut(rest, BEGIN) {
        let (label, behind) = cut(behind, DASHES).ok_or(TlsSetupFault::NoPem)?;
        let label = String::from_utf8_lossy(&label[..label.len().min(LABEL_BYTES_MAX)]).into_owned();
        let end = [b"-----END ", label.as_bytes(), DASHES].concat();
        let Some((body, behind)) = cut(behind, &end) else { return Err(TlsSetupFault::BadPem { label }) };
        parts.push(part(label, body)?);
        rest = behind;
    }
    match parts.is_empty() {
        true => Err(TlsSetupFault::NoPem),
        false => Ok(parts),
    }
}

fn part(label: String, body: &[u8]) -> Result<Part, TlsSetupFault> {
    if cut(body, b"Proc-Type:").is_some() && cut(body, b"ENCRYPTED").is_some() {
        return Ok(Part { label, der: Zeroizing::default(), legacy: true });
    }
    let mut digits = Zeroizing::new(Vec::with_capacity(body.len()));
    digits.extend(body.iter().filter(|byte| !byte.is_ascii_whitespace()));
    match STANDARD.decode(&*digits) {
        Ok(der) if !der.is_empty() => Ok(Part { label, der: der.into(), legacy: false }),
        _ => Err(TlsSetupFault::BadPem { label }),
    }
}

/// The text before and behind the first `mark`.
fn cut<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(mark.len()).position(|window| window == mark)?;
    Some((&text[..at], &text[at + mark.len()..]))
}

const BEGIN: &[u8] = b"-----BEGIN ";
const DASHES: &[u8] = b"-----";

/// The maximum length of a label; known labels are shorter.
const LABEL_BYTES_MAX: usize = 64;
