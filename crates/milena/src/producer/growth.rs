//! Waiting for a partition that a topic does not have yet: metadata is requested, as it may have been added (KAFKA-6833).

use std::sync::Arc;
use std::task::{Context, Poll};

use crate::clock;
use crate::core::Core;
use crate::registry::{Place, Tell};

/// A caller's place among those that wait for more partitions of a topic.
#[derive(Debug)]
pub(super) struct Growth<'a> {
    core: &'a Core,
    topic: &'a Arc<str>,
    partition: u32,
    place: Option<Place>,
}

impl<'a> Growth<'a> {
    pub(super) const fn new(core: &'a Core, topic: &'a Arc<str>, partition: u32) -> Self {
        Self { core, topic, partition, place: None }
    }

    /// Ready when the topic has the partition, or the producer is closed; false after a response without it, when
    /// another caller has waited in vain before.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Poll<bool> {
        let registry = &self.core.registry;
        let (has, tell) =
            registry.poll_partition(self.topic, self.partition, &mut self.place, clock::now(), cx.waker());
        if tell == Tell::Driver {
            self.core.tell(|inbox| inbox.wanted.push(Arc::clone(self.topic)));
        }
        has
    }

    /// The caller gives up: those behind it do not wait as long again.
    pub(super) fn give_up(&self) {
        let until = clock::now() + self.core.config.max_block;
        self.core.registry.waited_in_vain(self.topic, until);
        // Metadata is requested even where `max.block.ms` leaves no time for it: the next record may find the partition.
        self.core.tell(|inbox| inbox.broker_lost = true);
    }
}

impl Drop for Growth<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        if self.core.registry.leave(self.topic, place) == Tell::Driver {
            self.core.tell(|inbox| inbox.given_up.push(Arc::clone(self.topic)));
        }
    }
}
