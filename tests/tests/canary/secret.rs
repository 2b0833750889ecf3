//! The secrets, and every form in which they could show.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

/// A password of a user.
pub(crate) const PASSWORD: &str = "Canary-Password-7f3a9c51";
/// A password that no broker takes.
pub(crate) const OTHER: &str = "Canary-Mistaken-90b2e4d8";
/// The password of the published key, which has no other.
pub(crate) const KEY_PASSWORD: &str = "changeit";
/// A published key, as PEM.
pub(crate) const CLIENT_KEY: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/certificates/client-ec-pkcs8.pem"));

/// An unsigned token for `me`, which is good for a century, or was for an hour in 2020.
pub(crate) fn token(is_good: bool) -> String {
    let part = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
    let expires = if is_good { 4_900_000_000_u64 } else { 1_577_840_400 };
    let claims = format!(r#"{{"sub":"me","note":"Canary-Token-3c55aa10","iat":1577836800,"exp":{expires}}}"#);
    format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&claims))
}

/// What is looked for.
pub(crate) struct Secrets(Vec<(String, String)>);

impl Secrets {
    pub(crate) fn all() -> Self {
        let mut all = Self(Vec::new());
        for secret in [PASSWORD, OTHER, KEY_PASSWORD, "Canary-Token-3c55aa10"] {
            all.add(secret);
        }
        for is_good in [true, false] {
            let token = token(is_good);
            all.add(token.split('.').nth(1).unwrap());
        }
        // Every line of a key but the short last one says something of it.
        for line in CLIENT_KEY.lines().filter(|line| line.len() > 40 && !line.contains("--")) {
            all.0.push(("a line of a key".to_owned(), line.to_owned()));
        }
        all
    }

    /// Which secret is in a text, and where.
    pub(crate) fn find(&self, text: &str) -> Option<String> {
        let (what, form) = self.0.iter().find(|(_, form)| text.contains(form.as_str()))?;
        let at = text.find(form.as_str())?;
        let around: String = text.chars().skip(at.saturating_sub(80)).take(240).collect();
        Some(format!("{what} in {around:?}"))
    }

    fn add(&mut self, secret: &str) {
        let mut form = |what: &str, form: String| self.0.push((format!("{secret} {what}"), form));
        form("as it is", secret.to_owned());
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        form("in upper hexadecimal digits", hex.to_uppercase());
        form("in hexadecimal digits", hex);
        let numbers = format!("{:?}", secret.as_bytes());
        form("as numbers", numbers.trim_matches(['[', ']']).to_owned());
        for before in 0..3 {
            // What stands before it in the same text shifts its bits; the letters at both ends depend on others.
            let shifted = [&vec![0; before][..], secret.as_bytes()].concat();
            let base64 = BASE64_STANDARD.encode(shifted);
            let inner = base64.trim_end_matches('=');
            form("in base64", inner[(4 * before).div_ceil(3)..inner.len() - 1].to_owned());
        }
    }
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secrets = Secrets::all();
    for before in ["", "a", "ab", "\0me\0"] {
        let text = format!("{before}{PASSWORD}:and more");
        let encoded = BASE64_STANDARD.encode(&text);
        assert!(secrets.find(&format!("line {text}")).is_some());
        assert!(secrets.find(&format!("line {encoded}")).is_some(), "{encoded}");
        assert!(secrets.find(&format!("{:?}", text.as_bytes())).is_some());
    }
    assert!(secrets.find(CLIENT_KEY).is_some());
    assert!(secrets.find(&format!("Bearer {}", token(true))).is_some());
    assert!(secrets.find("nothing of the kind").is_none());
}
