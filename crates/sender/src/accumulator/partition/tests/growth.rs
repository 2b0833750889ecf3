//! When a batch is worth sending, and how it goes on growing until it is taken.

use super::*;

#[test]
fn the_broker_sender_hears_of_a_batch_when_it_opens_and_again_when_it_is_worth_sending_and_no_more() {
    let harness = PartitionHarness::simple();
    harness.send(b"first").unwrap();
    assert_eq!(harness.mail(), (1, false));
    assert!(!harness.poll(false).ready);
    harness.send_many(100, 100);
    assert_eq!(harness.mail(), (0, false), "it grows in silence");
    harness.send_many(60, 100);
    assert_eq!(harness.mail(), (1, false));
    harness.send_many(1_000, 100);
    assert_eq!(harness.mail(), (0, false), "it is listed already");
    assert!(harness.poll(false).ready);
}

#[test]
fn a_batch_is_offered_at_batch_size_and_goes_on_growing_until_it_is_taken() {
    let harness = PartitionHarness::simple();
    harness.send_many(5_000, 100);
    let mut batch = harness.take().unwrap();
    assert_eq!(batch.records, 5_000, "one batch, thirty times batch.size");
    assert!(harness.take().is_none());
    let expected: Vec<String> = (0..5_000).map(|number| value(number, 100)).collect();
    assert_eq!(values(&mut batch), expected);
}

#[test]
fn what_is_offered_reaches_batch_size_but_for_one_record() {
    for bytes in [10, 100, 1_000, 4_000] {
        let harness = PartitionHarness::simple();
        let mut sent = 0;
        while !harness.poll(false).ready {
            harness.send(&vec![0; bytes]).unwrap();
            sent += 1;
        }
        let taken = harness.take().unwrap();
        assert_eq!(taken.records, sent);
        assert!(
            taken.bytes() + bytes + 400 > 16 * KIB && taken.bytes() < 16 * KIB + bytes,
            "{bytes}: {}",
            taken.bytes()
        );
    }
}

#[test]
fn a_batch_below_batch_size_goes_after_the_linger() {
    let mut harness = PartitionHarness::simple();
    let opened = harness.now;
    harness.send(b"a").unwrap();
    let status = harness.poll(false);
    assert_eq!((status.ready, status.ages), (false, Some(opened + harness.shared.config.linger)));
    assert_eq!(status.expires, Some(opened + harness.shared.config.delivery_timeout));
    harness.now += Duration::from_micros(4_999);
    assert!(harness.take().is_none());
    harness.now += Duration::from_micros(1);
    assert!(harness.poll(false).ready);
    assert_eq!(values(&mut harness.take().unwrap()), ["a"]);
    let nothing = PartitionStatus { ready: false, bytes: 0, ages: None, expires: None };
    assert_eq!(harness.poll(false), nothing);
}

#[test]
fn an_awaited_record_goes_at_once_when_nothing_of_its_partition_is_in_flight() {
    let harness = PartitionHarness::simple();
    harness.send(b"a").unwrap();
    assert_eq!(harness.mail(), (1, false));
    for _ in 0..2 {
        harness.send_as(b"awaited", AppendOptions { skip_linger: true, ..AppendOptions::default() }).unwrap();
    }
    assert_eq!(harness.mail(), (1, false), "the broker_sender hears of it once");
    let in_flight = harness.partition.poll(harness.now, false, false, usize::MAX).unwrap();
    assert!(!in_flight.ready, "it joins what comes until the answer");
    assert!(harness.poll(false).ready);
    assert_eq!(harness.take().unwrap().records, 3);
    harness.send(b"b").unwrap();
    assert!(!harness.poll(false).ready, "the next batch lingers again");
}

/// Sends records of 100 bytes politely, and says how often it was asked to step aside.
fn asked_to_step_aside(harness: &PartitionHarness, records: usize) -> usize {
    let polite = || AppendOptions { may_yield: true, ..AppendOptions::default() };
    let refused = |_: &usize| match harness.send_as(&[0; 100], polite()) {
        Err(Refusal::Yield) => {
            harness.send(&[0; 100]).unwrap();
            true
        }
        sent => sent.map(drop).is_err(),
    };
    (0..records).filter(refused).count()
}

#[test]
fn a_caller_far_ahead_of_the_broker_sender_steps_aside_every_512_kib() {
    let harness = PartitionHarness::simple();
    let asked = asked_to_step_aside(&harness, 20_000);
    assert_eq!(asked, harness.used() / (512 * KIB));
    assert!(asked >= 3, "{asked}");
}

#[test]
fn a_caller_whose_broker_sender_looks_in_time_goes_on() {
    let harness = PartitionHarness::simple();
    for _ in 0..20 {
        assert_eq!(asked_to_step_aside(&harness, 1_000), 0);
        harness.mail();
    }
}

