//! A record as a line of JSON, both ways:
//! `{"topic"?, "key"?, "value"?, "headers"?: [["name", "value"], …], "partition"?, "timestamp"?, "error"?}`.
//!
//! `error` is the reason of a failure in a file of dead letters (`milena::DeadLetters::file`): it is read over.
//! Bytes are a string where they are UTF-8, `{"base64": "…"}` where they are not, and `null` where there are none.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use milena::Record;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A line as it is read.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<'a> {
    #[serde(borrow, default)]
    pub(super) topic: Option<Cow<'a, str>>,
    #[serde(default = "absent")]
    pub(super) key: Part,
    #[serde(default = "absent")]
    pub(super) value: Part,
    #[serde(borrow, default)]
    pub(super) headers: Vec<(Cow<'a, str>, Part)>,
    #[serde(default)]
    pub(super) partition: Option<i32>,
    #[serde(default)]
    pub(super) timestamp: Option<i64>,
    /// Why the record failed before.
    #[serde(borrow, default)]
    pub(super) error: Option<Cow<'a, str>>,
}

/// A key or a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    Absent,
    Null,
    Bytes(Bytes),
}

const fn absent() -> Part {
    Part::Absent
}

impl Part {
    /// The bytes; those of `default` if nothing was written.
    pub(super) fn or(self, default: Option<&Bytes>) -> Option<Bytes> {
        match self {
            Self::Absent => default.cloned(),
            Self::Null => None,
            Self::Bytes(bytes) => Some(bytes),
        }
    }
}

/// Parses a line; the error is a text with the column.
pub(super) fn parse(line: &[u8]) -> Result<Line<'_>, String> {
    if !line.trim_ascii_start().starts_with(b"{") {
        // The library would take a list of the fields' values as well.
        return Err("expected an object, {\"value\": …}".to_owned());
    }
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| said(&error))?;
    match (line.partition, line.timestamp) {
        (Some(partition @ ..0), _) => Err(format!("`partition` is {partition}: write 0 or more")),
        (_, Some(timestamp @ ..0)) => {
            Err(format!("`timestamp` is {timestamp}: write milliseconds since 1970"))
        }
        _ => Ok(line),
    }
}

/// The text of the library's error, without its line number, which counts within the line.
fn said(error: &serde_json::Error) -> String {
    let column = error.column();
    let said = error.to_string();
    let what = said.strip_suffix(&format!(" at line {} column {column}", error.line())).unwrap_or(&said);
    format!("{what} (column {column})")
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, {\"base64\": \"…\"} or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Part, E> {
        Ok(Part::Null)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Part, E> {
        Ok(Part::Bytes(Bytes::copy_from_slice(text.as_bytes())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
        let Some((name, text)) = map.next_entry::<Cow<'de, str>, Cow<'de, str>>()? else {
            return Err(Error::invalid_length(0, &self));
        };
        if name != "base64" {
            return Err(Error::unknown_field(&name, &["base64"]));
        }
        let bytes = BASE64_STANDARD.decode(text.as_bytes());
        let bytes = bytes.map_err(|error| Error::custom(format_args!("`base64`: {error}")))?;
        match map.next_key::<Cow<'de, str>>()? {
            None => Ok(Part::Bytes(bytes.into())),
            Some(name) => Err(Error::unknown_field(&name, &["base64"])),
        }
    }
}

/// A record as it is written.
pub(in crate::produce) struct Written<'a>(pub(in crate::produce) &'a Record);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("topic", &*record.topic)?;
        // A null is written out: where a key is missing, `--key` would take its place.
        map.serialize_entry("key", &WrittenPart(record.key.as_deref()))?;
        map.serialize_entry("value", &WrittenPart(record.value.as_deref()))?;
        if !record.headers.is_empty() {
            let headers = record.headers.iter();
            let pairs: Vec<_> =
                headers.map(|header| (&header.name, WrittenPart(header.value.as_deref()))).collect();
            map.serialize_entry("headers", &pairs)?;
        }
        if let Some(partition) = record.partition {
            map.serialize_entry("partition", &partition)?;
        }
        if let Some(timestamp) = record.timestamp_ms {
            map.serialize_entry("timestamp", &timestamp)?;
        }
        map.end()
    }
}

