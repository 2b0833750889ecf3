//! A line a second on standard error.

use std::sync::Arc;
use std::time::Duration;

use milena::Producer;
use tokio::time::{MissedTickBehavior, interval};

use super::load::Shared;
use crate::clock;
use crate::figures::per_second;
use crate::terminal;

/// Prints the progress, without end. `before`: the records that were delivered before.
pub(crate) async fn tell(producer: Producer, shared: Arc<Shared>, before: u64) {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut last = (clock::now(), before);
    loop {
        ticks.tick().await;
        let now = (clock::now(), producer.metrics().records);
        let rate = per_second(now.1 - last.1, (now.0 - last.0).as_secs_f64());
        let delivered = now.1 - before;
        match shared.latencies.summary() {
            Some(latency) => {
                let (p50, p99) = (latency.p50 / 1e3, latency.p99 / 1e3);
                terminal::say(&format!(
                    "{delivered} records delivered, {rate:.0} records/s, p50 {p50:.1} ms, p99 {p99:.1} ms so far"
                ));
            }
            None => terminal::say(&format!("{delivered} records delivered, {rate:.0} records/s")),
        }
        last = now;
    }
}
