//! Some of the records before a flush failed.

use std::fmt;

use super::SendError;

/// How many records failed since this handle's last flush, and the first of their errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlushError {
    failed: u64,
    first: Vec<SendError>,
}

impl FlushError {
    /// The most errors that one flush returns; the others are counted.
    pub const FIRST_MAX: usize = 16;

    /// Keeps the first [`Self::FIRST_MAX`] of the errors.
    pub(crate) fn new(failed: u64, mut first: Vec<SendError>) -> Self {
        first.truncate(Self::FIRST_MAX);
        Self { failed, first }
    }

    /// How many records failed.
    #[must_use]
    pub const fn failed(&self) -> u64 {
        self.failed
    }

    /// The errors of the first of them, in the order in which they failed.
    #[must_use]
    pub fn first(&self) -> &[SendError] {
        &self.first
    }
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = if self.failed == 1 { "record" } else { "records" };
        write!(f, "flush: {} {records} failed", self.failed)?;
        match (self.failed, self.first.first()) {
            (_, None) => Ok(()),
            (1, Some(error)) => write!(f, ": {error}"),
            (_, Some(error)) => write!(f, ", the first of them: {error}"),
        }
    }
}

impl std::error::Error for FlushError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.first.first().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ErrorKind, SendError};
    use super::*;

    #[test]
    fn the_first_error_is_told_and_the_others_are_counted() {
        let error = SendError::new(ErrorKind::BufferFull, "orders", "no room");
        let flush = FlushError::new(20, vec![error; 20]);
        assert_eq!(flush.first().len(), FlushError::FIRST_MAX);
        assert_eq!(
            flush.to_string(),
            "flush: 20 records failed, the first of them: topic orders: no room (not written)"
        );
    }
}
