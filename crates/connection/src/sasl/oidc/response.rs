//! The token in a token response (RFC 6749, section 5.1).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;

use crate::clock;
use crate::sasl::token::Token;

/// The token in a body, or an error that quotes nothing of the body.
pub(super) fn token_in(body: &[u8], extensions: &[(String, String)]) -> Result<Token, &'static str> {
    let response: Value = serde_json::from_slice(body).map_err(|_| "its response is not JSON")?;
    let value =
        response.get("access_token").and_then(Value::as_str).ok_or("its response has no access token")?;
    let kind = response.get("token_type").and_then(Value::as_str);
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err("its token is not a bearer token");
    }
    let lifetime = match response.get("expires_in") {
        // Some providers send the number as a string.
        Some(Value::String(seconds)) => seconds.parse().ok().and_then(positive),
        Some(seconds) => seconds.as_f64().and_then(positive),
        None => expiry_of(value).and_then(|expiry| positive(expiry - clock::since_1970().as_secs_f64())),
    };
    Ok(Token { value: value.into(), lifetime, extensions: extensions.to_vec() })
}

fn positive(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|lifetime| !lifetime.is_zero())
}

/// The expiration time of a JWT, in seconds since 1970 (RFC 7519, section 4.1.4).
fn expiry_of(token: &str) -> Option<f64> {
    let claims = BASE64URL.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&claims).ok()?.get("exp")?.as_f64()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn token(body: &str) -> Result<(String, Option<u64>), &'static str> {
        let token = token_in(body.as_bytes(), &[])?;
        Ok((token.value.expose_secret().to_owned(), token.lifetime.map(|lifetime| lifetime.as_secs())))
    }

    #[test]
    fn token_and_lifetime_are_parsed() {
        let cases = [
            (r#"{"access_token":"t","expires_in":3600,"token_type":"Bearer"}"#, Some(3600)),
            (r#"{"access_token":"t","expires_in":"60","token_type":"bearer","more":{}}"#, Some(60)),
            (r#"{"access_token":"t"}"#, None),
            (r#"{"access_token":"t","expires_in":0}"#, None),
            (r#"{"access_token":"t","expires_in":-1}"#, None),
            (r#"{"access_token":"t","expires_in":1e300}"#, None),
        ];
        for (body, lifetime) in cases {
            assert_eq!(token(body), Ok(("t".to_owned(), lifetime)), "{body}");
        }
    }

    #[test]
    fn lifetime_of_a_jwt_is_its_exp_claim() {
        let now = clock::since_1970().as_secs();
        let claims = BASE64URL.encode(format!(r#"{{"exp":{}}}"#, now + 1000));
        let (_, lifetime) = token(&format!(r#"{{"access_token":"e30.{claims}.x"}}"#)).unwrap();
        assert!(lifetime.is_some_and(|lifetime| (990..=1000).contains(&lifetime)), "{lifetime:?}");
    }

    #[test]
    fn error_of_an_invalid_response_quotes_nothing_of_it() {
        for body in
            ["", "hunter2", "[]", r#"{"access_token":7}"#, r#"{"access_token":"t","token_type":"mac"}"#]
        {
            let error = token(body).unwrap_err();
            assert!(!error.contains("hunter2") && error.starts_with("its "), "{error}");
        }
        let deep = "[".repeat(60_000);
        assert_eq!(token(&deep), Err("its response is not JSON"));
    }
}
