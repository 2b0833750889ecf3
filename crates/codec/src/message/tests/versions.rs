//! `check` writes a drawn message with both codecs and reads it back with both, in every version that both know.

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, Message as TheirMessage};
use proptest::collection::vec;
use proptest::prelude::*;

use super::peer::Peer;
use crate::message as ours;
use crate::message::{Message, Version};
use crate::wire::generate::{Dice, Generate};

fn check<M>()
where
    M: Message + Generate + Peer + PartialEq + std::fmt::Debug,
    M::Theirs: Encodable + Decodable + TheirMessage + PartialEq + std::fmt::Debug,
{
    let shared = M::Theirs::VERSIONS;
    let versions = shared.min.max(*M::VERSIONS.start())..=shared.max.min(*M::VERSIONS.end());
    proptest!(|(number in versions, choices in vec(any::<u8>(), 0..600))| {
        let version = Version::of::<M>(number);
        let message = M::generate(&mut Dice::new(&choices), version);
        let mut bytes = Vec::new();
        message.encode(&mut bytes, version)?;

        let peer = message.theirs();
        let mut their_bytes = Vec::new();
        peer.encode(&mut their_bytes, number).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&bytes, &their_bytes, "version {} of {:?}", number, message);

        let mut input = Bytes::from(their_bytes);
        prop_assert_eq!(M::decode_exact(&input, version)?, message);
        let read = M::Theirs::decode(&mut input, number).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read, peer);
    });
}

macro_rules! check_all {
    ($($test:ident: $message:ident, $first:literal ..= $last:literal;)*) => {$(
        #[test]
        fn $test() {
            // The versions that both codecs know: what is missing would show here.
            let shared = theirs::$message::VERSIONS;
            let known = ours::$message::VERSIONS;
            let covered = shared.min.max(*known.start())..=shared.max.min(*known.end());
            assert_eq!(covered, $first..=$last);
            check::<ours::$message>();
        }
    )*};
}

check_all! {
    api_versions_request: ApiVersionsRequest, 0..=4;
    api_versions_response: ApiVersionsResponse, 0..=4;
    metadata_request: MetadataRequest, 0..=13;
    metadata_response: MetadataResponse, 0..=13;
    init_producer_id_request: InitProducerIdRequest, 0..=5;
    init_producer_id_response: InitProducerIdResponse, 0..=5;
    produce_request: ProduceRequest, 3..=13;
    produce_response: ProduceResponse, 3..=13;
    list_offsets_request: ListOffsetsRequest, 1..=10;
    fetch_request: FetchRequest, 4..=18;
    create_topics_request: CreateTopicsRequest, 2..=7;
}
