//! Batches that are given up: their deliveries fail, while bytes in flight stay where they are. So do those of batches in
//! doubt, until their outcome is known, or as much time has passed again, or a caller waits for the room that they hold.

use std::sync::Arc as StdArc;
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;

use super::entry::{Bytes, Callers, Entry};
use super::rejection::Rejected;
use super::verdict::{BatchResponse, words};
use super::{Completer, PartitionSender, PartitionSenderConfig};
use crate::batch::Batch;
use crate::outcome::{Ending, ErrorKind, Failure, Obstacle, Persisted};

/// The broker has owed a response for long.
const NO_RESPONSE: &str = "the broker did not respond in time";
/// The broker responds, and rejects nothing.
const TOO_MUCH: &str = "the leader was reached late, or its load or a quota let no more requests through in time: send less, or raise `delivery.timeout.ms`";

impl PartitionSender {
    /// The driver slept past `since`: a deadline that has passed from then on is no sign of trouble with the broker. Batches that
    /// were never sent have one attempt, until `until` at the latest.
    pub fn grant(&mut self, since: Instant, until: Instant) {
        // One late wake-up after another grants no more: a grant holds until its end.
        if self.grant.is_none_or(|grant| grant.until <= since) {
            self.grant = Some(Grant { since, until });
        }
    }

    /// When a batch is given up that was never sent and is due at `due`. One that the broker sender finds overdue by more than
    /// [`LATE_MIN`] was found late, and is granted `within`.
    pub(crate) fn unsent_due(&mut self, due: Instant, now: Instant, within: Duration) -> Instant {
        if now > due + LATE_MIN && self.grant.is_none_or(|grant| grant.until < due) {
            self.grant(due, now + within);
        }
        self.granted(due)
    }

    /// The same by the grant that there is.
    fn granted(&self, due: Instant) -> Instant {
        let grant = self.grant.filter(|grant| due >= grant.since);
        grant.map_or(due, |grant| grant.until.max(due))
    }

    /// The first attempt of a batch whose deadline is over has the time that was granted.
    pub(super) fn grant_try(&mut self, index: usize, config: &PartitionSenderConfig) {
        if self.grant.is_none() {
            return;
        }
        let Some(entry) = self.entries.get(index).filter(|entry| entry.was_never_sent()) else { return };
        let opened =
            self.granted(entry.opened + config.delivery_timeout).checked_sub(config.delivery_timeout);
        if let (Some(opened), Some(entry)) = (opened, self.entries.get_mut(index)) {
            entry.opened = opened;
        }
    }

    /// Fails what has waited for too long, here and in the queue. `obstacle` is why it waited, none where the broker can be
    /// used. `is_silent`: the broker has owed a response for long. Returns none when a caller holds the partition.
    pub fn expire(
        &mut self,
        now: Instant,
        config: &PartitionSenderConfig,
        obstacle: Option<&Obstacle>,
        is_silent: bool,
        completer: &mut Completer,
    ) -> Option<()> {
        let Some(opened_before) = now.checked_sub(config.delivery_timeout) else { return Some(()) };
        if let Some(opened_before) = opened_before.checked_sub(config.delivery_timeout) {
            let is_too_old = |entry: &&mut Entry| !entry.has_callers() && entry.opened <= opened_before;
            self.entries.iter_mut().filter(is_too_old).for_each(|entry| entry.callers = Callers::GivenUp);
        }
        let unsent_before = match self.grant.filter(|grant| now < grant.until) {
            // Due before the grant, or after it.
            Some(grant) => grant.since.checked_sub(config.delivery_timeout + Duration::from_nanos(1)),
            None => Some(opened_before),
        };
        let overdue = |entry: &Entry| match entry.was_never_sent() {
            true => unsent_before.is_some_and(|before| entry.opened <= before),
            false => entry.opened <= opened_before,
        };
        let cause = |lacking: &str| Cause {
            head: format!("not {lacking} within {:?}", config.delivery_timeout),
            obstacle: obstacle
                .map(|obstacle| &*obstacle.message)
                .or_else(|| is_silent.then_some(NO_RESPONSE)),
            otherwise: Some(TOO_MUCH),
            code: obstacle.and_then(|obstacle| obstacle.code),
            last: None,
            by_end: false,
        };
        let was_sent = |entry: &Entry| !entry.was_never_sent() && overdue(entry);
        self.fail_entries(was_sent, ErrorKind::DeliveryTimeout, &cause("acknowledged"), completer);
        let cause = cause("sent");
        self.fail_entries(overdue, ErrorKind::DeliveryTimeout, &cause, completer);
        let Some(unsent_before) = unsent_before else { return Some(()) };
        self.fail_next_batch(Some(unsent_before), ErrorKind::DeliveryTimeout, &cause, completer);
        for batch in self.partition.give_up(Some(unsent_before))? {
            self.fail_unsent(batch, ErrorKind::DeliveryTimeout, &cause, completer);
        }
        Some(())
    }

