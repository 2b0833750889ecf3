//! Callers' code that runs for each record: interceptors, delivery hooks and dead letters.
//!
//! ```text
//!  send ─▶ before_send ─▶ accepted ─▶ … ─▶ settled ─▶ queue of reports ─▶ the thread of the hooks: on_settled, hook, dead letter
//! ```
//!
//! The calls after a record is settled run on a thread of their own, so that a hook may block. The records before such a call
//! hold their part of `buffer.memory`: a slow hook slows down callers, and loses nothing.

mod dead_letters;
mod interceptor;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub use dead_letters::DeadLetters;
pub(crate) use dead_letters::WriteLetters;
use dead_letters::Writers;
pub use interceptor::Interceptor;
pub(crate) use interceptor::Interceptors;
use interceptor::isolated;

use crate::error::ConnectError;
use crate::reports::Report;

/// A caller's function for each report.
type Hook = Arc<dyn Fn(&Report) + Send + Sync>;

/// The hooks of a producer.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) interceptors: Interceptors,
    pub(crate) on_delivery: Vec<Hook>,
    pub(crate) dead_letters: Vec<DeadLetters>,
}

impl Hooks {
    /// Whether none is called after a record is settled.
    pub(crate) fn is_empty(&self) -> bool {
        self.interceptors.is_empty() && self.on_delivery.is_empty() && self.dead_letters.is_empty()
    }

    /// Opens the files of dead letters; `topic` makes the writers to topics.
    pub(crate) fn open(
        &self,
        topic: impl Fn(&Arc<str>) -> Box<dyn WriteLetters>,
    ) -> Result<Calls, ConnectError> {
        let dead_letters = Writers::open(&self.dead_letters, topic)?;
        Ok(Calls { hooks: self.clone(), dead_letters, panics: AtomicU64::new(0) })
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("interceptors", &self.interceptors.len())
            .field("on_delivery", &self.on_delivery.len())
            .field("dead_letters", &self.dead_letters)
            .finish()
    }
}

/// The calls for a record that is settled.
#[derive(Debug)]
pub(crate) struct Calls {
    hooks: Hooks,
    dead_letters: Writers,
    panics: AtomicU64,
}

impl Calls {
    pub(crate) fn report(&mut self, report: &Report) {
        self.hooks.interceptors.on_settled(report);
        for hook in &self.hooks.on_delivery {
            isolated(&self.panics, "a hook", || hook(report));
        }
        self.dead_letters.write(report, &self.panics);
    }

    /// No more come: dead letters on their way are waited for.
    pub(crate) fn end(&mut self) {
        self.dead_letters.end();
    }
}
