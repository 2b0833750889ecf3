//! Whatever happens between lanes and brokers, each record is in the log once and in order, or failed.

use std::task::{Poll, Waker};
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::BrokerId;

use super::world::{World, lanes};
use crate::lane::{Notice, ProduceRequest};
use crate::outcome::Persisted;
use crate::sync::Seat;
use crate::tests::accumulator;

const PARTITIONS: usize = 3;
const RECORDS: usize = 400;

/// One run: random sizes, lost connections, refusals, leaders that move, producer ids that get lost.
struct Run {
    world: World,
    dice: fastrand::Rng,
    out: Vec<Vec<ProduceRequest>>,
    seats: Vec<Vec<(usize, Seat)>>,
    next_id: i64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut config = lanes();
        config.seed = seed;
        let world = World::new(PARTITIONS, accumulator(), config);
        let seats = (0..PARTITIONS).map(|_| Vec::new()).collect();
        Self {
            world,
            dice: fastrand::Rng::with_seed(seed),
            out: vec![Vec::new(), Vec::new()],
            seats,
            next_id: 8,
        }
    }

    fn step(&mut self, number: usize) {
        let partition = self.dice.usize(..PARTITIONS);
        let value = format!("{number}{}", " ".repeat(self.dice.usize(..3_000)));
        let index = i32::try_from(partition).unwrap();
        self.seats[partition].push((number, self.world.send(index, value.as_bytes()).unwrap()));
        self.world.now += Duration::from_millis(self.dice.u64(..20));
        for broker in 0..2 {
            self.drive(broker);
        }
        if self.dice.u8(..) < 8 {
            let leaders: Vec<_> = (0..PARTITIONS).map(|_| self.leader()).collect();
            self.world.lead(&leaders);
        }
        self.heed();
    }

    fn leader(&mut self) -> Option<BrokerId> {
        (self.dice.u8(..) > 32).then(|| BrokerId(self.dice.i32(1..=2)))
    }

    fn drive(&mut self, broker: usize) {
        let id = i32::try_from(broker).unwrap() + 1;
        while let Some(request) = self.world.request(id) {
            self.out[broker].push(request);
        }
        if self.out[broker].is_empty() || self.dice.bool() {
            return;
        }
        if self.dice.u8(..) < 20 {
            return self.cut(broker, id);
        }
        let request = self.out[broker].remove(0);
        let codes = [6, 7, 19, 2, 87, 49, 56];
        match self.dice.usize(..60) {
            // Refused, without being appended.
            dice @ 0..7 if codes[dice] != 7 => self.world.refuse(id, request, ErrorCode(codes[dice])),
            // Appended, and the followers were too slow.
            1 => {
                self.world.serve(&request, 1 << 20);
                self.world.refuse(id, request, ErrorCode::REQUEST_TIMED_OUT);
            }
            7 => {
                let body = self.world.serve(&request, 8_000);
                self.world.answered(id, request, &body);
            }
            _ => {
                let body = self.world.serve(&request, 1 << 20);
                self.world.answered(id, request, &body);
            }
        }
    }

    /// The connection ends: the broker has served some of what was sent.
    fn cut(&mut self, broker: usize, id: i32) {
        let requests = std::mem::take(&mut self.out[broker]);
        let served = self.dice.usize(..=requests.len());
        requests.iter().take(served).for_each(|request| drop(self.world.serve(request, 1 << 20)));
        let whole = self.dice.usize(served..=requests.len());
        let ended =
            requests.into_iter().enumerate().map(|(place, request)| (request, place < whole)).collect();
        self.world.ended(id, ended);
    }

    fn heed(&mut self) {
        for notice in std::mem::take(&mut self.world.notices) {
            if let Notice::IdentitySpent(spent) = notice {
                self.world.coordinator.identity_spent(spent);
            }
        }
        if self.world.coordinator.asks_identity() {
            let identity = milena_codec::ids::Identity { producer_id: self.next_id.into(), epoch: 0.into() };
            self.next_id += 1;
            self.world.coordinator.identity(identity);
            self.world.obey();
        }
    }

    /// Everything is well again: what is left goes out.
    fn calm(&mut self) {
        self.world.lead(&[Some(BrokerId(1)); PARTITIONS]);
        for _ in 0..200 {
            self.world.now += Duration::from_millis(200);
            for (broker, id) in [(0, 1), (1, 2)] {
                while let Some(request) = self.world.request(id) {
                    self.out[broker].push(request);
                }
                for request in std::mem::take(&mut self.out[broker]) {
                    let body = self.world.serve(&request, 1 << 20);
                    self.world.answered(id, request, &body);
                }
            }
            self.heed();
        }
    }

    fn check(mut self, seed: u64) {
        for (partition, seats) in self.seats.iter_mut().enumerate() {
            let log: Vec<usize> =
                self.world.log(partition).iter().map(|value| value.trim_end().parse().unwrap()).collect();
            assert!(log.is_sorted_by(|a, b| a < b), "seed {seed}: doubled or out of order: {log:?}");
            for (number, seat) in seats {
                let place = log.binary_search(number).ok().map(|place| place as i64);
                match (seat.poll(Waker::noop()), place) {
                    (Poll::Ready(Ok(receipt)), place) => {
                        assert_eq!(receipt.offset, place, "seed {seed}: record {number}");
                    }
                    (Poll::Ready(Err(failure)), Some(_)) => {
                        assert_eq!(
                            failure.persisted,
                            Persisted::Maybe,
                            "seed {seed}: record {number} is there"
                        );
                    }
                    (Poll::Ready(Err(_)), None) => {}
                    (Poll::Pending, _) => panic!("seed {seed}: record {number} was never settled"),
                }
            }
        }
        let memory = &self.world.shared.memory;
        assert_eq!(memory.free(), memory.budget(), "seed {seed}: budget was not given back");
    }
}

#[test]
fn each_record_is_in_the_log_once_and_in_order_or_failed() {
    for seed in 0..300 {
        let mut run = Run::new(seed);
        (0..RECORDS).for_each(|number| run.step(number));
        run.calm();
        run.check(seed);
    }
}
