//! A batch from its first record to its last stamp, in any order of what may be done with it, beside a model that
//! knows the rows of each batch and nothing else.

use milena_codec::ids::{Identity, ProducerEpoch, ProducerId, Sequence};
use milena_codec::record::{
    AppendError, BatchLimits, ClosedBatch, OpenBatch, RecordBatch, Stamp, StampedBatch,
};

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

/// The first bytes say how large a batch may be; then each deed is one byte, with what it needs behind it.
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
        match deed % 8 {
            0..4 => bench.append(Row::of(&mut script)),
            4 => bench.close(script.byte() % 2 == 1),
            5 => bench.stamp(stamp(&mut script)),
            6 => bench.split(script.u16().into()),
            _ => bench.stamp_again(stamp(&mut script)),
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
    Stamp { identity: Identity { producer_id, epoch }, base_sequence }
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

    /// What a batch says to one more record.
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
        let model = Batch { rows, base_timestamp_ms, transactional, stamp: Stamp::NONE };
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

    /// Cuts the last batch, be it stamped or not.
    fn split(&mut self, bytes_max: usize) {
        if let Some((stamped, model)) = self.stamped.pop() {
            let parts = stamped.split(bytes_max).expect("records of our own");
            let models = parts_of(&model, bytes_max);
            assert_eq!(parts.len(), models.len(), "parts of at most {bytes_max} bytes of {model:?}");
            parts.into_iter().zip(models).for_each(|part| self.put(part));
        } else if let Some((closed, model)) = self.closed.pop() {
            let parts = closed.split(bytes_max).expect("records of our own");
            let models = parts_of(&model, bytes_max);
            assert_eq!(parts.len(), models.len(), "parts of at most {bytes_max} bytes of {model:?}");
            self.closed.extend(parts.into_iter().zip(models));
        }
    }

    /// Keeps a stamped batch, which is what its model says.
    fn put(&mut self, (batch, model): (StampedBatch, Batch<'a>)) {
        assert_eq!(batch.bytes(), model.encoded(), "{model:?}");
        let read = RecordBatch::parse(batch.bytes()).expect("a batch of our own");
        assert_eq!(read.header, batch.header());
        let rows: Vec<_> =
            read.records().map(|record| Row::read(&record.expect("a record of our own"))).collect();
        assert_eq!(rows, model.rows);
        self.stamped.push((batch, model));
    }
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
