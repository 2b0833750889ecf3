//! A batch from its first record to its last stamp, in any order of what may be done with it, beside a model that
//! knows the rows of each batch and nothing else.

use milena_codec::compression::{Compression, Decompressor, Outcome};
use milena_codec::ids::{ProducerEpoch, ProducerId, ProducerIdAndEpoch, Sequence};
use milena_codec::record::{
    AppendError, BatchLimits, ClosedBatch, OpenBatch, RecordBatch, Stamp, StampedBatch,
};
use milena_codec::wire::DecodeError;

use crate::compression::{codec, decompress, with_compressor};
use crate::naive::{Batch, HEADER, Row};
use crate::script::Script;

/// The batches of a script, each with its model.
struct Bench<'a> {
    limits: BatchLimits,
    open: OpenBatch,
    rows: Vec<Row<'a>>,
    closed: Vec<(ClosedBatch, Batch<'a>)>,
    stamped: Vec<(StampedBatch, Batch<'a>)>,
}

/// The first bytes are the limits of a batch; then each action is one byte, with its arguments behind it.
pub fn builder(input: &[u8]) {
    let mut script = Script::new(input);
    let limits = BatchLimits { bytes_max: script.u16().into(), records_max: script.byte().into() };
    let mut bench = Bench {
        limits,
        open: OpenBatch::new(limits),
        rows: Vec::new(),
        closed: Vec::new(),
        stamped: Vec::new(),
    };
    while let Some(deed) = script.deed() {
        match deed % 10 {
            0..4 => bench.append(Row::of(&mut script)),
            4 => bench.close(script.byte() % 2 == 1),
            5 => bench.stamp(stamp(&mut script)),
            6 => bench.split(script.u16().into()),
            7 => bench.stamp_again(stamp(&mut script)),
            8 => bench.compress(codec(script.byte())),
            _ => bench.split_with(codec(script.byte()), script.u16().into()),
        }
    }
}

fn stamp(script: &mut Script<'_>) -> Stamp {
    let producer_id = ProducerId(script.byte().into());
    let epoch = ProducerEpoch(script.byte().into());
    let base_sequence = match script.byte() {
        255 => Sequence(i32::MAX),
        few => Sequence(few.into()),
    };
    Stamp { identity: ProducerIdAndEpoch { producer_id, epoch }, base_sequence }
}

impl<'a> Bench<'a> {
    fn append(&mut self, row: Row<'a>) {
        let base = self.rows.first().map_or(row.timestamp_ms, |first| first.timestamp_ms);
        let before = self.open.bytes();
        let expected = self.expected(&row, base);
        let said = self.open.append(row.timestamp_ms, row.key.as_deref(), row.value.as_deref(), &row.headers);
        assert_eq!(said, expected, "{row:?} in a batch of {} rows and {before} bytes", self.rows.len());
        if said.is_ok() {
            self.rows.push(row);
        } else {
            assert_eq!(self.open.bytes(), before, "a batch that refuses is as it was");
        }
        assert_eq!(self.open.records() as usize, self.rows.len());
    }

    /// The expected result of appending a record.
    fn expected(&self, row: &Row<'_>, base: i64) -> Result<u32, AppendError> {
        if row.timestamp_ms.checked_sub(base).is_none() {
            return Err(AppendError::Full);
        }
        let (place, limit) = (self.rows.len(), self.limits.bytes_max);
        let alone = HEADER + row.encoded(0, row.timestamp_ms).len();
        if alone > limit {
            return Err(AppendError::TooLarge { bytes: alone, limit });
        }
        let is_full = self.open.bytes() + row.encoded(place, base).len() > limit
            || place >= self.limits.records_max.max(1) as usize;
        if is_full { Err(AppendError::Full) } else { Ok(number(place)) }
    }

    fn close(&mut self, transactional: bool) {
        // A buffer that served before is as good as a new one.
        let buffer = self.stamped.pop().map(|(batch, _)| batch.into_bytes()).unwrap_or_default();
        let open = std::mem::replace(&mut self.open, OpenBatch::reusing(buffer, self.limits));
        let rows = std::mem::take(&mut self.rows);
        assert_eq!(open.records() as usize, rows.len());
        let Some(closed) = open.close() else { return assert!(rows.is_empty(), "a batch is lost") };
        let base_timestamp_ms = rows[0].timestamp_ms;
        let compression = Compression::None;
        let model = Batch { rows, base_timestamp_ms, transactional, compression, stamp: Stamp::NONE };
        self.closed.push((closed.transactional(transactional), model));
    }

    fn stamp(&mut self, stamp: Stamp) {
        let Some((closed, model)) = self.closed.pop() else { return };
        self.put((closed.stamp(stamp), Batch { stamp, ..model }));
    }

    fn stamp_again(&mut self, stamp: Stamp) {
        let Some((stamped, model)) = self.stamped.pop() else { return };
        self.put((stamped.restamp(stamp), Batch { stamp, ..model }));
    }

    fn compress(&mut self, compression: Compression) {
        let Some((mut closed, mut model)) = self.closed.pop() else { return };
        let mut buffer = vec![7; 7];
        let outcome =
            with_compressor(compression, None, |compressor| closed.compress(compressor, &mut buffer));
        match outcome {
            Outcome::Compressed { bytes } => {
                assert_eq!(model.compression, Compression::None, "compressed twice");
                assert!(bytes < model.body().len());
                model.compression = compression;
            }
            other => assert_eq!(other, Outcome::NotSmaller),
        }
        self.closed.push((closed, model));
    }

    /// Cuts the last batch, be it stamped or not.
    fn split(&mut self, bytes_max: usize) {
        if let Some((stamped, model)) = self.stamped.pop() {
            let Some(parts) = cut(stamped.split(bytes_max), &model) else { return };
            same_parts(parts, &model, bytes_max).for_each(|part| self.put(part));
        } else if let Some((closed, model)) = self.closed.pop() {
            let Some(parts) = cut(closed.split(bytes_max), &model) else { return };
            self.closed.extend(same_parts(parts, &model, bytes_max));
        }
    }

    /// Cuts the last stamped batch, compressed or not.
    fn split_with(&mut self, compression: Compression, bytes_max: usize) {
        let Some((stamped, model)) = self.stamped.pop() else { return };
        let decompressor = &mut Decompressor::new();
        let parts =
            with_compressor(compression, None, |with| stamped.split_with(bytes_max, with, decompressor));
        let parts = parts.expect("a batch of our own");
        if model.compression == Compression::None {
            return same_parts(parts, &model, bytes_max).for_each(|part| self.put(part));
        }
        let mut rest = &model.rows[..];
        let mut stamp = model.stamp;
        for part in parts {
            let header = part.header();
            let (rows, behind) = rest.split_at(usize::try_from(header.records).expect("records"));
            assert!(part.bytes().len() <= bytes_max || rows.len() == 1, "{header:?} of {bytes_max} bytes");
            let compression = header.attributes.compression().expect("a codec of our own");
            let of_part = Batch { rows: rows.to_vec(), compression, stamp, ..model };
            stamp.base_sequence = rows.iter().fold(stamp.base_sequence, |sequence, _| after(sequence));
            rest = behind;
            self.put((part, of_part));
        }
        assert_eq!(rest, [], "rows are lost");
    }

    /// Keeps a stamped batch, which equals its model.
    fn put(&mut self, (batch, model): (StampedBatch, Batch<'a>)) {
        let read = RecordBatch::parse(batch.bytes()).expect("a batch of our own");
        assert_eq!(read.header, batch.header());
        assert_eq!(read.header.attributes.compression(), Some(model.compression));
        if model.compression == Compression::None {
            assert_eq!(batch.bytes(), model.encoded(), "{model:?}");
            let rows: Vec<_> =
                read.records().map(|record| Row::read(&record.expect("a record of our own"))).collect();
            assert_eq!(rows, model.rows);
        } else {
            let (body, mut out) = (model.body(), Vec::new());
            assert_eq!(decompress(model.compression, read.body(), body.len(), &mut out), Ok(()));
            assert_eq!(out, body, "{model:?}");
            assert_eq!(batch.bytes()[23..61], model.encoded()[23..61], "the header, behind the attributes");
        }
        self.stamped.push((batch, model));
    }
}

/// The parts of a batch that is not compressed; one that is cannot be cut.
fn cut<T>(parts: Result<Vec<T>, DecodeError>, model: &Batch<'_>) -> Option<Vec<T>> {
    assert_eq!(parts.is_ok(), model.compression == Compression::None, "{model:?}");
    parts.ok()
}

/// The parts of a batch, each with its model.
fn same_parts<'a, T>(
    parts: Vec<T>,
    model: &Batch<'a>,
    bytes_max: usize,
) -> impl Iterator<Item = (T, Batch<'a>)> {
    let models = parts_of(model, bytes_max);
    assert_eq!(parts.len(), models.len(), "parts of at most {bytes_max} bytes of {model:?}");
    parts.into_iter().zip(models)
}

/// The parts of a batch: as many rows as fit, and one at least.
fn parts_of<'a>(model: &Batch<'a>, bytes_max: usize) -> Vec<Batch<'a>> {
    let mut parts: Vec<Batch<'a>> = Vec::new();
    let mut bytes = usize::MAX;
    let mut sequence = model.stamp.base_sequence;
    for row in &model.rows {
        let place = parts.last().map_or(0, |part| part.rows.len());
        let length = row.encoded(place, model.base_timestamp_ms).len();
        if bytes.saturating_add(length) > bytes_max {
            let stamp = Stamp { base_sequence: sequence, ..model.stamp };
            parts.push(Batch { rows: Vec::new(), stamp, ..*model });
            bytes = HEADER;
        }
        bytes += row.encoded(parts.last().map_or(0, |part| part.rows.len()), model.base_timestamp_ms).len();
        if let Some(part) = parts.last_mut() {
            part.rows.push(row.clone());
        }
        sequence = after(sequence);
    }
    parts
}

fn number(place: usize) -> u32 {
    u32::try_from(place).expect("the limit of records is one byte")
}

/// Sequences go from 2³¹−1 to 0 (`DefaultRecordBatch.incrementSequence`).
const fn after(sequence: Sequence) -> Sequence {
    match sequence.0 {
        -1 => Sequence(-1),
        i32::MAX => Sequence(0),
        number => Sequence(number + 1),
    }
}
