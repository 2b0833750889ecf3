//! A batch that left its queue: where its bytes are, which callers wait, and what is known of it.
//!
//! ```text
//!            sent        refused                 no response, or one without an outcome
//!  Untried ───────▶ (in flight) ───▶ Refused ────────────────────────────────────┐
//!                        │              ▲  └────────────────────────────────────┐│
//!                        │              └── behind a gap, at leaders that know  ││
//!                        │                  the run ──────────────────┐         ▼▼
//!                        └────────────────────────────────────────▶  InDoubt ───▶ given up as "maybe"
//!                        │                                            │
//!                        └──▶ written ◀── response, or a later batch ─┘
//! ```

use std::time::Instant;

use milena_codec::ErrorCode;
use milena_codec::record::Stamp;

use super::opening::Opening;
use crate::batch::{Batch, Claim};
use crate::timing::BatchTimes;

/// A batch that left its queue.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) stamp: Stamp,
    pub(super) records: u32,
    /// When its first record came.
    pub(super) opened: Instant,
    /// How many of its attempts were put into a request.
    pub(super) tries: u32,
    /// How many of its attempts failed.
    pub(super) failures: u32,
    /// How often a broker found it corrupt.
    pub(super) corrupted: u32,
    /// The code that a broker returned last.
    pub(super) code: Option<ErrorCode>,
    /// Whether the partition moved to another broker sender since that code was returned.
    pub(super) is_code_earlier: bool,
    pub(super) callers: Callers,
    pub(super) bytes: Bytes,
    /// Whether the bytes carry the stamp. A new one is written when they are sent: in a run that breaks again and again,
    /// thousands of parts get one each time.
    pub(super) is_sealed: bool,
    pub(super) state: State,
}

/// Which callers wait for a batch.
#[derive(Debug)]
pub(super) enum Callers {
    /// The deliveries are open.
    Wait(Claim),
    /// The outcome was reported. The batch is sent as long as it is in doubt, for the sake of those behind it.
    Completed,
    /// The outcome was reported, and the batch is not sent again.
    GivenUp,
}

/// Where the bytes of a batch are.
#[derive(Debug)]
pub(super) enum Bytes {
    /// Here, to be sent.
    Here(Batch),
    /// In a request.
    InFlight(Attempt),
    /// In a job that cuts the batch.
    InJob(Opening),
}

/// An attempt to send a batch, and the leader that it went to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attempt {
    /// The term in which it was sent: see [`Run`](super::run::Run).
    pub(super) term: u32,
    /// The topic to which it was sent: see [`Run`](super::run::Run).
    pub(super) topic: u32,
    /// The leader had acknowledged a batch of the run before.
    pub(super) at_knowing_leader: bool,
}

/// The knowledge of a batch under its stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It was never sent, or its first attempt is in flight.
    Untried,
    /// Every attempt of it was refused: it is not in the log.
    Refused,
    /// An attempt of it may have been appended, or may still be appended.
    InDoubt(Doubt),
    /// It is in the log. Only its bytes have not come back.
    Written,
}

/// Why a batch is in doubt, and what was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// An attempt of its own got no response that shows the outcome.
    pub(super) own: bool,
    /// The batch with this number, of which it is a part, is in doubt.
    pub(super) whole: Option<u64>,
    /// The code that left the outcome of the first such try open, none where that attempt got no response.
    pub(super) open_code: Option<ErrorCode>,
    /// Every leader that such an attempt was sent to had acknowledged a batch of the run: behind a gap it refused the attempt.
    pub(super) only_knowing_leaders: bool,
    /// The last response, none since an attempt got none.
    pub(super) response: Option<OpenResponse>,
    /// How often in a row its producer id or epoch was refused.
    pub(super) unrecognised: u32,
}

/// A response that does not show the outcome of earlier attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenResponse {
    /// The term of the attempt.
    pub(super) term: u32,
    /// The leader refused the sequence. In the same term it would refuse another attempt as well.
    pub(super) is_about_sequence: bool,
}

