//! Who looks after a partition, and the identity of the producer.

mod another_topic;
mod forgetting;
mod returning;

use std::time::Instant;

use milena_codec::ids::ProducerId;
use milena_partitioner::Partitioner;

use super::*;
use crate::accumulator::{AppendOptions, RecordRef, Shared};
use crate::tests::{At, accumulator, identity, some_time};

const A: SenderId = Some(BrokerId(1));
const B: SenderId = Some(BrokerId(2));
const LEADERLESS: SenderId = None;
const ID: TopicId = TopicId([1; 16]);
const OTHER_ID: TopicId = TopicId([2; 16]);

/// An assignment, and broker senders that hold what they were given.
struct AssignmentHarness {
    assignment: Assignment,
    shared: StdArc<Shared>,
    leaderless: Arc<SenderMailbox>,
    held: BTreeMap<u32, (SenderId, Box<PartitionSender>)>,
}

/// A command in words that can be compared.
#[derive(Debug, PartialEq, Eq)]
enum Emitted {
    Adopt(SenderId, u32),
    Leave(SenderId, u32),
    Discard(u32),
    Id(SenderId, u32, TopicId),
    Another(SenderId, u32),
    Elected(SenderId, u32),
    ReportRest(SenderId, u32),
    ProducerId(ProducerId),
}

impl AssignmentHarness {
    fn new() -> Self {
        let shared = Shared::new(accumulator(), 1 << 20);
        Self {
            assignment: Assignment::new(true),
            shared,
            leaderless: Arc::new(SenderMailbox::default()),
            held: BTreeMap::new(),
        }
    }

    fn topic(&self, name: &str) -> Topic {
        Topic::new(name.into(), Partitioner::Java, StdArc::clone(&self.shared), 1)
    }

    fn lead(&mut self, topic: &Topic, id: TopicId, leaders: &[SenderId]) -> Vec<Emitted> {
        let led_by =
            |broker_sender: &SenderId| Leadership { broker_sender: *broker_sender, ..Leadership::default() };
        let leaders: Vec<_> = leaders.iter().map(led_by).collect();
        self.assignment.topic(topic, id, &leaders, &self.leaderless);
        self.commands()
    }

    /// Carries out the commands, but that broker senders give nothing back until [`Self::release`].
    fn commands(&mut self) -> Vec<Emitted> {
        let mut emitted = Vec::new();
        while let Some(command) = self.assignment.next_command() {
            emitted.push(match command {
                Command::Partition(broker_sender, PartitionCommand::Adopt(partition_sender)) => {
                    let serial = partition_sender.partition().serial().0;
                    let before = self.held.insert(serial, (broker_sender, partition_sender));
                    assert!(before.is_none(), "two broker senders have partition {serial}");
                    Emitted::Adopt(broker_sender, serial)
                }
                Command::Partition(broker_sender, PartitionCommand::Leave(PartitionSerial(serial))) => {
                    assert_eq!(
                        self.held.get(&serial).map(|held| held.0),
                        Some(broker_sender),
                        "it is not there"
                    );
                    Emitted::Leave(broker_sender, serial)
                }
                Command::Partition(broker_sender, PartitionCommand::TopicId(PartitionSerial(serial), id)) => {
                    Emitted::Id(broker_sender, serial, id)
                }
                Command::Partition(
                    broker_sender,
                    PartitionCommand::AnotherTopic(PartitionSerial(serial)),
                ) => Emitted::Another(broker_sender, serial),
                Command::Partition(
                    broker_sender,
                    PartitionCommand::LeaderElected(PartitionSerial(serial)),
                ) => Emitted::Elected(broker_sender, serial),
                Command::Partition(broker_sender, PartitionCommand::ReportRest(PartitionSerial(serial))) => {
                    Emitted::ReportRest(broker_sender, serial)
                }
                Command::Discard(partition_sender) => {
                    Emitted::Discard(partition_sender.partition().serial().0)
                }
                Command::ProducerId(identity) => Emitted::ProducerId(identity.producer_id),
            });
        }
        emitted
    }

    /// A broker sender gives a partition back.
    fn release(&mut self, serial: u32) -> Vec<Emitted> {
        let (_, partition_sender) = self.held.remove(&serial).expect("somebody has it");
        self.assignment.released(partition_sender);
        self.commands()
    }

