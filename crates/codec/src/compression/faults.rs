//! Codecs that panic on request, to show what happens to the batches then. For tests alone: feature `faults`.

use std::sync::atomic::{AtomicUsize, Ordering};

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// The next `count` batches of this process make their codec panic, whichever it is.
///
/// ```
/// use milena_codec::compression::{Compression, Compressor, Outcome, faults};
/// # if !Compression::Lz4.is_built() { return Ok(()) }
/// let mut compressor = Compressor::new(Compression::Lz4, None)?;
/// let mut compress = || compressor.compress([&[0; 1_000][..]].into_iter(), &mut Vec::new());
/// faults::panic_next(1);
/// assert!(matches!(compress(), Outcome::Failed(failure) if failure.panicked));
/// assert!(matches!(compress(), Outcome::Compressed { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn panic_next(count: usize) {
    PANICS.store(count, Ordering::Relaxed);
}

/// Panics if requested by a test.
#[expect(clippy::panic, reason = "this is what it is for")]
pub(super) fn panic_if_requested() {
    let is_asked = |left: usize| left.checked_sub(1);
    if PANICS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_asked).is_ok() {
        panic!("requested by a test");
    }
}