    /// Whether it keeps batches whose deliveries failed, for the sake of those behind them or because they are in flight.
    #[must_use]
    pub const fn keeps_completed(&self) -> bool {
        self.keeps_completed
    }

    /// A caller waits for room: batches whose deliveries failed are not sent again, and those that are here go. The run
    /// goes on by its rules, which do without their outcome. Returns whether others are in flight: they go when they come
    /// back.
    pub fn give_way(&mut self, completer: &mut Completer) -> bool {
        let told = self.entries.iter_mut().filter(|entry| !entry.has_callers());
        told.for_each(|entry| entry.callers = Callers::GivenUp);
        self.drop_settled(completer);
        self.entries.iter().any(|entry| !entry.has_callers() && entry.is_in_flight())
    }

    /// Fails everything: the producer ends. Returns none when a caller holds the partition.
    pub fn abort(&mut self, completer: &mut Completer) -> Option<()> {
        let waiting = self.partition.give_up(None);
        self.fail_all(waiting?, completer);
        Some(())
    }

    /// Fails everything, and takes no more: the topic has no such partition any more.
    pub fn discard(mut self, completer: &mut Completer) {
        let cause = &Cause::from(
            "the topic was created again with fewer partitions: send to a partition that it has, or add partitions",
        );
        let waiting = self.partition.end();
        self.fail_entries(|_| true, ErrorKind::InvalidPartition, cause, completer);
        self.fail_next_batch(None, ErrorKind::InvalidPartition, cause, completer);
        for batch in waiting {
            self.fail_unsent(batch, ErrorKind::InvalidPartition, cause, completer);
        }
    }

    /// When the next batch here is given up, or abandoned.
    #[must_use]
    pub fn deadline(&self, config: &PartitionSenderConfig) -> Option<Instant> {
        let due = |entry: &Entry| match entry.callers {
            Callers::Wait(_) if entry.was_never_sent() => {
                Some(self.granted(entry.opened + config.delivery_timeout))
            }
            Callers::Wait(_) => Some(entry.opened + config.delivery_timeout),
            Callers::Completed => Some(entry.opened + config.delivery_timeout * 2),
            Callers::GivenUp => None,
        };
        let next_batch =
            self.next_batch.opened().map(|opened| self.granted(opened + config.delivery_timeout));
        // They were opened in their order: unless deliveries of some failed, the first is due first.
        let looked_at = if self.keeps_completed { self.entries.len() } else { 1 };
        self.walk(looked_at);
        self.entries.iter().take(looked_at).filter_map(due).chain(next_batch).min()
    }

    /// Fails all that is here, and what waited behind it.
    fn fail_all(&mut self, waiting: Vec<Batch>, completer: &mut Completer) {
        // The code of a partition without a leader is what the brokers returned last.
        let code = self.partition.leaderless().and_then(|obstacle| obstacle.code);
        let cause = |head: String| Cause { code, by_end: true, ..Cause::from(head) };
        let ending = self.partition.shared().ending().unwrap_or(Ending::Closed);
        let (ended, kind) = (ending.name(), ending.kind());
        let unacknowledged = cause(format!("{ended} before the broker acknowledged the record"));
        self.fail_entries(|entry| !entry.was_never_sent(), kind, &unacknowledged, completer);
        let cause = &cause(format!("{ended} before the record was sent"));
        self.fail_entries(|_| true, kind, cause, completer);
        self.fail_next_batch(None, kind, cause, completer);
        for batch in waiting {
            self.fail_unsent(batch, kind, cause, completer);
        }
    }

    /// Fails the deliveries of some entries. Batches in flight stay until their response. Batches that wait are dropped,
    /// but not those past their deadline that may stand in the log.
    pub(super) fn fail_entries(
        &mut self,
        which: impl Fn(&Entry) -> bool,
        kind: ErrorKind,
        cause: &Cause<'_>,
        completer: &mut Completer,
    ) {
        let rejection = self.rejection;
        for entry in self.entries.iter_mut().filter(|entry| which(entry)) {
            let persisted = if entry.may_be_written() { Persisted::Maybe } else { Persisted::No };
            let claim = entry.take_claim();
            if kind != ErrorKind::DeliveryTimeout {
                entry.callers = Callers::GivenUp;
            }
            if let Some(claim) = claim {
                let rejected = Self::rejected(rejection, kind, Some(entry));
                let failure = failure_of(kind, persisted, rejected, cause);
                completer.failed(claim, failure, &self.partition, &mut self.spares);
                self.keeps_completed = true;
            }
        }
        self.drop_settled(completer);
    }

