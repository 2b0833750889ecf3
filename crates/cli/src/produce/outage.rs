//! When to stop reading because the cluster takes nothing any more.
//!
//! A record that times out frees its room for another one, which would time out in turn: input without end would be
//! read, and lost record by record. So many in a row, with none delivered between them, are no mishap of a single
//! partition.

use milena::ErrorKind;

/// So many records in a row.
const RECORDS_MAX: u64 = 100_000;
/// Or records of so many bytes: twice what a producer holds by default.
const BYTES_MAX: usize = 64 << 20;

/// Counts the records in a row that timed out.
#[derive(Debug, Default)]
pub(super) struct Outage {
    records: u64,
    bytes: usize,
}

impl Outage {
    /// Takes note of a record's outcome, in the order of the input. True when reading on makes no sense.
    pub(super) fn note(&mut self, failed: Option<ErrorKind>, bytes: usize) -> bool {
        match failed {
            None => *self = Self::default(),
            Some(ErrorKind::DeliveryTimeout | ErrorKind::RetriesExhausted) => {
                self.records += 1;
                self.bytes = self.bytes.saturating_add(bytes);
            }
            // It says nothing about the others.
            Some(_) => {}
        }
        self.records >= RECORDS_MAX || self.bytes >= BYTES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMED_OUT: Option<ErrorKind> = Some(ErrorKind::DeliveryTimeout);

    #[test]
    fn so_many_records_in_a_row_are_an_outage() {
        let mut outage = Outage::default();
        assert!(!(1..RECORDS_MAX).any(|_| outage.note(TIMED_OUT, 1)));
        assert!(outage.note(TIMED_OUT, 1));
    }

    #[test]
    fn so_many_bytes_in_a_row_are_an_outage() {
        let mut outage = Outage::default();
        assert!(!outage.note(TIMED_OUT, BYTES_MAX / 2));
        assert!(outage.note(TIMED_OUT, BYTES_MAX / 2));
    }

    #[test]
    fn a_record_that_is_delivered_ends_the_row_and_one_that_is_too_large_does_not() {
        let mut outage = Outage::default();
        assert!(!outage.note(TIMED_OUT, BYTES_MAX - 1));
        assert!(!outage.note(Some(ErrorKind::MessageTooLarge), BYTES_MAX));
        assert!(!outage.note(None, 1));
        assert!(!outage.note(TIMED_OUT, BYTES_MAX - 1));
    }
}
