//! What a record brings along into its partition, and what its lane has to be told after that.

use std::time::Instant;

use super::entry::Refusal;
use super::settings::Shared;
use crate::sync::Ticket;

/// What the lane has to be told once the lock is free.
#[derive(Debug, Default)]
pub(super) struct Rings {
    pub(super) opened: Option<Instant>,
    pub(super) ready: bool,
    /// The offered batch is long enough to be compressed ahead of its turn.
    pub(super) grown: bool,
    pub(super) press: bool,
}

/// How a record enters.
#[derive(Debug, Default)]
pub(super) struct Entering<'a> {
    pub(super) ticket: Option<&'a mut Ticket>,
    pub(super) may_yield: bool,
}

impl Entering<'_> {
    /// A chunk of at least `bytes`, and rather of `hint`. Who waited takes what was set aside for him: to ask for more
    /// would let those behind him pass.
    pub(super) fn chunk(&mut self, shared: &Shared, bytes: usize, hint: usize) -> Result<Vec<u8>, Refusal> {
        let mut chunk = None;
        if self.ticket.is_none() && hint > bytes {
            chunk = shared.memory.chunk(hint, None);
        }
        let chunk = chunk.or_else(|| shared.memory.chunk(bytes, self.ticket.as_deref_mut()));
        chunk.ok_or(Refusal::Full { bytes })
    }
}