    fn id_of(&self, serial: u32) -> TopicId {
        self.held[&serial].1.topic_id()
    }
}

#[test]
fn a_new_partition_goes_to_its_leader_or_waits_where_there_is_no_broker() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    let emitted = harness.lead(&topic, ID, &[A, LEADERLESS, B]);
    assert_eq!(emitted, [Emitted::Adopt(A, 1), Emitted::Adopt(LEADERLESS, 2), Emitted::Adopt(B, 3)]);
    let available: Vec<bool> = topic.partitions().iter().map(|partition| partition.is_available()).collect();
    assert_eq!(available, [true, false, true]);
    assert!(harness.lead(&topic, ID, &[A, LEADERLESS, B]).is_empty(), "nothing is new");
}

#[test]
fn a_broker_sender_is_needed_until_its_last_partition_is_elsewhere() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, A]);
    let needed = |harness: &AssignmentHarness| {
        [A, B, LEADERLESS].map(|broker_sender| harness.assignment.needs(broker_sender))
    };
    assert_eq!(needed(&harness), [true, false, false]);
    harness.lead(&topic, ID, &[B, B]);
    assert_eq!(needed(&harness), [true, true, false], "they may still come back from it");
    harness.release(1);
    assert_eq!(needed(&harness), [true, true, false]);
    harness.release(2);
    assert_eq!(needed(&harness), [false, true, false]);
}

#[test]
fn a_partition_moves_only_when_its_old_broker_sender_has_released_it() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, A]);
    assert_eq!(harness.lead(&topic, ID, &[A, B]), [Emitted::Leave(A, 2)]);
    assert!(harness.lead(&topic, ID, &[A, B]).is_empty(), "it was asked for");
    assert_eq!(harness.release(2), [Emitted::Adopt(B, 2)]);
}

#[test]
fn a_leader_that_comes_back_at_once_gets_its_partition_back_and_the_other_never_had_it() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A]);
    assert_eq!(harness.lead(&topic, ID, &[B]), [Emitted::Leave(A, 1)]);
    assert!(harness.lead(&topic, ID, &[A]).is_empty());
    assert_eq!(harness.release(1), [Emitted::Adopt(A, 1)]);
    assert_eq!(harness.lead(&topic, ID, &[B]), [Emitted::Leave(A, 1)]);
    assert_eq!(harness.release(1), [Emitted::Adopt(B, 1)]);
}

#[test]
fn of_many_changes_while_it_is_on_its_way_the_last_one_counts() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A]);
    harness.lead(&topic, ID, &[B]);
    for leader in [LEADERLESS, A, B, LEADERLESS] {
        assert!(harness.lead(&topic, ID, &[leader]).is_empty());
    }
    assert!(!topic.partitions()[0].is_available());
    assert_eq!(harness.release(1), [Emitted::Adopt(LEADERLESS, 1)]);
    assert_eq!(harness.lead(&topic, ID, &[B]), [Emitted::Leave(LEADERLESS, 1)]);
    assert!(topic.partitions()[0].is_available());
    assert_eq!(harness.release(1), [Emitted::Adopt(B, 1)]);
}

#[test]
fn a_topic_made_again_has_another_id_wherever_its_partitions_are() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A, A, A]);
    harness.lead(&topic, ID, &[A, B, A]);
    // The first stays, the second is on its way, the third moves now.
    let emitted = harness.lead(&topic, OTHER_ID, &[A, B, B]);
    assert_eq!(emitted, [Emitted::Id(A, 1, OTHER_ID), Emitted::Leave(A, 3)]);
    harness.release(2);
    harness.release(3);
    assert_eq!([harness.id_of(2), harness.id_of(3)], [OTHER_ID; 2]);
}

/// How many batches a record in each of three partitions waits in, and another that comes after the topic had the ids.
fn batches_over(ids: &[TopicId]) -> Vec<usize> {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    let now = some_time();
    harness.lead(&topic, ids[0], &[A, A, A]);
    send_to_each(&topic, now);
    // The first stays, the second is on its way, the third moves with the last id.
    harness.lead(&topic, ids[0], &[A, B, A]);
    ids.iter().for_each(|id| drop(harness.lead(&topic, *id, &[A, B, B])));
    send_to_each(&topic, now);
    let waiting = topic.partitions().iter().map(|partition| partition.give_up(None).expect("nobody is here"));
    waiting.map(|batches| batches.len()).collect()
}

