//! How a record enters its partition, and which wake-ups its broker's sender gets for that.

use std::task::Waker;
use std::time::Instant;

use super::entry::Refusal;
use super::settings::Shared;
use crate::sync::{Account, Arc, Ticket};

/// Wake-ups for the broker's sender, sent after the lock is released.
#[derive(Debug, Default)]
pub(super) struct Wakeups {
    pub(super) opened: Option<Instant>,
    pub(super) ready: bool,
    /// The offered batch is long enough to be compressed ahead of its turn.
    pub(super) grown: bool,
    pub(super) request_flush: bool,
}

/// The largest chunk that a caller waits for, unless its record is larger.
const AWAITED_BYTES_MAX: usize = 16 << 10;
/// The largest share of the budget that a caller waits for, unless its record is larger: one in this many.
const AWAITED_SHARE: usize = 64;

/// How a record enters.
#[derive(Debug, Default)]
pub(super) struct AppendContext<'a> {
    pub(super) ticket: Option<&'a mut Ticket>,
    pub(super) may_yield: bool,
    /// Callers that have room because this one left some, woken after the lock is released.
    pub(super) wakers: Vec<Waker>,
}

impl AppendContext<'_> {
    /// A chunk of at least `bytes`, and rather of `hint`. A caller with a ticket takes the bytes that were set aside
    /// for it: a larger chunk would let later callers pass.
    pub(super) fn chunk(
        &mut self,
        shared: &Shared,
        account: &Arc<Account>,
        bytes: usize,
        hint: usize,
        now: Option<Instant>,
    ) -> Result<Vec<u8>, Refusal> {
        let mut chunk = None;
        let mut wanted = hint;
        // A budget that is nearly used up may still have room for a smaller chunk, which takes more than this record.
        while chunk.is_none() && self.ticket.is_none() && wanted > bytes {
            chunk = shared.memory.chunk((account, wanted), None, now, &mut self.wakers);
            wanted /= 4;
        }
        let ticket = self.ticket.as_deref_mut();
        let chunk = chunk.or_else(|| shared.memory.chunk((account, bytes), ticket, now, &mut self.wakers));
        chunk.ok_or_else(|| Refusal::Full { bytes: awaited_bytes(shared, bytes, hint) })
    }
}

/// The room for which a caller waits with a record of `bytes`, in a batch that takes chunks of `hint` bytes: a chunk of many
/// records, because chunks of one record each would cost a wait and an allocation each.
pub(super) fn awaited_bytes(shared: &Shared, bytes: usize, hint: usize) -> usize {
    bytes.max(hint.min(AWAITED_BYTES_MAX).min(shared.memory.budget() / AWAITED_SHARE))
}