impl Entry {
    /// A sealed batch that was never sent.
    pub(super) fn new(number: u64, batch: Batch, stamp: Stamp) -> Self {
        Self {
            number,
            stamp,
            records: batch.records,
            opened: batch.times.opened,
            tries: 0,
            failures: 0,
            corrupted: 0,
            code: None,
            is_code_earlier: false,
            callers: Callers::Wait(batch.claim()),
            bytes: Bytes::Here(batch),
            is_sealed: true,
            state: State::Untried,
        }
    }

    /// Whether it was sent, and its response is awaited.
    pub(super) const fn is_in_flight(&self) -> bool {
        matches!(self.bytes, Bytes::InFlight(_))
    }

    /// Whether a job has it.
    pub(super) const fn is_in_job(&self) -> bool {
        matches!(self.bytes, Bytes::InJob(_))
    }

    /// Whether it waits to be sent.
    pub(super) const fn is_here(&self) -> bool {
        matches!(self.bytes, Bytes::Here(_))
    }

    /// Whether it waits for its first attempt, under this stamp or another.
    pub(super) fn was_never_sent(&self) -> bool {
        self.state == State::Untried && self.failures == 0 && self.code.is_none() && self.is_here()
    }

    /// Whether an attempt of it may have been appended, or may still be.
    pub(super) const fn is_in_doubt(&self) -> bool {
        matches!(self.state, State::InDoubt(_))
    }

    /// Whether it may be in the log: in doubt, or in flight.
    pub(super) const fn may_be_written(&self) -> bool {
        self.is_in_doubt() || self.is_in_flight()
    }

    /// Whether the leader rejected its sequence in this term, while it is in doubt.
    pub(super) fn sequence_was_rejected(&self, term: u32) -> bool {
        self.open_response().is_some_and(|response| response.term == term && response.is_about_sequence)
    }

    /// Whether the leader responded in this term, while it is in doubt.
    pub(super) fn has_response(&self, term: u32) -> bool {
        self.open_response().is_some_and(|response| response.term == term)
    }

    const fn open_response(&self) -> Option<OpenResponse> {
        match self.state {
            State::InDoubt(doubt) => doubt.response,
            _ => None,
        }
    }

    /// Whether its deliveries are open.
    pub(super) const fn has_callers(&self) -> bool {
        matches!(self.callers, Callers::Wait(_))
    }

    /// Whether no caller waits for it, and the batches behind it can do without its outcome.
    pub(super) fn is_done_with(&self) -> bool {
        match self.callers {
            Callers::Wait(_) => false,
            Callers::Completed => !self.is_in_doubt() || self.stamp == Stamp::NONE,
            Callers::GivenUp => true,
        }
    }

    /// Takes the right to settle its deliveries, if that did not happen yet.
    pub(super) fn take_claim(&mut self) -> Option<Claim> {
        match std::mem::replace(&mut self.callers, Callers::Completed) {
            Callers::Wait(claim) => Some(claim),
            other => {
                self.callers = other;
                None
            }
        }
    }

    /// Notes the times of its batch where its callers wait.
    pub(super) const fn note_times(&mut self, times: BatchTimes) {
        if let Callers::Wait(claim) = &mut self.callers {
            claim.times = times;
        }
    }

    /// Takes its bytes for an attempt.
    pub(super) fn take_bytes(&mut self, to: Attempt) -> Option<Batch> {
        match std::mem::replace(&mut self.bytes, Bytes::InFlight(to)) {
            Bytes::Here(mut batch) => {
                if !std::mem::replace(&mut self.is_sealed, true) {
                    batch.seal(self.stamp);
                    if let Callers::Wait(claim) = &mut self.callers {
                        claim.read_from(Some(&batch));
                    }
                }
                Some(batch)
            }
            other => {
                self.bytes = other;
                None
            }
        }
    }

    /// Takes the reason why a job has it.
    pub(super) fn take_opening(&mut self) -> Option<Opening> {
        let nowhere = Bytes::InFlight(Attempt::default());
        match std::mem::replace(&mut self.bytes, nowhere) {
            Bytes::InJob(opening) => Some(opening),
            other => {
                self.bytes = other;
                None
            }
        }
    }

