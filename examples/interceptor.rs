//! An interceptor that gives each event an id, and counts the outcomes.
//!
//! ```sh
//! cargo run -p milena-examples --example interceptor
//! ```

#![expect(clippy::print_stdout, reason = "it shows what it does")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use milena::{Interceptor, Producer, Record, Report};

/// Numbers of events so far.
#[derive(Debug, Default)]
pub struct Counts {
    sent: AtomicU64,
    /// Events that were delivered.
    pub delivered: AtomicU64,
}

/// Gives ids, and counts.
#[derive(Clone, Debug, Default)]
pub struct EventIds(pub Arc<Counts>);

impl Interceptor for EventIds {
    fn before_send(&self, record: Record) -> Record {
        let id = self.0.sent.fetch_add(1, Ordering::Relaxed);
        record.header("event-id", format!("event-{id}"))
    }

    fn on_settled(&self, report: &Report) {
        if report.error().is_none() {
            self.0.delivered.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Sends ten events. Returns how many were delivered.
pub async fn run(servers: &str) -> Result<u64, milena::Error> {
    let ids = EventIds::default();
    let producer = Producer::builder().bootstrap_servers(servers).interceptor(ids.clone()).build().await?;
    producer.send_all((0..10).map(|number| ("events", number.to_string()))).await;
    // The interceptor has seen all outcomes when this returns.
    producer.close().await?;
    Ok(ids.0.delivered.load(Ordering::Relaxed))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = milena_examples::Kafka::find().await?;
    println!("{} events delivered", run(&kafka.servers).await?);
    Ok(())
}
