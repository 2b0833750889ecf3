//! What a partition takes of the budget, who waits for it, and that all of it comes back.

use std::task::Wake;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::sync::{AtomicUsize, Charge, Ordering, Ticket};

fn full(sent: Result<AcceptedRecord, Refusal>) -> usize {
    match sent.unwrap_err() {
        Refusal::Full { bytes } => bytes,
        other => unreachable!("{other:?}"),
    }
}

/// The account of another partition.
fn other() -> Arc<Account> {
    Account::new("other".into(), PartitionId(0), SERIAL + 1)
}

fn by_ticket(ticket: &mut Ticket) -> AppendOptions<'_> {
    AppendOptions { ticket: Some(ticket), ..AppendOptions::default() }
}

#[test]
fn the_budget_is_charged_to_the_byte() {
    let harness = PartitionHarness::simple();
    let mut charged = 0;
    for bytes in [1, 900, 5_000, 20_000, 60_000, 65_000, 65_500, 100_000] {
        harness.send(&vec![0; bytes]).unwrap();
        let memory: usize = {
            let queue = lock(&harness.partition.queue);
            let closed = queue.closed.iter().flat_map(|batch| &batch.data.chunks).map(Vec::capacity);
            closed.sum::<usize>() + queue.open_capacity()
        };
        assert_eq!(harness.used(), memory, "after {bytes}");
        assert!(harness.used() > charged);
        charged = harness.used();
    }
    for batch in harness.take_all() {
        harness.give_back(batch);
    }
    assert_eq!(harness.used(), 0);
}

#[test]
fn a_thousand_partitions_with_a_small_record_each_share_a_mebibyte() {
    let harness = PartitionHarness::new(accumulator(), 1 << 20);
    let limit = StdArc::new(TopicLimit::new(1 << 20));
    for serial in 0..1_000 {
        let partition = Partition::new(
            "t".into(),
            PartitionId(0),
            serial,
            StdArc::clone(&harness.shared),
            OfTopic { limit: StdArc::clone(&limit), compression: None, totals: StdArc::default() },
            Arc::clone(&harness.mailbox),
        );
        let record = RecordRef { value: Some(&[0; 100]), ..RecordRef::default() };
        partition.append::<_, false>(&record, &At(harness.now), AppendOptions::default()).unwrap();
    }
}

#[test]
fn a_batch_begins_with_a_chunk_as_large_as_the_last_batch() {
    let harness = PartitionHarness::simple();
    let chunk_of = |records: usize| {
        harness.send_many(records, 100);
        let batch = harness.take_all().remove(0);
        let first = batch.data.chunks[0].capacity();
        harness.give_back(batch);
        first
    };
    assert_eq!(chunk_of(100), KIB, "nothing is known of the partition");
    assert_eq!(chunk_of(1_000), 16 * KIB);
    assert_eq!(chunk_of(1), 64 * KIB);
    assert_eq!(chunk_of(1), KIB);
}

#[test]
fn a_busy_partition_takes_a_smaller_chunk_where_the_budget_has_no_room_for_a_large_one() {
    let harness = PartitionHarness::new(accumulator(), 1 << 20);
    harness.send_many(1_000, 100);
    harness.take_all().into_iter().for_each(|batch| harness.give_back(batch));
    harness.shared.memory.reserve(&other(), (1 << 20) - 20 * KIB, None, None).unwrap();
    harness.send(&[0; 100]).unwrap();
    assert_eq!(lock(&harness.partition.queue).open_capacity(), 16 * KIB);
}

#[test]
fn a_busy_partition_waits_for_room_for_more_than_one_record() {
    for (budget, awaited) in [(4 << 20, 16 * KIB), (256 * KIB, 4 * KIB)] {
        let harness = PartitionHarness::new(accumulator(), budget);
        harness.send_many(1_000, 100);
        harness.take_all().into_iter().for_each(|batch| harness.give_back(batch));
        let (other, others) = (other(), harness.shared.memory.free());
        let rest = harness.shared.memory.reserve(&other, others, None, None).unwrap();
        let bytes = full(harness.send(&[0; 100]));
        assert_eq!(bytes, awaited, "of {budget}");
        let mut before = harness.partition.wait_for_room(budget, Waker::noop());
        assert!(before.poll(Waker::noop()).is_pending());
        assert_eq!(full(harness.send(&[0; 100])), awaited, "of {budget}, behind another caller");
        drop(before);

        // It gets all that it waited for.
        let mut ticket = harness.partition.wait_for_room(bytes, Waker::noop());
        let rest = Charge { account: other, bytes: rest }.release(true);
        harness.shared.memory.give_back(&mut Vec::new(), [rest], None, &mut Vec::new());
        let record = RecordRef { value: Some(&[0; 100]), ..RecordRef::default() };
        harness.partition.append::<_, false>(&record, &At(harness.now), by_ticket(&mut ticket)).unwrap();
        assert_eq!(lock(&harness.partition.queue).open_capacity(), awaited, "of {budget}");
    }
}

