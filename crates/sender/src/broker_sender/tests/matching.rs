//! Answers as they stand on the wire: whole, malformed, incomplete, or about something else.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, ProduceResponse,
};

use super::bodies::{respond, response};
use super::harness::{MAX, SenderHarness, partitions, run_of};
use crate::broker_sender::{Input, LeaderHint, ResponseError, SenderEvent};
use crate::ids::ThrottleTime;
use crate::outcome::{ErrorKind, Persisted};
use crate::tests::{failure, offset};

#[test]
fn a_malformed_response_closes_the_connection_and_loses_and_repeats_nothing() {
    let mut cut = 0;
    loop {
        let mut harness = SenderHarness::of(2);
        let mut record_handles: Vec<_> =
            (0..2).map(|partition| harness.send(partition, b"a").unwrap()).collect();
        harness.linger();
        let request = harness.request(1).unwrap();
        let body = harness.serve(&request, MAX);
        if cut == body.len() {
            break;
        }
        let now = harness.now;
        let read = harness.broker(1).handle(now, Input::Response { request, body: &body[..cut] });
        assert!(read.is_err(), "cut after {cut} of {} bytes", body.len());
        assert_eq!(harness.broker(1).in_flight(), 0);
        harness.ended(1, Vec::new());
        harness.now += Duration::from_secs(2);
        while let Some(again) = harness.request(1) {
            harness.served(1, again);
        }
        assert!(record_handles.iter_mut().all(|record_handle| offset(record_handle) == Some(0)));
        assert_eq!([harness.log(0), harness.log(1)], [["a"], ["a"]], "once each");
        harness.rest();
        cut += 1;
    }
    assert!(cut > 40);
}

#[test]
fn batch_that_a_response_leaves_out_may_be_written() {
    let mut harness = SenderHarness::of(2);
    let mut record_handles: Vec<_> = (0..2).map(|partition| harness.send(partition, b"a").unwrap()).collect();
    harness.linger();
    let request = harness.request(1).unwrap();
    harness.serve(&request, MAX);
    let body = response(9, TopicId::ZERO, &[(1, ErrorCode::NONE, 0)]);
    harness.answered(1, request, &body);
    assert_eq!([offset(&mut record_handles[0]), offset(&mut record_handles[1])], [None, Some(0)]);
    harness.now += Duration::from_secs(2);
    let again = harness.request(1).unwrap();
    assert_eq!((partitions(&again), run_of(&again)), (vec![0], (7, 0, 0)));
    harness.served(1, again);
    assert_eq!(harness.log(0), ["a"]);
    harness.rest();
}

#[test]
fn first_of_two_rows_about_a_partition_counts() {
    let mut harness = SenderHarness::simple();
    let (mut record_handle, request) = harness.send_alone(0, "a");
    let responses = [(0, ErrorCode::NONE, 5), (0, ErrorCode::TOPIC_AUTHORIZATION_FAILED, -1)];
    harness.answered(1, request, &response(9, TopicId::ZERO, &responses));
    assert_eq!(offset(&mut record_handle), Some(5));
    harness.rest();
}

#[test]
fn response_about_a_partition_outside_of_the_request_closes_the_connection_and_its_other_batches_may_be_written()
 {
    for invented in [1, 77, -1] {
        let mut harness = SenderHarness::of(2);
        let (mut record_handle, request) = harness.send_alone(0, "a");
        harness.serve(&request, MAX);
        let responses = [(invented, ErrorCode::NONE, 5), (0, ErrorCode::TOPIC_AUTHORIZATION_FAILED, -1)];
        let (now, body) = (harness.now, response(9, TopicId::ZERO, &responses));
        let read = harness.broker(1).handle(now, Input::Response { request, body: &body });
        assert_eq!(read, Err(ResponseError::Invented(PartitionId(invented))));
        harness.ended(1, Vec::new());
        harness.now += Duration::from_secs(2);
        let again = harness.request(1).unwrap();
        assert_eq!(run_of(&again), (7, 0, 0));
        harness.served(1, again);
        assert_eq!((offset(&mut record_handle), harness.log(0)), (Some(0), vec!["a".to_owned()]));
        harness.rest();
    }
}

#[test]
fn rows_of_a_response_may_come_in_any_order() {
    let mut harness = SenderHarness::of(3);
    let mut record_handles: Vec<_> = (0..3).map(|partition| harness.send(partition, b"a").unwrap()).collect();
    harness.linger();
    let request = harness.request(1).unwrap();
    let responses = [2, 0, 1].map(|partition| (partition, ErrorCode::NONE, i64::from(partition) * 10));
    harness.answered(1, request, &response(9, TopicId::ZERO, &responses));
    let offsets: Vec<_> = record_handles.iter_mut().map(offset).collect();
    assert_eq!(offsets, [Some(0), Some(10), Some(20)]);
    harness.rest();
}

