//! The address of a broker: a host and a port, as a user writes them and as a broker advertises them.
//!
//! An [`Endpoint`] of this file's functions can be dialled: its host is not empty and has no character that would corrupt a
//! log line, and its port is not 0. Names are resolved elsewhere, again for each connection.

mod servers;

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use milena_codec::steers;

use crate::shown::HIDDEN;

pub use servers::Servers;

/// A host and a port. An IPv6 address in `host` has no brackets.
///
/// ```
/// use milena_connection::Endpoint;
/// let endpoint: Endpoint = "[::1]:9092".parse()?;
/// assert_eq!((endpoint.host.as_str(), endpoint.port), ("::1", 9092));
/// assert_eq!(endpoint.to_string(), "[::1]:9092");
/// # Ok::<(), milena_connection::EndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// A name or an IP address.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

/// An invalid endpoint: the entry, the fault, and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointError {
    /// The entry, with `[hidden]` for a part that may have a password, or for all of it.
    pub entry: String,
    /// The fault.
    pub fault: EndpointFault,
}

/// The fault of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointFault {
    /// A list without a single entry.
    Nothing,
    /// No host before the port.
    NoHost,
    /// No port after the host.
    NoPort,
    /// A port that is not a number from 1 to 65535.
    BadPort,
    /// A scheme such as `http://` before the host.
    Scheme,
    /// A user or a password before the host.
    Credentials,
    /// Colons in a host that is not an IPv6 address in brackets.
    Brackets,
    /// A host with spaces, control characters or separators, or one that is too long.
    BadHost,
}

impl Endpoint {
    /// The maximum length of a host: that of a DNS name (RFC 1035, 2.3.4).
    pub const HOST_BYTES_MAX: usize = 255;

    /// An endpoint of the host and port that a broker advertises.
    ///
    /// # Errors
    /// [`EndpointError`] for a port outside 1 to 65535, and for a host that cannot be resolved.
    ///
    /// ```
    /// use milena_connection::Endpoint;
    /// assert_eq!(Endpoint::new("kafka-1", 9092)?.to_string(), "kafka-1:9092");
    /// assert!(Endpoint::new("kafka-1", 0).is_err());
    /// # Ok::<(), milena_connection::EndpointError>(())
    /// ```
    pub fn new(host: &str, port: i32) -> Result<Self, EndpointError> {
        let fault = |fault| EndpointError::new(&format!("{host}:{port}"), fault);
        check_host(host).map_err(fault)?;
        let port = u16::try_from(port).ok().filter(|port| *port > 0);
        Ok(Self { host: host.to_owned(), port: port.ok_or_else(|| fault(EndpointFault::BadPort))? })
    }

    /// Parses a list such as `bootstrap.servers`: entries between commas, with optional whitespace around them. Repetitions
    /// are removed, the order stays.
    ///
    /// # Errors
    /// [`EndpointError`] for the first invalid entry, or for an empty list.
    ///
    /// ```
    /// use milena_connection::Endpoint;
    /// assert_eq!(Endpoint::list("a:1, b:2,a:1,")?.len(), 2);
    /// let error = Endpoint::list("a:1,b").unwrap_err();
    /// assert_eq!(error.to_string(), "`b` has no port: write `b:9092`, with the port of the listener");
    /// # Ok::<(), milena_connection::EndpointError>(())
    /// ```
    pub fn list(text: &str) -> Result<Vec<Self>, EndpointError> {
        // A password may contain a comma: no part of the list is shown, here and below.
        if text.contains('@') {
            return Err(EndpointError::new(text, EndpointFault::Credentials));
        }
        let mut endpoints = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let endpoint =
                entry.parse().map_err(|error: EndpointError| match text.contains(servers::SIGNS) {
                    true => EndpointError { entry: HIDDEN.to_owned(), ..error },
                    false => error,
                })?;
            if !endpoints.contains(&endpoint) {
                endpoints.push(endpoint);
            }
        }
        match endpoints.is_empty() {
            true => Err(EndpointError::new(text, EndpointFault::Nothing)),
            false => Ok(endpoints),
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(entry: &str) -> Result<Self, EndpointError> {
        let fault = |fault| EndpointError::new(entry, fault);
        let (host, port) = split(entry.trim()).map_err(fault)?;
        Self::new(host, port).map_err(|error| fault(error.fault))
    }
}

impl EndpointError {
    fn new(entry: &str, fault: EndpointFault) -> Self {
        Self { entry: servers::shown(entry), fault }
    }
}

/// A host with a colon is written in brackets (RFC 3986, 3.2.2).
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The entry may come from a broker or a file: its control characters must not reach a terminal.
        let entry = self.entry.escape_debug();
        match self.fault {
            EndpointFault::Nothing => f.write_str("no server: write at least one `host:port`"),
            EndpointFault::NoHost => write!(f, "`{entry}` has no host: write `host:port`"),
            EndpointFault::NoPort => {
                let host = if self.entry.contains(HIDDEN) { "host".to_owned() } else { entry.to_string() };
                write!(f, "`{entry}` has no port: write `{host}:9092`, with the port of the listener")
            }
            EndpointFault::BadPort => {
                write!(f, "`{entry}` has an invalid port: write a number from 1 to 65535")
            }
            EndpointFault::Scheme => {
                write!(f, "`{entry}` begins with a scheme: write `host:port` alone")
            }
            EndpointFault::Credentials => f.write_str(
                "it has an `@`, as behind a user and a password: write `host:port` alone; the user goes into \
                 `sasl.username`, the password into `sasl.password`",
            ),
            EndpointFault::Brackets => {
                write!(f, "`{entry}` has colons in its host: write an IPv6 address as `[::1]:9092`")
            }
            EndpointFault::BadHost => {
                write!(f, "`{entry}` has an invalid host: write a DNS name or an IP address")
            }
        }
    }
}