#[test]
fn a_refused_record_leaves_nothing_and_says_how_much_room_it_needs() {
    let harness = PartitionHarness::new(accumulator(), 4 * KIB);
    harness.send(&[0; 3_000]).unwrap();
    assert_eq!(harness.used(), 4 * KIB);
    harness.mail();
    let bytes = full(harness.send(&[0; 3_000]));
    assert!(bytes >= 3_000, "{bytes}");
    assert_eq!((harness.used(), harness.mail()), (4 * KIB, (0, false)));
    assert_eq!(harness.take_all().remove(0).records, 1);
}

#[test]
fn a_full_batch_is_offered_also_when_the_record_that_did_not_fit_is_refused() {
    let config = AccumulatorConfig { record_bytes_max: 4_000, batch_bytes: 8_000, ..accumulator() };
    let harness = PartitionHarness::new(config, 4 * KIB);
    harness.send(&[0; 3_000]).unwrap();
    assert_eq!(harness.mail(), (1, false));
    harness.partition.limit().rejected(crate::batch::Lengths { wire: 6_000, plain: 6_000 });
    full(harness.send(&[0; 2_000]));
    assert_eq!(harness.mail(), (1, false));
    assert!(harness.poll(false).ready);
}

#[test]
fn a_small_record_does_not_overtake_a_large_one_that_waits_for_room() {
    let harness = PartitionHarness::new(accumulator(), 20 * KIB);
    harness.send(&[0; 4_000]).unwrap();
    let bytes = full(harness.send(&[1; 17_000]));
    let mut ticket = harness.partition.wait_for_room(bytes, Waker::noop());
    assert!(ticket.poll(Waker::noop()).is_pending());
    // It would fit the open batch.
    full(harness.send(&[2; 10]));
    for batch in harness.take_all() {
        harness.give_back(batch);
    }
    // Its room is set aside: nobody else gets it, and the others may go on.
    full(harness.send(&[2; 4_000]));
    assert!(ticket.poll(Waker::noop()).is_ready());
    harness.send_as(&[1; 17_000], by_ticket(&mut ticket)).unwrap();
    drop(ticket);
    full(harness.send(&[2; 4_000]));
    let mut batches = harness.take_all();
    assert_eq!(values(&mut batches[0]), [String::from_utf8(vec![1; 17_000]).unwrap()]);
    harness.give_back(batches.remove(0));
    harness.send(&[2; 10]).unwrap();
}

#[test]
fn waiters_enter_in_the_order_they_came() {
    let harness = PartitionHarness::new(accumulator(), 8 * KIB);
    harness.send(&[0; 7_900]).unwrap();
    let mut waiters: Vec<(usize, Ticket)> = (1..=6)
        .map(|number| {
            let bytes = full(harness.send(&vec![0; 600 * number]));
            (number, harness.partition.wait_for_room(bytes, Waker::noop()))
        })
        .collect();
    let mut entered = Vec::new();
    for _ in 0..20 {
        for batch in harness.take_all() {
            harness.give_back(batch);
        }
        waiters.retain_mut(|(number, ticket)| {
            let enters = ticket.poll(Waker::noop()).is_ready()
                && harness.send_as(&vec![0; 600 * *number], by_ticket(ticket)).is_ok();
            entered.extend(enters.then_some(*number));
            !enters
        });
    }
    assert_eq!(entered, [1, 2, 3, 4, 5, 6]);
    harness.take_all().into_iter().for_each(|batch| harness.give_back(batch));
    assert_eq!(harness.used(), 0);
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: StdArc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_ticket_that_is_dropped_gives_its_room_to_the_next_and_wakes_him_alone() {
    let harness = PartitionHarness::new(accumulator(), 4 * KIB);
    harness.send(&[0; 3_000]).unwrap();
    let woken: Vec<StdArc<Woken>> = (0..3).map(|_| StdArc::default()).collect();
    let tickets = woken.iter().map(|woken| {
        let bytes = full(harness.send(&[0; 3_000]));
        harness.partition.wait_for_room(bytes, &Waker::from(StdArc::clone(woken)))
    });
    let mut tickets: Vec<Ticket> = tickets.collect();
    let counts = || woken.iter().map(|woken| woken.0.load(Ordering::Relaxed)).collect::<Vec<_>>();
    harness.take_all().into_iter().for_each(|batch| harness.give_back(batch));
    assert_eq!(
        counts(),
        [1, 1, 1],
        "the others are woken once, because the first used up the partition's credit"
    );
    drop(tickets.remove(0));
    assert_eq!(counts(), [1, 2, 1]);
    drop(tickets);
    assert_eq!(harness.used(), 0);
    assert!(!harness.shared.memory.has_waiters());
}

#[test]
fn a_record_that_the_whole_budget_could_not_hold_is_refused_at_once() {
    let config = AccumulatorConfig { record_bytes_max: 20_000, ..accumulator() };
    let harness = PartitionHarness::new(config, 20_000);
    let limit = 20_000 - HEADER_BYTES;
    let refused = harness.send(&[0; 19_930]).unwrap_err();
    assert!(matches!(refused, Refusal::TooLarge { limit: told, .. } if told == limit), "{refused:?}");
    harness.send(&[0; 19_000]).unwrap();
}

/// What callers and the broker sender of a partition may do, in any order.
#[derive(Clone, Copy, Debug)]
enum Step {
    Send { bytes: usize, skip_linger: bool },
    Wait { millis: u64 },
    Look { flush_requested: bool, idle: bool },
    Take,
    GiveBack,
    Flush,
    Refuse { bytes: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (prop_oneof![10usize..200, 200usize..5_000, 5_000usize..80_000], any::<bool>())
            .prop_map(|(bytes, skip_linger)| Step::Send { bytes, skip_linger }),
        2 => (0u64..700).prop_map(|millis| Step::Wait { millis }),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(flush_requested, idle)| Step::Look { flush_requested, idle }),
        3 => Just(Step::Take),
        2 => Just(Step::GiveBack),
        1 => Just(Step::Flush),
        1 => (200usize..200_000).prop_map(|bytes| Step::Refuse { bytes }),
    ]
}

