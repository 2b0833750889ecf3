//! Leader hints of rejected Produce requests (KIP-951).

use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId};

use super::harness::{MetadataHarness, leaders, topic};
use crate::endpoint::Endpoint;
use crate::metadata::{Change, Hint};

/// The changes of a hint for a partition of `t`; `addressed` is a broker whose address is part of the hint.
fn hint(
    harness: &mut MetadataHarness,
    partition: i32,
    leader: i32,
    epoch: i32,
    addressed: Option<i32>,
) -> Vec<Change> {
    let hinted = harness.metadata.hints("t", [of(partition, leader, epoch, addressed)]);
    assert_eq!(hinted.ignored, usize::from(hinted.changes.is_empty()));
    hinted.changes
}

fn of(partition: i32, leader: i32, epoch: i32, addressed: Option<i32>) -> Hint {
    let addressed = addressed.filter(|addressed| *addressed == leader);
    let endpoint = addressed.map(|id| Endpoint { host: format!("hinted-{id}"), port: 9092 });
    Hint { partition: PartitionId(partition), leader: BrokerId(leader), epoch: LeaderEpoch(epoch), endpoint }
}

#[test]
fn hints_for_many_partitions_are_one_change_of_the_topic() {
    let mut harness = MetadataHarness::knowing(&[(1, 5); 1_000]);
    let hints = (0..1_000).map(|partition| of(partition, 9, if partition == 7 { 5 } else { 6 }, Some(9)));
    let hinted = harness.metadata.hints("t", hints);
    let [Change::Broker { .. }, Change::Topic { topic, .. }] = &hinted.changes[..] else {
        panic!("{hinted:?}")
    };
    assert_eq!(hinted.ignored, 1);
    assert!(
        leaders(topic)
            .into_iter()
            .enumerate()
            .all(|(place, leader)| leader == if place == 7 { (1, 5) } else { (9, 6) })
    );
}

#[test]
fn hint_with_a_newer_epoch_and_a_known_leader_applies() {
    let mut harness = MetadataHarness::knowing(&[(1, 5), (1, 5)]);
    let changes = hint(&mut harness, 1, 2, 6, None);
    let [Change::Topic { topic, .. }] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(leaders(topic), [(1, 5), (2, 6)]);
    assert_eq!(harness.leaders(), [(1, 5), (2, 6)]);
}

#[test]
fn hint_with_the_address_of_an_unknown_leader_applies() {
    let mut harness = MetadataHarness::knowing(&[(1, 5)]);
    let changes = hint(&mut harness, 0, 9, 6, Some(9));
    assert!(matches!(&changes[..], [Change::Broker { id: BrokerId(9), .. }, Change::Topic { .. }]));
    assert_eq!(harness.leaders(), [(9, 6)]);
    assert_eq!(harness.metadata.broker(BrokerId(9)).map(|endpoint| endpoint.host.as_str()), Some("hinted-9"));
}

#[test]
fn hint_with_an_old_epoch_or_unknown_partition_or_leader_is_ignored() {
    let stale = [(0, 2, 5, None), (0, 2, 4, None), (0, 2, -1, None), (1, 2, 6, None), (-1, 2, 6, None)];
    let nowhere = [(0, 9, 6, None), (0, 9, 6, Some(8)), (0, -1, 6, None), (0, -1, 6, Some(-1))];
    for (partition, leader, epoch, addressed) in stale.into_iter().chain(nowhere) {
        let mut harness = MetadataHarness::knowing(&[(1, 5)]);
        assert_eq!(
            hint(&mut harness, partition, leader, epoch, addressed),
            [],
            "{partition} {leader} {epoch} {addressed:?}"
        );
        assert_eq!(harness.leaders(), [(1, 5)]);
        assert_eq!(harness.metadata.broker(BrokerId(8)), None);
    }
}

#[test]
fn hint_for_a_topic_out_of_use_is_ignored() {
    let mut harness = MetadataHarness::knowing(&[(1, 5)]);
    harness.metadata.forget("t");
    assert_eq!(hint(&mut harness, 0, 2, 6, None), []);
}

#[test]
fn response_with_an_older_epoch_does_not_undo_a_hint() {
    let mut harness = MetadataHarness::knowing(&[(1, 5)]);
    hint(&mut harness, 0, 2, 6, None);
    harness.respond(vec![topic("t", 1, &[(1, 5)])]);
    assert_eq!(harness.leaders(), [(2, 6)]);
}
