//! Records of every shape, and the two ways in which they are sent: by `milena produce` and by the library.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use milena::{Delivery, Header, Producer, Record};
use milena_tests::kafka::judge::Place;
use milena_tests::kafka::{Kafka, Logged, Program, escaped};
use milena_tests::{line, noise};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::place;

const TIME_MS: i64 = 1_700_000_000_000;

/// A record to be sent.
#[derive(Clone, Debug)]
pub(super) struct Row {
    timestamp_ms: i64,
    key: Option<Bytes>,
    value: Option<Bytes>,
    headers: Vec<(&'static str, Bytes)>,
}

impl Row {
    /// A value without a key.
    pub(super) fn of(value: impl Into<Bytes>) -> Self {
        Self { timestamp_ms: TIME_MS, key: None, value: Some(value.into()), headers: Vec::new() }
    }

    /// Bytes of key, value and headers, without their lengths and the timestamp.
    pub(super) fn bytes(&self) -> usize {
        let part = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        part(&self.key) + part(&self.value) + headers.sum::<usize>()
    }

    /// The record as a consumer prints it, escaped.
    pub(super) fn logged(&self, place: Place) -> Logged {
        let header = |(name, value): &(&str, Bytes)| format!("{name}:{}", escaped(value));
        Logged {
            partition: place.partition,
            offset: place.offset,
            timestamp_ms: self.timestamp_ms,
            appended_then: false,
            headers: self.headers.iter().map(header).collect::<Vec<_>>().join(","),
            key: self.key.as_deref().map(escaped),
            value: self.value.as_deref().map(escaped),
        }
    }

    /// The record as the library takes it.
    pub(super) fn record(&self, topic: &str) -> Record {
        let header = |(name, value): &(&str, Bytes)| Header::new(*name, value.clone());
        Record {
            key: self.key.clone(),
            value: self.value.clone(),
            headers: self.headers.iter().map(header).collect(),
            ..Record::to(topic).timestamp_ms(self.timestamp_ms)
        }
    }

    fn json(&self) -> String {
        let part = |bytes: &[u8]| match std::str::from_utf8(bytes) {
            Ok(text) => json!(text),
            Err(_) => json!({ "base64": BASE64_STANDARD.encode(bytes) }),
        };
        let or_null = |bytes: &Option<Bytes>| bytes.as_deref().map_or(Value::Null, part);
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| json!([name, part(value)])).collect();
        let object = json!({
            "timestamp": self.timestamp_ms,
            "key": or_null(&self.key),
            "value": or_null(&self.value),
            "headers": headers,
        });
        format!("{object}\n")
    }
}

/// A few records of every shape: null, empty, text beyond ASCII, bytes that are no text, headers that repeat.
pub(super) fn shapes() -> Vec<Row> {
    let given = |key: Option<&'static [u8]>, value: Option<&'static [u8]>| Row {
        key: key.map(Bytes::from_static),
        value: value.map(Bytes::from_static),
        ..Row::of("")
    };
    let twice = vec![("trace", Bytes::from_static(b"a")), ("trace", Bytes::new())];
    vec![
        given(None, Some(b"value")),
        given(Some(b"tombstone"), None),
        given(Some(b""), Some(b"")),
        given(Some("ключ".as_bytes()), Some("žluťoučký kůň".as_bytes())),
        Row { headers: twice, timestamp_ms: TIME_MS - 86_400_000, ..given(Some(b"k"), Some(b"v")) },
        given(Some(&[0, 255, 10]), Some(&[9, 10, 13, 92, 128])),
    ]
}

/// So many lines of a thousand bytes that compress to about a tenth. Most have keys, some have headers, and a few are null.
pub(super) fn lines(count: u32) -> Vec<Row> {
    let row = |number: u32| Row {
        timestamp_ms: TIME_MS + i64::from(number * 37 % 1_000),
        key: (!number.is_multiple_of(5)).then(|| format!("key {}", number % 97).into()),
        value: (number % 101 != 100).then(|| line(number).into()),
        headers: if number.is_multiple_of(10) {
            vec![("trace", number.to_string().into())]
        } else {
            Vec::new()
        },
    };
    (0..count).map(row).collect()
}

/// One record of that many bytes of lines.
pub(super) fn long(bytes: usize) -> Row {
    let mut text: Vec<u8> = (0..).map(line).flat_map(String::into_bytes).take(bytes).collect();
    text.shrink_to_fit();
    Row::of(text)
}

/// So many records that do not compress.
pub(super) fn noises(count: u32, bytes: usize) -> Vec<Row> {
    (0..count).map(|number| Row::of(noise(number, bytes))).collect()
}

/// Has `milena produce` deliver records. Returns their places.
#[track_caller]
pub(super) fn produce(kafka: &Kafka, topic: &str, rows: &[Row], arguments: &[&str]) -> Vec<Place> {
    let ended = Program::milena()
        .args(["produce", "--bootstrap-server", &kafka.bootstrap_servers(), "--topic", topic])
        .args(["--format", "json", "--report", "json"])
        .args(arguments)
        .input(rows.iter().map(Row::json).collect::<String>())
        .run();
    let what = format!("{arguments:?}: exit {:?}: {}", ended.code, ended.stderr);
    assert!(ended.code == Some(0) && !ended.stderr.contains("WARN"), "{what}");
    let reports: Vec<Report> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reported = reports.iter().map(|report| (report.record, report.timestamp));
    assert!(reported.eq(rows.iter().map(|row| row.timestamp_ms).enumerate()), "{what}");
    reports.iter().map(|report| Place { partition: report.partition, offset: report.offset }).collect()
}

/// What a report says of a record that was delivered.
#[derive(Deserialize)]
struct Report {
    record: usize,
    partition: i32,
    offset: i64,
    timestamp: i64,
}

/// Hands over records one after another, has their batches sent, and awaits them all. Returns their places.
pub(super) async fn send(producer: &Producer, topic: &str, rows: &[Row]) -> Vec<Place> {
    let deliveries = enqueue(producer, topic, rows).await;
    // Each delivery tells its own failure.
    drop(producer.flush().await);
    places(deliveries).await
}

/// Hands over records one after another.
pub(super) async fn enqueue(producer: &Producer, topic: &str, rows: &[Row]) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    for row in rows {
        deliveries.push(producer.enqueue(row.record(topic)).await.unwrap());
    }
    deliveries
}

/// Awaits all deliveries.
pub(super) async fn places(deliveries: Vec<Delivery>) -> Vec<Place> {
    let mut places = Vec::new();
    for delivery in deliveries {
        places.push(place(&delivery.await.unwrap()));
    }
    places
}
