//! Time, processor time and allocations of the process between two points, and its peak memory.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::clock;

/// The readings at one point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    at: Instant,
    processor: Duration,
    allocations: Option<u64>,
}

/// The usage since a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) elapsed: Duration,
    /// User and system time of all threads.
    pub(crate) processor: Duration,
    /// Count of allocations; none without the feature `count-allocations`.
    pub(crate) allocations: Option<u64>,
}

impl Meter {
    pub(crate) fn read() -> Self {
        Self { at: clock::now(), processor: processor_time(), allocations: allocations() }
    }

    /// The usage since this point.
    pub(crate) fn used(&self) -> Usage {
        let now = Self::read();
        Usage {
            elapsed: now.at - self.at,
            processor: now.processor.saturating_sub(self.processor),
            allocations: now.allocations.zip(self.allocations).map(|(now, before)| now - before),
        }
    }
}

/// User and system time of the process, to the nanosecond.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(feature = "count-allocations")]
fn allocations() -> Option<u64> {
    let stats = stats_alloc::INSTRUMENTED_SYSTEM.stats();
    u64::try_from(stats.allocations + stats.reallocations).ok()
}

#[cfg(not(feature = "count-allocations"))]
const fn allocations() -> Option<u64> {
    None
}

/// Peak memory of the process; none if the system does not report it.
pub(crate) fn peak_memory_bytes() -> Option<u64> {
    high_water_mark(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// `VmHWM` of proc_pid_status(5), which is in KiB.
fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_memory_is_parsed_in_bytes() {
        assert_eq!(high_water_mark("VmPeak:\t9 kB\nVmHWM:\t    1234 kB\n"), Some(1_263_616));
        assert_eq!(high_water_mark("VmPeak:\t9 kB\n"), None);
    }

    #[test]
    fn meter_counts_processor_time() {
        let meter = Meter::read();
        let mut sum = 0u64;
        while meter.used().processor < Duration::from_millis(1) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(meter.used().elapsed > Duration::ZERO);
    }
}
