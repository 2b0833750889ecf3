//! Whatever callers, brokers and leaders do, in any order: no caller waits for room that it may have, and the books are right.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::sync::Charge;
use crate::sync::turns::Allowed;

const BUDGET: usize = 256 * KIB;
/// The largest record, which fits what is left of the budget.
const KIB_MAX: usize = 224;
const PARTITIONS: usize = 5;

#[derive(Clone, Copy, Debug)]
enum Step {
    Take {
        partition: usize,
        kib: usize,
    },
    Wait {
        partition: usize,
        kib: usize,
    },
    /// A caller whose room is there uses it, perhaps in another partition and for a larger record.
    Use {
        waiting: usize,
        partition: usize,
        kib: usize,
    },
    Leave {
        waiting: usize,
    },
    GiveBack {
        held: usize,
        acknowledged: bool,
    },
    SetLed {
        partition: usize,
        led: bool,
    },
    Look,
    SetAside {
        bytes: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let partition = || 0..PARTITIONS;
    let kib = || prop_oneof![6 => 1usize..70, 1 => 180usize..KIB_MAX];
    prop_oneof![
        6 => (partition(), kib()).prop_map(|(partition, kib)| Step::Take { partition, kib }),
        6 => (partition(), kib()).prop_map(|(partition, kib)| Step::Wait { partition, kib }),
        4 => (0usize..9, partition(), kib())
            .prop_map(|(waiting, partition, kib)| Step::Use { waiting, partition, kib }),
        2 => (0usize..9).prop_map(|waiting| Step::Leave { waiting }),
        6 => (0usize..9, any::<bool>()).prop_map(|(held, acknowledged)| Step::GiveBack { held, acknowledged }),
        3 => (partition(), any::<bool>()).prop_map(|(partition, led)| Step::SetLed { partition, led }),
        1 => Just(Step::Look),
        1 => (1usize..3_000).prop_map(|bytes| Step::SetAside { bytes }),
    ]
}

/// A budget, and what is in use or waited for.
struct Story {
    memory: Arc<Memory>,
    accounts: [Arc<Account>; PARTITIONS],
    held: Vec<Charge>,
    waiting: Vec<Ticket>,
    now: Instant,
}

proptest! {
    #[test]
    fn no_caller_waits_for_room_that_it_may_have(steps in vec(step(), 1..120)) {
        let mut story = Story::new();
        for step in steps {
            story.take(step);
            story.check_lines();
            story.check_books();
        }
        story.serve_all();
    }
}

impl Story {
    fn new() -> Self {
        let (memory, accounts, now) = (Memory::new(BUDGET), accounts(), some_time());
        Self { memory, accounts, held: Vec::new(), waiting: Vec::new(), now }
    }

    fn take(&mut self, step: Step) {
        let memory = Arc::clone(&self.memory);
        match step {
            Step::Take { partition, kib } => self.reserve(partition, kib, None),
            Step::Wait { partition, kib } => {
                let account = &self.accounts[partition];
                self.waiting.push(Memory::queue(&memory, account, kib * KIB, Waker::noop()));
            }
            Step::Use { waiting, partition, kib } => {
                if !self.waiting.get_mut(waiting).is_some_and(ready) {
                    return;
                }
                let mut ticket = self.waiting.remove(waiting);
                self.reserve(partition, kib, Some(&mut ticket));
                if !ready(&mut ticket) {
                    let place = self.waiting.partition_point(|other| other.number < ticket.number);
                    self.waiting.insert(place, ticket);
                }
            }
            Step::Leave { waiting } if waiting < self.waiting.len() => drop(self.waiting.remove(waiting)),
            Step::GiveBack { held, acknowledged } if held < self.held.len() => {
                let release = self.held.remove(held).release(acknowledged);
                memory.give_back(&mut Vec::new(), [release], Some(self.now), &mut Vec::new());
            }
            Step::Leave { .. } | Step::GiveBack { .. } => {}
            Step::SetLed { partition, led } => memory.set_led(&self.accounts[partition], led),
            Step::Look => self.read(),
            Step::SetAside { bytes } if lock(&memory.room).pool.budget() - bytes < KIB_MAX * KIB => {}
            Step::SetAside { bytes } => {
                memory.set_aside(bytes);
                // The callers whose share is another one by now are served by the next look.
                self.read();
            }
        }
    }

