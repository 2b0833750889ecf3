//! What a seed decides on beforehand.

use std::sync::Arc as StdArc;
use std::time::Duration;

use milena_codec::compression::Compression;

use crate::accumulator::AccumulatorConfig;
use crate::broker_sender::BrokerSenderConfig;
use crate::broker_sender::tests::harness::{MAX, broker_senders};
use crate::compression::TopicCompression;
use crate::tests::KIB;

/// The settings of one run, and how much goes wrong in it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) accumulator: AccumulatorConfig,
    pub(super) broker_senders: BrokerSenderConfig,
    pub(super) budget: usize,
    pub(super) partitions: usize,
    pub(super) records: usize,
    pub(super) value_bytes_max: usize,
    /// The first epoch.
    pub(super) epoch: i16,
    /// How many sequences are left before they wrap.
    pub(super) sequences_left: Option<i32>,
    /// Produce's version.
    pub(super) version: i16,
    /// Of 1 000 answers, how many tell of something wrong.
    pub(super) faults: u32,
    /// Of 1 000 steps, in how many a connection ends.
    pub(super) cuts: u32,
    /// Of 1 000 steps, in how many leaders change.
    pub(super) moves: u32,
    /// Of 1 000 steps, in how many a broker starts anew.
    pub(super) restarts: u32,
    /// Of 1 000 steps, in how many an unclean election loses the ends of logs.
    pub(super) losses: u32,
    /// Of 1 000 steps, in how many the topic changes: grows, is created anew, or seems to have fewer partitions.
    pub(super) topic_changes: u32,
    /// Of 1 000 steps, in how many the client forgets the topic, if nothing of it is left.
    pub(super) forgets: u32,
    /// Of 1 000 steps, in how many the clock jumps: the driver wakes up late.
    pub(super) late_wakeups: u32,
    /// Of 1 000 steps, in how many a broker begins to hang.
    pub(super) hangs: u32,
    /// Of 1 000 steps, in how many another producer writes.
    pub(super) others: u32,
    /// `max.message.bytes` of the topic.
    pub(super) message_bytes_max: usize,
    /// Of 1 000 callers without room, how many wait for it.
    pub(super) waits: u32,
    /// Of 1 000 callers, how many do not wait for the outcome.
    pub(super) leaves: u32,
    /// Of 100 steps, in how many the client learns of the cluster.
    pub(super) refreshes: u32,
    /// What batches are compressed with.
    pub(super) compression: Option<StdArc<TopicCompression>>,
    /// Whether other threads compress them, in any order.
    pub(super) defers_jobs: bool,
    /// Whether values hold bytes that no codec makes fewer.
    pub(super) noise: bool,
    /// The producer is closed with everything still going on.
    pub(super) aborts: bool,
    pub(super) dice: fastrand::Rng,
}

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut other_dice = fastrand::Rng::with_seed(!seed);
        let mut new_dice = fastrand::Rng::with_seed(seed ^ (1 << 32));
        let mut broker_senders = broker_senders();
        broker_senders.seed = seed;
        broker_senders.in_flight_max = dice.usize(1..=5);
        broker_senders.request_bytes_max = [2 * KIB, 20 * KIB, 8 << 20][dice.usize(..3)];
        broker_senders.partition_sender.idempotent = dice.u8(..5) > 0;
        broker_senders.partition_sender.window =
            if broker_senders.partition_sender.idempotent { dice.usize(1..=5) } else { 1 };
        broker_senders.partition_sender.retries = [u32::MAX, u32::MAX, 5, 1, 0][dice.usize(..5)];
        let delivery_timeout = Duration::from_millis([120_000, 120_000, 2_000, 400, 60][dice.usize(..5)]);
        broker_senders.partition_sender.delivery_timeout = delivery_timeout;
        let accumulator = AccumulatorConfig {
            batch_bytes: [200, 2 * KIB, 16 * KIB][dice.usize(..3)],
            record_bytes_max: 200 * KIB,
            request_bytes_max: broker_senders.request_bytes_max,
            linger: Duration::from_millis([0, 5, 100][dice.usize(..3)]),
            open_for_max: AccumulatorConfig::open_for_max_of(delivery_timeout),
            delivery_timeout,
            flush_records: [None, None, Some(7)][dice.usize(..3)],
            adaptive: true,
            availability_timeout: None,
        };
        Self {
            accumulator,
            broker_senders,
            budget: [8 << 20, 300 * KIB, 40 * KIB][dice.usize(..3)],
            partitions: dice.usize(1..=4),
            records: dice.usize(50..300),
            value_bytes_max: [40, 3_000, 100 * KIB][dice.usize(..3)],
            epoch: [0, 32_764, 32_766][dice.usize(..3)],
            sequences_left: [None, Some(dice.i32(1..100))][dice.usize(..2)],
            version: [3, 9, 12, 13][dice.usize(..4)],
            faults: [0, 50, 200, 500][dice.usize(..4)],
            cuts: [0, 10, 60][dice.usize(..3)],
            moves: [0, 10, 60][dice.usize(..3)],
            restarts: [0, 10, 40][other_dice.usize(..3)],
            topic_changes: [0, 0, 15][other_dice.usize(..3)],
            late_wakeups: [0, 0, 5][other_dice.usize(..3)],
            hangs: [0, 0, 20][new_dice.usize(..3)],
            others: [0, 0, 100][new_dice.usize(..3)],
            message_bytes_max: [MAX, MAX, 4_000, 600][new_dice.usize(..4)],
            waits: [0, 500, 1_000][new_dice.usize(..3)],
            leaves: [0, 100][new_dice.usize(..2)],
            losses: [0, 0, 0, 0, 20][new_dice.usize(..5)],
            refreshes: [100, 30, 5][other_dice.usize(..3)],
            compression: TopicCompression::new(Compression::ALL[other_dice.usize(..5)], None),
            defers_jobs: other_dice.bool(),
            noise: other_dice.u8(..3) == 0,
            forgets: [0, 50, 500][other_dice.usize(..3)],
            aborts: dice.u8(..6) == 0,
            dice,
        }
    }
}
