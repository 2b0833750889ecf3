//! One folder of the library opens sockets and asks resolvers; everything else goes through a `Connector`, which a user
//! may replace. Names are looked for, so a socket under an alias would be missed; tests may open what they like.

use super::assert_none;
use super::tokens::{test_blocks, tokens};
use super::tree::{Source, sources};

const LIBRARY: [&str; 5] = [
    "crates/codec/src/",
    "crates/partitioner/src/",
    "crates/sender/src/",
    "crates/connection/src/",
    "crates/milena/src/",
];

/// The one folder.
const TRANSPORT: &str = "crates/connection/src/transport/tcp/";

/// Words that mean a socket, or a question to a resolver.
const WORDS: [&str; 10] = [
    "TcpStream",
    "TcpSocket",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "UnixDatagram",
    "UnixSocket",
    "lookup_host",
    "ToSocketAddrs",
    "socket2",
];

fn opened(source: &Source) -> Vec<String> {
    let is_test = source.path.contains("/tests/") || source.path.ends_with("/tests.rs");
    let is_library = LIBRARY.iter().any(|folder| source.path.starts_with(folder));
    if is_test || !is_library || source.path.starts_with(TRANSPORT) {
        return Vec::new();
    }
    let found = tokens(&source.code);
    let blocks = test_blocks(&found);
    let outside = found.iter().filter(|token| !blocks.iter().any(|block| block.contains(&token.line)));
    let named = outside.filter(|token| WORDS.contains(&token.text));
    named.map(|token| format!("{}:{}: {}", source.path, token.line, token.text)).collect()
}

#[test]
fn sockets_are_opened_in_one_place() {
    assert!(sources().iter().any(|source| source.path.starts_with(TRANSPORT)));
    assert_none("sockets", &sources().iter().flat_map(opened).collect::<Vec<_>>());
}

#[test]
fn a_socket_elsewhere_is_caught_and_one_in_its_place_or_in_a_test_is_not() {
    let sample = "fn a() { tokio::net::TcpStream::connect(b); }";
    assert_eq!(opened(&Source::new("crates/milena/src/driver/a.rs", sample)).len(), 1);
    assert_eq!(opened(&Source::new("crates/connection/src/transport/tcp/a.rs", sample)), [""; 0]);
    assert_eq!(opened(&Source::new("crates/cli/src/a.rs", sample)), [""; 0]);
    let in_a_test = format!("#[cfg(test)]\nmod tests {{\n{sample}\n}}");
    assert_eq!(opened(&Source::new("crates/milena/src/a.rs", &in_a_test)), [""; 0]);
}
