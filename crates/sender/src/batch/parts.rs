//! Cutting a plain batch in parts, and leaving records out of it.

use milena_codec::compression::Compression;
use milena_codec::record::{HEADER_BYTES, Part, renumber};
use milena_codec::wire::DecodeError;

use super::Batch;
use crate::sync::{Arc, BatchData};

impl Batch {
    /// Cuts the batch in parts of at most `bytes_max`, or of one record, which take over what it costs of the budget.
    ///
    /// # Errors
    /// [`DecodeError`] when the batch does not hold records; it was encoded here, so that shows a fault of this crate.
    pub fn split(&mut self, bytes_max: usize) -> Result<Vec<Self>, DecodeError> {
        let mut parts: Vec<Self> = Vec::new();
        let mut place = 0;
        for mut rest in self.records_by_chunk() {
            while !rest.is_empty() {
                if parts.last().is_none_or(|part| part.bytes() >= bytes_max) {
                    parts.push(self.part_at(place));
                }
                let Some(part) = parts.last_mut() else { break };
                let taken = part.take_from(rest, u32::MAX, bytes_max)?;
                (place, rest) = (place + taken.records, &rest[taken.source_bytes..]);
                if taken.records == 0 {
                    parts.push(self.part_at(place));
                }
            }
        }
        self.share_charge(&mut parts);
        Ok(parts)
    }

    /// Leaves out the records at `places`, which ascend. The others make up the parts, which take over what the batch
    /// costs of the budget: a part for each run of records that stood together.
    ///
    /// # Errors
    /// [`DecodeError`] when the batch does not hold records; it was encoded here, so that shows a fault of this crate.
    pub fn without(&mut self, places: &[u32]) -> Result<Vec<Self>, DecodeError> {
        let mut parts: Vec<Self> = Vec::new();
        let mut places = places.iter().copied().peekable();
        let (mut place, mut joins) = (0, false);
        for mut rest in self.records_by_chunk() {
            while !rest.is_empty() {
                let next = places.peek().copied().unwrap_or(u32::MAX);
                let taken = if next <= place {
                    (joins, _) = (false, places.next());
                    renumber(rest, &mut Vec::new(), 0, 1, usize::MAX)?
                } else {
                    if !std::mem::replace(&mut joins, true) {
                        parts.push(self.part_at(place));
                    }
                    let Some(part) = parts.last_mut() else { break };
                    part.take_from(rest, next - place, usize::MAX)?
                };
                (place, rest) = (place + taken.records, &rest[taken.source_bytes..]);
            }
        }
        self.share_charge(&mut parts);
        Ok(parts)
    }

    /// The records, without the header.
    fn records_by_chunk(&self) -> impl Iterator<Item = &[u8]> {
        let first = self.data.chunks.iter().take(1).map(|head| &head[HEADER_BYTES..]);
        first.chain(self.data.chunks.iter().skip(1).map(Vec::as_slice))
    }

    /// An empty part that begins with the record at `place`.
    pub(crate) fn part_at(&self, place: u32) -> Self {
        Self {
            data: BatchData::new(vec![vec![0; HEADER_BYTES]], None),
            records: 0,
            base_timestamp_ms: self.base_timestamp_ms,
            max_timestamp_ms: i64::MIN,
            account: Arc::clone(&self.account),
            charged: 0,
            times: self.times,
            generation: self.generation,
            completion: Arc::clone(&self.completion),
            record_handles: (self.record_handles.0 + place, self.record_handles.1),
            codec: Compression::None,
            plain_bytes: 0,
        }
    }

    /// Takes records from the start of `source` while they fit.
    pub(crate) fn take_from(
        &mut self,
        source: &[u8],
        records_max: u32,
        bytes_max: usize,
    ) -> Result<Part, DecodeError> {
        let records = self.records;
        let part = renumber(source, &mut self.data_mut().chunks[0], records, records_max, bytes_max)?;
        self.records += part.records;
        if part.records > 0 {
            let newest = self.base_timestamp_ms.saturating_add(part.timestamp_delta_max);
            self.max_timestamp_ms = self.max_timestamp_ms.max(newest);
        }
        Ok(part)
    }

    /// Moves the charge of the batch to its parts, each by its size, and the rest to the last.
    fn share_charge(&mut self, parts: &mut [Self]) {
        let Some((last, others)) = parts.split_last_mut() else { return };
        let mut left = std::mem::take(&mut self.charged);
        for part in others {
            part.charged = part.bytes().min(left);
            left -= part.charged;
        }
        last.charged = left;
    }

    /// Charges each part for its bytes. The rest of the charge stays with the batch, to be given back with it.
    pub(crate) fn charge_parts(&mut self, parts: &mut [Self]) {
        for part in parts {
            part.charged = part.bytes().min(self.charged);
            self.charged -= part.charged;
        }
    }
}
