//! Ratios of counts, as reports have them.

/// For figures that are read, not counted with.
#[expect(clippy::cast_precision_loss, reason = "a report needs fewer than fifteen digits")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// A count a second; 0 for no time.
pub(crate) fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { float(count) / seconds } else { 0.0 }
}

/// A sum divided by a count; 0 for a count of 0.
pub(crate) fn per(sum: f64, count: u64) -> f64 {
    if count > 0 { sum / float(count) } else { 0.0 }
}
