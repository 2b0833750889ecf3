//! The one byte budget, `buffer.memory`: the chunks it pays for, its shares, and the callers that wait for room.
//!
//! * **Partitions that make no progress hold at most three quarters of the budget together** ([`Account`] decides which ones
//!   these are), so that the others always have room. A partition that makes progress may have all of it.
//! * **Within a partition, room is given in the order of arrival.** Between partitions the lines take turns: the callers of one
//!   partition do not stand behind those of another.
//! * **The last eighth is for partitions that hold little**, a 64th at most, once a second partition was seen: those that hold
//!   much, or make no progress, leave it free.
//! * A turn whose room is not free yet holds up the later ones, so that a large record is not starved. A turn whose share is
//!   used up is passed over, and later callers of other partitions go on as if it did not wait.
//!
//! Room that comes free is set aside for the waiting callers; from then on the others may go on, because a waiter that has
//! its room and was not scheduled yet would have every one of them queue up behind it, and they each other, without end.

use std::sync::Arc as StdArc;
use std::sync::OnceLock;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use milena_codec::ids::PartitionId;

use super::account::{Account, Release};
use super::mutant::{self, Blind};
use super::room::{Room, Verdict};
use super::{Arc, AtomicBool, Mutex, Ordering, Padded, lock, wake_all};

/// How often the holders are looked at while a caller waits.
const UPDATE_EVERY: Duration = Duration::from_secs(1);

/// The budget, shared by all partitions.
#[derive(Debug)]
pub struct Memory {
    budget: usize,
    /// Whether a caller waits for room.
    waiting: Padded<AtomicBool>,
    /// When its time began.
    began: OnceLock<Instant>,
    room: Padded<Mutex<Room>>,
}

/// A partition that holds bytes of the budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its topic.
    pub topic: StdArc<str>,
    /// Its number.
    pub partition: PartitionId,
    /// Bytes that it holds.
    pub bytes: usize,
    /// For how long nothing of them was acknowledged.
    pub without_progress: Duration,
}

