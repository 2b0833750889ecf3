//! A broker sender's mailbox: the partitions that have batches to send.

use std::collections::VecDeque;
use std::sync::Arc as StdArc;
use std::task::Waker;
use std::time::Instant;

use milena_codec::ids::BrokerId;

use crate::compression::CompressionResult;
use crate::sync::{Mailbox, Wake};

/// The bytes after which a caller yields: caller and broker sender on one thread then work on memory that is still in the
/// processor's cache, and a runtime that polls its sockets only between tasks reads responses in time. More bytes cost
/// 7 to 15 ns a record, fewer bytes a switch of tasks.
const BYTES_BEFORE_YIELD: usize = 512 << 10;

/// The mailbox.
#[derive(Debug, Default)]
pub struct SenderMailbox {
    /// None where partitions without a leader wait.
    broker: Option<BrokerId>,
    mailbox: Mailbox<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    /// Partitions, by serial, that opened a batch: their linger begins.
    opened: VecDeque<u32>,
    /// Partitions with a batch that is worth sending.
    ready: VecDeque<u32>,
    flush_requested: bool,
    /// Batches that come back from other threads.
    results: Vec<CompressionResult>,
    /// The bytes that callers appended since one of them yielded, or since the broker sender was last polled.
    ahead: usize,
    /// Records in open batches that are not offered, where they are counted.
    records: u32,
    /// Why the broker cannot be used, for callers that wait for room.
    trouble: Option<StdArc<str>>,
    /// The broker sender can send nothing now and will poll by itself.
    ignores_offers: bool,
    /// When the broker sender wakes by itself at the latest.
    armed: Option<Instant>,
}

/// The content of a mailbox, as its broker sender takes it.
#[derive(Debug, Default)]
pub struct ReadyPartitions {
    /// Partitions to poll, by serial.
    pub partitions: VecDeque<u32>,
    /// A flush was requested.
    pub flush_requested: bool,
    /// Batches that came back from other threads.
    pub(crate) results: Vec<CompressionResult>,
}

impl SenderMailbox {
    /// The mailbox of a broker's broker sender.
    #[must_use]
    pub fn of(broker: Option<BrokerId>) -> Self {
        Self { broker, ..Self::default() }
    }

    /// The broker; none where partitions without a leader wait.
    pub const fn broker(&self) -> Option<BrokerId> {
        self.broker
    }

    /// Notes why the broker cannot be used, or that it can be.
    pub fn set_trouble(&self, trouble: Option<StdArc<str>>) {
        let before = self.mailbox.put(|inbox| (std::mem::replace(&mut inbox.trouble, trouble), Wake::Later));
        drop(before);
    }

    /// Why the broker cannot be used.
    #[must_use]
    pub fn trouble(&self) -> Option<StdArc<str>> {
        self.mailbox.put(|inbox| (inbox.trouble.clone(), Wake::Later))
    }

    /// A partition opened a batch that is due at `due`.
    pub(super) fn opened(&self, serial: u32, due: Instant) {
        self.mailbox.put(|inbox| {
            inbox.opened.push_back(serial);
            let sleeps_past_it = inbox.armed.is_none_or(|armed| armed > due);
            ((), if sleeps_past_it { Wake::Now } else { Wake::Later })
        });
    }

    /// A partition has a batch worth sending.
    pub(super) fn ready(&self, serial: u32) {
        self.mailbox.put(|inbox| {
            inbox.ready.push_back(serial);
            ((), if inbox.ignores_offers { Wake::Later } else { Wake::Now })
        });
    }

    /// A partition has a batch that may be compressed now, also when nothing can be sent.
    pub(super) fn grown(&self, serial: u32) {
        self.mailbox.put(|inbox| {
            inbox.ready.push_back(serial);
            ((), Wake::Now)
        });
    }

    /// The result of a job for a partition that the broker sender looks after.
    pub fn compressed(&self, result: CompressionResult) {
        self.mailbox.put(|inbox| {
            inbox.results.push(result);
            ((), Wake::Now)
        });
    }

    /// So many more records wait. Returns how many do.
    pub(super) fn count(&self, more: u32) -> u32 {
        self.mailbox.put(|inbox| {
            inbox.records = inbox.records.saturating_add(more);
            (inbox.records, Wake::Later)
        })
    }

    /// So many records are offered, or have gone.
    pub(super) fn uncount(&self, fewer: u32) {
        self.mailbox.put(|inbox| {
            inbox.records = inbox.records.saturating_sub(fewer);
            ((), Wake::Later)
        });
    }