struct WrittenPart<'a>(Option<&'a [u8]>);

impl Serialize for WrittenPart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(bytes) = self.0 else { return serializer.serialize_unit() };
        if let Ok(text) = std::str::from_utf8(bytes) {
            return serializer.serialize_str(text);
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("base64", &BASE64_STANDARD.encode(bytes))?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(bytes: &'static [u8]) -> Part {
        Part::Bytes(Bytes::from_static(bytes))
    }

    #[track_caller]
    fn check_refused(line: &str, said: &str) {
        let error = parse(line.as_bytes()).unwrap_err();
        assert!(error.contains(said), "{error}");
    }

    #[test]
    fn json_line_has_every_part_of_a_record() {
        let line = parse(
            br#"{"topic":"t","key":"k","value":{"base64":"AP8="},"headers":[["a","1"],["a",null]],"partition":3,"timestamp":17}"#,
        )
        .unwrap();
        let expected = Line {
            topic: Some("t".into()),
            key: bytes(b"k"),
            value: bytes(b"\x00\xff"),
            headers: vec![("a".into(), bytes(b"1")), ("a".into(), Part::Null)],
            partition: Some(3),
            timestamp: Some(17),
            error: None,
        };
        assert_eq!(line, expected);
    }

    #[test]
    fn absent_part_differs_from_null() {
        let line = parse(br#"{"key":null}"#).unwrap();
        assert_eq!((line.key, line.value), (Part::Null, Part::Absent));
        let default = Bytes::from_static(b"d");
        assert_eq!(Part::Null.or(Some(&default)), None);
        assert_eq!(Part::Absent.or(Some(&default)), Some(default));
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(
            parse(br#"{"value":"\u00e4\n\"\ud83c\udf4e"}"#).unwrap().value,
            bytes("ä\n\"🍎".as_bytes())
        );
    }

    #[test]
    fn malformed_line_is_an_error() {
        check_refused("{", "EOF while parsing an object (column 1)");
        check_refused("[]", "expected");
        check_refused(r#"{"valeu":"x"}"#, "unknown field `valeu`");
        check_refused(r#"{"value":1}"#, "a string, {\"base64\": \"…\"} or null");
        check_refused(r#"{"value":"a","value":"b"}"#, "duplicate field `value`");
        check_refused(r#"{"value":"a"} {"value":"b"}"#, "trailing characters");
        check_refused(r#"{"value":{"base64":"?"}}"#, "`base64`: ");
        check_refused(r#"{"value":{"base64":"AA=="  ,"x":1}}"#, "unknown field `x`");
        check_refused(r#"{"value":{}}"#, "invalid length 0");
        check_refused(r#"{"value":{"hex":"00"}}"#, "unknown field `hex`");
        check_refused(r#"{"partition":-1}"#, "`partition` is -1");
        check_refused(r#"{"timestamp":-5}"#, "`timestamp` is -5");
        check_refused(r#"{"partition":4294967296}"#, "i32");
        check_refused(r#"{"headers":[["a"]]}"#, "invalid length 1");
        let not_text = parse(b"{\"value\":\"\xff\"}").unwrap_err();
        assert!(not_text.contains("invalid unicode"), "{not_text}");
    }

    #[test]
    fn written_record_is_parsed_again() {
        let record = Record::to("t").value(vec![0u8, 255]).header("a", "ä").partition(2).timestamp_ms(5);
        let written = serde_json::to_vec(&Written(&record)).unwrap();
        let line = parse(&written).unwrap();
        assert_eq!((line.key, line.value), (Part::Null, bytes(b"\x00\xff")));
        assert_eq!(line.headers, [("a".into(), bytes("ä".as_bytes()))]);
        assert_eq!((line.topic, line.partition, line.timestamp), (Some("t".into()), Some(2), Some(5)));
    }
}
