//! Callers that append, and the broker sender that lists, takes, falls asleep and is woken.

use std::sync::Arc as StdArc;
use std::time::{Duration, Instant};

use milena_codec::ids::{PartitionId, TopicId};
use milena_partitioner::Partitioner;

use super::*;
use crate::accumulator::{
    AcceptedRecord, AccumulatorConfig, AppendOptions, ChooseError, Clock, RecordRef, Refusal, SenderMailbox,
    Shared, Topic,
};
use crate::broker_sender::{BrokerSender, BrokerSenderConfig, Input, Output, PartitionCommand};
use crate::compression::{CompressionJob, TopicCompression};
use crate::ids::{PartitionSerial, ProduceVersion};
use crate::outcome::ErrorKind;
use crate::partition_sender::{PartitionSender, PartitionSenderConfig};

const KIB: usize = 1 << 10;
pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// A clock that stands still.
#[derive(Clone, Copy)]
pub(super) struct At(pub(super) Instant);

impl Clock for At {
    fn wall_ms(&self) -> i64 {
        0
    }

    fn now(&self) -> Instant {
        self.0
    }
}

/// One partition, and the broker sender that sends its batches without a response.
pub(super) struct Stage {
    pub(super) clock: At,
    shared: StdArc<Shared>,
    topic: StdArc<Topic>,
}

impl Stage {
    /// With this linger, and room for so many bytes.
    pub(super) fn new(linger: Duration, budget: usize) -> (Self, BrokerSender) {
        Self::compressed(linger, budget, None)
    }

    /// The same with batches that are compressed.
    pub(super) fn compressed(
        linger: Duration,
        budget: usize,
        compression: Option<StdArc<TopicCompression>>,
    ) -> (Self, BrokerSender) {
        let clock = At(Instant::now());
        let config = AccumulatorConfig {
            batch_bytes: 16 * KIB,
            record_bytes_max: 16 * KIB,
            request_bytes_max: 8 << 20,
            linger,
            open_for_max: 2 * HOUR,
            delivery_timeout: 3 * HOUR,
            flush_records: None,
            adaptive: true,
            availability_timeout: None,
        };
        let shared = Shared::new(config, budget);
        let topic = Topic::new("t".into(), Partitioner::Java, StdArc::clone(&shared), 1);
        let topic = StdArc::new(topic.compressed(compression));
        let mailbox = Arc::new(SenderMailbox::default());
        shared.add_mailbox(Arc::clone(&mailbox));
        let mut broker_sender =
            BrokerSender::new(StdArc::new(broker_senders()), StdArc::clone(&shared), Arc::clone(&mailbox));
        broker_sender.handle(clock.0, Input::Connected(ProduceVersion(9))).unwrap();
        let partition = topic.grow(1, &mailbox, &mut 0).remove(0);
        let adopt = PartitionCommand::Adopt(Box::new(PartitionSender::new(partition, TopicId::ZERO)));
        broker_sender.handle(clock.0, Input::Partition(adopt)).unwrap();
        // The partition has arrived, and the broker sender has nothing to do.
        assert!(matches!(broker_sender.poll(clock.0, true), Output::Idle { .. }));
        (Self { clock, shared, topic }, broker_sender)
    }

    pub(super) fn caller(&self) -> Caller {
        Caller { clock: self.clock, shared: StdArc::clone(&self.shared), topic: StdArc::clone(&self.topic) }
    }
}

fn broker_senders() -> BrokerSenderConfig {
    BrokerSenderConfig {
        partition_sender: PartitionSenderConfig {
            idempotent: false,
            window: 1,
            retries: 0,
            delivery_timeout: 3 * HOUR,
        },
        in_flight_max: 1,
        request_bytes_max: 1 << 20,
        awaits_responses: true,
        request_timeout: HOUR,
        retry_backoff: HOUR,
        retry_backoff_max: HOUR,
        seed: 1,
    }
}

/// Runs the broker sender as its task does, until `records` were written.
fn run(broker_sender: &mut BrokerSender, now: Instant, records: u64) {
    run_with_jobs(broker_sender, now, records, |job| unreachable!("nothing is compressed: {job:?}"));
}

