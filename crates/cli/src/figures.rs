//! Ratios of counts, as reports have them.

/// For figures that are read, not counted with.
#[expect(clippy::cast_precision_loss, reason = "fifteen figures are more than anybody reads")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// How many a second; nothing in no time is nothing.
pub(crate) fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { float(count) / seconds } else { 0.0 }
}

/// How much of a sum falls to each; to nobody falls nothing.
pub(crate) fn per(sum: f64, count: u64) -> f64 {
    if count > 0 { sum / float(count) } else { 0.0 }
}