impl Memory {
    /// A budget of `bytes`.
    pub fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            budget: bytes,
            waiting: Padded(AtomicBool::new(false)),
            began: OnceLock::new(),
            room: Padded(Mutex::new(Room::new(bytes))),
        })
    }

    /// The whole budget.
    pub const fn budget(&self) -> usize {
        self.budget
    }

    /// Bytes that are free.
    pub fn free(&self) -> usize {
        lock(&self.room).pool.free()
    }

    /// Whether a caller waits for room.
    #[inline]
    pub fn has_waiters(&self) -> bool {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many callers wait for room.
    pub fn waiting(&self) -> usize {
        lock(&self.room).waiters.len()
    }

    /// Whether a caller waits for memory that is not free, and not only for the share of its partition.
    pub fn is_short(&self) -> bool {
        self.has_waiters() && lock(&self.room).holds_others_up()
    }

    /// A chunk of at least `bytes` for a partition, by a caller with a `ticket` or by one that comes first; none when the
    /// room is not there, or belongs to callers that wait. A ticket gives all that was set aside for it. `now` is needed
    /// where the partition may hold nothing yet. The wakers of callers that have room for that are appended to `wakers`, to be
    /// woken when no lock is held.
    pub fn chunk(
        &self,
        (account, bytes): (&Arc<Account>, usize),
        ticket: Option<&mut Ticket>,
        now: Option<Instant>,
        wakers: &mut Vec<Waker>,
    ) -> Option<Vec<u8>> {
        let now = now.map(|now| self.micros(now));
        let mut room = lock(&self.room);
        let bytes = room.pool.chunk_bytes(bytes);
        let reserved = self.take(&mut room, (account, bytes), ticket, now, wakers);
        reserved.map(|reserved| room.pool.chunk(reserved))
    }

    /// Sets `bytes` aside for memory that is not pooled, as [`chunk`](Self::chunk) does for a chunk; how much it is.
    pub fn reserve(
        &self,
        account: &Arc<Account>,
        bytes: usize,
        ticket: Option<&mut Ticket>,
        now: Option<Instant>,
    ) -> Option<usize> {
        let now = now.map(|now| self.micros(now));
        let mut wakers = Vec::new();
        let reserved = self.take(&mut lock(&self.room), (account, bytes), ticket, now, &mut wakers);
        wake_all(&mut wakers);
        reserved
    }

    /// Queues up for room of `bytes`.
    pub fn queue(this: &Arc<Self>, account: &Arc<Account>, bytes: usize, waker: &Waker) -> Ticket {
        let mut wakers = Vec::new();
        let mut room = lock(&this.room);
        let bytes = room.pool.chunk_bytes(bytes);
        let number = room.waiters.push(account, bytes, waker.clone());
        // Room may have been given back since the caller found none.
        if !mutant::is(Blind::MemoryBeforeWait) {
            room.grant(&mut wakers);
        }
        this.note(&room);
        drop(room);
        wake_all(&mut wakers);
        Ticket { memory: Arc::clone(this), account: Arc::clone(account), number }
    }

    /// Gives chunks back, and what partitions held; the wakers of callers that now have room are appended to `wakers`. `now` is
    /// needed where something was acknowledged.
    pub fn give_back(
        &self,
        chunks: &mut Vec<Vec<u8>>,
        released: impl IntoIterator<Item = Release>,
        now: Option<Instant>,
        wakers: &mut Vec<Waker>,
    ) {
        let now = now.map(|now| self.micros(now));
        let mut room = lock(&self.room);
        released.into_iter().for_each(|release| room.take_back(&release, now));
        chunks.drain(..).for_each(|chunk| room.pool.put_back(chunk));
        room.grant(wakers);
        self.note(&room);
    }

    /// A partition has a leader from now on, or has none; callers that wait for room are woken in either case.
    pub fn set_led(&self, account: &Account, led: bool) {
        let mut wakers = Vec::new();
        let mut room = lock(&self.room);
        room.set_led(account, led, &mut wakers);
        // To lose a leader frees no room; only a line that held the others up may be passed over now.
        if (led || room.holds_others_up()) && !mutant::is(Blind::MemoryAfterRecovery) {
            room.grant(&mut wakers);
        }
        self.note(&room);
        drop(room);
        wake_all(&mut wakers);
    }

    /// Wakes the callers that wait for room in a partition: whatever is free, their records are refused there.
    pub fn wake(&self, account: &Account) {
        let mut wakers: Vec<_> = lock(&self.room).waiters.wakers_of(account).collect();
        wake_all(&mut wakers);
    }

    /// While a caller waits: looks which partitions make no progress, if it is time for that. Returns when to look again.
    pub fn update(&self, now: Instant) -> Option<Instant> {
        if !self.has_waiters() {
            return None;
        }
        let micros = self.micros(now);
        let mut wakers = Vec::new();
        let mut room = lock(&self.room);
        if let Some(later) = room.update_at.filter(|update_at| now < *update_at) {
            return Some(later);
        }
        room.find_stalled(micros, &mut wakers);
        room.grant(&mut wakers);
        let later = now + UPDATE_EVERY;
        room.update_at = Some(later);
        self.note(&room);
        drop(room);
        wake_all(&mut wakers);
        Some(later)
    }

    /// The partition that holds the most, if any holds something.
    pub fn largest_holder(&self, now: Instant) -> Option<Holder> {
        self.largest_holders(now, 1).pop()
    }

    /// So many partitions that hold something, those that hold the most first.
    pub fn largest_holders(&self, now: Instant, most: usize) -> Vec<Holder> {
        let micros = self.micros(now);
        let room = lock(&self.room);
        let mut largest: Vec<(usize, &Account)> = Vec::new();
        for account in room.holders.iter().filter(|account| account.held() > 0) {
            let held = account.held();
            let place = largest.partition_point(|(more, _)| *more >= held);
            if place < most {
                largest.insert(place, (held, account));
                largest.truncate(most);
            }
        }
        let holders = largest.into_iter().map(|(bytes, account)| {
            let (topic, partition) = account.place();
            let without_progress = account.without_progress(micros);
            Holder { topic: StdArc::clone(topic), partition: *partition, bytes, without_progress }
        });
        holders.collect()
    }

    /// How long a partition has held bytes of which none was acknowledged.
    pub fn without_progress(&self, account: &Account, now: Instant) -> Duration {
        account.without_progress(self.micros(now))
    }

    /// Lets go of the accounts of partitions that hold nothing, because some of these are forgotten.
    pub fn clear_holders(&self) {
        lock(&self.room).clear_holders();
    }

    /// Sets `bytes` aside permanently, for memory that no record uses. Bytes in use are set aside when they come back.
    pub fn set_aside(&self, bytes: usize) {
        lock(&self.room).set_aside(bytes);
    }

    /// Ends the waiting of all callers, now and later: nothing is accepted any more.
    pub fn close(&self) {
        let mut room = lock(&self.room);
        room.closed = true;
        let mut wakers = room.waiters.wakers();
        drop(room);
        wake_all(&mut wakers);
    }

    fn leave(&self, account: &Account, number: u64) {
        let mut wakers = Vec::new();
        let mut room = lock(&self.room);
        let held = room.waiters.remove(account, number);
        room.discharge(account, held);
        // The caller may have held others up, or stood before one that needs less.
        room.grant(&mut wakers);
        self.note(&room);
        drop(room);
        wake_all(&mut wakers);
    }

    /// Takes bytes for the holder of a ticket, or for a caller that comes first. The wakers of callers that have room for that,
    /// or wait for a partition that stalls, are appended to `wakers`.
    fn take(
        &self,
        room: &mut Room,
        (account, bytes): (&Arc<Account>, usize),
        ticket: Option<&mut Ticket>,
        now: Option<u64>,
        wakers: &mut Vec<Waker>,
    ) -> Option<usize> {
        let Some(ticket) = ticket else {
            let stalled = room.stalled;
            let is_admitted = room.may_pass(account) && room.admit(account, bytes, now) == Verdict::Free;
            // A line that holds others up may have lost its share to a partition that stalled: then it holds up none.
            if room.holds_up_large && room.stalled > stalled {
                room.grant(wakers);
                self.note(room);
            }
            return is_admitted.then_some(bytes);
        };
        let taken = room.spend((&ticket.account, ticket.number), (account, bytes), now, wakers);
        self.note(room);
        taken
    }

    fn note(&self, room: &Room) {
        self.waiting.store(!room.waiters.is_empty(), Ordering::Relaxed);
    }

    fn micros(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(*self.began.get_or_init(|| now));
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX - 1)
    }
}

/// A place in the queue for room. Dropped, it makes way for the next.
#[derive(Debug)]
pub struct Ticket {
    memory: Arc<Memory>,
    account: Arc<Account>,
    number: u64,
}

impl Ticket {
    /// Ready when the room is there: then the record goes into its batch under this ticket. Ready, too, when the
    /// budget is closed, and the record will be refused.
    pub fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let mut room = lock(&self.memory.room);
        if room.closed {
            return Poll::Ready(());
        }
        match room.waiters.waker(&self.account, self.number) {
            Some(left) => {
                left.clone_from(waker);
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }

    /// The partition that it waits for.
    #[must_use]
    pub fn partition(&self) -> PartitionId {
        self.account.place().1
    }

    /// The partition that it waits for, if that makes no progress.
    #[must_use]
    pub fn stalled(&self) -> Option<PartitionId> {
        self.account.is_stalled().then(|| self.account.place().1)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.memory.leave(&self.account, self.number);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
