//! The form of an address list that errors and `Debug` may show. Text that is not an address may contain a password: behind the
//! host only a port of one to five digits is shown.

use std::fmt;
use std::net::Ipv6Addr;
use std::ops::Deref;

use super::Endpoint;
use crate::shown::{HIDDEN, Shown};

/// Characters of addresses with a user, with parameters, or with encoding.
pub(super) const SIGNS: [char; 4] = ['@', '%', '?', '='];

/// The form of a list entry for an error.
pub(super) fn shown(entry: &str) -> String {
    if Shown(entry).is_hidden() || entry.contains(SIGNS) {
        return HIDDEN.to_owned();
    }
    let trimmed = entry.trim();
    let (scheme, address) = match trimmed.find("://").map(|at| at + 3) {
        Some(end) => trimmed.split_at(end),
        None => ("", trimmed),
    };
    if is_ipv6(address) {
        return entry.to_owned();
    }
    let in_host = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_');
    let (host, rest) = address.split_at(address.find(|letter| !in_host(letter)).unwrap_or(address.len()));
    let is_number = |port: &str| port.len() <= 5 && port.bytes().all(|digit| digit.is_ascii_digit());
    match rest.strip_prefix(':') {
        None if rest.is_empty() => entry.to_owned(),
        Some(port) if is_number(port) => entry.to_owned(),
        Some(_) => format!("{scheme}{host}:{HIDDEN}"),
        None => format!("{scheme}{host}{HIDDEN}"),
    }
}

/// Whether the text is an IPv6 address, with or without brackets and a port.
fn is_ipv6(address: &str) -> bool {
    let bare = address.trim_start_matches('[');
    let bare =
        bare.split_once(']').map_or(bare, |(host, rest)| match rest.strip_prefix(':').unwrap_or(rest) {
            port if port.len() <= 5 && port.bytes().all(|digit| digit.is_ascii_digit()) => host,
            _ => "",
        });
    bare.parse::<Ipv6Addr>().is_ok()
}

/// The text of `bootstrap.servers`. `Debug` and [`shown`](Self::shown) hide all of it unless each entry is an address.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Servers(String);

impl Servers {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, or `[hidden]`.
    ///
    /// ```
    /// use milena_connection::Servers;
    /// assert_eq!(Servers::from("a:1,b:2").shown(), "a:1,b:2");
    /// assert_eq!(Servers::from("a:1,b:hunter2").shown(), "[hidden]");
    /// ```
    #[must_use]
    pub fn shown(&self) -> &str {
        let is_empty = self.0.split(',').all(|server| server.trim().is_empty());
        if is_empty || Endpoint::list(&self.0).is_ok() { &self.0 } else { HIDDEN }
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shown() {
            HIDDEN => f.write_str(HIDDEN),
            shown => fmt::Debug::fmt(shown, f),
        }
    }
}

impl Deref for Servers {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Servers {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_behind_a_host_is_hidden_unless_it_is_a_port() {
        for (entry, text) in [
            ("h:hunter22", "h:[hidden]"),
            ("h:123456", "h:[hidden]"),
            ("h:9092/hunter22", "h:[hidden]"),
            ("alice:hunter22:9092", "alice:[hidden]"),
            ("http://h:hunter22", "http://h:[hidden]"),
            ("h/hunter22:9092", "h[hidden]"),
            ("h hunter22:9092", "h[hidden]"),
            ("h:9092?password=hunter22", "[hidden]"),
            ("alice%3Ahunter22%40h:9092", "[hidden]"),
            ("alice:hunter22@h:9092", "[hidden]"),
            ("[::1]:hunter22", "[hidden]"),
            ("h:65536", "h:65536"),
            ("h:", "h:"),
            ("h", "h"),
            ("::1:9092", "::1:9092"),
            ("[::1]:99999", "[::1]:99999"),
            ("http://h:9092", "http://h:9092"),
        ] {
            assert_eq!(shown(entry), text);
            let error = Endpoint::list(&format!("a:1,{entry}")).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("unter22"), "{error}");
        }
    }

    #[test]
    fn list_with_a_parameter_is_hidden_as_a_whole() {
        let error = Endpoint::list("h:9092?password=hun,ter22").unwrap_err();
        let parted = Endpoint::list("h:9092,x,h?password=1").unwrap_err();
        assert_eq!([error.entry, parted.entry], [HIDDEN, HIDDEN]);
        for text in ["h:hunter22", "alice%3Ahunter22%40h:9092", "h:1,h:9092?password=hun,ter22"] {
            assert_eq!(format!("{:?}", Servers::from(text)), HIDDEN);
        }
        assert_eq!(format!("{:?}", Servers::from("a:1, b:2")), "\"a:1, b:2\"");
    }
}
