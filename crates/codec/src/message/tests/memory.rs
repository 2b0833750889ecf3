//! What decoding allocates is bounded by the bytes that it is given, however they are nested, and secrets stay hidden.

use crate::message as ours;
use crate::message::{
    ListOffsetsRequest, Message, MetadataResponse, SaslAuthenticateRequest, SaslAuthenticateResponse, Version,
};
use crate::wire::generate::{Element, Generate};
use crate::wire::{DecodeError, Problem};

/// How much larger a message is in memory than on the wire, at most.
const TIMES: usize = 24;

#[test]
fn an_element_takes_at_most_24_times_its_fewest_bytes_on_the_wire() {
    macro_rules! elements {
        (requests: $($request:ident)*; responses: $($response:ident)*;) => {
            [$(elements::<ours::$request>(),)* $(elements::<ours::$response>(),)*].concat()
        };
    }
    let elements: Vec<Element> = crate::for_each_message!(elements);
    assert!(elements.len() > 300, "{} arrays in all versions", elements.len());
    let fat: Vec<_> = elements.iter().filter(|one| one.bytes > TIMES * one.bytes_min).collect();
    assert!(fat.is_empty(), "{fat:?}");
}

fn elements<M: Message + Generate>() -> Vec<Element> {
    let mut found = Vec::new();
    M::VERSIONS.for_each(|version| M::elements(Version::of::<M>(version), &mut found));
    found
}

/// Metadata of version 0: no brokers, then topics of eight bytes at least.
fn topics(count: u8, rest: &[u8]) -> DecodeError {
    let bytes = [&[0, 0, 0, 0, 0, 0, 0, count], rest].concat();
    MetadataResponse::decode_exact(&bytes, Version::of::<MetadataResponse>(0)).unwrap_err()
}

#[test]
fn an_array_inside_is_not_promised_the_bytes_of_its_siblings() {
    // The first topic has no error, no name and two partitions of 18 bytes at least. They would fit into the 36 bytes
    // that are left, of which 16 belong to the other two topics.
    let mut three = [0; 8 + 36];
    three[7] = 2;
    assert_eq!(topics(3, &three), DecodeError { at: 16, problem: Problem::TooMany { count: 2, limit: 1 } });
}

#[test]
fn a_string_inside_is_not_promised_the_bytes_of_its_siblings() {
    // The first topic's name could lie in the bytes of the other two.
    let mut three = [0; 24];
    three[3] = 5;
    assert_eq!(topics(3, &three), DecodeError { at: 12, problem: Problem::TooMany { count: 5, limit: 4 } });
}

#[test]
fn a_number_inside_is_not_read_from_the_bytes_of_its_siblings() {
    // Two topics of six bytes at least; the first has a name of one byte and leaves none for its count of partitions.
    let version = Version::of::<ListOffsetsRequest>(1);
    let bytes = [&[0; 4][..], &[0, 0, 0, 2], &[0, 1, b'a', 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat();
    let error = ListOffsetsRequest::decode_exact(&bytes, version).unwrap_err();
    assert_eq!(error, DecodeError { at: 11, problem: Problem::Truncated { needed: 4, left: 3 } });
}

#[test]
fn bytes_set_aside_are_available_to_their_elements() {
    let message = MetadataResponse { topics: vec![Default::default(); 50], ..Default::default() };
    for number in MetadataResponse::VERSIONS {
        let version = Version::of::<MetadataResponse>(number);
        let mut bytes = Vec::new();
        message.encode(&mut bytes, version).unwrap();
        assert_eq!(MetadataResponse::decode_exact(&bytes, version).unwrap(), message);
        bytes.pop();
        assert!(MetadataResponse::decode_exact(&bytes, version).is_err());
    }
}

#[test]
fn debug_output_hides_sasl_bytes() {
    let secret = b"hunter2 hunter2".to_vec();
    let request = SaslAuthenticateRequest { auth_bytes: secret.clone().into() };
    let response = SaslAuthenticateResponse { auth_bytes: secret.clone().into(), ..Default::default() };
    for (text, hidden) in
        [(format!("{request:?}"), &request.auth_bytes), (format!("{response:?}"), &response.auth_bytes)]
    {
        assert!(text.contains("15 bytes"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("104, 117"), "{text}");
        assert_eq!(hidden.0, secret);
    }
    let reader = format!("{:?}", crate::wire::Reader::new(&secret));
    assert!(!reader.contains("hunter2") && !reader.contains("104, 117"), "{reader}");
}
