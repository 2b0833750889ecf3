//! What a lane promises, shown on a small world of brokers that keep the rules of sequences.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]

mod answers;
mod chaos;
mod idle;
mod leaders;
mod promises;
mod requests;
mod world;

use std::task::{Poll, Waker};

use crate::outcome::{FailureKind, Persisted};
use crate::sync::Seat;

fn offset(seat: &mut Seat) -> Option<i64> {
    match seat.poll(Waker::noop()) {
        Poll::Ready(Ok(receipt)) => receipt.offset,
        _ => None,
    }
}

fn failure(seat: &mut Seat) -> Option<(FailureKind, Persisted)> {
    match seat.poll(Waker::noop()) {
        Poll::Ready(Err(failure)) => Some((failure.kind, failure.persisted)),
        _ => None,
    }
}

fn is_pending(seat: &mut Seat) -> bool {
    seat.poll(Waker::noop()).is_pending()
}
