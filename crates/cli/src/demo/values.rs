//! The values that are sent: each begins with the number of its record.

/// Bytes of the number.
const NUMBER_BYTES: usize = 8;
/// The fewest bytes of a value.
pub(super) const SIZE_MIN: i64 = 8;

/// One value, made anew for each record in the same place.
#[derive(Clone, Debug)]
pub(super) struct Values(Vec<u8>);

impl Values {
    /// Of so many bytes, at least 8.
    pub(super) fn new(size: u32) -> Self {
        let letters = (b'a'..=b'z').cycle();
        Self(letters.take((size as usize).max(NUMBER_BYTES)).collect())
    }

    /// The value of record `number`.
    #[inline]
    pub(super) fn of(&mut self, number: u64) -> &[u8] {
        self.0[..NUMBER_BYTES].copy_from_slice(&number.to_be_bytes());
        &self.0
    }
}

/// The number of the record that has this value.
pub(super) fn number_of(value: &[u8]) -> Option<u64> {
    value.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_has_its_number_and_size() {
        let mut values = Values::new(10);
        assert_eq!(values.of(258).len(), 10);
        assert_eq!(number_of(values.of(258)), Some(258));
        assert_eq!(number_of(b"1234567"), None);
    }
}
