//! The URL of the token endpoint: https only, and strict, so that it cannot hide another host.

use std::fmt;

use crate::endpoint::Endpoint;

/// A parsed https URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    endpoint: Endpoint,
    /// Path and query, the request target.
    target: String,
}

/// An invalid URL of a token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// Another scheme than https.
    NotHttps,
    /// A user name or password, which would end up in logs.
    HasUserInfo,
    /// No host, or an invalid port.
    NoHost,
    /// Characters that a URL cannot have (RFC 3986): spaces, control characters, non-ASCII.
    Characters,
}

impl Url {
    pub(super) fn parse(url: &str) -> Result<Self, UrlError> {
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UrlError::Characters);
        }
        let (scheme, rest) = url.split_once("://").ok_or(UrlError::NotHttps)?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(UrlError::NotHttps);
        }
        // A fragment is not sent (RFC 3986, section 3.5).
        let rest = rest.split('#').next().unwrap_or_default();
        let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(authority_end);
        if authority.contains('@') {
            return Err(UrlError::HasUserInfo);
        }
        if authority.contains(['\\', ',']) {
            return Err(UrlError::Characters);
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let with_port = if has_port { authority.to_owned() } else { format!("{authority}:443") };
        let endpoint = with_port.parse().map_err(|_| UrlError::NoHost)?;
        let slash = if target.starts_with('/') { "" } else { "/" };
        Ok(Self { endpoint, target: format!("{slash}{target}") })
    }

    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }
}

/// Text encoded for a form (`application/x-www-form-urlencoded`).
pub(super) fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => encoded.push(byte.into()),
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttps => "it does not begin with `https://`",
            Self::HasUserInfo => "it has a user name or password",
            Self::NoHost => "it has no host, or an invalid port",
            Self::Characters => "it has characters that a URL cannot have",
        })
    }
}

impl std::error::Error for UrlError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, host: &str, port: u16, target: &str) {
        let parsed = Url::parse(url).unwrap();
        let Endpoint { host: found, port: at } = parsed.endpoint();
        assert_eq!((found.as_str(), *at, parsed.target()), (host, port, target), "{url}");
    }

    #[test]
    fn https_url_is_parsed() {
        check("https://id.example.com/oauth2/token", "id.example.com", 443, "/oauth2/token");
        check("HTTPS://id:8443?x=1&y=/", "id", 8443, "/?x=1&y=/");
        check("https://id", "id", 443, "/");
        check("https://[::1]:8443/t#fragment", "::1", 8443, "/t");
        check("https://[::1]/t", "::1", 443, "/t");
    }

    #[test]
    fn other_urls_are_rejected() {
        let cases = [
            ("http://id/token", UrlError::NotHttps),
            ("file:///etc/passwd", UrlError::NotHttps),
            ("id/token", UrlError::NotHttps),
            ("", UrlError::NotHttps),
            ("https://user:password@id/token", UrlError::HasUserInfo),
            ("https://", UrlError::NoHost),
            ("https:///token", UrlError::NoHost),
            ("https://id:0x50/", UrlError::NoHost),
            ("https://id:99999/", UrlError::NoHost),
            ("https://id/a b", UrlError::Characters),
            ("https://id/\r\nHost: other", UrlError::Characters),
            ("https://good\\evil/", UrlError::Characters),
        ];
        for (url, expected) in cases {
            assert_eq!(Url::parse(url), Err(expected), "{url:?}");
        }
    }

    #[test]
    fn form_encoding_escapes_any_text() {
        assert_eq!(form_encoded("a b&c=d+é*-._~"), "a+b%26c%3Dd%2B%C3%A9*-._%7E");
    }
}
