//! Partitions that are discarded and come back: the epochs that were used there, and the partition senders before theirs.

use super::*;

/// The producer has an identity.
pub(super) fn with_identity(harness: &mut AssignmentHarness) {
    harness.assignment.identity(identity(7));
    harness.commands();
}

/// The partition sender of a partition has stamped batches under this epoch.
pub(super) fn stamp_under(harness: &mut AssignmentHarness, serial: u32, epoch: i16) {
    let used = ProducerIdAndEpoch { epoch: epoch.into(), ..identity(7) };
    harness.held.get_mut(&serial).expect("a broker_sender has it").1.begin_above(Some(used));
}

#[test]
fn partition_that_comes_back_begins_above_the_epoch_that_was_used_there() {
    let mut harness = AssignmentHarness::new();
    with_identity(&mut harness);
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, A]);
    stamp_under(&mut harness, 2, 5);
    harness.lead(&topic, OTHER_ID, &[A]);
    assert_eq!(harness.release(2), [Emitted::Discard(2)]);
    harness.lead(&topic, ID, &[A, A]);
    let used = harness.held[&3].1.used_identity();
    assert_eq!(used.map(|used| used.epoch.0), Some(5));
}

#[test]
fn partition_that_comes_back_waits_until_the_partition_sender_before_it_is_released() {
    let mut harness = AssignmentHarness::new();
    with_identity(&mut harness);
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, A]);
    stamp_under(&mut harness, 2, 5);
    assert_eq!(harness.lead(&topic, OTHER_ID, &[A]), [Emitted::Leave(A, 2), Emitted::Id(A, 1, OTHER_ID)]);
    assert_eq!(
        harness.lead(&topic, ID, &[A, B]),
        [Emitted::Id(A, 1, ID)],
        "the old one may have batches in flight"
    );
    assert_eq!(harness.release(2), [Emitted::Discard(2), Emitted::Adopt(B, 3)]);
    assert_eq!(harness.held[&3].1.used_identity().map(|used| used.epoch.0), Some(5));
}

#[test]
fn partition_that_goes_again_before_it_had_a_broker_sender_is_discarded() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, A]);
    harness.lead(&topic, OTHER_ID, &[A]);
    harness.lead(&topic, ID, &[A, A]);
    assert_eq!(harness.lead(&topic, OTHER_ID, &[A]), [Emitted::Discard(3), Emitted::Id(A, 1, OTHER_ID)]);
    assert_eq!(harness.release(2), [Emitted::Discard(2)]);
    assert_eq!(harness.lead(&topic, ID, &[A, A]), [Emitted::Adopt(A, 4), Emitted::Id(A, 1, ID)]);
}

#[test]
fn partition_that_comes_back_while_another_identity_is_awaited_begins_above_the_epoch_that_was_used_there() {
    let mut harness = AssignmentHarness::new();
    with_identity(&mut harness);
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, A]);
    stamp_under(&mut harness, 2, 5);
    harness.assignment.producer_id_exhausted(7.into());
    harness.lead(&topic, OTHER_ID, &[A]);
    harness.release(2);
    harness.lead(&topic, ID, &[A, A]);
    assert_eq!(harness.held[&3].1.used_identity().map(|used| used.epoch.0), Some(5));
}

#[test]
fn identity_whose_last_epoch_was_used_by_a_discarded_partition_is_spent() {
    let mut harness = AssignmentHarness::new();
    with_identity(&mut harness);
    assert!(harness.assignment.take_producer_id_request(), "the first one");
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, A]);
    stamp_under(&mut harness, 2, 32_766);
    harness.lead(&topic, OTHER_ID, &[A]);
    harness.release(2);
    assert!(harness.assignment.take_producer_id_request());
}
