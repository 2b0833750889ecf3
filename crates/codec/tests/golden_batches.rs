//! Record batches against files that Kafka's own classes wrote (`golden/Batches.java`): the same bytes where nothing is
//! compressed, the same records where something is.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use milena_codec::compression::{Compression, Decompressor};
use milena_codec::ids::{LeaderEpoch, ProducerEpoch, ProducerId, ProducerIdAndEpoch, Sequence};
use milena_codec::record::{
    Attributes, BatchHeader, BatchLimits, ControlKey, ControlType, EndTxnMarker, HEADER_BYTES, Header,
    OpenBatch, Record, RecordBatch, RecordBatches, Stamp, TimestampType, put_record,
};

const T: i64 = 1_700_000_000_000;

#[test]
fn a_batch_that_is_not_compressed_has_the_bytes_that_java_gives_it() {
    for (name, ours) in inputs() {
        let file = read(name, "batches");
        let theirs = RecordBatches::new(&file).next().expect("a batch").expect("a whole one");
        assert_eq!(theirs.bytes(), ours, "{name}");
    }
}

#[test]
fn golden_batches_are_read_as_java_reads_them() {
    let mut batches = 0;
    for name in names() {
        let file = read(&name, "batches");
        let text = String::from_utf8(read(&name, "txt")).expect("text");
        assert_eq!(described(&file), text, "{name}");
        batches += text.matches("batch ").count();
    }
    assert_eq!(
        batches,
        inputs().len() * Compression::ALL.len() + 3,
        "all inputs by all codecs, and the markers"
    );
}

#[test]
fn markers_are_written_and_read_as_in_java() {
    let file = read("markers", "batches");
    let batches: Vec<_> = RecordBatches::new(&file).collect::<Result<_, _>>().expect("whole batches");
    let producer = stamp(4711, 7, 0).identity;
    for (batch, committed, coordinator_epoch) in [(batches[0], true, 9), (batches[1], false, -1)] {
        let marker = EndTxnMarker { committed, version: 0, coordinator_epoch };
        let BatchHeader { base_offset, base_timestamp_ms, .. } = batch.header;
        assert_eq!(batch.bytes(), marker.batch(producer, base_offset, LeaderEpoch(3), base_timestamp_ms));
        assert_eq!(EndTxnMarker::read(&only_record(&batch)), Ok(Some(marker)));
    }
    let leader_change = only_record(&batches[2]);
    assert_eq!(EndTxnMarker::read(&leader_change), Ok(None));
    let key = ControlKey::read(leader_change.key).expect("a key");
    assert_eq!(key.control_type, ControlType::Other(2));
}

fn only_record<'a>(batch: &RecordBatch<'a>) -> Record<'a> {
    batch.records().next().expect("a record").expect("a whole one")
}

/// What `Batches.java` writes, by name, as this crate writes it without compression.
fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    let (key, none) = (Some(&b"key"[..]), None);
    let many =
        (0..70).map(|i| (T + 3 * i, format!("k{}", i % 7), format!("value {i} of a batch, of a batch")));
    let many: Vec<_> = many.collect();
    let many = many.iter().map(|(at, key, value)| (*at, Some(key.as_bytes()), Some(value.as_bytes())));
    let patterns = [63, 64, 65, 127, 128, 8191, 8192].map(pattern);
    let big = pattern(20_000);
    let at = |timestamps: &[i64], value: &'static [u8]| -> Vec<Row<'static>> {
        timestamps.iter().map(|at| (*at, None, Some(value))).collect()
    };
    vec![
        ("one", plain(vec![(T, key, Some(b"value"))])),
        ("many", plain(many.collect())),
        (
            "nulls",
            plain(vec![
                (T, none, none),
                (T, Some(b""), Some(b"")),
                (T, none, Some(b"")),
                (T, Some(b""), none),
                (T, Some(b"k"), none),
            ]),
        ),
        ("headers", headers()),
        ("lengths", plain(patterns.iter().map(|value| (T, none, Some(&value[..]))).collect())),
        ("big", plain(vec![(T, Some(b"big"), Some(&big))])),
        ("descending", plain(at(&[T, T - 1, T - 100_000, 0, -1, T + 1], b"d"))),
        ("apart", plain(at(&[0, 1 << 31, 1 << 40, i64::MAX, 63, 64, 8191, 8192], b"a"))),
        ("wraps", open(three()).close().expect("records").stamp(stamp(4711, 7, i32::MAX - 1)).into_bytes()),
        ("transactional", {
            let closed = open(three()).close().expect("records").transactional(true);
            closed.stamp(stamp(i64::MAX, 32_766, 0)).into_bytes()
        }),
        (
            "appended",
            logged(&[(0, T), (1, T + 1), (2, T + 2)], T, three()[0], |header| {
                header.base_offset = 1_234_567_890_123;
                header.attributes = Attributes::NONE.with_timestamp_type(TimestampType::LogAppendTime);
                header.max_timestamp_ms = T + 9_999;
            }),
        ),
        (
            "cleaned",
            logged(
                &[(2, T + 102), (3, T + 103), (7, T + 107)],
                T + 102,
                (0, Some(b"c"), Some(b"v")),
                |header| {
                    header.base_offset = 100;
                    header.last_offset_delta = 9;
                },
            ),
        ),
        (
            "horizon",
            logged(&[(0, T), (1, T + 1), (2, T + 2)], T + 777, three()[0], |header| {
                header.base_offset = 100;
                header.attributes = Attributes::NONE.with_delete_horizon(true);
            }),
        ),
    ]
}

