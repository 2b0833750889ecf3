//! A reader of OpenTelemetry's `MetricsData`, as far as pushes have it.

use std::collections::BTreeMap;

/// The metrics of a push, by name and attributes, such as `a.total{topic=t}`.
pub(crate) fn metrics_in(data: &[u8]) -> BTreeMap<String, Point> {
    let resources = messages(data, 1);
    let scopes = resources.iter().flat_map(|resource| messages(resource, 2));
    let metrics: Vec<_> = scopes.flat_map(|scope| messages(scope, 2)).collect();
    metrics.into_iter().map(metric).collect()
}

#[derive(Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) value: f64,
    pub(crate) start_nanos: u64,
    pub(crate) nanos: u64,
    /// 1 for delta, 2 for cumulative, none for a gauge.
    pub(crate) temporality: Option<u64>,
}

fn metric(metric: &[u8]) -> (String, Point) {
    let name = text(messages(metric, 1)[0]);
    let (sums, gauges) = (messages(metric, 7), messages(metric, 5));
    let data = sums.first().or_else(|| gauges.first()).unwrap();
    let points = messages(data, 1);
    let [point] = &points[..] else { panic!("{name} has {} points", points.len()) };
    let attributes: Vec<String> = messages(point, 7).iter().map(|pair| attribute(pair)).collect();
    let temporality = fields(data).into_iter().find_map(|(field, value)| match (field, value) {
        (2, Value::Number(number)) => Some(number),
        _ => None,
    });
    let number = |wanted: u64| {
        let found = fields(point).into_iter().find_map(|(field, value)| match value {
            Value::Number(number) if field == wanted => Some(number),
            _ => None,
        });
        found.unwrap_or_default()
    };
    let (start_nanos, nanos) = (number(2), number(3));
    let point = Point { value: f64::from_bits(number(4)), start_nanos, nanos, temporality };
    (format!("{name}{{{}}}", attributes.join(",")), point)
}

fn attribute(pair: &[u8]) -> String {
    let value = &messages(pair, 2)[0];
    format!("{}={}", text(messages(pair, 1)[0]), text(messages(value, 1)[0]))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The messages, strings and bytes of one field.
fn messages(message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let fields = fields(message).into_iter();
    let bytes = fields.filter_map(|(field, value)| match value {
        Value::Bytes(bytes) if field == wanted => Some(bytes),
        _ => None,
    });
    bytes.collect()
}

fn fields(mut message: &[u8]) -> Vec<(u64, Value<'_>)> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message);
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut message)),
            1 => Value::Number(u64::from_le_bytes(take(&mut message, 8).try_into().unwrap())),
            2 => {
                let bytes = usize::try_from(varint(&mut message)).unwrap();
                Value::Bytes(take(&mut message, bytes))
            }
            other => panic!("wire type {other}"),
        };
        fields.push((tag >> 3, value));
    }
    fields
}

fn take<'a>(message: &mut &'a [u8], bytes: usize) -> &'a [u8] {
    let (taken, rest) = message.split_at(bytes);
    *message = rest;
    taken
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(message, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a varint without end")
}