proptest! {
    #[test]
    fn whatever_they_do_records_leave_once_in_order_and_the_budget_is_exact(steps in vec(step(), 1..120)) {
        let mut harness = PartitionHarness::new(AccumulatorConfig { flush_records: Some(20), ..accumulator() }, 400_000);
        let (mut sent, mut left) = (Vec::new(), Vec::new());
        let mut out: Vec<Batch> = Vec::new();
        let mut leave = |mut batch: Batch, out: &mut Vec<Batch>| {
            left.extend(values(&mut batch));
            out.push(batch);
        };
        for step in steps {
            match step {
                Step::Send { bytes, skip_linger } => {
                    let value = value(sent.len(), bytes);
                    match harness.send_as(value.as_bytes(), AppendOptions { skip_linger, ..AppendOptions::default() }) {
                        Ok(_) => sent.push(value),
                        Err(Refusal::Full { .. }) => {}
                        Err(other) => prop_assert!(false, "{:?}", other),
                    }
                }
                Step::Wait { millis } => harness.now += Duration::from_millis(millis),
                Step::Look { flush_requested, idle } => drop(harness.partition.poll(harness.now, idle, flush_requested, usize::MAX).unwrap()),
                Step::Take => harness.take().into_iter().for_each(|batch| leave(batch, &mut out)),
                Step::GiveBack => out.drain(..).for_each(|batch| harness.give_back(batch)),
                Step::Flush => drop(harness.shared.outstanding.end_generation()),
                Step::Refuse { bytes } => harness.partition.limit().rejected(crate::batch::Lengths { wire: bytes, plain: bytes }),
            }
            let capacity = |batch: &Batch| batch.data.chunks.iter().map(Vec::capacity).sum::<usize>();
            let queue = lock(&harness.partition.queue);
            let held = queue.closed.iter().chain(&out).map(capacity).sum::<usize>() + queue.open_capacity();
            prop_assert_eq!(harness.used(), held);
            prop_assert!(queue.closed.iter().is_sorted_by_key(|batch| batch.times.opened));
        }
        harness.take_all().into_iter().for_each(|batch| leave(batch, &mut out));
        out.into_iter().for_each(|batch| harness.give_back(batch));
        prop_assert_eq!(left, sent);
        prop_assert_eq!(harness.used(), 0);
        prop_assert!(harness.shared.outstanding.is_settled(harness.shared.outstanding.end_generation()));
    }
}

/// A waker of an executor that polls in place: the poll may need the partition.
struct Looks(StdArc<Partition>, AtomicUsize);

impl Wake for Looks {
    fn wake(self: StdArc<Self>) {
        self.1.fetch_add(usize::from(self.0.queue.try_lock().is_ok()), Ordering::Relaxed);
    }
}

#[test]
fn callers_that_wait_are_woken_when_the_partition_is_not_locked() {
    let harness = PartitionHarness::new(accumulator(), 256 * KIB);
    let (memory, other) = (&harness.shared.memory, other());
    let mut held: Vec<_> = [33 * KIB, 159 * KIB]
        .map(|bytes| memory.reserve(&other, bytes, None, Some(harness.now)).unwrap())
        .map(|bytes| Charge { account: Arc::clone(&other), bytes })
        .into();
    let mut elsewhere = Memory::queue(memory, &other, 32 * KIB, Waker::noop());
    let looks = StdArc::new(Looks(StdArc::clone(&harness.partition), AtomicUsize::new(0)));
    let account = harness.partition.account();
    let _waits = Memory::queue(memory, account, 128 * KIB, &Waker::from(StdArc::clone(&looks)));
    let release = held.remove(0).release(true);
    memory.give_back(&mut Vec::new(), [release], Some(harness.now), &mut Vec::new());

    // It uses up the credit of the partition, so that those who wait there may go elsewhere.
    let record = RecordRef { value: Some(&[0; 100]), ..RecordRef::default() };
    harness.partition.append::<_, false>(&record, &At(harness.now), by_ticket(&mut elsewhere)).unwrap();
    assert_eq!(looks.1.load(Ordering::Relaxed), 1);
}
