//! A value on cache lines of its own.

use std::ops::Deref;

/// Keeps what threads write apart, so that neighbours in memory do not slow each other down: two lines, because
/// processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Padded<T>(pub T);

impl<T> Deref for Padded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