/// The same; jobs go to `hand_over`.
pub(super) fn run_with_jobs(
    broker_sender: &mut BrokerSender,
    now: Instant,
    records: u64,
    hand_over: impl Fn(CompressionJob),
) {
    let mut written = 0;
    while written < records {
        match broker_sender.poll(now, true) {
            Output::Send(request) => {
                broker_sender.handle(now, Input::Written(request)).unwrap();
            }
            Output::Compress(job) => hand_over(job),
            Output::Reset | Output::Done => unreachable!("no batch is past its deadline, nothing is aborted"),
            Output::Again => thread::yield_now(),
            Output::Idle { until, ignores_offers } => {
                let mailbox = Arc::clone(broker_sender.mailbox());
                wait(|waker| {
                    if mailbox.sleep(waker, until, ignores_offers) { Poll::Pending } else { Poll::Ready(()) }
                });
            }
        }
        written += broker_sender.counters().records;
    }
    // Settled batches are reported in the next turn.
    broker_sender.poll(now, false);
    assert_eq!(written, records);
}

/// A caller's side.
pub(super) struct Caller {
    clock: At,
    shared: StdArc<Shared>,
    topic: StdArc<Topic>,
}

impl Caller {
    pub(super) fn try_append(
        &self,
        bytes: usize,
        waiting: AppendOptions<'_>,
    ) -> Result<AcceptedRecord, ChooseError> {
        let value = vec![0; bytes];
        let record = RecordRef { value: Some(&value), ..RecordRef::default() };
        self.topic.append::<_, true>(Some(PartitionId(0)), &record, &self.clock, waiting)
    }

    /// Appends at once.
    pub(super) fn append(&self, bytes: usize) -> RecordHandle {
        self.try_append(bytes, AppendOptions::default()).unwrap().record_handle.unwrap()
    }

    pub(super) fn wait_for_room(&self, bytes: usize, waker: &Waker) -> Ticket {
        self.topic.wait_for_room(PartitionId(0), bytes, waker).unwrap()
    }

    /// Appends, after having waited for room if there is none.
    fn append_when_there_is_room(&self, bytes: usize) -> RecordHandle {
        let mut ticket = None;
        loop {
            match self
                .try_append(bytes, AppendOptions { ticket: ticket.as_mut(), ..AppendOptions::default() })
            {
                Ok(appended) => return appended.record_handle.unwrap(),
                Err(ChooseError::Refused(Refusal::Full { bytes }, _)) => wait(|waker| {
                    let ticket = ticket.get_or_insert_with(|| {
                        let ticket = self.wait_for_room(bytes, waker);
                        self.shared.request_flush();
                        ticket
                    });
                    ticket.poll(waker)
                }),
                Err(other) => unreachable!("{other}"),
            }
        }
    }
}

/// A caller appends `records`, one after the other, while the broker sender runs.
fn records_are_appended_while_the_broker_sender_looks(records: u64) {
    let (stage, mut broker_sender) = Stage::new(Duration::ZERO, 16 * KIB);
    let caller = stage.caller();
    let appends = thread::spawn(move || (0..records).for_each(|_| drop(caller.append(10))));
    run(&mut broker_sender, stage.clock.0, records);
    appends.join().unwrap();
}

#[test]
fn a_record_is_found_however_the_broker_sender_falls_asleep() {
    check(5, || records_are_appended_while_the_broker_sender_looks(1));
}

#[test]
fn a_broker_sender_that_does_not_look_again_before_it_sleeps_is_noticed() {
    check_blind(
        "broker_sender::a_broker_sender_that_does_not_look_again_before_it_sleeps_is_noticed",
        Blind::BellBeforeSleep,
        4,
        || records_are_appended_while_the_broker_sender_looks(1),
    );
}

#[test]
fn records_are_found_that_came_while_their_caller_held_the_partition() {
    check(4, || records_are_appended_while_the_broker_sender_looks(2));
}

#[test]
fn a_broker_sender_that_does_not_come_back_to_a_held_partition_is_noticed() {
    check_blind(
        "broker_sender::a_broker_sender_that_does_not_come_back_to_a_held_partition_is_noticed",
        Blind::SenderAfterBusy,
        3,
        || records_are_appended_while_the_broker_sender_looks(2),
    );
}

#[test]
fn two_callers_lose_no_record() {
    check(3, || {
        let (stage, mut broker_sender) = Stage::new(Duration::ZERO, 16 * KIB);
        let callers: Vec<_> = [(); 2]
            .map(|()| {
                let caller = stage.caller();
                thread::spawn(move || drop(caller.append(10)))
            })
            .into();
        run(&mut broker_sender, stage.clock.0, 2);
        callers.into_iter().for_each(|caller| caller.join().unwrap());
    });
}

