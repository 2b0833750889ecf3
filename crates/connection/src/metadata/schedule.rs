//! The schedule of Metadata requests.
//!
//! A request has one of four reasons:
//!
//! * **maximum age**: `metadata.max.age.ms` is over;
//! * **incomplete**: the last response lacked a leader or a topic in use; requested with a backoff until it is complete;
//! * **new topic**: a topic came into use; requested at once, unless the last attempt failed altogether;
//! * **refresh**: a partition sender or a broker connection reported an error; requested with a backoff.
//!
//! Failed attempts, and responses to a refresh that changed nothing, share one backoff (`Metadata.java`, "equivalent
//! responses"): a leader that stays away costs fewer and fewer requests. A response with a change resets the backoff,
//! and still delays the next refresh by its first step: a flapping leader costs no more than that either.

use std::time::{Duration, Instant};

use super::config::Backoff;

/// The state of the schedule.
#[derive(Debug)]
pub(super) struct Schedule {
    state: State,
    /// A refresh is requested at this time at the earliest.
    not_before: Instant,
    /// The time at which the maximum age is reached.
    aged_at: Instant,
    /// Whether the last attempt failed.
    failed: bool,
    /// Failed attempts, and responses without a change, since the last change.
    attempts: u32,
}

#[derive(Debug)]
enum State {
    /// No request is in flight; the next one is due at `due`.
    Idle { due: Instant, reason: Reason },
    /// A request is in flight, for `reason`; `next` came up meanwhile.
    InFlight { reason: Reason, next: Option<Reason> },
}

/// The reason of a request. A later variant outweighs an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    MaxAge,
    Incomplete,
    Refresh,
    NewTopic,
}

/// A response, as far as the schedule needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ResponseSummary {
    /// Whether the response changed the metadata.
    pub(super) changed: bool,
    /// Whether a leader or a topic in use is still missing.
    pub(super) incomplete: bool,
}

impl Schedule {
    /// The first request is due at once.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            state: State::Idle { due: now, reason: Reason::NewTopic },
            not_before: now,
            aged_at: now,
            failed: false,
            attempts: 0,
        }
    }

    /// Schedules a request for `wanted`.
    pub(super) fn call_for(&mut self, wanted: Reason, now: Instant) {
        let at = match wanted {
            Reason::NewTopic if !self.failed => now,
            Reason::NewTopic | Reason::Refresh | Reason::Incomplete | Reason::MaxAge => {
                self.not_before.max(now)
            }
        };
        match &mut self.state {
            State::Idle { due, reason } => {
                *due = (*due).min(at);
                *reason = (*reason).max(wanted);
            }
            State::InFlight { next, .. } => *next = (*next).max(Some(wanted)),
        }
    }

    /// A request is sent.
    pub(super) fn on_request(&mut self) {
        if let State::Idle { reason, .. } = self.state {
            self.state = State::InFlight { reason, next: None };
        }
    }

    /// A response was applied.
    pub(super) fn on_response(
        &mut self,
        response: ResponseSummary,
        now: Instant,
        max_age: Duration,
        backoff: &mut Backoff,
    ) {
        let (reason, next) = self.reasons();
        self.failed = false;
        self.attempts = match reason {
            Reason::Refresh | Reason::Incomplete if !response.changed => self.attempts.saturating_add(1),
            // A response about a new topic proves nothing about the topics that the backoff is for.
            Reason::NewTopic if !response.changed => self.attempts,
            _ => 0,
        };
        self.not_before = later(now, backoff(self.attempts.saturating_sub(1)));
        self.aged_at = later(now, max_age).max(self.not_before);
        let (due, reason) = match next {
            Some(Reason::NewTopic) => (now, Reason::NewTopic),
            Some(_) => (self.not_before, Reason::Refresh),
            None if response.incomplete => (self.not_before, Reason::Incomplete),
            None => (self.aged_at, Reason::MaxAge),
        };
        self.state = State::Idle { due, reason };
    }

    /// The last response is complete for the topics that are still in use: cancels a request for [`Reason::Incomplete`].
    pub(super) fn on_complete(&mut self) {
        if let State::Idle { due, reason: reason @ Reason::Incomplete } = &mut self.state {
            (*due, *reason) = (self.aged_at, Reason::MaxAge);
        }
    }

    /// No response came, or one that cannot be used.
    pub(super) fn on_failure(&mut self, now: Instant, backoff: &mut Backoff) {
        let (reason, next) = self.reasons();
        self.failed = true;
        self.not_before = later(now, backoff(self.attempts));
        self.attempts = self.attempts.saturating_add(1);
        // A new topic stays one; a request for the maximum age becomes a refresh.
        let reason = reason.max(next.unwrap_or(reason)).max(Reason::Refresh);
        self.state = State::Idle { due: self.not_before, reason };
    }

    /// The time at which the next request is due; none while one is in flight.
    pub(super) const fn due(&self) -> Option<Instant> {
        match self.state {
            State::Idle { due, .. } => Some(due),
            State::InFlight { .. } => None,
        }
    }

    const fn reasons(&self) -> (Reason, Option<Reason>) {
        match self.state {
            State::Idle { reason, .. } => (reason, None),
            State::InFlight { reason, next } => (reason, next),
        }
    }
}

/// `now + wait`, or a year from `now` if the clock cannot represent the sum.
fn later(now: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    now.checked_add(wait).or_else(|| now.checked_add(FAR)).unwrap_or(now)
}