    /// Notes the code that a broker returned for it.
    pub(super) const fn note_code(&mut self, code: ErrorCode) {
        self.code = Some(code);
        self.is_code_earlier = false;
    }

    /// Notes an attempt that was refused: it left nothing in the log. An earlier one may have.
    pub(super) const fn note_refused(&mut self, response: Option<OpenResponse>) {
        match &mut self.state {
            State::InDoubt(doubt) => (doubt.response, doubt.unrecognised) = (response, 0),
            State::Untried => self.state = State::Refused,
            State::Refused | State::Written => {}
        }
    }

    /// Notes an attempt whose producer id or epoch was refused. The next leader may know it: only after so many refusals in a
    /// row as `max` does that count as a refusal of its sequence.
    pub(super) const fn note_unrecognised(&mut self, term: u32, max: u32) {
        if let State::InDoubt(doubt) = &mut self.state {
            doubt.unrecognised += 1;
            let is_about_sequence = doubt.unrecognised >= max;
            doubt.response = Some(OpenResponse { term, is_about_sequence });
        } else {
            self.note_refused(None);
        }
    }

    /// Notes an attempt that got no response, or one that leaves its outcome open.
    pub(super) const fn note_doubt(
        &mut self,
        at_knowing_leader: bool,
        open_code: Option<ErrorCode>,
        response: Option<OpenResponse>,
    ) {
        let first = Doubt {
            own: true,
            whole: None,
            open_code,
            only_knowing_leaders: true,
            response,
            unrecognised: 0,
        };
        let before = match self.state {
            State::InDoubt(before) => before,
            _ => first,
        };
        let only_knowing_leaders = before.only_knowing_leaders && at_knowing_leader;
        let whole = before.whole;
        // That of the batch of which it is a part does not count beside its own.
        let open_code = if before.own { before.open_code } else { open_code };
        self.state = State::InDoubt(Doubt { whole, open_code, only_knowing_leaders, ..first });
    }

    /// A batch before it was acknowledged: the leader may take it now.
    pub(super) const fn forget_response(&mut self) {
        if let State::InDoubt(doubt) = &mut self.state {
            doubt.response = None;
        }
    }

    /// The batch with this number, of which it may be a part, is not in the log.
    pub(super) fn rule_out_whole(&mut self, number: u64) {
        if let State::InDoubt(doubt) = &mut self.state
            && doubt.whole == Some(number)
        {
            doubt.whole = None;
            if !doubt.own {
                self.state = State::Refused;
            }
        }
    }

    /// A batch before it is missing in the log. A leader that knew the run refused it for that.
    pub(super) const fn rule_out_behind_gap(&mut self) {
        if let State::InDoubt(Doubt { only_knowing_leaders: true, .. }) = self.state {
            self.state = State::Refused;
        }
    }

    /// The batch whose parts have its sequences, where it is part of one that is in doubt.
    pub(super) const fn whole(&self) -> Option<u64> {
        match self.state {
            State::InDoubt(doubt) => doubt.whole,
            _ => None,
        }
    }

    /// The doubt that its parts inherit.
    pub(super) fn state_of_parts(&self) -> State {
        match self.state {
            State::InDoubt(doubt) => {
                let whole = doubt.whole.or(Some(self.number));
                // A part of a part is in doubt for both: what is learned of the outer one does not end it.
                let own = doubt.own && doubt.whole.is_some();
                State::InDoubt(Doubt { own, whole, response: None, unrecognised: 0, ..doubt })
            }
            _ => State::Untried,
        }
    }

    /// It is in the log. Returns the right to settle its deliveries, if they are open.
    pub(super) fn mark_written(&mut self) -> Option<Claim> {
        self.state = State::Written;
        self.take_claim()
    }

    /// Takes the bytes of a batch that is in the log, if they are here.
    pub(super) fn take_written(&mut self) -> Option<Batch> {
        if self.state != State::Written {
            return None;
        }
        self.take_bytes(Attempt::default())
    }

    /// It gets another stamp, under which it was never sent.
    pub(super) fn restamp(&mut self, stamp: Stamp) {
        self.stamp = stamp;
        self.state = State::Untried;
        self.is_sealed = false;
    }
}
