//! How often a batch goes again, and when.

use super::*;

fn with_retries(retries: u32) -> PartitionHarness {
    PartitionHarness::new(accumulator(), PartitionSenderConfig { retries, ..partition_senders() })
}

#[test]
fn a_retry_waits_longer_each_time_and_goes_as_it_was() {
    let mut harness = PartitionHarness::acked();
    let (_, mut in_flight_batch) = harness.send_alone("a");
    let sent = bytes(&in_flight_batch);
    for pause in [1, 2, 4] {
        harness.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
        assert_eq!(harness.partition_sender.not_before(), Some(harness.now + PAUSE * pause));
        harness.now += PAUSE * pause - Duration::from_millis(1);
        assert!(harness.next().is_none());
        harness.now += Duration::from_millis(1);
        in_flight_batch = harness.next().unwrap();
        assert_eq!(bytes(&in_flight_batch), sent);
    }
    harness.served(in_flight_batch);
    assert_eq!(harness.completer.counters.retries, 3);
    harness.ends();
}

#[test]
fn at_another_leader_a_retry_does_not_wait() {
    let mut harness = PartitionHarness::acked();
    let (_, in_flight_batch) = harness.send_alone("a");
    harness.refused(in_flight_batch, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert!(harness.next().is_none());
    harness.partition_sender.moved();
    let again = harness.next().unwrap();
    harness.served(again);
    harness.ends();
}

#[test]
fn a_partition_that_is_leaving_sends_nothing() {
    let mut harness = PartitionHarness::acked();
    let (_, in_flight_batch) = harness.send_alone("a");
    harness.partition_sender.leaving = true;
    harness.send("b");
    harness.refused(in_flight_batch, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    harness.pause();
    assert!(harness.next().is_none());
    harness.partition_sender.leaving = false;
    harness.goes_well();
    assert_eq!(harness.log.texts(), ["first", "a", "b"]);
    harness.ends();
}

#[test]
fn batch_fails_after_its_attempts_with_the_last_reason() {
    let mut harness = with_retries(2);
    let (mut record_handle, mut in_flight_batch) = harness.send_alone("a");
    let mut follower = harness.send("b");
    for _ in 0..2 {
        harness.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
        assert!(is_pending(&mut record_handle));
        harness.pause();
        in_flight_batch = harness.next().unwrap();
    }
    harness.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(failure(&mut record_handle), Some((ErrorKind::RetriesExhausted, Persisted::No)));
    let text = message(&mut record_handle);
    assert_eq!(
        text,
        "given up after 3 attempts (`retries` = 2): the broker returned NOT_ENOUGH_REPLICAS (19)"
    );
    // Its sequence is gone, and the next one begins again.
    let next = harness.next().unwrap();
    assert_eq!(stamp(&next), (1, 0));
    harness.served(next);
    assert_eq!(offset(&mut follower), Some(0));
    harness.ends();
}

#[test]
fn without_retries_the_first_refusal_is_the_last_and_an_unanswered_batch_may_be_written() {
    let mut harness = with_retries(0);
    let (mut refused, in_flight_batch) = harness.send_alone("a");
    harness.refused(in_flight_batch, ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(failure(&mut refused), Some((ErrorKind::RetriesExhausted, Persisted::No)));
    let (mut unanswered, in_flight_batch) = harness.send_alone("b");
    harness.lost(in_flight_batch);
    assert_eq!(failure(&mut unanswered), Some((ErrorKind::RetriesExhausted, Persisted::Maybe)));
    assert_eq!(
        message(&mut unanswered),
        "given up after 1 attempt (`retries` = 0): the connection ended before the broker responded"
    );
    let (mut silent, in_flight_batch) = harness.send_alone("c");
    harness.respond(in_flight_batch, &BatchResponse::Lost { whole: true, timed_out: true });
    assert!(message(&mut silent).ends_with(": the broker did not respond within `request.timeout.ms`"));
    assert_eq!(harness.completer.counters.retries, 0, "nothing was sent again");
    harness.pause();
    assert!(harness.next().is_none() && harness.used() == 0, "it may not go again");
    harness.ends();
}

#[test]
fn a_batch_behind_a_refused_one_has_not_used_a_try() {
    let mut harness = with_retries(1);
    harness.send("first");
    harness.goes_well();
    for _ in 0..5 {
        let (_, first) = harness.send_alone("a");
        let (mut record_handle, behind) = harness.send_alone("b");
        harness.refused(first, ErrorCode::NOT_ENOUGH_REPLICAS);
        harness.refused(behind, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        harness.goes_well();
        assert!(offset(&mut record_handle).is_some());
    }
    assert_eq!(harness.completer.counters.retries, 10, "each batch was sent again");
    harness.ends();
}

#[test]
fn batches_behind_a_broken_run_use_no_try_and_follow_without_a_pause() {
    let mut harness =
        PartitionHarness::new(accumulator(), PartitionSenderConfig { retries: 0, ..partition_senders() });
    harness.send("first");
    harness.goes_well();
    let (_, refused) = harness.send_alone("a");
    let behind: Vec<(RecordHandle, InFlightBatch)> = ["b", "c"].map(|value| harness.send_alone(value)).into();
    harness.refused(refused, ErrorCode::INVALID_RECORD);
    let mut record_handles = Vec::new();
    for (record_handle, in_flight_batch) in behind {
        record_handles.push(record_handle);
        harness.refused(in_flight_batch, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    }
    for _ in 0..2 {
        let again = harness.next().unwrap();
        harness.served(again);
    }
    assert_eq!([offset(&mut record_handles[0]), offset(&mut record_handles[1])], [Some(1), Some(2)]);
    assert_eq!(harness.completer.counters.retries, 2, "batches that were sent again");
    harness.ends();
}

#[test]
fn a_batch_that_did_not_fit_its_request_goes_with_the_next_as_it_is() {
    let mut harness = PartitionHarness::acked();
    let (_, in_flight_batch) = harness.send_alone("a");
    let sent = bytes(&in_flight_batch);
    harness.partition_sender.put_back(in_flight_batch, &mut harness.completer);
    assert!(harness.partition_sender.is_idle());
    let again = harness.next().unwrap();
    assert_eq!(bytes(&again), sent);
    harness.served(again);
    assert_eq!(harness.completer.counters.retries, 0);
    harness.ends();
}

#[test]
fn code_of_a_rejection_stands_once_in_the_text_whatever_the_brokers_message_is() {
    let code = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    for words in [
        None,
        Some("TOPIC_AUTHORIZATION_FAILED (29)"),
        Some("TOPIC_AUTHORIZATION_FAILED"),
        Some("Error TOPIC_AUTHORIZATION_FAILED: not allowed"),
        Some("29 TOPIC_AUTHORIZATION_FAILED."),
    ] {
        let mut harness = PartitionHarness::acked();
        let (mut record_handle, in_flight_batch) = harness.send_alone("a");
        let message = words.map(ToOwned::to_owned);
        let response = BatchResponse::FromBroker {
            code,
            base_offset: -1,
            append_time_ms: -1,
            message,
            record_errors: Vec::new(),
        };
        harness.respond(in_flight_batch, &response);
        let text = self::message(&mut record_handle);
        assert_eq!(text.matches("TOPIC_AUTHORIZATION_FAILED").count(), 1, "{words:?}: {text}");
        harness.ends();
    }
}

#[test]
fn records_of_a_partition_that_is_gone_come_with_a_remedy() {
    let harness = PartitionHarness::acked();
    let mut record_handle = harness.send("a");
    let PartitionHarness { partition_sender, mut completer, .. } = harness;
    partition_sender.discard(&mut completer);
    completer.finish();
    let text = message(&mut record_handle);
    assert!(text.contains("fewer partitions") && text.contains("add partitions"), "{text}");
}

#[test]
fn a_refusal_for_good_fails_the_batch_with_the_brokers_words() {
    let rows = [
        (ErrorCode::TOPIC_AUTHORIZATION_FAILED, ErrorKind::TopicAuthorizationFailed, Persisted::No),
        (ErrorCode::INVALID_RECORD, ErrorKind::InvalidRecord, Persisted::No),
        (ErrorCode::INVALID_REQUIRED_ACKS, ErrorKind::Refused, Persisted::No),
        (ErrorCode::UNKNOWN_SERVER_ERROR, ErrorKind::Refused, Persisted::Maybe),
    ];
    for (code, kind, persisted) in rows {
        let mut harness = PartitionHarness::acked();
        let (mut record_handle, in_flight_batch) = harness.send_alone("a");
        let response = BatchResponse::FromBroker {
            code,
            base_offset: -1,
            append_time_ms: -1,
            message: Some("rejected so".to_owned()),
            record_errors: Vec::new(),
        };
        harness.respond(in_flight_batch, &response);
        assert_eq!(failure(&mut record_handle), Some((kind, persisted)), "{code}");
        let text = message(&mut record_handle);
        assert!(text.contains(&code.to_string()) && text.contains("rejected so"), "{text}");
        let (mut next, in_flight_batch) = harness.send_alone("b");
        assert_eq!(stamp(&in_flight_batch), (1, 0), "{code}");
        harness.served(in_flight_batch);
        assert_eq!(offset(&mut next), Some(1));
        harness.ends();
    }
}