#[test]
fn awaited_records_are_sent_without_a_linger_and_their_deliveries_told() {
    check(3, || {
        let (stage, mut broker_sender) = Stage::new(HOUR, 16 * KIB);
        let caller = stage.caller();
        let sends = thread::spawn(move || {
            let send = || {
                let skip_linger = AppendOptions { skip_linger: true, ..AppendOptions::default() };
                let mut record_handle = caller.try_append(10, skip_linger).unwrap().record_handle.unwrap();
                wait(|waker| record_handle.poll(waker)).unwrap();
            };
            send();
            // It lingers, and the broker sender was notified when the next one comes.
            caller.append(10);
            send();
        });
        run(&mut broker_sender, stage.clock.0, 3);
        sends.join().unwrap();
    });
}

#[test]
fn a_flush_ends_though_the_linger_has_not() {
    check(3, || {
        let (stage, mut broker_sender) = Stage::new(HOUR, 16 * KIB);
        let caller = stage.caller();
        let flushes = thread::spawn(move || {
            caller.append(10);
            let target = caller.shared.outstanding.end_generation();
            caller.shared.request_flush();
            let mut settled = caller.shared.outstanding.settled(target);
            wait(|waker| settled.poll(waker));
        });
        run(&mut broker_sender, stage.clock.0, 1);
        flushes.join().unwrap();
    });
}

#[test]
fn who_waits_for_room_has_it_made() {
    check(3, || {
        let (stage, mut broker_sender) = Stage::new(HOUR, KIB);
        let caller = stage.caller();
        let appends = thread::spawn(move || [600, 600].map(|bytes| caller.append_when_there_is_room(bytes)));
        run(&mut broker_sender, stage.clock.0, 2);
        appends.join().unwrap();
        assert_eq!(stage.shared.memory.free(), KIB);
    });
}

/// A partition comes to a broker sender while a caller appends to it.
fn a_record_is_appended_while_its_partition_moves() {
    let (stage, mut old) = Stage::new(Duration::ZERO, 16 * KIB);
    old.handle(stage.clock.0, Input::Partition(PartitionCommand::Leave(PartitionSerial(1)))).unwrap();
    let Some(crate::broker_sender::SenderEvent::Released(partition_sender)) = old.events().next() else {
        unreachable!("nothing of it is in flight")
    };
    let mailbox = Arc::new(SenderMailbox::default());
    let mut broker_sender =
        BrokerSender::new(StdArc::new(broker_senders()), StdArc::clone(&stage.shared), mailbox);
    broker_sender.handle(stage.clock.0, Input::Connected(ProduceVersion(9))).unwrap();
    let caller = stage.caller();
    let appends = thread::spawn(move || drop(caller.append(10)));
    let adopt = PartitionCommand::Adopt(partition_sender);
    broker_sender.handle(stage.clock.0, Input::Partition(adopt)).unwrap();
    run(&mut broker_sender, stage.clock.0, 1);
    appends.join().unwrap();
}

#[test]
fn a_record_is_found_that_came_while_its_partition_moved() {
    check(5, a_record_is_appended_while_its_partition_moves);
}

#[test]
fn a_broker_sender_that_does_not_come_back_to_a_partition_that_was_held_when_it_came_is_noticed() {
    check_blind(
        "broker_sender::a_broker_sender_that_does_not_come_back_to_a_partition_that_was_held_when_it_came_is_noticed",
        Blind::SenderAfterBusy,
        4,
        a_record_is_appended_while_its_partition_moves,
    );
}

#[test]
fn a_record_is_settled_or_refused_whenever_its_broker_sender_is_lost() {
    check(5, || {
        let (stage, broker_sender) = Stage::new(Duration::ZERO, 16 * KIB);
        let caller = stage.caller();
        let appends = thread::spawn(move || match caller.try_append(10, AppendOptions::default()) {
            Ok(appended) => {
                let mut record_handle = appended.record_handle.unwrap();
                let failure = wait(|waker| record_handle.poll(waker)).unwrap_err();
                assert_eq!(failure.kind, ErrorKind::Closed);
            }
            Err(refused) => assert_eq!(refused, ChooseError::Refused(Refusal::Closed, PartitionId(0))),
        });
        drop(broker_sender);
        appends.join().unwrap();
        assert_eq!(stage.shared.memory.free(), 16 * KIB);
    });
}
