//! From frames to records.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use milena::{Header, Record};

use super::json;
use crate::produce::options::{Format, Options};

/// Topic names that are remembered, so that records share them.
const NAMES_MAX: usize = 1_000;

/// Parses frames, with the flags as defaults for parts that a frame does not have.
#[derive(Debug)]
pub(super) struct Parser {
    topic: Option<Arc<str>>,
    names: HashSet<Arc<str>>,
    partition: Option<i32>,
    key: Option<Bytes>,
    headers: Vec<Header>,
    key_separator: Option<Vec<u8>>,
    null_value: Option<Vec<u8>>,
    pub(super) format: Format,
}

impl Parser {
    pub(super) fn new(options: &Options) -> Self {
        let header = |(name, value): &(String, String)| Header::new(name.clone(), value.clone());
        let bytes = |text: &Option<String>| text.clone().map(String::into_bytes);
        Self {
            topic: options.topic.as_deref().map(Arc::from),
            names: HashSet::new(),
            partition: options.partition,
            key: options.key.clone().map(Bytes::from),
            headers: options.headers.iter().map(header).collect(),
            key_separator: bytes(&options.key_separator),
            null_value: bytes(&options.null_value),
            format: options.format,
        }
    }

    /// A line of `--format lines`.
    pub(super) fn line(&self, line: &[u8]) -> Result<Record, String> {
        let split = self.key_separator.as_deref().and_then(|separator| split_at(line, separator));
        let (key, value) = match split {
            Some((key, value)) => (Some(Bytes::copy_from_slice(key)), value),
            None => (self.key.clone(), line),
        };
        let is_null = self.null_value.as_deref() == Some(value);
        let value = (!is_null).then(|| Bytes::copy_from_slice(value));
        Ok(Record { key, value, ..self.blank(self.default_topic()?) })
    }

    /// A value of `--format raw`.
    pub(super) fn raw(&self, value: Option<&[u8]>) -> Result<Record, String> {
        let value = value.map(Bytes::copy_from_slice);
        Ok(Record { key: self.key.clone(), value, ..self.blank(self.default_topic()?) })
    }

    /// A line of `--format json`; none of a blank one.
    pub(super) fn json(&mut self, line: &[u8]) -> Result<Option<Record>, String> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let json::Line { topic, key, value, headers, partition, timestamp, error: _ } = json::parse(line)?;
        let topic = match topic {
            Some(name) => self.named(&name),
            None => self.default_topic()?,
        };
        let mut record =
            Record { key: key.or(self.key.as_ref()), value: value.or(None), ..self.blank(topic) };
        record.partition = partition.or(record.partition);
        record.timestamp_ms = timestamp;
        record.headers.extend(
            headers
                .into_iter()
                .map(|(name, value)| Header { name: name.into_owned(), value: value.or(None) }),
        );
        Ok(Some(record))
    }

    fn blank(&self, topic: Arc<str>) -> Record {
        Record { partition: self.partition, headers: self.headers.clone(), ..Record::to(topic) }
    }

    fn default_topic(&self) -> Result<Arc<str>, String> {
        self.topic
            .clone()
            .ok_or_else(|| "the record has no topic: name one in the line, or with --topic".to_owned())
    }

    fn named(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        if self.names.len() == NAMES_MAX {
            self.names.clear();
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }
}

/// The parts before and behind the first `separator`, which is not empty.
fn split_at<'a>(line: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = line.windows(separator.len()).position(|window| window == separator)?;
    Some((&line[..at], &line[at + separator.len()..]))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Flags {
        #[command(flatten)]
        options: Options,
    }

    fn parser(flags: &str) -> Parser {
        let flags = std::iter::once("produce").chain(flags.split_whitespace());
        Parser::new(&Flags::parse_from(flags).options)
    }

    #[test]
    fn line_without_separator_is_a_value() {
        assert_eq!(parser("-t t").line(b"a:b"), Ok(Record::to("t").value("a:b")));
        assert_eq!(
            parser("-t t -k d --key-separator ::").line(b"a:b"),
            Ok(Record::to("t").key("d").value("a:b"))
        );
    }

    #[test]
    fn line_is_split_at_the_first_separator() {
        let parser = parser("-t t --key-separator ::");
        assert_eq!(parser.line(b"k::v::w"), Ok(Record::to("t").key("k").value("v::w")));
        assert_eq!(parser.line(b"::"), Ok(Record::to("t").key("").value("")));
    }

    #[test]
    fn null_value_is_null_and_empty_line_is_empty() {
        let parser = parser("-t t --key-separator : --null-value NULL");
        assert_eq!(parser.line(b"k:NULL"), Ok(Record::to("t").key("k")));
        assert_eq!(parser.line(b""), Ok(Record::to("t").value("")));
    }

    #[test]
    fn flags_are_defaults_of_json_lines() {
        let mut parser = parser("-t t -p 2 -k d -H a=1 --format json");
        let plain = Record::to("t").key("d").partition(2).header("a", "1");
        assert_eq!(parser.json(b"{}"), Ok(Some(plain)));
        let own = br#"{"topic":"u","key":null,"headers":[["b","2"]],"partition":0}"#;
        let expected = Record::to("u").partition(0).header("a", "1").header("b", "2");
        assert_eq!(parser.json(own), Ok(Some(expected)));
        assert_eq!(parser.json(b" \t"), Ok(None));
    }

    #[test]
    fn record_without_topic_is_rejected() {
        let error = parser("--format json").json(b"{}").unwrap_err();
        assert!(error.contains("--topic"), "{error}");
    }

    #[test]
    fn raw_value_may_be_null() {
        assert_eq!(parser("-t t --format raw").raw(None), Ok(Record::to("t")));
        assert_eq!(parser("-t t --format raw").raw(Some(b"\n")), Ok(Record::to("t").value("\n")));
    }
}