#[test]
fn a_record_of_its_own_batch_counts_too() {
    let harness = PartitionHarness::simple();
    let polite = || AppendOptions { may_yield: true, ..AppendOptions::default() };
    let value = vec![0; 200 * KIB];
    let asked = (0..3).map(|_| harness.send_as(&value, polite()).is_err()).collect::<Vec<_>>();
    assert_eq!(asked, [false, false, true]);
}

#[test]
fn so_many_waiting_records_are_worth_a_request() {
    let harness =
        PartitionHarness::new(AccumulatorConfig { flush_records: Some(10), ..accumulator() }, 32 << 20);
    let mut sent = 0;
    for round in 0..5 {
        while !harness.mail().1 {
            // The broker sender looks after every record, and that does not begin the count anew.
            harness.send(b"a").unwrap();
            sent += 1;
        }
        assert_eq!(sent, 10, "round {round}");
        assert!(harness.poll(true).ready);
        // They go with it, and are not counted towards the next ten.
        harness.send_many(15, 10);
        assert_eq!(harness.mail(), (0, false));
        assert_eq!(harness.take().unwrap().records, 25);
        sent = 0;
    }
}

#[test]
fn records_that_have_gone_by_their_linger_are_not_counted() {
    let config = AccumulatorConfig { flush_records: Some(10), ..accumulator() };
    let mut harness = PartitionHarness::new(config, 32 << 20);
    harness.send_many(9, 10);
    harness.now += Duration::from_millis(5);
    assert_eq!(harness.take().unwrap().records, 9);
    harness.send_many(9, 10);
    assert!(!harness.mail().1);
    harness.send_many(1, 10);
    assert!(harness.mail().1);
}

#[test]
fn records_that_wait_are_counted_over_all_partitions_of_a_broker_sender_and_move_with_their_partition() {
    let config = AccumulatorConfig { flush_records: Some(10), ..accumulator() };
    let harness = PartitionHarness::new(config, 32 << 20);
    let limit = StdArc::new(TopicLimit::new(1 << 20));
    let other = Partition::new(
        "t".into(),
        PartitionId(4),
        SERIAL,
        StdArc::clone(&harness.shared),
        OfTopic { limit, compression: None, totals: StdArc::default() },
        Arc::clone(&harness.mailbox),
    );
    let send_there = || {
        let record = RecordRef { value: Some(b"b"), ..RecordRef::default() };
        other.append::<_, false>(&record, &At(harness.now), AppendOptions::default()).unwrap();
    };
    harness.send_many(2, 10);
    (0..3).for_each(|_| send_there());

    // It goes to another broker sender, and its three records with it.
    let elsewhere = Arc::new(SenderMailbox::default());
    other.assign(&elsewhere).unwrap();
    harness.send_many(5, 10);
    assert!(!harness.mail().1);
    other.assign(&harness.mailbox).unwrap();
    send_there();
    assert!(harness.mail().1);
}

#[test]
fn the_broker_sender_never_waits_for_a_caller_who_holds_the_partition() {
    let harness = PartitionHarness::simple();
    harness.send(b"a").unwrap();
    let caller = lock(&harness.partition.queue);
    assert!(harness.partition.poll(harness.now, true, false, usize::MAX).is_none());
    assert!(harness.partition.take(harness.now, true, &mut Vec::new()).is_none());
    assert!(harness.partition.give_up(None).is_none());
    assert!(harness.partition.assign(&harness.mailbox).is_none());
    let try_only = AppendOptions { try_only: true, ..AppendOptions::default() };
    assert_eq!(harness.send_as(b"b", try_only).unwrap_err(), Refusal::Busy);
    drop(caller);
    let try_only = AppendOptions { try_only: true, ..AppendOptions::default() };
    harness.send_as(b"b", try_only).unwrap();
    assert_eq!(values(&mut harness.take_all().remove(0)), ["a", "b"]);
}

#[test]
fn the_cells_of_settled_batches_serve_later_ones() {
    let harness = PartitionHarness::simple();
    let mut spares = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..10 {
        harness.send(b"a").unwrap();
        harness.poll(true);
        let batch = harness.partition.take(harness.now, true, &mut spares).unwrap().unwrap();
        seen.push(Arc::as_ptr(&batch.completion));
        spares.push(batch.claim().completion);
        harness.give_back(batch);
    }
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() <= 2, "one is in use while the other waits: {}", seen.len());
}

#[test]
fn batches_grow_less_at_levels_of_zstd_whose_tables_grow_with_them() {
    for (level, expected) in [(3, 4 << 20), (19, 1 << 20)] {
        let compression = TopicCompression::new(Compression::Zstd, Some(level));
        let config = AccumulatorConfig { record_bytes_max: 1_000_000, ..accumulator() };
        let harness = PartitionHarness::compressed(config, 32 << 20, compression);
        harness.partition.observe_ratio(50_000, 1_000_000);
        harness.send_many(45_000, 100);
        let longest = harness.take_all().iter().map(Batch::bytes).max().unwrap();
        assert!((expected - 1_000..=expected).contains(&longest), "level {level}: {longest}");
    }
}
