//! Unsecured tokens (KIP-255): for tests and demos, on brokers that are configured to accept them.

use std::future::{Future, ready};
use std::pin::Pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;

use super::token::{Token, TokenProvider};
use crate::clock;
use crate::error::TokenError;

/// JSON Web Tokens without a signature (`"alg":"none"`, RFC 7515, appendix A.5), like those of Java's
/// `OAuthBearerUnsecuredLoginCallbackHandler`. They can be forged, and prove nothing.
///
/// ```
/// use std::sync::Arc;
/// use milena_connection::sasl::{Sasl, UnsecuredTokens};
/// let sasl = Sasl::oauthbearer(Arc::new(UnsecuredTokens::new("alice").scope("produce")));
/// ```
#[derive(Clone, Debug)]
pub struct UnsecuredTokens {
    subject: String,
    scopes: Vec<String>,
    lifetime: Duration,
    extensions: Vec<(String, String)>,
}

impl UnsecuredTokens {
    /// Tokens for a subject (`sub`), valid for an hour.
    #[must_use]
    pub fn new(subject: impl Into<String>) -> Self {
        let lifetime = Duration::from_secs(3600);
        Self { subject: subject.into(), scopes: Vec::new(), lifetime, extensions: Vec::new() }
    }

    /// Adds a `scope`.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Sets the lifetime.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Adds a SASL extension (KIP-342).
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extensions.push((name.into(), value.into()));
        self
    }

    /// A token that is issued at `now`, the time since 1970.
    fn at(&self, now: Duration) -> Token {
        let subject = json_string(&self.subject);
        let (issued, expires) = (seconds(now), seconds(now + self.lifetime));
        let scopes: Vec<String> = self.scopes.iter().map(|scope| json_string(scope)).collect();
        let scope = match scopes.as_slice() {
            [] => String::new(),
            scopes => format!(",\"scope\":[{}]", scopes.join(",")),
        };
        let claims = format!("{{\"sub\":{subject},\"iat\":{issued},\"exp\":{expires}{scope}}}");
        let value = format!("{}.{}.", BASE64URL.encode(r#"{"alg":"none"}"#), BASE64URL.encode(claims));
        let (lifetime, extensions) = (Some(self.lifetime), self.extensions.clone());
        Token { value: value.into(), lifetime, extensions }
    }
}

impl TokenProvider for UnsecuredTokens {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(ready(Ok(self.at(clock::since_1970()))))
    }
}

/// A `NumericDate` (RFC 7519, section 2) of millisecond precision, which Java reads as a double.
fn seconds(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

/// A string as JSON has it (RFC 8259, section 7).
fn json_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if u32::from(character) < 0x20 => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn parts(tokens: &UnsecuredTokens, now: Duration) -> (String, String) {
        let token = tokens.at(now);
        let value = token.value.expose_secret().to_owned();
        let parts: Vec<&str> = value.split('.').collect();
        let [header, claims, ""] = parts.as_slice() else { panic!("{value}") };
        let text = |part: &&str| String::from_utf8(BASE64URL.decode(part).unwrap()).unwrap();
        (text(header), text(claims))
    }

    #[test]
    fn token_has_subject_and_expiration_and_no_signature() {
        let tokens = UnsecuredTokens::new("alice").lifetime(Duration::from_millis(1500));
        let (header, claims) = parts(&tokens, Duration::from_millis(1_700_000_000_250));
        assert_eq!(header, r#"{"alg":"none"}"#);
        assert_eq!(claims, r#"{"sub":"alice","iat":1700000000.250,"exp":1700000001.750}"#);
        assert_eq!(tokens.at(Duration::ZERO).lifetime, Some(Duration::from_millis(1500)));
    }

    #[test]
    fn names_and_scopes_cannot_add_claims() {
        let tokens = UnsecuredTokens::new("a\",\"exp\":9,\"\u{1}").scope("x").scope("y\\");
        let (_, claims) = parts(&tokens, Duration::ZERO);
        let expected = r#"{"sub":"a\",\"exp\":9,\"\u0001","iat":0.000,"exp":3600.000,"scope":["x","y\\"]}"#;
        assert_eq!(claims, expected);
    }

    #[test]
    fn unsecured_token_can_be_sent() {
        let token = UnsecuredTokens::new("älice").extension("pool", "p1").at(Duration::from_secs(1));
        assert!(crate::sasl::bearer::message(&token).is_ok());
    }
}
