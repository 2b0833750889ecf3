//! Batches that are cut: because they came out longer than the limit, or because a broker rejected them.

use milena_codec::compression::Compression;
use milena_codec::wire::DecodeError;

use super::job::{Output, Run};
use crate::batch::Batch;

impl Run<'_> {
    /// Cuts a batch that was never sent and would be too long, compressed or not.
    pub(super) fn cut_plain(&mut self, batch: Batch) -> Output {
        let records: Vec<&[u8]> = batch.record_pieces().collect();
        let part_bytes_max = batch.bytes() / 2;
        let parts = self.parts(&batch, &records, part_bytes_max, &[]);
        output(batch, parts.map_err(|error| error.to_string()))
    }

    /// Cuts a batch that a broker rejected as too large: in at least two parts, since the whole is beyond the limit.
    pub(super) fn cut_sent(&mut self, batch: Batch) -> Output {
        let bytes = batch.bytes();
        let part_bytes_max = self.plain_bytes_of_part(batch.plain_bytes(), bytes);
        self.open(batch, part_bytes_max, &[])
    }

    /// How many bytes of records come to the limit, where `plain_bytes` came to `wire_bytes`; less a sixteenth, because a
    /// part compresses a little worse.
    fn plain_bytes_of_part(&self, plain_bytes: usize, wire_bytes: usize) -> usize {
        let plain = (plain_bytes as u64).saturating_mul(self.bytes_max as u64) / (wire_bytes as u64).max(1);
        usize::try_from(plain - plain / 16).unwrap_or(usize::MAX).max(self.bytes_max)
    }

    /// Takes the records at these indexes out; the others stay together as far as they stood together.
    pub(super) fn drop_records(&mut self, batch: Batch, indexes: &[u32]) -> Output {
        self.open(batch, usize::MAX, indexes)
    }

    /// Makes parts of a batch that was sent.
    fn open(&mut self, batch: Batch, part_bytes_max: usize, dropped: &[u32]) -> Output {
        if batch.codec() == Compression::None {
            let records: Vec<&[u8]> = batch.record_pieces().collect();
            let parts = self.parts(&batch, &records, part_bytes_max, dropped);
            return output(batch, parts.map_err(|error| error.to_string()));
        }
        // Rejections are rare: the memory is not kept.
        let mut plain = Vec::new();
        let parts = match self.decompress(&batch, &mut plain) {
            Ok(()) => {
                let parts = self.parts(&batch, &[&plain], part_bytes_max, dropped);
                parts.map_err(|error| error.to_string())
            }
            Err(reason) => Err(reason),
        };
        output(batch, parts)
    }

    fn decompress(&mut self, batch: &Batch, plain: &mut Vec<u8>) -> Result<(), String> {
        let gathered = &mut self.workspace.compressed;
        gathered.clear();
        batch.record_pieces().for_each(|piece| gathered.extend_from_slice(piece));
        let decompressor = &mut self.workspace.decompressor;
        decompressor
            .decompress(batch.codec(), gathered, batch.plain_bytes(), plain)
            .map_err(|error| error.to_string())
    }

    /// Cuts `records`, each piece of which holds whole records, in parts of at most `most` bytes before and
    /// `bytes_max` bytes after compression; a single record is a part however long it is. Those at the indexes
    /// `dropped`, which ascend, are left out.
    fn parts(
        &mut self,
        batch: &Batch,
        records: &[&[u8]],
        most: usize,
        dropped: &[u32],
    ) -> Result<Vec<Batch>, DecodeError> {
        let (mut parts, mut part_bytes_max) = (Vec::new(), most);
        let mut cursor = Cursor { records, dropped, piece: 0, byte: 0, index: 0 };
        loop {
            cursor.skip_dropped(batch)?;
            let start = cursor;
            let mut part = batch.part_at(cursor.index);
            cursor.fill(&mut part, part_bytes_max)?;
            if part.records == 0 {
                return Ok(parts);
            }
            let plain_bytes = part.bytes();
            if self.compress(&mut part) {
                // Records that compress better than those before them go in longer parts again.
                let by_ratio = self.plain_bytes_of_part(plain_bytes, part.bytes());
                part_bytes_max = part_bytes_max.max(by_ratio).min(most);
                part.shrink();
                parts.push(part);
            } else {
                cursor = start;
                part_bytes_max = plain_bytes / 2;
            }
        }
    }
}

/// A place among records.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    /// Pieces, each of whole records.
    records: &'a [&'a [u8]],
    /// Indexes of records that are left out.
    dropped: &'a [u32],
    piece: usize,
    byte: usize,
    index: u32,
}

impl<'a> Cursor<'a> {
    /// The rest of the piece, or the next one.
    fn rest(&mut self) -> Option<&'a [u8]> {
        loop {
            let rest = self.records.get(self.piece)?.get(self.byte..).unwrap_or_default();
            if !rest.is_empty() {
                return Some(rest);
            }
            (self.piece, self.byte) = (self.piece + 1, 0);
        }
    }

    /// Goes past the records that are left out, if it stands before one.
    fn skip_dropped(&mut self, batch: &Batch) -> Result<(), DecodeError> {
        while let Some((first, others)) = self.dropped.split_first()
            && *first <= self.index
        {
            self.dropped = others;
            if *first == self.index
                && let Some(rest) = self.rest()
            {
                let mut skipped = batch.part_at(self.index);
                self.take(&mut skipped, rest, 1, usize::MAX)?;
            }
        }
        Ok(())
    }

    /// Takes records into `part` up to the next one that is left out, and while they fit.
    fn fill(&mut self, part: &mut Batch, bytes_max: usize) -> Result<(), DecodeError> {
        while let Some(rest) = self.rest() {
            let until = self.dropped.first().map_or(u32::MAX, |first| first - self.index);
            let taken = self.take(part, rest, until, bytes_max)?;
            if taken < rest.len() {
                break;
            }
        }
        Ok(())
    }

    /// Takes at most `records_max` records. Returns their bytes.
    fn take(
        &mut self,
        part: &mut Batch,
        rest: &[u8],
        records_max: u32,
        bytes_max: usize,
    ) -> Result<usize, DecodeError> {
        let taken = part.take_from(rest, records_max, bytes_max)?;
        self.byte += taken.source_bytes;
        self.index += taken.records;
        Ok(taken.source_bytes)
    }
}

/// The parts with the charge of their batch.
fn output(mut source: Batch, parts: Result<Vec<Batch>, String>) -> Output {
    match parts {
        Ok(mut parts) => {
            source.charge_parts(&mut parts);
            Output::Parts { parts, source }
        }
        Err(reason) => Output::Broken { source, reason },
    }
}
