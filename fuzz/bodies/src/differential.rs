//! Every message beside kafka-protocol's, from hostile bytes and from random messages.

use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, Message as TheirMessage};
use milena_codec::message as ours;
use milena_codec::message::{Message, Version};
use milena_codec::wire::generate::{Generate, RandomBytes};

use crate::messages::{chosen, version_of};

type Compare = fn(u8, bool, &[u8]);

macro_rules! table {
    (requests: $($request:ident)*; responses: $($response:ident)*;) => {
        const MESSAGES: &[Compare] = &[
            $(compare::<ours::$request, theirs::$request>,)*
            $(compare::<ours::$response, theirs::$response>,)*
        ];
    };
}

milena_codec::for_each_message!(table);

/// The first byte chooses the message, the second the version and, by its highest bit, whether the rest is a
/// message or random bytes that one is drawn from.
pub fn differential(input: &[u8]) {
    let [which, version, rest @ ..] = input else { return };
    chosen(MESSAGES, *which)(version & 0x7f, version & 0x80 != 0, rest);
}

fn compare<M, T>(version: u8, from_random: bool, bytes: &[u8])
where
    M: Message + Generate + PartialEq + Debug,
    T: Decodable + Encodable + TheirMessage + PartialEq + Debug,
{
    let version = version_of::<M>(version);
    if !(T::VERSIONS.min..=T::VERSIONS.max).contains(&version.number) {
        return;
    }
    if from_random {
        let message = M::generate(&mut RandomBytes::new(bytes), version);
        same::<M, T>(&message, version);
    } else if let Ok(message) = M::decode_exact(bytes, version) {
        let theirs = T::decode(&mut Bytes::copy_from_slice(bytes), version.number);
        assert!(theirs.is_ok(), "{} {version:?}: ours reads {message:?}, theirs {theirs:?}", M::NAME);
        if let Some(again) = same::<M, T>(&message, version)
            && again == bytes
        {
            let theirs = theirs.map(|theirs| their_bytes(&theirs, version)).ok();
            assert_eq!(theirs.flatten(), Some(again), "theirs writes what it read as something else");
        }
    }
}

/// The bytes of ours are read by theirs, and written the same again.
fn same<M, T>(message: &M, version: Version) -> Option<Vec<u8>>
where
    M: Message + PartialEq + Debug,
    T: Decodable + Encodable + TheirMessage + PartialEq + Debug,
{
    let mut bytes = Vec::new();
    message.encode(&mut bytes, version).ok()?;
    let mut input = Bytes::copy_from_slice(&bytes);
    let theirs = T::decode(&mut input, version.number);
    assert!(theirs.is_ok(), "{} {version:?}: theirs cannot read {message:?}: {theirs:?}", M::NAME);
    assert!(input.is_empty(), "{} {version:?}: theirs leaves {} bytes", M::NAME, input.len());
    let again = theirs.ok().and_then(|theirs| their_bytes(&theirs, version));
    assert_eq!(again.as_ref(), Some(&bytes), "{} {version:?}: {message:?}", M::NAME);
    Some(bytes)
}

fn their_bytes(message: &impl Encodable, version: Version) -> Option<Vec<u8>> {
    let mut out = BytesMut::new();
    message.encode(&mut out, version.number).ok().map(|()| out.to_vec())
}
