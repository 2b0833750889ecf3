//! How long a caller waits for metadata and for room together.

use std::sync::Arc;
use std::task::{Context, Poll};

use milena_sender::sync::Ticket;

use crate::clock;
use crate::core::Core;
use crate::deadlines::Deadline;

/// The deadline of a caller that waits for metadata or for room (`max.block.ms`, from its first wait on), and its ticket in
/// the queue for room. Created by the first wait: a record that does not wait pays nothing for it.
#[derive(Debug, Default)]
pub(super) struct BlockTimeout(Option<Box<Wait>>);

#[derive(Debug)]
pub(super) struct Wait {
    deadline: Deadline,
    pub(super) ticket: Option<Ticket>,
}

impl BlockTimeout {
    /// It has not waited.
    #[inline]
    pub(super) const fn unused() -> Self {
        Self(None)
    }

    /// Whether it has waited.
    #[inline]
    pub(super) const fn is_used(&self) -> bool {
        self.0.is_some()
    }

    /// Ready when `max.block.ms` is over.
    pub(super) fn poll(&mut self, core: &Core, cx: &Context<'_>) -> Poll<()> {
        self.wait(core).deadline.poll(clock::now(), cx.waker())
    }

    pub(super) fn wait(&mut self, core: &Core) -> &mut Wait {
        self.0.get_or_insert_with(|| {
            let until = clock::now() + core.config.max_block;
            Box::new(Wait { deadline: Deadline::new(Arc::clone(&core.deadlines), until), ticket: None })
        })
    }

    /// Gives up the place in the queue for room.
    pub(super) fn leave_line(&mut self) {
        if let Some(wait) = &mut self.0 {
            wait.ticket = None;
        }
    }

    #[inline]
    pub(super) fn ticket(&mut self) -> Option<&mut Ticket> {
        self.0.as_mut().and_then(|wait| wait.ticket.as_mut())
    }
}