/// Timestamp, key and value.
type Row<'a> = (i64, Option<&'a [u8]>, Option<&'a [u8]>);

fn three() -> Vec<Row<'static>> {
    (0..3).map(|i| (T + i, Some(&b"key"[..]), Some(&b"a value that comes three times"[..]))).collect()
}

fn open(rows: Vec<Row<'_>>) -> OpenBatch {
    let mut open = OpenBatch::new(BatchLimits::default());
    for (at, key, value) in rows {
        open.append(at, key, value, &[]).expect("room");
    }
    open
}

fn plain(rows: Vec<Row<'_>>) -> Vec<u8> {
    open(rows).close().expect("records").stamp(Stamp::NONE).into_bytes()
}

fn headers() -> Vec<u8> {
    let few = [
        Header::new("name", "first"),
        Header { name: String::new(), value: None },
        Header::new("name", "second"),
        Header::new("Ж", ""),
    ];
    let many = vec![Header::new("again", "and again"); 70];
    let mut open = OpenBatch::new(BatchLimits::default());
    for (key, headers) in [(&b"few"[..], &few[..]), (b"none", &[]), (b"many", &many)] {
        open.append(T, Some(key), None, headers).expect("room");
    }
    open.close().expect("records").stamp(Stamp::NONE).into_bytes()
}

/// A batch as a broker keeps it: the same key and value at these offset deltas and timestamps.
fn logged(
    places: &[(u32, i64)],
    base_timestamp_ms: i64,
    (_, key, value): Row<'_>,
    change: impl FnOnce(&mut BatchHeader),
) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    for (offset_delta, at) in places {
        put_record(&mut bytes, *offset_delta, at - base_timestamp_ms, key, value, &[]);
    }
    let count = u32::try_from(places.len()).expect("few");
    let max_timestamp_ms = places.iter().map(|(_, at)| *at).max().expect("records");
    let mut header = BatchHeader {
        partition_leader_epoch: LeaderEpoch(42),
        ..BatchHeader::of_producer(count, base_timestamp_ms, max_timestamp_ms, stamp(1, 0, 5))
    };
    change(&mut header);
    header.seal(&mut bytes, []);
    bytes
}

fn stamp(producer_id: i64, epoch: i16, sequence: i32) -> Stamp {
    let identity = ProducerIdAndEpoch { producer_id: ProducerId(producer_id), epoch: ProducerEpoch(epoch) };
    Stamp { identity, base_sequence: Sequence(sequence) }
}

fn pattern(length: u32) -> Vec<u8> {
    (0..length).map(|i| u8::try_from(i * 31 % 251).expect("below 251")).collect()
}

/// What `Batches.java` says of a file.
fn described(file: &[u8]) -> String {
    let (mut text, mut decompressor, mut buffer) = (String::new(), Decompressor::new(), Vec::new());
    for batch in RecordBatches::new(file) {
        let batch = batch.expect("a whole batch");
        writeln!(text, "batch {}", of_header(&batch.header)).expect("text");
        let records = batch.decompress(&mut decompressor, 1 << 20, &mut buffer).expect("a codec");
        for record in records {
            writeln!(text, "  {}", of_record(&batch.header, record.expect("a whole record"))).expect("text");
        }
    }
    text
}

fn of_header(header: &BatchHeader) -> String {
    let time = match header.attributes.timestamp_type() {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    };
    format!(
        "offsets={}..{} count={} compression={} time={time} max={} producer={} epoch={} sequences={}..{} \
         transactional={} control={} leader={} horizon={}",
        header.base_offset,
        header.last_offset(),
        header.records,
        header.attributes.compression().expect("a codec"),
        header.max_timestamp_ms,
        header.stamp.identity.producer_id,
        header.stamp.identity.epoch,
        header.stamp.base_sequence.0,
        header.last_sequence().0,
        header.attributes.is_transactional(),
        header.attributes.is_control(),
        header.partition_leader_epoch,
        header.delete_horizon_ms().unwrap_or(-1),
    )
}

fn of_record(header: &BatchHeader, record: Record<'_>) -> String {
    let sequence = header.sequence_at(record.offset_delta).0;
    let (key, value) = (shown(record.key), shown(record.value));
    let mut text = format!(
        "offset={} time={} sequence={sequence} key={key} value={value}",
        record.offset, record.timestamp_ms
    );
    for (name, value) in record.headers {
        write!(text, " {}={}", shown(Some(name.as_bytes())), shown(value)).expect("text");
    }
    text
}

/// Length and contents, or their CRC-32C.
fn shown(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else { return "null".to_owned() };
    let digits = match bytes.len() {
        ..=16 => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        _ => format!("{:08x}", crc32c::crc32c(bytes)),
    };
    format!("{}:{digits}", bytes.len())
}

fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let batches = paths.filter(|path| path.extension().is_some_and(|extension| extension == "batches"));
    batches.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

fn read(name: &str, extension: &str) -> Vec<u8> {
    fs::read(folder().join(name).with_extension(extension)).expect("a golden file")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/batches")
}