    fn reserve(&mut self, partition: usize, kib: usize, ticket: Option<&mut Ticket>) {
        let account = Arc::clone(&self.accounts[partition]);
        let reserved = self.memory.reserve(&account, kib * KIB, ticket, Some(self.now));
        self.held.extend(reserved.map(|bytes| Charge { account, bytes }));
    }

    fn read(&mut self) {
        self.now += UPDATE_EVERY;
        self.memory.update(self.now);
    }

    /// The rules, by a walk along the lines.
    fn check_lines(&self) {
        let room = lock(&self.memory.room);
        let budget = room.pool.budget();
        let (share, little) = (budget / 4 * 3, budget / 64);
        let fits_share = |account: &Account, bytes: usize| {
            let enters_alone = account.held() == 0 && bytes > share;
            !account.is_stalled() || enters_alone || room.stalled + bytes <= share
        };
        let holds_much = |account: &Account| account.held() > little || account.is_stalled();
        let (mut is_held_up, mut are_large_held_up) = (false, false);
        for (account, bytes) in room.waiters.in_turn() {
            let is_large = room.holders.len() > 1 && holds_much(account);
            if !fits_share(account, bytes) || is_large && are_large_held_up {
                continue;
            }
            let enters_alone = account.held() == 0 && bytes > share;
            if is_large && !enters_alone && room.pool.free() < bytes + budget / 8 {
                are_large_held_up = true;
                continue;
            }
            is_held_up = room.pool.free() < bytes;
            assert!(is_held_up, "partition {:?} waits for {bytes} bytes in vain", account.place().1);
            break;
        }
        assert!(room.holds_up || !is_held_up);
        assert!(room.holds_up_large || !are_large_held_up);

        let first = |is_allowed: &dyn Fn(&Account, usize) -> bool| {
            room.waiters
                .in_turn()
                .find(|(account, bytes)| is_allowed(account, *bytes))
                .map(|(account, _)| account.serial)
        };
        let found = |allowed| room.waiters.first(allowed).map(|(account, _)| account.serial);
        let stalled_bytes = share.saturating_sub(room.stalled);
        assert_eq!(found(Allowed::All { stalled_bytes }), first(&fits_share));
        assert_eq!(found(Allowed::Little), first(&|account, _| !holds_much(account)));
    }

    fn check_books(&self) {
        let room = lock(&self.memory.room);
        let held = |account: &Arc<Account>| account.held();
        let stalled = self.accounts.iter().filter(|account| account.is_stalled()).map(held);
        assert_eq!(room.stalled, stalled.sum::<usize>());
        let used: usize = self.accounts.iter().map(held).sum();
        assert!(used + room.pool.free() >= room.pool.budget());
    }

    /// Every caller has its room when the others have given theirs back, and no line is left behind.
    fn serve_all(mut self) {
        let accounts = self.accounts.clone();
        accounts.iter().for_each(|account| self.memory.set_led(account, true));
        while !self.held.is_empty() || !self.waiting.is_empty() {
            let before = (self.held.len(), self.waiting.len());
            while !self.held.is_empty() {
                self.take(Step::GiveBack { held: 0, acknowledged: true });
                self.check_lines();
            }
            self.waiting.retain_mut(|ticket| !ready(ticket));
            assert!((self.held.len(), self.waiting.len()) < before, "a caller waits for ever");
        }
        assert!(!self.memory.has_waiters());
        assert_eq!(self.memory.free(), lock(&self.memory.room).pool.budget());
    }
}
