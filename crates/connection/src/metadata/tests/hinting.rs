//! What a refused produce request tells on the side (KIP-951).

use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId};

use super::story::{Story, leaders, topic};
use crate::endpoint::Endpoint;
use crate::metadata::{Change, Hint};

/// What changes with a hint about a partition of `t`; `told` is a broker whose address comes along.
fn hint(story: &mut Story, partition: i32, leader: i32, epoch: i32, told: Option<i32>) -> Vec<Change> {
    let hinted = story.metadata.hints("t", [of(partition, leader, epoch, told)]);
    assert_eq!(hinted.passed_over, usize::from(hinted.changes.is_empty()));
    hinted.changes
}

fn of(partition: i32, leader: i32, epoch: i32, told: Option<i32>) -> Hint {
    let told = told.filter(|told| *told == leader);
    let endpoint = told.map(|id| Endpoint { host: format!("told-{id}"), port: 9092 });
    Hint { partition: PartitionId(partition), leader: BrokerId(leader), epoch: LeaderEpoch(epoch), endpoint }
}

#[test]
fn hints_about_many_partitions_are_one_change_of_their_topic() {
    let mut story = Story::knowing(&[(1, 5); 1_000]);
    let hints = (0..1_000).map(|partition| of(partition, 9, if partition == 7 { 5 } else { 6 }, Some(9)));
    let hinted = story.metadata.hints("t", hints);
    let [Change::Broker { .. }, Change::Topic { topic: told, .. }] = &hinted.changes[..] else {
        panic!("{hinted:?}")
    };
    assert_eq!(hinted.passed_over, 1);
    assert!(
        leaders(told)
            .into_iter()
            .enumerate()
            .all(|(place, leader)| leader == if place == 7 { (1, 5) } else { (9, 6) })
    );
}

#[test]
fn a_newer_leader_that_is_known_is_believed_at_once() {
    let mut story = Story::knowing(&[(1, 5), (1, 5)]);
    let changes = hint(&mut story, 1, 2, 6, None);
    let [Change::Topic { topic: told, .. }] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(leaders(told), [(1, 5), (2, 6)]);
    assert_eq!(story.leaders(), [(1, 5), (2, 6)]);
}

#[test]
fn a_leader_whose_address_is_told_along_is_believed() {
    let mut story = Story::knowing(&[(1, 5)]);
    let changes = hint(&mut story, 0, 9, 6, Some(9));
    assert!(matches!(&changes[..], [Change::Broker { id: BrokerId(9), .. }, Change::Topic { .. }]));
    assert_eq!(story.leaders(), [(9, 6)]);
    assert_eq!(story.metadata.broker(BrokerId(9)).map(|endpoint| endpoint.host.as_str()), Some("told-9"));
}

#[test]
fn what_is_not_newer_or_not_known_is_passed_over() {
    let refused = [(0, 2, 5, None), (0, 2, 4, None), (0, 2, -1, None), (1, 2, 6, None), (-1, 2, 6, None)];
    let nowhere = [(0, 9, 6, None), (0, 9, 6, Some(8)), (0, -1, 6, None), (0, -1, 6, Some(-1))];
    for (partition, leader, epoch, told) in refused.into_iter().chain(nowhere) {
        let mut story = Story::knowing(&[(1, 5)]);
        assert_eq!(
            hint(&mut story, partition, leader, epoch, told),
            [],
            "{partition} {leader} {epoch} {told:?}"
        );
        assert_eq!(story.leaders(), [(1, 5)]);
        assert_eq!(story.metadata.broker(BrokerId(8)), None);
    }
}

#[test]
fn a_hint_about_a_topic_out_of_use_is_passed_over() {
    let mut story = Story::knowing(&[(1, 5)]);
    story.metadata.forget("t");
    assert_eq!(hint(&mut story, 0, 2, 6, None), []);
}

#[test]
fn an_older_answer_does_not_undo_a_hint() {
    let mut story = Story::knowing(&[(1, 5)]);
    hint(&mut story, 0, 2, 6, None);
    story.hear(vec![topic("t", 1, &[(1, 5)])]);
    assert_eq!(story.leaders(), [(2, 6)]);
}
