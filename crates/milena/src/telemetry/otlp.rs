//! OpenTelemetry's `MetricsData` in Protocol Buffers, written by hand: only sums and gauges with one value each.
//!
//! The messages and field numbers are those of `opentelemetry/proto/metrics/v1/metrics.proto`, `common/v1/common.proto` and
//! `resource/v1/resource.proto`, of version 1 of the protocol.

/// A metric with one value.
#[derive(Debug)]
pub(crate) struct Metric<'a> {
    /// Its name, such as `org.apache.kafka.producer.record.send.total`.
    pub(crate) name: &'a str,
    pub(crate) attributes: &'a [(String, &'a str)],
    pub(crate) value: f64,
    /// A sum since `Times::start`; others are gauges.
    pub(crate) is_sum: bool,
}

/// The times of all metrics of a push, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) start: u64,
    pub(crate) now: u64,
    /// Whether sums begin again with each push.
    pub(crate) delta: bool,
}

/// `MetricsData` with one resource and one scope, within a size.
#[derive(Debug)]
pub(crate) struct MetricsData {
    /// The `metrics` of a `ScopeMetrics`, each with its tag.
    metrics: Vec<u8>,
    bytes_max: usize,
}

impl MetricsData {
    /// Without metrics, of at most `bytes_max` bytes in the end.
    pub(crate) const fn new(bytes_max: usize) -> Self {
        Self { metrics: Vec::new(), bytes_max }
    }

    /// Adds a metric. False where it does not fit, and was left out.
    pub(crate) fn push(&mut self, metric: &Metric<'_>, times: Times) -> bool {
        let before = self.metrics.len();
        put_bytes(&mut self.metrics, 2, &metric_of(metric, times));
        if self.metrics.len() + ENVELOPE_BYTES_MAX <= self.bytes_max {
            return true;
        }
        self.metrics.truncate(before);
        false
    }

    /// The encoded message.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut scope_metrics = Vec::with_capacity(self.metrics.len() + ENVELOPE_BYTES_MAX);
        // InstrumentationScope: its defaults.
        put_bytes(&mut scope_metrics, 1, &[]);
        scope_metrics.extend_from_slice(&self.metrics);
        let mut resource_metrics = Vec::with_capacity(scope_metrics.len() + ENVELOPE_BYTES_MAX);
        // Resource: without attributes.
        put_bytes(&mut resource_metrics, 1, &[]);
        put_bytes(&mut resource_metrics, 2, &scope_metrics);
        let mut data = Vec::with_capacity(resource_metrics.len() + ENVELOPE_BYTES_MAX);
        put_bytes(&mut data, 1, &resource_metrics);
        data
    }
}

/// The bytes around all metrics: four tags, and lengths of at most five bytes.
const ENVELOPE_BYTES_MAX: usize = 24;

const DELTA: u64 = 1;
const CUMULATIVE: u64 = 2;

/// A `Metric`.
fn metric_of(metric: &Metric<'_>, times: Times) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_bytes(&mut bytes, 1, metric.name.as_bytes());
    let mut data = Vec::new();
    put_bytes(&mut data, 1, &data_point(metric, times));
    if metric.is_sum {
        put_varint_field(&mut data, 2, if times.delta { DELTA } else { CUMULATIVE });
        put_varint_field(&mut data, 3, 1);
    }
    put_bytes(&mut bytes, if metric.is_sum { 7 } else { 5 }, &data);
    bytes
}

/// A `NumberDataPoint`.
fn data_point(metric: &Metric<'_>, times: Times) -> Vec<u8> {
    let mut bytes = Vec::new();
    if metric.is_sum {
        put_fixed64(&mut bytes, 2, times.start);
    }
    put_fixed64(&mut bytes, 3, times.now);
    put_fixed64(&mut bytes, 4, metric.value.to_bits());
    for (key, value) in metric.attributes {
        let (mut attribute, mut any_value) = (Vec::new(), Vec::new());
        put_bytes(&mut any_value, 1, value.as_bytes());
        put_bytes(&mut attribute, 1, key.as_bytes());
        put_bytes(&mut attribute, 2, &any_value);
        put_bytes(&mut bytes, 7, &attribute);
    }
    bytes
}

/// A field of wire type 2: a message, a string or bytes.
fn put_bytes(to: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(to, field << 3 | 2);
    put_varint(to, bytes.len() as u64);
    to.extend_from_slice(bytes);
}

/// A field of wire type 1.
fn put_fixed64(to: &mut Vec<u8>, field: u64, bits: u64) {
    put_varint(to, field << 3 | 1);
    to.extend_from_slice(&bits.to_le_bytes());
}

/// A field of wire type 0.
fn put_varint_field(to: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(to, field << 3);
    put_varint(to, value);
}

fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            return to.push(low & 0x7f);
        }
        to.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times { start: 1, now: 2, delta: true };

    #[test]
    fn delta_sum_has_the_bytes_of_protocol_buffers() {
        let mut data = MetricsData::new(1_000);
        let attributes = [("topic".to_owned(), "t")];
        assert!(
            data.push(&Metric { name: "a.total", attributes: &attributes, value: 1.0, is_sum: true }, TIMES)
        );
        let point = [
            &[0x11, 1, 0, 0, 0, 0, 0, 0, 0, 0x19, 2, 0, 0, 0, 0, 0, 0, 0][..],
            &[0x21, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
            &[0x3a, 12, 0x0a, 5, b't', b'o', b'p', b'i', b'c', 0x12, 3, 0x0a, 1, b't'],
        ]
        .concat();
        let sum = [&[0x0a, 41][..], &point, &[0x10, 1, 0x18, 1]].concat();
        let metric = [&[0x0a, 7][..], b"a.total", &[0x3a, 47], &sum].concat();
        let scope = [&[0x0a, 0, 0x12, 58][..], &metric].concat();
        let resource = [&[0x0a, 0, 0x12, 62][..], &scope].concat();
        assert_eq!(data.into_bytes(), [&[0x0a, 66][..], &resource].concat());
    }

    #[test]
    fn metric_that_does_not_fit_is_left_out() {
        let metric = Metric { name: "a.gauge", attributes: &[], value: 0.5, is_sum: false };
        for bytes_max in 0..200 {
            let mut data = MetricsData::new(bytes_max);
            while data.push(&metric, TIMES) {}
            let bytes = data.into_bytes();
            assert!(bytes.len() <= bytes_max.max(ENVELOPE_BYTES_MAX), "{} of {bytes_max}", bytes.len());
        }
    }
}
