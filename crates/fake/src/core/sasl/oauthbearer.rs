//! OAUTHBEARER (RFC 7628) with unsigned JWTs (KIP-255): `alg` is `none`, `sub` names the user, `exp` is checked.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::step::{Authenticated, Step};

const SEPARATOR: char = '\u{1}';

/// The challenge before a failure; the client responds with one separator, and the exchange is over.
const INVALID: &str = r#"{"status":"invalid_token"}"#;

#[derive(Debug, Default)]
pub(crate) struct OAuthBearer {
    is_refused: bool,
}

impl OAuthBearer {
    pub(super) fn step(&mut self, wall_ms: i64, auth_bytes: &[u8]) -> Step {
        if self.is_refused {
            return Step::Failed(INVALID.to_owned());
        }
        let Some(token) = std::str::from_utf8(auth_bytes).ok().and_then(token) else {
            return Step::Failed("Invalid OAUTHBEARER client first message".to_owned());
        };
        match claims(token).filter(|claims| claims.expires_ms > wall_ms) {
            Some(claims) => Step::Authenticated(Authenticated {
                user: claims.subject,
                reply: Vec::new(),
                until_ms: Some(claims.expires_ms),
            }),
            None => {
                self.is_refused = true;
                Step::Challenge(INVALID.as_bytes().to_vec())
            }
        }
    }
}

/// The token in `n,[a=…],^A auth=Bearer TOKEN ^A [name=value ^A]… ^A`.
fn token(message: &str) -> Option<&str> {
    let (header, rest) = message.split_once(SEPARATOR)?;
    let is_header = header == "n,," || (header.starts_with("n,a=") && header.ends_with(','));
    let pairs = rest.strip_suffix("\u{1}\u{1}")?;
    let are_pairs = pairs.split(SEPARATOR).all(|pair| pair.contains('='));
    let found = pairs.split(SEPARATOR).find_map(bearer);
    found.filter(|_| is_header && are_pairs)
}

/// The scheme's name is in letters of any size (RFC 7235).
fn bearer(pair: &str) -> Option<&str> {
    let (scheme, token) = pair.strip_prefix("auth=")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

struct Claims {
    subject: String,
    expires_ms: i64,
}

/// The claims of an unsigned JWT; none of any other text.
fn claims(token: &str) -> Option<Claims> {
    let parts: Vec<_> = token.split('.').collect();
    let &[header, claims, ""] = &parts[..] else { return None };
    let read = |part: &str| {
        let json = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<serde_json::Value>(&json).ok()
    };
    let (header, claims) = (read(header)?, read(claims)?);
    let seconds = claims.get("exp")?;
    let expires_ms = match (seconds.as_i64(), seconds.as_f64()) {
        (Some(seconds), _) => seconds.checked_mul(1000)?,
        (None, Some(seconds)) => whole_ms(seconds)?,
        (None, None) => return None,
    };
    let subject = claims.get("sub")?.as_str()?.to_owned();
    (header.get("alg")?.as_str()? == "none" && !subject.is_empty()).then_some(Claims { subject, expires_ms })
}

/// Seconds with a fraction, as milliseconds.
fn whole_ms(seconds: f64) -> Option<i64> {
    let duration = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    i64::try_from(duration.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_parsed_as_in_rfc_7628() {
        for (message, found) in [
            ("n,,\u{1}auth=Bearer abc\u{1}\u{1}", Some("abc")),
            ("n,a=me,\u{1}auth=Bearer abc\u{1}logicalCluster=lkc-1\u{1}\u{1}", Some("abc")),
            ("n,,\u{1}traceId=1\u{1}auth=bearer abc\u{1}\u{1}", Some("abc")),
            ("n,,\u{1}auth=Basic abc\u{1}\u{1}", None),
            ("y,,\u{1}auth=Bearer abc\u{1}\u{1}", None),
            ("n,,\u{1}auth=Bearer abc\u{1}", None),
            ("n,,\u{1}auth=Bearer abc\u{1}bare\u{1}\u{1}", None),
            ("", None),
        ] {
            assert_eq!(token(message), found, "{message:?}");
        }
    }

    #[test]
    fn claims_are_read_from_an_unsigned_token_alone() {
        let token = |header: &str, claims: &str| {
            format!("{}.{}.", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims))
        };
        let none = r#"{"alg":"none"}"#;
        let read = |token: String| claims(&token).map(|claims| (claims.subject, claims.expires_ms));
        let me = |ms| Some(("me".to_owned(), ms));
        assert_eq!(read(token(none, r#"{"sub":"me","exp":12}"#)), me(12_000));
        assert_eq!(read(token(none, r#"{"sub":"me","exp":1.5}"#)), me(1_500));
        assert_eq!(read(token(r#"{"alg":"HS256"}"#, r#"{"sub":"me","exp":12}"#)), None);
        for claims in [r#"{"sub":"me"}"#, r#"{"exp":12}"#, r#"{"sub":"","exp":12}"#, "[]", ""] {
            assert_eq!(read(token(none, claims)), None, "{claims}");
        }
        assert_eq!(read(token(none, r#"{"sub":"me","exp":12}"#) + "signed"), None);
    }
}
