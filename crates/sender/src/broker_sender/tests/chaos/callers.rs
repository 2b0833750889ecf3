//! What callers do: they send, flush, wait for room, and leave.

use std::task::Waker;

use super::run::Run;
use crate::accumulator::{AppendOptions, ChooseError, Refusal};
use crate::sync::Ticket;

/// A caller that waits for room.
pub(super) struct Waiter {
    partition: usize,
    value_bytes: usize,
    ticket: Ticket,
}

impl Run {
    /// Callers send, flush, or wait for room.
    pub(super) fn call(&mut self) {
        self.serve_waiters();
        let partition = self.dice.usize(..self.harness.topic.partitions().len());
        let value_bytes = self.dice.usize(..self.plan.value_bytes_max);
        let skip_linger = self.dice.u8(..8) == 0;
        let waiting = AppendOptions { skip_linger, ..AppendOptions::default() };
        if let Some(bytes) = self.enter(partition, value_bytes, waiting)
            && self.other_dice.u32(..1_000) < self.plan.waits
        {
            let partitions = self.harness.topic.partitions();
            let ticket = partitions[partition].wait_for_room(bytes, Waker::noop());
            self.waiters.push(Waiter { partition, value_bytes, ticket });
            self.harness.shared.request_flush();
        }
        if self.chance(15) {
            self.flushes.push(self.harness.shared.outstanding.end_generation());
            self.harness.shared.request_flush();
        }
        if self.other_dice.u32(..1_000) < self.plan.leaves {
            let record_handles = &mut self.record_handles[partition];
            if !record_handles.is_empty() {
                drop(record_handles.remove(self.other_dice.usize(..record_handles.len())));
                self.left += 1;
            }
        }
    }

    /// Waiters whose room is there send their record, and some do not wait any longer.
    fn serve_waiters(&mut self) {
        for mut waiter in std::mem::take(&mut self.waiters) {
            let is_there = waiter.partition < self.harness.topic.partitions().len();
            if !is_there || self.other_dice.u8(..32) == 0 {
                continue;
            }
            if waiter.ticket.poll(Waker::noop()).is_ready() {
                let waiting = AppendOptions { ticket: Some(&mut waiter.ticket), ..AppendOptions::default() };
                if self.enter(waiter.partition, waiter.value_bytes, waiting).is_none() {
                    continue;
                }
            }
            self.waiters.push(waiter);
        }
    }

    /// Sends a record, numbered in the order of acceptance. Returns the room that it lacks, where it lacks room.
    fn enter(&mut self, partition: usize, value_bytes: usize, waiting: AppendOptions<'_>) -> Option<usize> {
        let number = self.next_number;
        self.next_number += 1;
        let mut value = format!("{number} ").into_bytes();
        let dice = &mut self.other_dice;
        value.extend((0..value_bytes).map(|_| if self.plan.noise { dice.u8(..) } else { b' ' }));
        match self.harness.send_as(i32::try_from(partition).unwrap(), &value, waiting) {
            Ok(record_handle) => self.record_handles[partition].push((number, record_handle)),
            Err(ChooseError::Refused(Refusal::Full { bytes }, _)) => {
                self.harness.shared.request_flush();
                return Some(bytes);
            }
            Err(ChooseError::Refused(Refusal::TooLarge { .. }, _)) => self.harness.shared.request_flush(),
            Err(other) => panic!("{other}"),
        }
        None
    }
}
