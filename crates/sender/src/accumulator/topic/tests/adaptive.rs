//! Records without a key beside a partition for which more waits.

use super::*;

#[test]
fn partition_for_which_more_waits_gets_less_and_its_share_again_once_that_has_gone() {
    let mut stand = Stand::new(Partitioner::Java, 6);
    stand.run_without(&[3], 100_000);
    let slow = stand.taken_and_left(3);
    let others = stand.taken_and_left(2);
    assert!(slow * 3 < others, "{slow} of {others}");
    stand.take(true);
    stand.taken.fill(0);
    stand.run(30_000, 100_000);
    check_even(&stand.shares(), &[], 10);
}

#[test]
fn without_adaptive_partitioning_each_partition_gets_the_same_whatever_waits() {
    let config = AccumulatorConfig { adaptive: false, ..accumulator() };
    let mut stand = Stand::configured(config, Partitioner::Java, 6);
    stand.run_without(&[3], 100_000);
    check_even(&stand.shares(), &[], 10);
}

#[test]
fn partition_without_an_acknowledgement_is_passed_over_after_the_availability_timeout() {
    let timeout = Some(Duration::from_millis(500));
    let config = AccumulatorConfig { adaptive: false, availability_timeout: timeout, ..accumulator() };
    let mut stand = Stand::configured(config, Partitioner::Java, 6);
    stand.run_without(&[3], 60_000);
    let before = stand.taken_and_left(3);
    assert!(stand.shared.choices.exclusions.load(Ordering::Relaxed) > 0);
    stand.run_without(&[3], 60_000);
    assert_eq!(stand.taken_and_left(3), before, "it got nothing more");
    // None is left: then one is as good as another.
    stand.run_without(&[0, 1, 2, 3, 4, 5], 60_000);
    assert!(stand.taken_and_left(3) > before);
}

#[test]
fn partition_that_waits_for_long_gets_less_however_little_it_holds() {
    let mut stand = Stand::new(Partitioner::Java, 2);
    stand.run_without(&[1], 20_000);
    // A batch in ten milliseconds is never much.
    let (slow, other) = (stand.taken_and_left(1), stand.taken_and_left(0));
    assert!(slow * 3 < other, "{slow} of {other}");
}

#[test]
fn caller_that_finds_no_room_where_nothing_moves_goes_elsewhere_unless_its_record_names_the_partition() {
    let mut stand = Stand::new(Partitioner::Java, 2);
    let (memory, sick) =
        (Arc::clone(&stand.shared.memory), Arc::clone(stand.topic.partitions()[0].account()));
    memory.reserve(&sick, 60 << 20, None, Some(stand.now)).unwrap();
    stand.try_send(None, None).unwrap();
    let named = stand.try_send(Some(0), None).unwrap_err();
    assert!(matches!(named, ChooseError::Refused(Refusal::Full { .. }, PartitionId(0))), "{named:?}");
    stand.take(true);
    assert_eq!(stand.taken, [0, 1]);
    let leaves = |key| stand.topic.may_leave(PartitionId(0), key);
    assert!(leaves(None) && !leaves(Some(&b"user-123"[..])));
    stand.leaderless(1);
    assert!(!stand.topic.may_leave(PartitionId(0), None), "there is no better one");
}
