//! When the next question about the cluster is due.
//!
//! A question is asked for one of four reasons:
//!
//! * **age**: everything is asked again now and then;
//! * **lack**: the last answer lacked a leader or a topic in use, it is asked with a backoff while that is so;
//! * **news**: a topic came into use, it is asked for at once, unless the last attempt failed altogether;
//! * **need**: something is wrong, it is asked with a backoff.
//!
//! Attempts that failed and answers to a need that changed nothing share one backoff (`Metadata.java`, "equivalent
//! responses"), so that a leader that stays away does not cost more and more questions. An answer that changed
//! something begins the backoff anew, and still holds the next need off by the first step of it, so that a flapping
//! leader does not either.

use std::time::{Duration, Instant};

use super::config::Backoff;

/// The state of asking.
#[derive(Debug)]
pub(super) struct Schedule {
    asking: Asking,
    /// No question about a need goes out before.
    not_before: Instant,
    /// When everything is asked again for its age.
    aged_at: Instant,
    /// Whether the last attempt brought no answer.
    failed: bool,
    /// Failed attempts and useless answers since something changed.
    attempts: u32,
}

#[derive(Debug)]
enum Asking {
    /// No question is out; the next is due at `due`.
    Idle { due: Instant, reason: Reason },
    /// A question is out, for `reason`; `next` came up meanwhile.
    Out { reason: Reason, next: Option<Reason> },
}

/// Why a question is asked. The later reasons outweigh the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    Age,
    Lack,
    Need,
    News,
}

/// What an answer was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worth {
    /// It told something new.
    pub(super) changed: bool,
    /// Something is still wrong: a leader or a topic in use is missing.
    pub(super) lacking: bool,
}

impl Schedule {
    /// The first question is due at once.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            asking: Asking::Idle { due: now, reason: Reason::News },
            not_before: now,
            aged_at: now,
            failed: false,
            attempts: 0,
        }
    }

    /// Something has to be asked.
    pub(super) fn call_for(&mut self, wanted: Reason, now: Instant) {
        let at = match wanted {
            Reason::News if !self.failed => now,
            Reason::News | Reason::Need | Reason::Lack | Reason::Age => self.not_before.max(now),
        };
        match &mut self.asking {
            Asking::Idle { due, reason } => {
                *due = (*due).min(at);
                *reason = (*reason).max(wanted);
            }
            Asking::Out { next, .. } => *next = (*next).max(Some(wanted)),
        }
    }

    /// A question goes out.
    pub(super) fn ask(&mut self) {
        if let Asking::Idle { reason, .. } = self.asking {
            self.asking = Asking::Out { reason, next: None };
        }
    }

    /// The answer is there.
    pub(super) fn answered(&mut self, worth: Worth, now: Instant, max_age: Duration, backoff: &mut Backoff) {
        let (reason, next) = self.reasons();
        self.failed = false;
        self.attempts = match reason {
            Reason::Need | Reason::Lack if !worth.changed => self.attempts.saturating_add(1),
            // An answer about a new topic does not tell whether asking again about the others helps.
            Reason::News if !worth.changed => self.attempts,
            _ => 0,
        };
        self.not_before = later(now, backoff(self.attempts.saturating_sub(1)));
        self.aged_at = later(now, max_age).max(self.not_before);
        let (due, reason) = match next {
            Some(Reason::News) => (now, Reason::News),
            Some(_) => (self.not_before, Reason::Need),
            None if worth.lacking => (self.not_before, Reason::Lack),
            None => (self.aged_at, Reason::Age),
        };
        self.asking = Asking::Idle { due, reason };
    }

    /// The last answer lacks nothing of the topics that are still in use: a question for that alone is not asked.
    pub(super) fn lacks_nothing(&mut self) {
        if let Asking::Idle { due, reason: reason @ Reason::Lack } = &mut self.asking {
            (*due, *reason) = (self.aged_at, Reason::Age);
        }
    }

    /// No answer came, or one that says nothing.
    pub(super) fn failed(&mut self, now: Instant, backoff: &mut Backoff) {
        let (reason, next) = self.reasons();
        self.failed = true;
        self.not_before = later(now, backoff(self.attempts));
        self.attempts = self.attempts.saturating_add(1);
        // What was news stays news; what was asked for its age alone has become a need.
        let reason = reason.max(next.unwrap_or(reason)).max(Reason::Need);
        self.asking = Asking::Idle { due: self.not_before, reason };
    }

    /// When the next question is due; none while one is out.
    pub(super) const fn due(&self) -> Option<Instant> {
        match self.asking {
            Asking::Idle { due, .. } => Some(due),
            Asking::Out { .. } => None,
        }
    }

    const fn reasons(&self) -> (Reason, Option<Reason>) {
        match self.asking {
            Asking::Idle { reason, .. } => (reason, None),
            Asking::Out { reason, next } => (reason, next),
        }
    }
}

/// `now + wait`, or a time far away when that is beyond what the clock can say.
fn later(now: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    now.checked_add(wait).or_else(|| now.checked_add(FAR)).unwrap_or(now)
}
