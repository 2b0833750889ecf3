//! Every order in which threads can meet over what they share (loom), up to a few preemptions each.
//!
//! A model that loses a wake-up ends without a thread left to run, which loom reports as a deadlock. Each place that looks
//! again after it announced itself has a second test, in which it does not, and the model has to notice. Loom cannot
//! unwind from a deadlock, so that such a test runs itself in a process of its own.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test -p milena-sender --lib --release models
//! ```

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a helper that fails fails its test")]

mod broker_sender;
mod completion;
mod compression;
mod memory;
mod outstanding;

use std::future::poll_fn;
use std::process::Command;
use std::task::{Poll, Waker};

use loom::future::block_on;
use loom::model::Builder;
use loom::thread;

use super::mutant::{self, Blind};
use super::*;

/// Runs a model in every order with at most so many preemptions.
fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// The same with one place blind: there must be an order in which a thread waits for ever, or a waiter is overtaken. `test` is
/// the calling test.
fn check_blind(test: &str, place: Blind, preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    const CHILD: &str = "MILENA_BLIND_MODEL";
    if std::env::var_os(CHILD).is_some() {
        mutant::blind(Some(place));
        return check(preemptions, model);
    }
    let test = format!("sync::models::{test}");
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", &test, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let noticed = said.contains("deadlock") || said.contains("the waiter was overtaken");
    assert!(!output.status.success() && noticed, "{place:?} was not noticed: {said}");
}

/// Waits as a task does.
fn wait<T>(mut poll: impl FnMut(&Waker) -> Poll<T>) -> T {
    block_on(poll_fn(|cx| poll(cx.waker())))
}

fn wake(wakers: Vec<Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}
