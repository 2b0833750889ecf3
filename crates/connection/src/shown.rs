//! Texts of a configuration in errors, log lines and `Debug`: escaped and bounded, and hidden if they may contain a secret.
//!
//! A secret gets into the wrong property by mistake: PEM text in the place of a path, the second line of a value that is not
//! continued, a user with a password in an address. [`Shown`] detects these shapes:
//!
//! * a `BEGIN` or `END` line of PEM (RFC 7468),
//! * [`BASE64_BYTES_MIN`] and more letters of base64 in a row, with lower case, upper case and digits,
//! * `user:password@host` (RFC 3986, 3.2.1),
//! * more than [`SHOWN_BYTES_MAX`] bytes.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// The maximum length of a text in an error; longer ones are hidden.
pub const SHOWN_BYTES_MAX: usize = 512;

/// The minimum length of a secret in base64; a shorter run of letters and digits is a name.
const BASE64_BYTES_MIN: usize = 24;

/// A text in the form that an error, a log line or `Debug` may show.
///
/// ```
/// use milena_connection::Shown;
/// assert_eq!(Shown("ca.pem").to_string(), "ca.pem");
/// assert_eq!(Shown("a\u{1b}[2J").to_string(), "a\\u{1b}[2J");
/// assert_eq!(Shown("alice:s3cret@kafka:9092").to_string(), "[hidden]");
/// ```
#[derive(Clone, Copy)]
pub struct Shown<'a>(pub &'a str);

impl Shown<'_> {
    /// Whether the text is shown as `[hidden]`.
    #[must_use]
    pub fn is_hidden(self) -> bool {
        self.0.len() > SHOWN_BYTES_MAX || may_be_secret(self.0)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_hidden() { f.write_str(HIDDEN) } else { write!(f, "{}", self.0.escape_debug()) }
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_hidden() { f.write_str(HIDDEN) } else { fmt::Debug::fmt(self.0, f) }
    }
}

/// The replacement of a secret.
pub(crate) const HIDDEN: &str = "[hidden]";

/// Whether a text contains PEM, or the begin or end line of it.
///
/// ```
/// assert!(milena_connection::holds_pem("-----BEGIN PRIVATE KEY-----"));
/// ```
#[must_use]
pub fn holds_pem(text: &str) -> bool {
    text.contains("-----BEGIN") || text.contains("-----END")
}

/// Whether a text has the shape of a secret, whatever its length.
///
/// ```
/// assert!(milena_connection::may_be_secret("https://alice:s3cret@host/"));
/// assert!(!milena_connection::may_be_secret("/etc/kafka/secrets/client.key"));
/// ```
#[must_use]
pub fn may_be_secret(text: &str) -> bool {
    holds_pem(text) || looks_like_base64(text) || has_password(text)
}

/// A slash ends a run, because paths have the same letters. A key in base64 has long runs between its slashes.
fn looks_like_base64(text: &str) -> bool {
    let in_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'=');
    text.as_bytes().split(|byte| !in_base64(*byte)).filter(|run| run.len() >= BASE64_BYTES_MIN).any(|run| {
        let count = |is: fn(&u8) -> bool| run.iter().filter(|byte| is(byte)).count();
        count(u8::is_ascii_lowercase) > 0
            && count(u8::is_ascii_uppercase) > 0
            && count(u8::is_ascii_digit) > 1
    })
}

/// `C:\keys\me@home` has none: a password has no backslash and no whitespace, and a slash in it is encoded.
fn has_password(text: &str) -> bool {
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '/' | '\\');
    text.match_indices('@').any(|(at, _)| {
        let before = &text[..at];
        let begin = before.rfind(ends).map_or(0, |end| end + 1);
        before.get(begin..).is_some_and(|user| user.contains(':'))
    })
}

/// A text of the configuration whose `Debug` is [`Shown`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if may_be_secret(&self.0) { f.write_str(HIDDEN) } else { fmt::Debug::fmt(&self.0, f) }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

/// The path of a file whose `Debug` is [`Shown`].
#[derive(Clone, PartialEq, Eq)]
pub struct FilePath(PathBuf);

impl FilePath {
    /// The path, or `[hidden]`.
    #[must_use]
    pub fn shown(&self) -> String {
        Shown(&self.0.to_string_lossy()).to_string()
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Shown(&self.0.to_string_lossy()), f)
    }
}

impl Deref for FilePath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl<T: Into<PathBuf>> From<T> for FilePath {
    fn from(path: T) -> Self {
        Self(path.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_by_their_shape() {
        for secret in [
            "-----BEGIN PRIVATE KEY-----",
            "x\n-----END CERTIFICATE-----",
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYFkxYH+mBS3KB6vu",
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x",
            "alice:s3cret@kafka:9092",
            "SASL_SSL://alice:s3cret@kafka:9092,b:1",
            "a:1, https://alice:p@ss@host/token",
            &"x".repeat(SHOWN_BYTES_MAX + 1),
        ] {
            assert_eq!(Shown(secret).to_string(), "[hidden]", "{secret}");
            assert_eq!(format!("{:?}", Shown(secret)), "[hidden]", "{secret}");
        }
    }

    #[test]
    fn names_paths_and_addresses_are_shown() {
        for plain in [
            "",
            "kafka-1:9092,[::1]:9092",
            "alice@example.com",
            "/var/run/secrets/kafka/7f3a9c51-90b2-4e4d-8f2a-client/tls.key",
            "C:\\keys\\me@home\\client.pem",
            "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
            "https://id.example.com/oauth2/token?a=b",
            "TLSv1.2,TLSv1.3",
        ] {
            assert!(!Shown(plain).is_hidden(), "{plain}");
        }
    }

    #[test]
    fn text_and_path_are_hidden_in_debug() {
        let (text, path) = (Text::from("a:b@c"), FilePath::from("-----BEGIN KEY-----"));
        assert_eq!(format!("{text:?} {path:?}"), "[hidden] [hidden]");
        assert_eq!(format!("{:?} {:?}", Text::from("a"), FilePath::from("b")), "\"a\" \"b\"");
    }
}
