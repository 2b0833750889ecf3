//! The values that are sent: lines of a file, or letters drawn from a fixed seed.

use std::path::Path;

use anyhow::Context;

use super::options::Options;
use crate::exit::Failure;

/// So many different values are sent in turn where no file has them: a few, so that they stay in the cache.
const DRAWN: usize = 16;
const SEED: u64 = 1;

/// Values, never none.
#[derive(Debug)]
pub(crate) struct Payloads(Vec<Box<[u8]>>);

impl Payloads {
    pub(crate) fn of(options: &Options) -> Result<Self, Failure> {
        match &options.payload_file {
            Some(file) => Self::lines_of(file).map_err(Failure::usage),
            None => Ok(Self::drawn(options.record_size.unwrap_or_default())),
        }
    }

    fn drawn(size: u32) -> Self {
        let mut dice = fastrand::Rng::with_seed(SEED);
        let mut value = || (0..size).map(|_| dice.u8(b'A'..=b'Z')).collect();
        Self((0..DRAWN).map(|_| value()).collect())
    }

    fn lines_of(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let values: Vec<Box<[u8]>> = lines.filter(|line| !line.is_empty()).map(Box::from).collect();
        anyhow::ensure!(!values.is_empty(), "{} has no lines to send", file.display());
        Ok(Self(values))
    }

    /// The value whose turn it is; turns begin at 0.
    #[inline]
    pub(crate) fn get(&self, turn: usize) -> &[u8] {
        &self.0[turn]
    }

    /// The turn after a turn.
    #[inline]
    pub(crate) const fn after(&self, turn: usize) -> usize {
        if turn + 1 == self.0.len() { 0 } else { turn + 1 }
    }

    /// How many bytes `records` values have, sent in turn.
    pub(crate) fn bytes_of(&self, records: u64) -> u64 {
        let sum = |values: &[Box<[u8]>]| values.iter().map(|value| value.len() as u64).sum::<u64>();
        let count = self.0.len() as u64;
        let rest = usize::try_from(records % count).unwrap_or_default();
        (records / count).saturating_mul(sum(&self.0)).saturating_add(sum(&self.0[..rest]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> anyhow::Result<Payloads> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("values");
        std::fs::write(&file, text)?;
        Payloads::lines_of(&file)
    }

    #[test]
    fn the_values_are_the_lines_of_the_file() {
        let payloads = lines("one\r\n\nthree\n").unwrap();
        assert_eq!((payloads.get(0), payloads.get(1)), (&b"one"[..], &b"three"[..]));
        assert_eq!((payloads.after(0), payloads.after(1)), (1, 0));
        assert_eq!(payloads.bytes_of(5), 3 * 3 + 2 * 5);
    }

    #[test]
    fn a_file_without_lines_is_refused_by_name() {
        assert!(lines("\n\n").unwrap_err().to_string().contains("values has no lines"));
    }

    #[test]
    fn drawn_values_have_the_size_asked_for_and_are_the_same_each_time() {
        let payloads = Payloads::drawn(100);
        assert!((0..DRAWN).all(|turn| payloads.get(turn).len() == 100));
        assert_eq!(payloads.get(3), Payloads::drawn(100).get(3));
        assert_ne!(payloads.get(0), payloads.get(1));
    }
}
