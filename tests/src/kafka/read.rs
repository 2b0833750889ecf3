//! The records as Java's consumer reads them.

use std::io::{BufRead, BufReader};

use super::tools::tool;
use super::{Kafka, fail};

/// A null, in what the consumer prints.
const NULL: &str = "<null>";
/// What escapes bytes: its objects print as [`escaped`] does.
const ESCAPING: &str = "org.apache.kafka.common.serialization.BytesDeserializer";
/// For how long the consumer waits for the next record.
const PATIENCE_MS: &str = "60000";

/// A record as Java's consumer gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Whether the broker wrote the timestamp.
    pub appended_then: bool,
    /// Its headers as `name:value` between commas; none is the empty text.
    pub headers: String,
    /// Its key.
    pub key: Option<String>,
    /// Its value.
    pub value: Option<String>,
}

impl Kafka {
    /// Everything that is in a topic, by partition and offset.
    #[must_use]
    pub fn read(&self, topic: &str) -> Vec<Logged> {
        let mut records = Vec::new();
        self.read_each(topic, |record| records.push(record));
        records.sort_by_key(|record| (record.partition, record.offset));
        records
    }

    /// As [`Self::read`], one by one as they come; a partition's come in order.
    ///
    /// As many are read as the offsets say there are, so that what is there twice is read twice.
    pub fn read_each(&self, topic: &str, take: impl FnMut(Logged)) {
        self.read_printed(topic, &[], take);
    }

    /// As [`Self::read`], for records that need not be text: keys, values and values of headers are [`escaped`].
    #[must_use]
    pub fn read_escaped(&self, topic: &str) -> Vec<Logged> {
        let deserializer = |part| format!("{part}.deserializer={ESCAPING}");
        let mut records = Vec::new();
        let properties = ["key", "value", "headers"].map(deserializer);
        self.read_printed(topic, &properties, |record| records.push(record));
        records.sort_by_key(|record| (record.partition, record.offset));
        records
    }

    /// Reads with further properties of the consumer's formatter.
    fn read_printed(&self, topic: &str, properties: &[String], mut take: impl FnMut(Logged)) {
        let count = self.record_count(topic);
        if count == 0 {
            return;
        }
        let mut consumer = tool("org.apache.kafka.tools.consumer.ConsoleConsumer");
        consumer
            .args(["--bootstrap-server", &self.awake_servers(), "--topic", topic, "--from-beginning"])
            .args(["--isolation-level", "read_committed", "--timeout-ms", PATIENCE_MS])
            .args(["--max-messages", &count.to_string()])
            .args(["--formatter-property", &format!("null.literal={NULL}")]);
        for part in ["timestamp", "partition", "offset", "headers", "key"] {
            consumer.args(["--formatter-property", &format!("print.{part}=true")]);
        }
        for property in properties {
            consumer.args(["--formatter-property", property]);
        }
        let mut running = consumer.spawn().unwrap_or_else(|error| fail(error));
        let (mut seen, mut said) = (0, String::new());
        for line in running.stdout.take().into_iter().flat_map(|pipe| BufReader::new(pipe).lines()) {
            let line = line.unwrap_or_else(|error| fail(format_args!("what the consumer prints: {error}")));
            if let Some(record) = logged(&line) {
                take(record);
                seen += 1;
            } else {
                said = said + &line + "\n";
            }
        }
        let output = running.wait_with_output().unwrap_or_else(|error| fail(error));
        if seen != count {
            said += &String::from_utf8_lossy(&output.stderr);
            fail(format_args!("the consumer read {seen} of {count} records of {topic}: {said}"));
        }
    }
}

/// Bytes as a line of text, as Java's `Bytes.toString` gives them: ASCII that can be printed stands for itself, and
/// everything else, with the backslash, as `\xNN`.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\\';
    let mut text = String::with_capacity(bytes.len());
    for run in bytes.chunk_by(|one, next| is_plain(one) == is_plain(next)) {
        if run.iter().take(1).all(is_plain) {
            text.push_str(&String::from_utf8_lossy(run));
            continue;
        }
        for byte in run {
            text.push_str("\\x");
            text.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
    }
    text
}

/// Reads a line such as `CreateTime:17 Partition:0 Offset:3 NO_HEADERS k v`, with tabs.
pub(super) fn logged(line: &str) -> Option<Logged> {
    let mut parts = line.splitn(6, '\t');
    let (kind, timestamp) = parts.next()?.split_once(':')?;
    let partition = parts.next()?.strip_prefix("Partition:")?.parse().ok()?;
    let offset = parts.next()?.strip_prefix("Offset:")?.parse().ok()?;
    let headers = parts.next()?;
    let text = |part: &str| (part != NULL).then(|| part.to_owned());
    Some(Logged {
        partition,
        offset,
        timestamp_ms: timestamp.parse().ok()?,
        appended_then: kind == "LogAppendTime",
        headers: if headers == "NO_HEADERS" { String::new() } else { headers.to_owned() },
        key: text(parts.next()?),
        value: text(parts.next()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_record_is_read() {
        let record = logged("CreateTime:17\tPartition:2\tOffset:3\ta:1,b:2\t<null>\tone\ttwo").unwrap();
        let expected = Logged {
            partition: 2,
            offset: 3,
            timestamp_ms: 17,
            appended_then: false,
            headers: "a:1,b:2".to_owned(),
            key: None,
            value: Some("one\ttwo".to_owned()),
        };
        assert_eq!(record, expected);
    }

    #[test]
    fn bytes_are_escaped_unless_they_are_printable_ascii() {
        assert_eq!(escaped(b" a~"), " a~");
        assert_eq!(escaped("\t\\é\x7f".as_bytes()), r"\x09\x5C\xC3\xA9\x7F");
    }

    #[test]
    fn other_words_of_the_consumer_are_no_record() {
        assert_eq!(logged("Processed a total of 2 messages"), None);
        assert_eq!(logged("CreateTime:17\tPartition:x\tOffset:3\tNO_HEADERS\tk\tv"), None);
    }
}
