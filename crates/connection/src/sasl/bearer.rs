//! OAUTHBEARER (RFC 7628, KIP-255): one message with the token, and after a rejection one more that ends the exchange.

use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use super::plain::MESSAGE_BYTES_MAX;
use super::text::sanitised;
use super::token::Token;
use crate::error::CredentialError;

/// The client's message after the server's reason for a rejection (RFC 7628, section 3.2.3).
pub(super) const GIVE_UP: &[u8] = &[1];

/// The client's first message: `n,,\x01auth=Bearer TOKEN\x01` and `name=value\x01` for each extension (KIP-342), then
/// `\x01` (RFC 7628, section 3.1).
pub(super) fn message(token: &Token) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    validate(token)?;
    let value = token.value.expose_secret();
    let extensions: usize = token.extensions.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let bytes = HEAD.len() + value.len() + extensions + 2;
    if bytes > MESSAGE_BYTES_MAX {
        return Err(CredentialError::TooLong { limit: MESSAGE_BYTES_MAX });
    }
    let mut message = Zeroizing::new(Vec::with_capacity(bytes));
    message.extend_from_slice(HEAD);
    message.extend_from_slice(value.as_bytes());
    message.push(1);
    for (name, value) in &token.extensions {
        message.extend_from_slice(name.as_bytes());
        message.push(b'=');
        message.extend_from_slice(value.as_bytes());
        message.push(1);
    }
    message.push(1);
    Ok(message)
}

const HEAD: &[u8] = b"n,,\x01auth=Bearer ";

fn validate(token: &Token) -> Result<(), CredentialError> {
    if !is_b64token(token.value.expose_secret()) {
        return Err(CredentialError::NoToken);
    }
    for (name, value) in &token.extensions {
        // RFC 7628, section 3.1: key = 1*(ALPHA); Java's OAuthBearerClientInitialResponse reserves `auth`.
        if name.is_empty() || name == "auth" || !name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(CredentialError::ExtensionName);
        }
        // RFC 7628: value = *(VCHAR / SP / HTAB / CR / LF); Java requires at least one character.
        let sendable = |byte: u8| matches!(byte, 0x20..=0x7e | b'\t' | b'\r' | b'\n');
        if value.is_empty() || !value.bytes().all(sendable) {
            return Err(CredentialError::ExtensionValue { name: name.clone() });
        }
    }
    Ok(())
}

/// RFC 6750, section 2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && body.bytes().all(allowed)
}

/// The server's reason for a rejected token: the status in its JSON (RFC 7628, section 3.2.2), or the whole text.
pub(super) fn status(challenge: &[u8], token: &str) -> String {
    let challenge = String::from_utf8_lossy(challenge.get(..CHALLENGE_BYTES_READ).unwrap_or(challenge));
    let reason = json_status(&challenge).unwrap_or(&challenge);
    sanitised(reason, &[token])
}

/// The part of a rejection that is parsed.
const CHALLENGE_BYTES_READ: usize = 8 << 10;

/// The string after `"status":`; none for unusual JSON, of which the whole text is shown instead.
fn json_status(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("\"status\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let (status, _) = rest.split_once('"')?;
    (!status.is_empty() && !status.contains('\\')).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(value: &str, extensions: &[(&str, &str)]) -> Token {
        let extensions = extensions.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Token { value: value.into(), lifetime: None, extensions: extensions.collect() }
    }

    #[test]
    fn message_is_that_of_the_rfc() {
        let sent = message(&token("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", &[])).unwrap();
        let expected: &[u8] = b"n,,\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";
        assert_eq!(sent.as_slice(), expected);

        let sent = message(&token("t", &[("logicalCluster", "lkc-1"), ("pool", "a b=c")])).unwrap();
        let expected: &[u8] = b"n,,\x01auth=Bearer t\x01logicalCluster=lkc-1\x01pool=a b=c\x01\x01";
        assert_eq!(sent.as_slice(), expected);
    }

    #[test]
    fn token_that_could_end_its_field_is_rejected() {
        for bad in ["", "=", "a b", "a\x01auth=Bearer b", "a\n", "ä", "a=b"] {
            assert_eq!(message(&token(bad, &[])), Err(CredentialError::NoToken), "{bad:?}");
        }
        assert!(matches!(
            message(&token(&"x".repeat(MESSAGE_BYTES_MAX), &[])),
            Err(CredentialError::TooLong { .. })
        ));
    }

    #[test]
    fn extensions_are_checked_by_their_grammar() {
        for name in ["", "auth", "a1", "a b", "a=b", "ä"] {
            assert_eq!(message(&token("t", &[(name, "v")])), Err(CredentialError::ExtensionName), "{name:?}");
        }
        for value in ["", "a\x01b", "ä", "\x7f"] {
            let error = CredentialError::ExtensionValue { name: "n".into() };
            assert_eq!(message(&token("t", &[("n", value)])), Err(error), "{value:?}");
        }
    }

    #[test]
    fn status_of_a_rejection_is_parsed_and_bounded() {
        let cases: [(&[u8], &str); 5] = [
            (br#"{"status":"invalid_token"}"#, "invalid_token"),
            (br#"{ "scope": "x", "status" : "insufficient_scope" }"#, "insufficient_scope"),
            (br#"{"status":"a\"b"}"#, r#"{"status":"a\"b"}"#),
            (b"\xff\x1b[2J", "\u{fffd}?[2J"),
            (br#"{"status":""}"#, r#"{"status":""}"#),
        ];
        for (challenge, expected) in cases {
            assert_eq!(status(challenge, "t0ken"), expected);
        }
        assert!(status(&vec![b'x'; 1 << 20], "t0ken").len() < 1000);
        assert!(status(b"your token t0ken is bad", "t0ken").contains("withheld"));
    }
}
