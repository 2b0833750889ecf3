//! The leader of a partition: whether there is one, why not, whether its metadata is requested, and whether it rejects
//! batches.

use super::Partition;
use crate::outcome::{Obstacle, OngoingRejection};
use crate::sync::{Ordering, lock};

impl Partition {
    /// Whether it has a leader.
    pub fn is_available(&self) -> bool {
        self.available.load(Ordering::Relaxed)
    }

    /// Notes whether it has a leader. Without one it makes no progress.
    pub fn set_available(&self, available: bool) {
        self.available.store(available, Ordering::Relaxed);
        if self.account.is_led() != available {
            self.shared.memory.set_led(&self.account, available);
        }
    }

    /// Notes why it has no leader, for the errors of records that expire.
    pub fn set_leaderless(&self, why: Option<Obstacle>) {
        *lock(&self.leaderless) = why;
    }

    /// Why it has no leader, as far as is known.
    pub fn leaderless(&self) -> Option<Obstacle> {
        lock(&self.leaderless).clone()
    }

    /// Notes the code with which its leader rejects batches, or that it does not reject any.
    pub(crate) fn set_rejection(&self, rejection: Option<OngoingRejection>) {
        *lock(&self.rejection) = rejection;
    }

    /// The code with which its leader rejects batches, where it does.
    pub fn rejection(&self) -> Option<OngoingRejection> {
        *lock(&self.rejection)
    }

    /// Notes whether its topic is dormant.
    pub(in crate::accumulator) fn set_dormant(&self, dormant: bool) {
        self.dormant.store(dormant, Ordering::Relaxed);
    }

    /// Something is to be sent. Returns whether the topic is dormant; once.
    pub fn wakes(&self) -> bool {
        self.dormant.load(Ordering::Relaxed) && self.dormant.swap(false, Ordering::Relaxed)
    }
}