    /// Drops what waits and concerns no caller any more; a batch that was stamped leaves a gap behind.
    pub(super) fn drop_settled(&mut self, completer: &mut Completer) {
        // After a split there may be thousands of entries, and each response comes here.
        if !self.keeps_completed {
            return;
        }
        self.walk(self.entries.len());
        let mut index = 0;
        while let Some(entry) = self.entries.get(index) {
            if !(entry.is_done_with() && entry.is_here()) {
                index += 1;
                continue;
            }
            if let Some(Entry { bytes: Bytes::Here(batch), .. }) = self.leave_unwritten(index) {
                completer.release(batch);
            }
        }
        self.keeps_completed = !self.entries.iter().all(Entry::has_callers);
    }

    /// Fails what was claimed ahead of its turn. The bytes of a batch in a job come back by its result.
    fn fail_next_batch(
        &mut self,
        opened_before: Option<Instant>,
        kind: ErrorKind,
        cause: &Cause<'_>,
        completer: &mut Completer,
    ) {
        let (batches, claim) = self.next_batch.give_up(opened_before);
        for batch in batches {
            self.fail_unsent(batch, kind, cause, completer);
        }
        if let Some(claim) = claim {
            let rejected = Self::rejected(self.rejection, kind, None);
            let failure = failure_of(kind, Persisted::No, rejected, cause);
            completer.failed(claim, failure, &self.partition, &mut self.spares);
        }
    }

    fn fail_unsent(&mut self, batch: Batch, kind: ErrorKind, cause: &Cause<'_>, completer: &mut Completer) {
        let rejected = Self::rejected(self.rejection, kind, None);
        let failure = failure_of(kind, Persisted::No, rejected, cause);
        completer.failed(batch.claim(), failure, &self.partition, &mut self.spares);
        completer.release(batch);
    }
}

/// Time for batches without an attempt, after the driver woke up late.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    /// For those that are due from then on: what was due before had its time.
    since: Instant,
    /// When they are given up.
    until: Instant,
}

/// A wake-up is late that comes so much after the time of the timer: the process was suspended, or the thread blocked.
pub const LATE_MIN: Duration = Duration::from_secs(1);

/// A partition sender that is dropped, by a panic or because its runtime ends, fails everything that is not settled, and accepts no
/// more.
impl Drop for PartitionSender {
    fn drop(&mut self) {
        let mut completer = Completer::new(StdArc::clone(self.partition.shared()));
        let waiting = self.partition.end();
        self.fail_all(waiting, &mut completer);
        completer.finish();
    }
}

/// Why records are given up.
#[derive(Clone, Debug)]
pub(super) struct Cause<'a> {
    head: String,
    /// Why they waited.
    obstacle: Option<&'a str>,
    /// The same where there is no obstacle, and the leader rejected nothing.
    otherwise: Option<&'static str>,
    /// The code that a broker returned after any rejection.
    code: Option<ErrorCode>,
    /// The outcome of the last attempt, where that is the cause.
    last: Option<String>,
    /// Whether the producer ended.
    by_end: bool,
}

impl<T: Into<String>> From<T> for Cause<'_> {
    fn from(head: T) -> Self {
        Self { head: head.into(), obstacle: None, otherwise: None, code: None, last: None, by_end: false }
    }
}

impl Cause<'_> {
    /// Of a batch that used up its attempts, by the response to the last one.
    pub(super) fn after_attempts(attempts: u64, retries: u32, response: &BatchResponse) -> Self {
        let attempts = if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
        Self {
            last: Some(words(response).1),
            ..Self::from(format!("given up after {attempts} (`retries` = {retries})"))
        }
    }
}

/// A failure that is not the broker's verdict.
fn failure_of(
    kind: ErrorKind,
    persisted: Persisted,
    rejected: Option<Rejected>,
    cause: &Cause<'_>,
) -> Failure {
    let code = cause.code.or_else(|| rejected.map(Rejected::code));
    let rejected = rejected.filter(|_| cause.code.is_none());
    let is_explained = cause.last.is_some() || rejected.is_some_and(Rejected::is_of_leader);
    let otherwise = if is_explained { None } else { cause.otherwise };
    let rejected = cause.last.clone().or_else(|| rejected.map(Rejected::words));
    let why: Vec<_> = [cause.obstacle.or(otherwise), rejected.as_deref()].into_iter().flatten().collect();
    let message = match why.is_empty() {
        true => cause.head.as_str().into(),
        false => format!("{}: {}", cause.head, why.join("; ")).into(),
    };
    // A producer that has ended takes nothing again.
    Failure { kind, persisted, retriable: !cause.by_end, by_end: cause.by_end, code, message }
}
