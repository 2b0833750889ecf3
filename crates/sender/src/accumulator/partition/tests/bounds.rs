//! Where a batch ends.

use super::*;

fn sizes(batches: &[Batch]) -> Vec<usize> {
    batches.iter().map(Batch::bytes).collect()
}

/// Sends 5 MB that nobody takes meanwhile, and checks that the batches come close to `bound` and not above it.
#[track_caller]
fn check_bound(harness: &PartitionHarness, bound: usize) {
    harness.send_many(50_000, 100);
    let mut batches = harness.take_all();
    let sizes = sizes(&batches);
    assert!(sizes.iter().all(|bytes| *bytes <= bound), "{sizes:?}");
    assert!(sizes[..sizes.len() - 1].iter().all(|bytes| *bytes > bound - 200), "{sizes:?}");
    let sent: Vec<String> = (0..50_000).map(|number| value(number, 100)).collect();
    let taken: Vec<String> = batches.iter_mut().flat_map(values).collect();
    assert_eq!(taken, sent);
    batches.into_iter().for_each(|batch| harness.give_back(batch));
    assert_eq!(harness.used(), 0);
}

#[test]
fn a_batch_stays_below_what_a_broker_takes_by_default() {
    let config = AccumulatorConfig { record_bytes_max: 8 << 20, ..accumulator() };
    check_bound(&PartitionHarness::new(config, 32 << 20), 1_000_000);
}

#[test]
fn a_batch_stays_below_the_largest_request() {
    let config = AccumulatorConfig { record_bytes_max: 100_000, ..accumulator() };
    check_bound(&PartitionHarness::new(config, 32 << 20), 100_000);
}

#[test]
fn a_batch_stays_within_two_thirds_of_what_a_broker_rejected() {
    let harness = PartitionHarness::simple();
    harness.partition.limit().rejected(crate::batch::Lengths { wire: 90_000, plain: 90_000 });
    check_bound(&harness, 60_000);
    harness.partition.limit().rejected(crate::batch::Lengths { wire: 400_000, plain: 400_000 });
    check_bound(&harness, 60_000);
}

#[test]
fn a_limit_below_batch_size_holds_too() {
    let harness = PartitionHarness::simple();
    harness.partition.limit().rejected(crate::batch::Lengths { wire: 10_000, plain: 10_000 });
    check_bound(&harness, 6_667);
}

#[test]
fn a_record_above_the_learned_limit_goes_alone() {
    let harness = PartitionHarness::simple();
    harness.partition.limit().rejected(crate::batch::Lengths { wire: 2_000, plain: 2_000 });
    for bytes in [300, 5_000, 300] {
        harness.send(&vec![b'x'; bytes]).unwrap();
    }
    let lengths: Vec<u32> = harness.take_all().iter().map(|batch| batch.records).collect();
    assert_eq!(lengths, [1, 1, 1]);
}

#[test]
fn an_open_batch_takes_no_more_records_after_a_while_and_waits_behind_the_others() {
    let mut harness = PartitionHarness::simple();
    let opened = harness.now;
    harness.send(b"old").unwrap();
    harness.now += Duration::from_millis(999);
    assert_eq!(
        harness.poll(false).ages,
        Some(opened + Duration::from_secs(1)),
        "the broker_sender comes back for it"
    );
    harness.send(b"older").unwrap();
    harness.now += Duration::from_millis(1);
    assert_eq!(harness.poll(false).ages, None);
    harness.send(b"new").unwrap();
    let mut batches = harness.take_all();
    assert_eq!(batches.iter_mut().map(values).collect::<Vec<_>>(), [vec!["old", "older"], vec!["new"]]);
    assert_eq!(batches[0].times.opened, opened, "its deadline counts from its first record");
}

#[test]
fn a_deadline_is_right_to_a_twentieth() {
    let config = AccumulatorConfig {
        open_for_max: AccumulatorConfig::open_for_max_of(Duration::from_secs(10)),
        delivery_timeout: Duration::from_secs(10),
        ..accumulator()
    };
    assert_eq!(config.open_for_max, Duration::from_millis(500));
    assert_eq!(AccumulatorConfig::open_for_max_of(Duration::from_secs(120)), Duration::from_secs(1));
    let mut harness = PartitionHarness::new(config, 32 << 20);
    // A record every millisecond, and a broker sender that comes only when it said it would.
    harness.send(b"a").unwrap();
    let mut due = harness.poll(false).ages;
    for _ in 0..2_000 {
        harness.now += Duration::from_millis(1);
        if due.is_some_and(|due| harness.now >= due) {
            due = harness.poll(false).ages;
        }
        let opens = due.is_none();
        harness.send(b"a").unwrap();
        if opens {
            due = harness.poll(false).ages;
        }
    }
    let records: Vec<u32> = harness.take_all().iter().map(|batch| batch.records).collect();
    assert_eq!(records, [500, 500, 500, 500, 1]);
}

