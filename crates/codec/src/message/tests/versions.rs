//! `check` writes drawn messages with both codecs and reads them back with both, in every version that both know.
//!
//! A case is made from its seed alone. One that fails prints how to run it again.

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, Message as TheirMessage};

use super::cases::each_case;
use super::peer::{Peer, Unknown};
use crate::message as ours;
use crate::message::{Message, Version};
use crate::wire::generate::{Generate, RandomBytes};

/// What kafka-protocol does not know. `golden` checks these versions against what Java wrote.
pub(super) const UNCOVERED: [(&str, i16); 3] =
    [("ListOffsetsRequest", 11), ("InitProducerIdRequest", 6), ("ListOffsetsResponse", 11)];

fn check<M>(covered: std::ops::RangeInclusive<i16>)
where
    M: Message + Generate + Peer + PartialEq + std::fmt::Debug,
    M::Theirs: Encodable + Decodable + TheirMessage + PartialEq + std::fmt::Debug,
{
    for number in covered {
        each_case(M::NAME, number, |choices| {
            let version = Version::of::<M>(number);
            let message = M::generate(&mut RandomBytes::new(choices), version);
            let mut bytes = Vec::new();
            message.encode(&mut bytes, version).unwrap();

            let peer = message.theirs(&Unknown::new());
            let their_bytes = written(&peer, number);
            assert_eq!(bytes, their_bytes, "{message:?}");
            assert_eq!(M::decode_exact(&their_bytes, version).unwrap(), message);
            assert_eq!(M::Theirs::decode(&mut Bytes::from(bytes), number).unwrap(), peer);

            if version.flexible {
                let unknown =
                    Unknown::from([(77, Bytes::from_static(b"of later")), (1_000_000, Bytes::new())]);
                let with_unknown = written(&message.theirs(&unknown), number);
                assert!(with_unknown.len() > their_bytes.len());
                assert_eq!(M::decode_exact(&with_unknown, version).unwrap(), message);
            }
        });
    }
}

fn written(peer: &impl Encodable, version: i16) -> Vec<u8> {
    let mut bytes = Vec::new();
    peer.encode(&mut bytes, version).unwrap();
    bytes
}

macro_rules! check_all {
    ($($test:ident: $message:ident, $covered:expr;)*) => {
        $(
            #[test]
            fn $test() {
                // The versions that both codecs know: what is missing would show here.
                let shared = theirs::$message::VERSIONS;
                let known = ours::$message::VERSIONS;
                assert_eq!(shared.min.max(*known.start())..=shared.max.min(*known.end()), $covered);
                check::<ours::$message>($covered);
            }
        )*

        const CHECKED: &[&str] = &[$(stringify!($message)),*];
    };
}