fn send_to_each(topic: &Topic, now: Instant) {
    for partition in topic.partitions() {
        let place = Some(partition.index());
        let record = RecordRef { value: Some(b"v"), ..RecordRef::default() };
        let appended = topic.append::<_, false>(place, &record, &At(now), AppendOptions::default());
        assert!(appended.is_ok());
    }
}

#[test]
fn no_batch_spans_two_topics_of_one_name() {
    assert_eq!(batches_over(&[ID, OTHER_ID]), [2, 2, 2]);
    assert_eq!(batches_over(&[ID, ID]), [1, 1, 1]);
    assert_eq!(batches_over(&[TopicId::ZERO, ID]), [1, 1, 1], "it is known now, and no other");
}

#[test]
fn partitions_that_come_later_get_broker_senders_and_those_that_are_gone_are_discarded_once_they_are_given_back()
 {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    harness.lead(&topic, ID, &[A]);
    assert_eq!(harness.lead(&topic, ID, &[A, B, A]), [Emitted::Adopt(B, 2), Emitted::Adopt(A, 3)]);
    let emitted = harness.lead(&topic, OTHER_ID, &[A]);
    assert_eq!(emitted, [Emitted::Leave(B, 2), Emitted::Leave(A, 3), Emitted::Id(A, 1, OTHER_ID)]);
    assert_eq!(topic.partitions().len(), 1);
    assert_eq!([harness.release(2), harness.release(3)], [[Emitted::Discard(2)], [Emitted::Discard(3)]]);
}

#[test]
fn partitions_of_all_topics_have_serials_of_their_own() {
    let mut harness = AssignmentHarness::new();
    let (one, two) = (harness.topic("one"), harness.topic("two"));
    harness.lead(&one, ID, &[A, A]);
    harness.lead(&two, OTHER_ID, &[A, A]);
    assert_eq!(harness.held.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn an_identity_is_asked_for_once_and_told_to_all() {
    let mut harness = AssignmentHarness::new();
    assert!(harness.assignment.take_producer_id_request());
    assert!(!harness.assignment.take_producer_id_request(), "the request is out");
    harness.assignment.request_producer_id_again();
    assert!(harness.assignment.take_producer_id_request(), "it failed");
    harness.assignment.identity(identity(7));
    assert_eq!(harness.commands(), [Emitted::ProducerId(ProducerId(7))]);
    assert_eq!(harness.assignment.current_identity(), Some(identity(7)));
    assert!(!harness.assignment.take_producer_id_request());
    assert!(!Assignment::new(false).take_producer_id_request());
}

#[test]
fn a_spent_identity_is_replaced_once_whoever_else_finds_it_spent() {
    let mut harness = AssignmentHarness::new();
    harness.assignment.take_producer_id_request();
    harness.assignment.identity(identity(7));
    harness.assignment.producer_id_exhausted(ProducerId(6));
    assert!(!harness.assignment.take_producer_id_request(), "nobody writes under that one");
    harness.assignment.producer_id_exhausted(ProducerId(7));
    assert_eq!(harness.assignment.current_identity(), None, "a new broker_sender must not begin with it");
    assert!(harness.assignment.take_producer_id_request());
    harness.assignment.producer_id_exhausted(ProducerId(7));
    assert!(!harness.assignment.take_producer_id_request());
    harness.assignment.identity(identity(8));
    harness.assignment.producer_id_exhausted(ProducerId(7));
    assert!(!harness.assignment.take_producer_id_request(), "it has been replaced");
    assert_eq!(harness.assignment.current_identity(), Some(identity(8)));
}

#[test]
fn leader_that_is_elected_anew_is_told_to_its_broker_sender() {
    let mut harness = AssignmentHarness::new();
    let topic = harness.topic("t");
    let led = |epoch| [Leadership { broker_sender: A, epoch: LeaderEpoch(epoch) }];
    for (epoch, emitted) in [(1, vec![Emitted::Adopt(A, 1)]), (1, vec![]), (2, vec![Emitted::Elected(A, 1)])]
    {
        harness.assignment.topic(&topic, ID, &led(epoch), &harness.leaderless);
        assert_eq!(harness.commands(), emitted, "{epoch}");
    }
}
