//! A view sees what the table reads, and refuses what the table refuses.

use super::cases::each_case;
use crate::message::{Message, MetadataResponse, ProduceRequest, ProduceResponse, Version, ViewedMessage};
use crate::wire::generate::{Dice, Generate};

fn check<M>()
where
    M: Message + ViewedMessage + Generate + PartialEq + std::fmt::Debug,
{
    for number in M::VERSIONS {
        each_case(M::NAME, number, |choices| {
            let version = Version::of::<M>(number);
            let message = M::generate(&mut Dice::new(choices), version);
            let mut bytes = Vec::new();
            message.encode(&mut bytes, version).unwrap();
            assert_eq!(M::own(&M::view_exact(&bytes, version).unwrap()), message);

            // The choices themselves, and the message with one of its bytes changed: mostly malformed.
            agree::<M>(choices, version);
            if let [place, change, ..] = choices {
                let place = usize::from(*place) % bytes.len();
                bytes[place] ^= *change;
                agree::<M>(&bytes, version);
            }
        });
    }
}

/// Both ways of reading come to the same end, with the same error at the same place.
fn agree<M>(bytes: &[u8], version: Version)
where
    M: Message + ViewedMessage + PartialEq + std::fmt::Debug,
{
    let viewed = M::view_exact(bytes, version).map(|view| M::own(&view));
    assert_eq!(viewed, M::decode_exact(bytes, version));
}

#[test]
fn metadata_response() {
    check::<MetadataResponse>();
}

#[test]
fn produce_request() {
    check::<ProduceRequest>();
}

#[test]
fn produce_response() {
    check::<ProduceResponse>();
}

#[test]
fn a_version_that_does_not_exist_is_refused() {
    let error = MetadataResponse::view_exact(&[], Version { number: 14, flexible: true }).unwrap_err();
    assert_eq!(error.problem, crate::wire::Problem::UnknownVersion(14));
}

#[test]
fn elements_are_counted_and_can_be_looked_at_again() {
    let version = Version::of::<MetadataResponse>(12);
    let message = MetadataResponse { topics: vec![Default::default(); 3], ..Default::default() };
    let mut bytes = Vec::new();
    message.encode(&mut bytes, version).unwrap();
    let view = MetadataResponse::view_exact(&bytes, version).unwrap();
    assert_eq!((view.topics.len(), view.brokers.is_empty()), (3, true));
    assert_eq!(view.topics.clone().count(), view.topics.count());
}
