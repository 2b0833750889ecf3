//! A record as a line of JSON, as the command line reads it. Bytes are a string where they are UTF-8, `{"base64": "…"}` where they
//! are not, and `null` where there are none.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::error::SendError;
use crate::record::Record;

/// The line, with its end.
pub(super) fn line(record: &Record, error: &SendError) -> String {
    let mut line = String::from("{\"topic\":");
    text(&mut line, &record.topic);
    line.push_str(",\"key\":");
    bytes(&mut line, record.key.as_deref());
    line.push_str(",\"value\":");
    bytes(&mut line, record.value.as_deref());
    if !record.headers.is_empty() {
        line.push_str(",\"headers\":[");
        for (index, header) in record.headers.iter().enumerate() {
            line.push_str(if index == 0 { "[" } else { ",[" });
            text(&mut line, &header.name);
            line.push(',');
            bytes(&mut line, header.value.as_deref());
            line.push(']');
        }
        line.push(']');
    }
    // Writing to a string does not fail.
    if let Some(partition) = record.partition {
        let _ = write!(line, ",\"partition\":{partition}");
    }
    if let Some(timestamp_ms) = record.timestamp_ms {
        let _ = write!(line, ",\"timestamp\":{timestamp_ms}");
    }
    line.push_str(",\"error\":");
    text(&mut line, &error.to_string());
    line.push_str("}\n");
    line
}

fn bytes(line: &mut String, bytes: Option<&[u8]>) {
    let Some(bytes) = bytes else { return line.push_str("null") };
    match str::from_utf8(bytes) {
        Ok(utf8) => text(line, utf8),
        Err(_) => {
            line.push_str("{\"base64\":\"");
            BASE64_STANDARD.encode_string(bytes, line);
            line.push_str("\"}");
        }
    }
}

/// A string, with everything escaped that has to be (RFC 8259, section 7).
fn text(line: &mut String, text: &str) {
    line.push('"');
    for character in text.chars() {
        match character {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            control if control < ' ' => {
                // Writing to a string does not fail.
                let _ = write!(line, "\\u{:04x}", u32::from(control));
            }
            other => line.push(other),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn line_is_json_with_every_part_of_the_record() {
        let record = Record::to("orders")
            .key("a\"b\\c\n\u{1}")
            .value([0xff, 0x00])
            .header("h", None::<&str>)
            .header("i", "é")
            .partition(3)
            .timestamp_ms(17);
        let error = SendError::new(ErrorKind::BufferFull, "orders", "no room");
        let read: serde_json::Value = serde_json::from_str(&line(&record, &error)).unwrap();
        let expected = serde_json::json!({
            "topic": "orders", "key": "a\"b\\c\n\u{1}", "value": {"base64": "/wA="},
            "headers": [["h", null], ["i", "é"]], "partition": 3, "timestamp": 17,
            "error": "topic orders: no room (not written)",
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn null_key_and_value_are_null() {
        let error = SendError::new(ErrorKind::BufferFull, "t", "no room");
        let line = line(&Record::to("t"), &error);
        assert!(line.starts_with("{\"topic\":\"t\",\"key\":null,\"value\":null,\"error\":"), "{line}");
    }
}
