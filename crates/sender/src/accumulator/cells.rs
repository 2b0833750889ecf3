//! Sticky cells: one for all clones of a topic's handle, and one a thread for threads that met at it.
//!
//! The cells of threads take 8 KiB, most of what a topic costs: they are allocated when two threads meet for the first time.

use std::cell::Cell;
use std::sync::OnceLock;

use milena_partitioner::StickyCell;

#[cfg(not(loom))]
use crate::sync::AtomicUsize;
use crate::sync::{AtomicU64, Ordering, Padded};

/// How many threads get a cell of their own; further ones share these. Two under loom, where no model looks at them.
const THREADS: usize = if cfg!(loom) { 2 } else { 64 };

#[cfg(not(loom))]
static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);

std::thread_local! {
    static THREAD: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The cells of a topic.
#[derive(Debug)]
pub(super) struct Cells {
    shared: Padded<AtomicU64>,
    /// Which threads have found the shared cell's partition taken, a bit each.
    contended: AtomicU64,
    /// One a thread; there once a thread has its own. Loom has no `OnceLock`, and no model looks at cells.
    own: OnceLock<Box<[Padded<AtomicU64>]>>,
}

impl Cells {
    pub(super) fn new(first: StickyCell) -> Self {
        Self { shared: cell(first), contended: AtomicU64::new(0), own: OnceLock::new() }
    }

    /// The caller's cell. Two callers of one cell may lose a count of each other's: the cell moves on a little later.
    #[inline]
    pub(super) fn mine(&self) -> &AtomicU64 {
        let contended = self.contended.load(Ordering::Relaxed);
        if contended == 0 {
            return &self.shared;
        }
        let thread = this_thread();
        match self.own.get() {
            Some(own) if contended & (1 << thread) != 0 => &own[thread],
            _ => &self.shared,
        }
    }

    /// The caller found its partition taken: from now on this thread has a cell of its own, which begins elsewhere.
    #[cold]
    pub(super) fn split_off(&self, next: impl FnOnce(u32, usize) -> StickyCell) -> &AtomicU64 {
        let thread = this_thread();
        let bit = 1 << thread;
        let shared = StickyCell::from_bits(self.shared.load(Ordering::Relaxed));
        let own = &self.own.get_or_init(|| (0..THREADS).map(|_| cell(shared)).collect())[thread];
        if self.contended.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            own.store(next(shared.partition(), thread).to_bits(), Ordering::Relaxed);
        }
        own
    }
}

fn cell(first: StickyCell) -> Padded<AtomicU64> {
    Padded(AtomicU64::new(first.to_bits()))
}

fn this_thread() -> usize {
    THREAD.with(|thread| {
        thread.get().unwrap_or_else(|| {
            let number = next_thread() % THREADS;
            thread.set(Some(number));
            number
        })
    })
}

#[cfg(not(loom))]
fn next_thread() -> usize {
    NEXT_THREAD.fetch_add(1, Ordering::Relaxed)
}

/// Loom's atomics live within one run of a model, and no model looks at cells.
#[cfg(loom)]
const fn next_thread() -> usize {
    0
}