#[test]
fn a_flush_ends_the_open_batch_and_waits_for_nothing_that_came_after_it() {
    let harness = PartitionHarness::simple();
    harness.send(b"before").unwrap();
    let flush = harness.shared.outstanding.end_generation();
    harness.poll(true);
    harness.send(b"after").unwrap();
    let mut batches = harness.take_all();
    assert_eq!(batches.iter_mut().map(values).collect::<Vec<_>>(), [vec!["before"], vec!["after"]]);
    assert!(!harness.shared.outstanding.is_settled(flush));
    harness.give_back(batches.remove(0));
    assert!(harness.shared.outstanding.is_settled(flush));
}

#[test]
fn who_waits_for_room_has_the_open_batch_sent_and_not_ended() {
    let harness = PartitionHarness::simple();
    harness.send(b"before").unwrap();
    assert!(harness.poll(true).ready);
    harness.send(b"after").unwrap();
    assert_eq!(values(&mut harness.take().unwrap()), ["before", "after"]);
}

#[test]
fn a_record_larger_than_any_chunk_gets_a_batch_of_its_own_in_its_place() {
    let harness = PartitionHarness::simple();
    harness.send(b"a").unwrap();
    let large = harness.send(&vec![b'x'; 70_000]).unwrap();
    assert!(large.bytes > 70_000 && large.record_handle.is_some());
    assert_eq!(harness.mail(), (2, false), "opened, and then worth sending at once");
    assert!(harness.poll(false).ready);
    harness.send(b"b").unwrap();
    let mut batches = harness.take_all();
    assert_eq!(values(&mut batches[0]), ["a"]);
    assert_eq!(values(&mut batches[1]), ["x".repeat(70_000)]);
    assert_eq!(values(&mut batches[2]), ["b"]);
}

#[test]
fn a_record_too_large_for_a_request_is_refused_with_size_and_limit_and_leaves_nothing() {
    let harness = PartitionHarness::simple();
    let Err(Refusal::TooLarge { bytes, limit }) = harness.send(&vec![0; 2 << 20]) else {
        unreachable!("two mebibytes are more than one")
    };
    assert!(bytes >= 2 << 20 && limit == 1 << 20, "{bytes} {limit}");
    assert_eq!((harness.used(), harness.mail()), (0, (0, false)));
}

#[test]
fn a_shut_partition_takes_nothing_more_and_sends_what_it_has() {
    let harness = PartitionHarness::simple();
    harness.send(b"a").unwrap();
    harness.partition.shut();
    let used = harness.used();
    for bytes in [1, 70_000] {
        assert_eq!(harness.send(&vec![0; bytes]).unwrap_err(), Refusal::Closed);
        assert_eq!(harness.used(), used);
    }
    assert!(harness.poll(false).ready);
    assert_eq!(values(&mut harness.take().unwrap()), ["a"]);
}

#[test]
fn the_base_timestamp_is_the_first_records_and_others_may_be_older() {
    let harness = PartitionHarness::simple();
    for timestamp_ms in [1_000, 1_700, 400] {
        let record =
            RecordRef { value: Some(b"a"), timestamp_ms: Some(timestamp_ms), ..RecordRef::default() };
        // An awaited record takes the longer way.
        let waiting = AppendOptions { skip_linger: true, ..AppendOptions::default() };
        harness.partition.append::<_, false>(&record, &At(harness.now), waiting).unwrap();
    }
    let mut batch = harness.take_all().remove(0);
    batch.seal(Stamp::NONE);
    let bytes = batch.pieces().collect::<Vec<_>>().concat();
    let read = RecordBatch::parse(&bytes).unwrap();
    let deltas: Vec<i64> = read.records().map(|record| record.unwrap().timestamp_delta).collect();
    assert_eq!(deltas, [0, 700, -600]);
    assert_eq!((read.header.base_timestamp_ms, read.header.max_timestamp_ms), (1_000, 1_700));
}
