//! Batches of every codec on a real Kafka: written by the codec crate alone over a plain socket and read by Java's consumer
//! and by librdkafka; written by Java's producer and read from the broker's disk.

use std::io::{Read, Write};
use std::net::TcpStream;

use milena_codec::ErrorCode;
use milena_codec::compression::{Compression, Compressor, Decompressor, Outcome};
use milena_codec::ids::{PartitionId, ProducerIdAndEpoch, Sequence};
use milena_codec::message::header::{put_request, read_response_tags};
use milena_codec::message::produce::{PartitionProduceData, TopicProduceData};
use milena_codec::message::{InitProducerIdRequest, Message, ProduceRequest, Request};
use milena_codec::record::{BatchLimits, Header, OpenBatch, RecordBatches, Stamp, StampedBatch};
use milena_codec::wire::Reader;
use milena_tests::kafka::{Kafka, Logged};

const TIME_MS: i64 = 1_700_000_000_000;
const LARGE_RECORDS: usize = 900;

#[test]
fn batches_of_every_codec_are_read_by_java_and_by_librdkafka() {
    let kafka = Kafka::shared();
    kafka.create_topic("codecs", 1, &[]);
    let mut broker = Broker::dial(&kafka);
    let mut stamp = Stamp { identity: broker.identity(), base_sequence: Sequence(0) };
    let mut written = Vec::new();
    for (compression, level) in codecs() {
        for (records, value_bytes) in [(5, 40), (LARGE_RECORDS, 1_000)] {
            let name = format!("{compression} {level:?}");
            let rows = rows(&name, records, value_bytes);
            let batch = batch(&rows, compression, level, stamp);
            assert_eq!(broker.produce("codecs", &batch), written.len(), "{name}");
            stamp = stamp.after(batch.header().records.unsigned_abs());
            written.extend(rows);
        }
    }
    for (offset, row) in (0..).zip(&mut written) {
        row.offset = offset;
    }
    assert!(kafka.read("codecs") == written, "Java reads what was written");
    assert!(kafka.read_by_librdkafka("codecs") == written, "librdkafka reads what was written");
    assert!(on_disk(&kafka, "codecs", &Compression::ALL) == written, "so it lies on the disk");
}

#[test]
fn batches_of_every_codec_by_java_are_read() {
    let kafka = Kafka::shared();
    let lines: Vec<_> = (0..500).map(|i| format!("key {}\tvalue {i}, value {i}, and so on", i % 7)).collect();
    for compression in Compression::ALL {
        let topic = format!("java-{compression}");
        kafka.create_topic(&topic, 1, &[]);
        kafka.produce_by_java(&topic, compression.name(), &lines);
        let read = on_disk(&kafka, &topic, &[compression]);
        let line =
            |row: &Logged| format!("{}\t{}", row.key.as_deref().unwrap(), row.value.as_deref().unwrap());
        assert_eq!(read.iter().map(line).collect::<Vec<_>>(), lines, "{compression}");
        assert!(
            read == kafka.read(&topic),
            "{compression}: offsets and timestamps are those that Java reads"
        );
    }
}

/// Every codec, at several levels.
fn codecs() -> impl Iterator<Item = (Compression, Option<i32>)> {
    let defaults = Compression::ALL.map(|codec| (codec, None));
    let gzip = [1, 9].map(|level| (Compression::Gzip, Some(level)));
    let zstd = [-5, 1, 9].map(|level| (Compression::Zstd, Some(level)));
    defaults.into_iter().chain(gzip).chain([(Compression::Lz4, Some(17))]).chain(zstd)
}

/// Records of text, as a console consumer gives them.
fn rows(name: &str, records: usize, value_bytes: usize) -> Vec<Logged> {
    let row = |index: usize| Logged {
        partition: 0,
        offset: 0,
        timestamp_ms: TIME_MS + i64::try_from(index * 37 % 100).unwrap(),
        appended_then: false,
        headers: if index.is_multiple_of(3) { format!("codec:{name},codec:again") } else { String::new() },
        key: (!index.is_multiple_of(4)).then(|| format!("key {index}")),
        value: (index != 2).then(|| text(index, value_bytes)),
    };
    (0..records).map(row).collect()
}

/// Words that look like those of a log line: they compress, but not to nothing.
fn text(index: usize, bytes: usize) -> String {
    const WORDS: [&str; 7] = ["order", "paid", "user=", "200 OK", "retry", "Ж", "ms"];
    let mut text = format!("{index}:");
    let mut number = index;
    while text.len() < bytes {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text = format!("{text} {}{}", WORDS[number / (1 << 40) % WORDS.len()], number / (1 << 50));
    }
    text
}