    /// Callers take `bytes` more. Whether they are far ahead by now: then one of them steps aside, once.
    pub(super) fn runs_ahead(&self, bytes: usize) -> bool {
        self.mailbox.put(|inbox| {
            inbox.ahead += bytes;
            let far = inbox.ahead >= BYTES_BEFORE_YIELD;
            if far {
                inbox.ahead = 0;
            }
            (far, Wake::Later)
        })
    }

    /// A flush was requested.
    pub fn request_flush(&self) {
        self.mailbox.put(|inbox| {
            inbox.flush_requested = true;
            ((), Wake::Now)
        });
    }

    /// Wakes the broker sender.
    pub fn ring(&self) {
        self.mailbox.put(|_| ((), Wake::Now));
    }

    /// The broker sender looks: what is in the mailbox is appended to `ready_partitions`.
    pub fn read(&self, ready_partitions: &mut ReadyPartitions) {
        self.mailbox.read(|inbox| {
            inbox.ahead = 0;
            inbox.ignores_offers = false;
            ready_partitions.partitions.append(&mut inbox.ready);
            ready_partitions.partitions.append(&mut inbox.opened);
            ready_partitions.flush_requested |= std::mem::take(&mut inbox.flush_requested);
            ready_partitions.results.append(&mut inbox.results);
        });
    }

    /// The broker sender falls asleep until `until`, unless there is something in the mailbox. A broker sender that can send nothing
    /// `ignores_offers`. Returns whether it may sleep.
    pub fn sleep(&self, waker: &Waker, until: Option<Instant>, ignores_offers: bool) -> bool {
        self.mailbox.sleep(waker, |inbox| {
            inbox.armed = until;
            inbox.ignores_offers = ignores_offers;
            inbox.opened.is_empty()
                && inbox.ready.is_empty()
                && inbox.results.is_empty()
                && !inbox.flush_requested
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake as WakeTask;
    use std::time::Duration;

    use milena_codec::ids::PartitionId;

    use super::*;
    use crate::compression::JobId;
    use crate::sync::{Account, Charge};
    use crate::tests::some_time;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl WakeTask for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn nothing() -> Charge {
        Charge { account: Account::new("t".into(), PartitionId(0), 1), bytes: 0 }
    }

    /// Whether a broker sender that sleeps until `until` is woken by what happens at its mailbox.
    fn wakes(until: Option<Instant>, ignores_offers: bool, happens: impl FnOnce(&SenderMailbox)) -> bool {
        let (mailbox, woken) = (SenderMailbox::default(), Arc::new(Woken::default()));
        assert!(mailbox.sleep(&Waker::from(Arc::clone(&woken)), until, ignores_offers));
        happens(&mailbox);
        woken.0.load(Ordering::Relaxed)
    }

    #[test]
    fn a_batch_that_opens_wakes_a_broker_sender_that_would_sleep_past_its_linger() {
        let due = some_time();
        let millisecond = Duration::from_millis(1);
        assert!(wakes(None, false, |mailbox| mailbox.opened(1, due)));
        assert!(wakes(Some(due + millisecond), false, |mailbox| mailbox.opened(1, due)));
        assert!(!wakes(Some(due), false, |mailbox| mailbox.opened(1, due)));
        assert!(!wakes(Some(due - millisecond), false, |mailbox| mailbox.opened(1, due)));
    }

    #[test]
    fn offer_wakes_a_sender_unless_it_ignores_offers_and_a_flush_request_wakes_every_sender() {
        for ignores_offers in [false, true] {
            assert_eq!(wakes(None, ignores_offers, |mailbox| mailbox.ready(1)), !ignores_offers);
            assert!(wakes(None, ignores_offers, SenderMailbox::request_flush));
            assert!(wakes(None, ignores_offers, SenderMailbox::ring));
        }
    }

    #[test]
    fn a_broker_sender_does_not_fall_asleep_over_its_mail() {
        const LOST: JobId = JobId { partition: 1, entry: None };
        let due = some_time();
        let mails: [fn(&SenderMailbox, Instant); 5] = [
            |mailbox, due| mailbox.opened(1, due),
            |mailbox, _| mailbox.ready(1),
            |mailbox, _| mailbox.grown(1),
            |mailbox, _| mailbox.compressed(CompressionResult::lost(LOST, nothing())),
            |mailbox, _| mailbox.request_flush(),
        ];
        for mail in mails {
            let mailbox = SenderMailbox::default();
            mail(&mailbox, due);
            assert!(!mailbox.sleep(Waker::noop(), Some(due), true));
            let mut ready_partitions = ReadyPartitions::default();
            mailbox.read(&mut ready_partitions);
            assert!(
                ready_partitions.flush_requested
                    || ready_partitions.partitions == [1]
                    || ready_partitions.results.len() == 1
            );
            assert!(mailbox.sleep(Waker::noop(), Some(due), true), "it has been read");
        }
    }
}