impl std::error::Error for EndpointError {}

/// Splits an entry into host and port.
fn split(entry: &str) -> Result<(&str, i32), EndpointFault> {
    if entry.contains('@') {
        return Err(EndpointFault::Credentials);
    }
    if entry.contains("://") {
        return Err(EndpointFault::Scheme);
    }
    let (host, port) = match entry.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(EndpointFault::Brackets)?;
            (host, rest.strip_prefix(':').ok_or(EndpointFault::NoPort)?)
        }
        None => {
            let (host, port) = entry.rsplit_once(':').ok_or(EndpointFault::NoPort)?;
            if host.contains(':') {
                return Err(EndpointFault::Brackets);
            }
            (host, port)
        }
    };
    match port.bytes().all(|digit| digit.is_ascii_digit()) {
        true => Ok((host, port.parse().map_err(|_| EndpointFault::BadPort)?)),
        false => Err(EndpointFault::BadPort),
    }
}

fn check_host(host: &str) -> Result<(), EndpointFault> {
    if host.is_empty() {
        return Err(EndpointFault::NoHost);
    }
    let is_invalid = |char: char| steers(char) || char.is_whitespace() || "/,@[]\"'`\\?=".contains(char);
    if host.len() > Endpoint::HOST_BYTES_MAX || host.contains(is_invalid) {
        return Err(EndpointFault::BadHost);
    }
    // `fe80::1%eth0`: a zone, a name of the local system, follows the percent sign.
    let address = host.split('%').next().unwrap_or_default();
    if !host.contains(':') && host.contains('%') {
        return Err(EndpointFault::BadHost);
    }
    if host.contains(':') && address.parse::<Ipv6Addr>().is_err() {
        return Err(EndpointFault::Brackets);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displayed_endpoint_can_be_parsed() {
        for text in
            ["localhost:9092", "10.0.0.1:1", "[::1]:9092", "[fe80::1%eth0]:65535", "my_broker.local:9093"]
        {
            let endpoint: Endpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), text);
        }
    }

    #[test]
    fn invalid_entry_is_reported_with_its_fault() {
        let faults = [
            ("", EndpointFault::NoPort),
            ("broker", EndpointFault::NoPort),
            ("[::1]", EndpointFault::NoPort),
            (":9092", EndpointFault::NoHost),
            ("broker:", EndpointFault::BadPort),
            ("broker:0", EndpointFault::BadPort),
            ("broker:65536", EndpointFault::BadPort),
            ("broker:-1", EndpointFault::BadPort),
            ("broker:+9092", EndpointFault::BadPort),
            ("::1:9092", EndpointFault::Brackets),
            ("[::1:9092", EndpointFault::Brackets),
            ("[a:b]:9092", EndpointFault::Brackets),
            ("PLAINTEXT://broker:9092", EndpointFault::Scheme),
            ("bro ker:9092", EndpointFault::BadHost),
            ("bro\u{202e}ker:9092", EndpointFault::BadHost),
            ("h?x=y:9092", EndpointFault::BadHost),
            ("h%40k:9092", EndpointFault::BadHost),
        ];
        for (entry, fault) in faults {
            let error = entry.parse::<Endpoint>().unwrap_err();
            assert_eq!((error.entry, error.fault), (servers::shown(entry), fault));
        }
    }

    #[test]
    fn address_with_a_password_is_hidden() {
        for list in ["alice:hunter2@a:1", "SASL_SSL://alice:hunter2@a:1,b:2", "a:1,alice:hun,ter2@b:2"] {
            let error = Endpoint::list(list).unwrap_err();
            assert_eq!(error.fault, EndpointFault::Credentials);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("`sasl.password`") && !shown.contains("ter2"), "{shown}");
        }
    }

    #[test]
    fn list_keeps_its_order_and_removes_repetitions() {
        let list = Endpoint::list(" b:2 ,a:1,,b:2").unwrap();
        assert_eq!(list.iter().map(ToString::to_string).collect::<Vec<_>>(), ["b:2", "a:1"]);
        assert_eq!(Endpoint::list(" , ").unwrap_err().fault, EndpointFault::Nothing);
        assert_eq!(Endpoint::list("a:1,b:0").unwrap_err().entry, "b:0");
    }

    #[test]
    fn advertised_host_with_control_characters_is_rejected() {
        for host in ["", "a\u{1b}[31m", "a\nb", "a/b", &"x".repeat(256)] {
            let error = Endpoint::new(host, 9092).unwrap_err();
            assert!(!error.to_string().contains(['\u{1b}', '\n']));
        }
        for port in [0, -1, 65_536, i32::MIN] {
            assert_eq!(Endpoint::new("a", port).unwrap_err().fault, EndpointFault::BadPort);
        }
    }
}
