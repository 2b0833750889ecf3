//! One folder of the library opens sockets and queries resolvers; all other code uses a `Connector`, which callers can
//! replace. The check searches for names, so that it misses a socket under an alias. Tests may open sockets.

use super::assert_none;
use super::tokens::{test_blocks, tokens};
use super::tree::{Source, sources};

const LIBRARY: [&str; 6] = [
    "crates/backoff/src/",
    "crates/codec/src/",
    "crates/partitioner/src/",
    "crates/sender/src/",
    "crates/connection/src/",
    "crates/milena/src/",
];

/// The one folder.
const TRANSPORT: &str = "crates/connection/src/transport/tcp/";

/// Words that mean a socket, or a query to a resolver.
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
fn one_folder_opens_sockets() {
    assert!(sources().iter().any(|source| source.path.starts_with(TRANSPORT)));
    assert_none("sockets", &sources().iter().flat_map(opened).collect::<Vec<_>>());
}

#[test]
fn socket_outside_the_folder_and_outside_tests_is_found() {
    let sample = "fn a() { tokio::net::TcpStream::connect(b); }";
    assert_eq!(opened(&Source::new("crates/milena/src/driver/a.rs", sample)).len(), 1);
    assert_eq!(opened(&Source::new("crates/connection/src/transport/tcp/a.rs", sample)), [""; 0]);
    assert_eq!(opened(&Source::new("crates/cli/src/a.rs", sample)), [""; 0]);
    let in_a_test = format!("#[cfg(test)]\nmod tests {{\n{sample}\n}}");
    assert_eq!(opened(&Source::new("crates/milena/src/a.rs", &in_a_test)), [""; 0]);
}