#[test]
fn a_broker_may_ask_for_a_pause() {
    let mut harness = SenderHarness::simple();
    let (_, request) = harness.send_alone(0, "a");
    let rest = ProduceResponse { throttle_time_ms: 1_500, ..ProduceResponse::default() };
    let fine = PartitionProduceResponse { index: PartitionId(0), ..PartitionProduceResponse::default() };
    let body = respond(9, TopicId::ZERO, vec![fine], rest);
    let now = harness.now;
    assert_eq!(
        harness.broker(1).handle(now, Input::Response { request, body: &body }).unwrap(),
        ThrottleTime(1_500)
    );
    harness.rest();
}

#[test]
fn broker_that_does_not_lead_the_partition_returns_the_leader() {
    let mut harness = SenderHarness::simple();
    harness.version = 12;
    harness.ended(1, Vec::new());
    let (_, request) = harness.send_alone(0, "a");
    let endpoint = NodeEndpoint { node_id: BrokerId(2), host: "b2".to_owned(), port: 9_092, rack: None };
    let stale = PartitionProduceResponse {
        index: PartitionId(0),
        error_code: ErrorCode::NOT_LEADER_OR_FOLLOWER,
        base_offset: -1,
        current_leader: LeaderIdAndEpoch { leader_id: BrokerId(2), leader_epoch: LeaderEpoch(4) },
        ..PartitionProduceResponse::default()
    };
    let rest = ProduceResponse { node_endpoints: vec![endpoint.clone()], ..ProduceResponse::default() };
    let body = respond(12, TopicId::ZERO, vec![stale], rest);
    harness.answered(1, request, &body);
    let hint = LeaderHint { leader: BrokerId(2), epoch: LeaderEpoch(4) };
    assert!(
        matches!(&harness.events[..], [
        SenderEvent::Stale { partition: PartitionId(0), hint: Some(told), .. },
        SenderEvent::Endpoints(endpoints),
    ] if *told == hint && *endpoints == [endpoint]),
        "{:?}",
        harness.events
    );
    harness.rest();
}

#[test]
fn leader_hint_counts_only_from_a_broker_that_does_not_lead() {
    for (code, believed) in [(6, true), (74, true), (3, false), (56, false)] {
        let mut harness = SenderHarness::simple();
        harness.version = 12;
        harness.ended(1, Vec::new());
        let (_, request) = harness.send_alone(0, "a");
        let stale = PartitionProduceResponse {
            index: PartitionId(0),
            error_code: ErrorCode(code),
            base_offset: -1,
            current_leader: LeaderIdAndEpoch { leader_id: BrokerId(2), leader_epoch: LeaderEpoch(4) },
            ..PartitionProduceResponse::default()
        };
        let body = respond(12, TopicId::ZERO, vec![stale], ProduceResponse::default());
        harness.answered(1, request, &body);
        let [SenderEvent::Stale { hint, .. }] = &harness.events[..] else { panic!("{:?}", harness.events) };
        assert_eq!(hint.is_some(), believed, "{code}");
        harness.rest();
    }
}

#[test]
fn stale_leader_without_a_hint_is_reported_without_one() {
    let rows = [
        (ErrorCode::NOT_LEADER_OR_FOLLOWER, true),
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, true),
        (ErrorCode::KAFKA_STORAGE_ERROR, true),
        (ErrorCode::NOT_ENOUGH_REPLICAS, false),
        (ErrorCode::TOPIC_AUTHORIZATION_FAILED, false),
    ];
    for (code, told) in rows {
        let mut harness = SenderHarness::simple();
        let (_, request) = harness.send_alone(0, "a");
        harness.refuse(1, request, code);
        let stale = harness.events.iter().any(|event| matches!(event, SenderEvent::Stale { hint: None, .. }));
        assert_eq!(stale, told, "{code}");
        harness.rest();
    }
}

#[test]
fn a_record_that_the_broker_names_fails_with_its_words_and_the_others_are_written() {
    let mut harness = SenderHarness::simple();
    let mut record_handles: Vec<_> =
        ["a", "b", "c"].map(|value| harness.send(0, value.as_bytes()).unwrap()).into();
    harness.linger();
    let request = harness.request(1).unwrap();
    let named = |index: i32, words: &str| BatchIndexAndErrorMessage {
        batch_index: index,
        batch_index_error_message: Some(words.to_owned()),
    };
    let refused = PartitionProduceResponse {
        index: PartitionId(0),
        error_code: ErrorCode::INVALID_RECORD,
        base_offset: -1,
        // Out of order, told twice, and one that there is not.
        record_errors: vec![named(1, "no key"), named(1, "again"), named(-3, "nonsense")],
        error_message: Some("one or more records were rejected".to_owned()),
        ..PartitionProduceResponse::default()
    };
    let body = respond(9, TopicId::ZERO, vec![refused], ProduceResponse::default());
    harness.answered(1, request, &body);
    for _ in 0..2 {
        let request = harness.request(1).unwrap();
        harness.served(1, request);
    }
    assert_eq!(harness.log(0), ["a", "c"]);
    assert_eq!([offset(&mut record_handles[0]), offset(&mut record_handles[2])], [Some(0), Some(1)]);
    assert_eq!(failure(&mut record_handles[1]), Some((ErrorKind::InvalidRecord, Persisted::No)));
    harness.rest();
}
