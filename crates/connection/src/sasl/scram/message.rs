//! The grammar of a server's messages (RFC 5802, section 7), parsed strictly and within bounds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::error::ScramError;
use crate::sasl::text::sanitised;

/// The maximum length of a server's message. Kafka's are below 200 bytes.
const MESSAGE_BYTES_MAX: usize = 8 << 10;
/// The maximum length of a nonce, with both the client's and the server's part.
const NONCE_BYTES_MAX: usize = 1 << 10;
/// The maximum length of a salt.
const SALT_BYTES_MAX: usize = 1 << 10;

/// The server's challenge.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// The client's nonce followed by the server's.
    pub(crate) nonce: String,
    /// Never empty.
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
}

/// The server's final message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ServerFinal {
    /// `v=`: a signature that proves the knowledge of the password.
    Signature(Vec<u8>),
    /// `e=`: the reason of a failure, made printable.
    Error(String),
}

impl Challenge {
    /// Parses `[m=…,] r=nonce,s=salt,i=iterations [,extensions]`. Returns the text too, which is signed.
    pub(super) fn parse(message: &[u8]) -> Result<(&str, Self), ScramError> {
        let text = text_of(message)?;
        let mut attributes = text.split(',');
        let mut next = |name, what| attribute(attributes.next(), name).ok_or_else(|| malformed(what));
        if text.starts_with("m=") {
            return Err(ScramError::UnknownExtension);
        }
        if let Some(reason) = text.strip_prefix("e=") {
            return Err(ScramError::Refused { reason: sanitised(reason, &[]) });
        }
        let nonce = next("r=", "its first message does not begin with a nonce")?;
        let salt = next("s=", "the salt is missing")?;
        let iterations = next("i=", "the iteration count is missing")?;
        if nonce.len() > NONCE_BYTES_MAX || !nonce.bytes().all(|byte| matches!(byte, 0x21..=0x7e)) {
            return Err(malformed("the nonce is too long or not printable"));
        }
        // Four characters encode three bytes: base64 of twice the limit cannot be within the limit.
        let salt = match salt.len() <= 2 * SALT_BYTES_MAX {
            true => BASE64.decode(salt).map_err(|_| malformed("the salt is not base64"))?,
            false => return Err(malformed("the salt is too long")),
        };
        if salt.is_empty() || salt.len() > SALT_BYTES_MAX {
            return Err(malformed("the salt is empty or too long"));
        }
        extensions(attributes)?;
        Ok((text, Self { nonce: nonce.to_owned(), salt, iterations: number(iterations)? }))
    }
}

impl ServerFinal {
    /// `v=signature` or `e=reason`, and extensions.
    pub(super) fn parse(message: &[u8]) -> Result<Self, ScramError> {
        let text = text_of(message)?;
        let mut attributes = text.split(',');
        let first = attributes.next();
        if let Some(reason) = attribute(first, "e=") {
            return Ok(Self::Error(sanitised(reason, &[])));
        }
        let Some(signature) = attribute(first, "v=") else {
            return Err(malformed("its last message has neither a signature nor an error"));
        };
        extensions(attributes)?;
        BASE64.decode(signature).map(Self::Signature).map_err(|_| malformed("the signature is not base64"))
    }
}

/// A user name with `,` and `=` escaped (RFC 5802, section 5.1).
pub(super) fn escaped(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

fn text_of(message: &[u8]) -> Result<&str, ScramError> {
    if message.len() > MESSAGE_BYTES_MAX {
        return Err(malformed("it is too long"));
    }
    let text = std::str::from_utf8(message).map_err(|_| malformed("it is not UTF-8"))?;
    match text.contains('\0') {
        true => Err(malformed("it has a NUL character")),
        false => Ok(text),
    }
}

fn attribute<'a>(attribute: Option<&'a str>, name: &str) -> Option<&'a str> {
    attribute?.strip_prefix(name)
}

/// A positive decimal number without sign and leading zero (`posit-number`).
fn number(digits: &str) -> Result<u32, ScramError> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let number = if plain { digits.parse().ok() } else { None };
    number.ok_or_else(|| malformed("the iteration count is not a positive 32-bit number"))
}

/// Skips extensions, each `letter=value`. Fails for `m=`, a mandatory one.
fn extensions<'a>(attributes: impl Iterator<Item = &'a str>) -> Result<(), ScramError> {
    for attribute in attributes {
        match attribute.as_bytes() {
            [b'm', b'=', ..] => return Err(ScramError::UnknownExtension),
            [letter, b'=', _, ..] if letter.is_ascii_alphabetic() => {}
            _ => return Err(malformed("invalid extension")),
        }
    }
    Ok(())
}

const fn malformed(what: &'static str) -> ScramError {
    ScramError::Malformed { what }
}
