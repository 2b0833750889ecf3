//! What Kafka's own classes wrote, message by message: it is read as it was meant, field by field and by name, and is
//! written again byte for byte. `tests/golden/Messages.java` made the files.

use std::path::Path;

use bytes::Bytes;
use kafka_protocol::protocol::{Decodable, Encodable};
use serde_json::Value;

use super::peer::{Peer, Unknown};
use super::versions::UNCOVERED;
use crate::message as ours;
use crate::message::{Message, Version};
use crate::wire::describe::Describe;

/// A message that Java wrote.
struct Golden {
    version: i16,
    fields: Value,
    bytes: Vec<u8>,
}

#[test]
fn golden_messages_are_decoded_and_encoded_byte_for_byte() {
    macro_rules! check_all {
        (requests: $($request:ident)*; responses: $($response:ident)*;) => {
            $(check::<ours::$request>();)* $(check::<ours::$response>();)*
        };
    }
    crate::for_each_message!(check_all);
}

fn check<M: Message + Describe + std::fmt::Debug>() {
    let golden = golden::<M>();
    let mut versions: Vec<i16> = golden.iter().map(|one| one.version).collect();
    versions.dedup();
    assert_eq!(versions, M::VERSIONS.collect::<Vec<_>>(), "{}", M::NAME);
    for Golden { version, fields, bytes } in golden {
        let version = Version::of::<M>(version);
        let message = M::decode_exact(&bytes, version).unwrap();
        assert_eq!(message.describe(version), fields, "{} version {}", M::NAME, version.number);
        let mut written = Vec::new();
        message.encode(&mut written, version).unwrap();
        assert_eq!(written, bytes, "{} version {}: {message:?}", M::NAME, version.number);
    }
}

#[test]
fn kafka_protocol_reads_golden_messages_in_its_versions() {
    macro_rules! check_all {
        (requests: $($request:ident)*; responses: $($response:ident)*;) => {
            $(check_peer::<ours::$request>();)* $(check_peer::<ours::$response>();)*
        };
    }
    crate::for_each_message!(check_all);
}

fn check_peer<M: Message + Peer>()
where
    M::Theirs: Encodable + Decodable + PartialEq + std::fmt::Debug,
{
    let covered = |one: &Golden| !UNCOVERED.contains(&(M::NAME, one.version));
    for Golden { version, bytes, .. } in golden::<M>().into_iter().filter(covered) {
        let message = M::decode_exact(&bytes, Version::of::<M>(version)).unwrap();
        let theirs = M::Theirs::decode(&mut Bytes::from(bytes), version).unwrap();
        assert_eq!(theirs, message.theirs(&Unknown::new()), "{} version {version}", M::NAME);
    }
}

/// The file of a message: the version and the fields in one line, the bytes in the next.
fn golden<M: Message>() -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages");
    let file = std::fs::read_to_string(folder.join(format!("{}.txt", M::NAME))).unwrap();
    let lines: Vec<&str> = file.lines().collect();
    let (pairs, rest) = lines.as_chunks();
    assert!(rest.is_empty(), "a line without its other one");
    pairs.iter().map(|[fields, bytes]| parse(fields, bytes)).collect()
}

fn parse(fields: &str, bytes: &str) -> Golden {
    let (version, fields) = fields.split_once(' ').unwrap();
    let digits = bytes.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    Golden {
        version: version.parse().unwrap(),
        fields: serde_json::from_str(fields).unwrap(),
        bytes: digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect(),
    }
}
