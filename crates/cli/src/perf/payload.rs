//! The values that are sent: lines of a file, or letters or JSON events drawn from a fixed seed. They are there before the
//! measuring begins, and are sent in turn.

use std::path::Path;

use anyhow::Context;

use super::events::{self, Events};
use super::options::{Options, Payload};
use crate::exit::Failure;

/// So many different values of letters are sent in turn: a few, so that they stay in the cache.
const DRAWN: usize = 16;
/// So many bytes of different events are sent in turn: more than the longest batch holds before compression within the
/// default budget, so that none comes again within it.
const EVENTS_BYTES: usize = 6 << 20;
const SEED: u64 = 1;

/// Values, never none.
#[derive(Debug)]
pub(crate) struct Payloads(Vec<Box<[u8]>>);

impl Payloads {
    pub(crate) fn of(options: &Options) -> Result<Self, Failure> {
        let size = options.record_size.unwrap_or_default();
        match (&options.payload_file, options.payload) {
            (Some(file), _) => Self::lines_of(file).map_err(Failure::usage),
            (None, Payload::Letters) => Ok(Self::drawn(size)),
            (None, Payload::Json) => Self::events(size as usize).map_err(Failure::usage),
        }
    }

    fn drawn(size: u32) -> Self {
        let mut dice = fastrand::Rng::with_seed(SEED);
        let mut value = || (0..size).map(|_| dice.u8(b'A'..=b'Z')).collect();
        Self((0..DRAWN).map(|_| value()).collect())
    }

    fn events(size: usize) -> anyhow::Result<Self> {
        let least = events::BYTES_MIN;
        anyhow::ensure!(size >= least, "config: --record-size: an event has {least} bytes or more");
        let mut events = Events::new(SEED);
        let count = (EVENTS_BYTES / size).max(DRAWN);
        Ok(Self((0..count).map(|_| events.event(size).into()).collect()))
    }

    fn lines_of(file: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read(file).with_context(|| format!("input: {} cannot be read", file.display()))?;
        let lines = text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let values: Vec<Box<[u8]>> = lines.filter(|line| !line.is_empty()).map(Box::from).collect();
        anyhow::ensure!(!values.is_empty(), "input: {} has no lines to send", file.display());
        Ok(Self(values))
    }

    /// The turn of a record by its number over all tasks, so that tasks side by side send different values.
    pub(crate) fn turn_of(&self, number: u64) -> usize {
        usize::try_from(number % self.0.len() as u64).unwrap_or_default()
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
    use std::collections::HashSet;

    use milena_codec::compression::{Compression, Compressor, Outcome};

    use super::*;
    use crate::figures::float;

    fn lines(text: &str) -> anyhow::Result<Payloads> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("values");
        std::fs::write(&file, text)?;
        Payloads::lines_of(&file)
    }

    #[test]
    fn values_are_the_lines_of_the_file() {
        let payloads = lines("one\r\n\nthree\n").unwrap();
        assert_eq!((payloads.get(0), payloads.get(1)), (&b"one"[..], &b"three"[..]));
        assert_eq!((payloads.after(0), payloads.after(1)), (1, 0));
        assert_eq!(payloads.bytes_of(5), 3 * 3 + 2 * 5);
    }

    #[test]
    fn file_without_lines_is_rejected() {
        assert!(lines("\n\n").unwrap_err().to_string().contains("values has no lines"));
    }

    #[test]
    fn events_are_json_of_the_record_size_and_repeatable() {
        for size in [events::BYTES_MIN, 100, 1_000, 200_000] {
            let payloads = Payloads::events(size).unwrap();
            for event in &payloads.0 {
                assert_eq!(event.len(), size);
                assert!(serde_json::from_slice::<serde_json::Value>(event).unwrap().is_object());
            }
            assert!(payloads.0.iter().collect::<HashSet<_>>().len() == payloads.0.len(), "all differ");
            assert_eq!(payloads.0, Payloads::events(size).unwrap().0);
        }
        assert!(Payloads::events(events::BYTES_MIN - 1).unwrap_err().to_string().contains("--record-size"));
    }

    #[test]
    fn events_compress_as_json_does_and_letters_far_better() {
        for size in [100, 1_000] {
            let events = ratio(&Payloads::events(size).unwrap());
            assert!((3.0..6.0).contains(&events), "{events}");
        }
        let letters = ratio(&Payloads::drawn(100));
        assert!(letters > 20.0, "{letters}");
    }

    /// How many times smaller zstd makes a batch of 64 KiB.
    fn ratio(payloads: &Payloads) -> f64 {
        let batch: Vec<u8> = payloads.0.iter().cycle().flatten().copied().take(64 << 10).collect();
        let mut compressor = Compressor::new(Compression::Zstd, None).unwrap();
        match compressor.compress([&batch[..]].into_iter(), &mut Vec::new()) {
            Outcome::Compressed { bytes } => float(batch.len() as u64) / float(bytes as u64),
            outcome => panic!("{outcome:?}"),
        }
    }

    #[test]
    fn letters_have_the_record_size_and_are_repeatable() {
        let payloads = Payloads::drawn(100);
        assert!((0..DRAWN).all(|turn| payloads.get(turn).len() == 100));
        assert_eq!(payloads.get(3), Payloads::drawn(100).get(3));
        assert_ne!(payloads.get(0), payloads.get(1));
    }
}
