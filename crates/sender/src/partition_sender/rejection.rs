//! The code with which the leader of a partition rejects its batches, for the errors of records that wait behind them.
//!
//! A rejection is that of the present leader on the present connection: it is forgotten when a batch is acknowledged, when the
//! partition moves to another broker sender, and when the connection ends. The code of a batch itself is kept, and the text names whether
//! the partition moved since.

use std::time::Instant;

use milena_codec::ErrorCode;

use super::verdict::BatchResponse;
use super::verdict::Verdict;
use super::{Entry, PartitionSender};
use crate::outcome::{ErrorKind, OngoingRejection};

/// A code that a broker returned, for the error of a record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rejected {
    /// For the batch of the record.
    Itself(ErrorCode),
    /// For the batch of the record, before the partition moved to another broker sender.
    Earlier(ErrorCode),
    /// For a batch of the partition before it.
    Before(ErrorCode),
}

impl Rejected {
    pub(super) const fn code(self) -> ErrorCode {
        match self {
            Self::Itself(code) | Self::Earlier(code) | Self::Before(code) => code,
        }
    }

    /// Whether the present leader returned it.
    pub(super) const fn is_of_leader(self) -> bool {
        matches!(self, Self::Itself(_) | Self::Before(_))
    }

    /// In words, for an error.
    pub(super) fn words(self) -> String {
        match self {
            Self::Itself(code) => format!("the broker returned {code} last"),
            Self::Earlier(code) => format!("a broker returned {code} before the partition moved"),
            Self::Before(code) => format!("the broker returned {code} for the batches before it"),
        }
    }
}

impl PartitionSender {
    /// Notes the response about a batch: batches behind one that is to be sent again wait for it.
    pub(super) fn note_rejection(&mut self, now: Instant, response: &BatchResponse, verdict: Verdict) {
        let is_noted = self.rejection.is_some();
        let noted = match (response.code(), verdict) {
            (Some(_), Verdict::Written) => None,
            (Some(code), Verdict::Retry | Verdict::RetryAtLeader) => Some(code),
            // A rejected sequence mostly follows from the batch that was rejected before.
            (Some(code), Verdict::BumpEpoch | Verdict::ResetProducerId) if !is_noted => Some(code),
            _ => return,
        };
        if noted.is_none() && !is_noted {
            return;
        }
        let since = self.rejection.map_or(now, |before| before.since);
        self.rejection = noted.map(|code| OngoingRejection { code, since });
        self.partition.set_rejection(self.rejection);
    }

    /// The leader is another one, or its connection ended: it does not reject batches until it returns a code.
    pub fn forget_rejection(&mut self) {
        if self.rejection.take().is_some() {
            self.partition.set_rejection(None);
        }
    }

    /// The code for the error of a batch that is given up, which has left the queue or not.
    pub(super) fn rejected(
        rejection: Option<OngoingRejection>,
        kind: ErrorKind,
        entry: Option<&Entry>,
    ) -> Option<Rejected> {
        let own = entry.and_then(|entry| match entry.is_code_earlier {
            true => entry.code.map(Rejected::Earlier),
            false => entry.code.map(Rejected::Itself),
        });
        let waits = matches!(kind, ErrorKind::DeliveryTimeout | ErrorKind::Closed);
        own.or_else(|| rejection.filter(|_| waits).map(|rejection| Rejected::Before(rejection.code)))
    }
}