fn batch(rows: &[Logged], compression: Compression, level: Option<i32>, stamp: Stamp) -> StampedBatch {
    let mut open = OpenBatch::new(BatchLimits::default());
    for row in rows {
        let headers = row.headers.split(',').filter_map(|header| header.split_once(':'));
        let headers: Vec<_> = headers.map(|(name, value)| Header::new(name, value.to_owned())).collect();
        let (key, value) = (row.key.as_deref().map(str::as_bytes), row.value.as_deref().map(str::as_bytes));
        open.append(row.timestamp_ms, key, value, &headers).unwrap();
    }
    let mut closed = open.close().unwrap();
    let outcome = closed.compress(&mut Compressor::new(compression, level).unwrap(), &mut Vec::new());
    let is_small = rows.len() < LARGE_RECORDS;
    let fits = matches!(outcome, Outcome::Compressed { .. }) || compression == Compression::None;
    assert!(fits || is_small, "{compression}: {outcome:?}");
    closed.stamp(stamp)
}

/// What the broker's own files hold, read by the codec crate; at least one batch is compressed by each of `codecs`.
fn on_disk(kafka: &Kafka, topic: &str, codecs: &[Compression]) -> Vec<Logged> {
    let (mut rows, mut seen) = (Vec::new(), Vec::new());
    let (mut decompressor, mut buffer) = (Decompressor::new(), Vec::new());
    for segment in kafka.segments(topic) {
        let mut batches = RecordBatches::new(&segment);
        for batch in &mut batches {
            let batch = batch.unwrap();
            seen.extend(batch.header.attributes.compression());
            let records = batch.decompress(&mut decompressor, 2 << 20, &mut buffer).unwrap();
            rows.extend(records.map(|record| as_printed(&record.unwrap())));
        }
        assert!(batches.rest().is_empty(), "the last batch is whole");
    }
    assert!(codecs.iter().all(|codec| seen.contains(codec)), "{codecs:?} of {topic}");
    rows
}

fn as_printed(record: &milena_codec::record::Record<'_>) -> Logged {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let header = |(name, value): (&str, Option<&[u8]>)| format!("{name}:{}", text(value.unwrap()));
    Logged {
        partition: 0,
        offset: record.offset,
        timestamp_ms: record.timestamp_ms,
        appended_then: false,
        headers: record.headers.clone().map(header).collect::<Vec<_>>().join(","),
        key: record.key.map(text),
        value: record.value.map(text),
    }
}

/// A broker at the other end of a plain socket.
struct Broker(TcpStream);

impl Broker {
    fn dial(kafka: &Kafka) -> Self {
        Self(TcpStream::connect(kafka.bootstrap_servers()).unwrap())
    }

    fn identity(&mut self) -> ProducerIdAndEpoch {
        loop {
            let answer = self.call(&InitProducerIdRequest::default(), 4);
            match answer.error_code {
                ErrorCode::NONE => {
                    return ProducerIdAndEpoch {
                        producer_id: answer.producer_id,
                        epoch: answer.producer_epoch,
                    };
                }
                // A fresh broker has no ids yet.
                code => assert_eq!(code, ErrorCode::COORDINATOR_LOAD_IN_PROGRESS),
            }
        }
    }

    /// Where the first record is.
    fn produce(&mut self, topic: &str, batch: &StampedBatch) -> usize {
        let records = Some(batch.bytes().to_vec().into());
        let partition = PartitionProduceData { index: PartitionId(0), records };
        let topic = TopicProduceData {
            name: topic.to_owned(),
            partition_data: vec![partition],
            ..TopicProduceData::default()
        };
        let request = ProduceRequest {
            acks: -1,
            timeout_ms: 30_000,
            topic_data: vec![topic],
            ..ProduceRequest::default()
        };
        let answer = self.call(&request, 9);
        let partition = &answer.responses[0].partition_responses[0];
        assert_eq!(partition.error_code, ErrorCode::NONE, "{:?}", partition.error_message);
        usize::try_from(partition.base_offset).unwrap()
    }

    fn call<R: Request>(&mut self, request: &R, version: i16) -> R::Response {
        let mut bytes = Vec::new();
        put_request(&mut bytes, request, version, 7, Some("codec")).unwrap();
        self.0.write_all(&u32::try_from(bytes.len()).unwrap().to_be_bytes()).unwrap();
        self.0.write_all(&bytes).unwrap();
        let mut length = [0; 4];
        self.0.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        self.0.read_exact(&mut answer).unwrap();
        let mut input = Reader::new(&answer);
        assert_eq!(input.i32().unwrap(), 7);
        read_response_tags::<R::Response>(&mut input, version).unwrap();
        let version = milena_codec::message::Version::of::<R::Response>(version);
        R::Response::decode_exact(&answer[input.position()..], version).unwrap()
    }
}
