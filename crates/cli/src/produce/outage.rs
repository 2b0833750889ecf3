//! When to stop reading because the cluster accepts no records.
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
            // The error concerns this record alone.
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
    fn consecutive_timeouts_of_many_records_are_an_outage() {
        let mut outage = Outage::default();
        assert!(!(1..RECORDS_MAX).any(|_| outage.note(TIMED_OUT, 1)));
        assert!(outage.note(TIMED_OUT, 1));
    }

    #[test]
    fn consecutive_timeouts_of_many_bytes_are_an_outage() {
        let mut outage = Outage::default();
        assert!(!outage.note(TIMED_OUT, BYTES_MAX / 2));
        assert!(outage.note(TIMED_OUT, BYTES_MAX / 2));
    }

    #[test]
    fn delivered_record_resets_the_count_and_too_large_record_does_not() {
        let mut outage = Outage::default();
        assert!(!outage.note(TIMED_OUT, BYTES_MAX - 1));
        assert!(!outage.note(Some(ErrorKind::MessageTooLarge), BYTES_MAX));
        assert!(!outage.note(None, 1));
        assert!(!outage.note(TIMED_OUT, BYTES_MAX - 1));
    }
}