check_all! {
    api_versions_request: ApiVersionsRequest, 0..=4;
    api_versions_response: ApiVersionsResponse, 0..=4;
    metadata_request: MetadataRequest, 0..=13;
    metadata_response: MetadataResponse, 0..=13;
    init_producer_id_request: InitProducerIdRequest, 0..=5;
    init_producer_id_response: InitProducerIdResponse, 0..=6;
    produce_request: ProduceRequest, 3..=13;
    produce_response: ProduceResponse, 3..=13;
    list_offsets_request: ListOffsetsRequest, 1..=10;
    list_offsets_response: ListOffsetsResponse, 1..=10;
    fetch_request: FetchRequest, 4..=18;
    create_topics_request: CreateTopicsRequest, 2..=7;
    create_topics_response: CreateTopicsResponse, 2..=7;
    create_partitions_request: CreatePartitionsRequest, 0..=3;
    create_partitions_response: CreatePartitionsResponse, 0..=3;
    delete_topics_request: DeleteTopicsRequest, 1..=6;
    delete_topics_response: DeleteTopicsResponse, 1..=6;
    sasl_handshake_request: SaslHandshakeRequest, 0..=1;
    sasl_handshake_response: SaslHandshakeResponse, 0..=1;
    sasl_authenticate_request: SaslAuthenticateRequest, 0..=2;
    sasl_authenticate_response: SaslAuthenticateResponse, 0..=2;
    find_coordinator_request: FindCoordinatorRequest, 0..=6;
    find_coordinator_response: FindCoordinatorResponse, 0..=6;
    add_partitions_to_txn_request: AddPartitionsToTxnRequest, 0..=5;
    add_partitions_to_txn_response: AddPartitionsToTxnResponse, 0..=5;
    add_offsets_to_txn_request: AddOffsetsToTxnRequest, 0..=4;
    add_offsets_to_txn_response: AddOffsetsToTxnResponse, 0..=4;
    end_txn_request: EndTxnRequest, 0..=5;
    end_txn_response: EndTxnResponse, 0..=5;
    txn_offset_commit_request: TxnOffsetCommitRequest, 0..=5;
    txn_offset_commit_response: TxnOffsetCommitResponse, 0..=5;
    describe_configs_request: DescribeConfigsRequest, 1..=4;
    describe_configs_response: DescribeConfigsResponse, 1..=4;
    describe_producers_request: DescribeProducersRequest, 0..=0;
    describe_producers_response: DescribeProducersResponse, 0..=0;
    describe_quorum_request: DescribeQuorumRequest, 0..=2;
    describe_quorum_response: DescribeQuorumResponse, 0..=2;
    describe_cluster_request: DescribeClusterRequest, 0..=2;
    describe_cluster_response: DescribeClusterResponse, 0..=2;
    get_telemetry_subscriptions_request: GetTelemetrySubscriptionsRequest, 0..=0;
    get_telemetry_subscriptions_response: GetTelemetrySubscriptionsResponse, 0..=0;
    push_telemetry_request: PushTelemetryRequest, 0..=0;
    push_telemetry_response: PushTelemetryResponse, 0..=0;
}

#[test]
fn no_message_is_left_out() {
    macro_rules! names {
        (requests: $($request:ident)*; responses: $($response:ident)*;) => {
            vec![$(stringify!($request),)* $(stringify!($response),)*]
        };
    }
    let mut all = crate::for_each_message!(names);
    let mut checked = CHECKED.to_vec();
    all.sort_unstable();
    checked.sort_unstable();
    assert_eq!(checked, all);
}

#[test]
fn versions_unknown_to_kafka_protocol_are_listed() {
    macro_rules! unknown {
        (requests: $($request:ident)*; responses: $($response:ident)*;) => {
            [$(missing::<ours::$request, theirs::$request>(),)* $(missing::<ours::$response, theirs::$response>(),)*]
        };
    }
    let unknown: Vec<_> = crate::for_each_message!(unknown).concat();
    assert_eq!(unknown, UNCOVERED);
}

/// The versions of a message that kafka-protocol does not know.
fn missing<M: Message, T: TheirMessage>() -> Vec<(&'static str, i16)> {
    let theirs = T::VERSIONS.min..=T::VERSIONS.max;
    M::VERSIONS.filter(|version| !theirs.contains(version)).map(|version| (M::NAME, version)).collect()
}

#[test]
fn every_api_has_a_request_and_a_response() {
    macro_rules! keys {
        (requests: $($request:ident)*; responses: $($response:ident)*;) => {
            (vec![$(ours::$request::KEY,)*], vec![$((ours::$response::KEY, ours::$response::NAME),)*])
        };
    }
    let (mut requests, responses) = crate::for_each_message!(keys);
    let answered: Vec<_> = responses.iter().map(|(key, _)| *key).collect();
    let of_requests: Vec<_> = requests.iter().copied().filter(|key| *key != ours::ApiKey::FETCH).collect();
    assert_eq!(answered, of_requests);
    requests.sort_unstable();
    assert_eq!(requests, ours::ApiKey::ALL);
    for (key, name) in responses {
        assert_eq!(key.name().map(|api| format!("{api}Response")).as_deref(), Some(name));
    }
}
