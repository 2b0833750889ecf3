//! A service that does not wait for single events: one task reads the outcome of all of them, and raises an alarm for the failed
//! ones. A service with sarama's `AsyncProducer`, `Successes` and `Errors` looks like this.
//!
//! ```sh
//! cargo run -p milena-examples --example reports
//! ```

#![expect(clippy::print_stdout, reason = "it shows what it does")]

use milena::{Compression, Producer, Record, Reports};

/// Reads reports until the producer has ended. Returns how many records were delivered, and how many failed.
pub async fn watch(mut reports: Reports) -> (u64, u64) {
    let (mut delivered, mut failed) = (0, 0);
    while let Some(report) = reports.next().await {
        match &report.outcome {
            Ok(_) => delivered += 1,
            Err(error) => {
                failed += 1;
                println!("ALARM: event {} was not stored: {error}", report.tag);
            }
        }
    }
    (delivered, failed)
}

/// Sends a thousand events, each with its number as its tag.
pub async fn run(servers: &str) -> Result<(u64, u64), milena::Error> {
    let builder = Producer::builder().bootstrap_servers(servers).compression(Compression::Lz4);
    let producer = builder.build().await?;
    let watching = tokio::spawn(watch(producer.reports()));
    for number in 0..1_000 {
        let event = Record::to("events").key(format!("user-{}", number % 10)).value("clicked").tag(number);
        // The delivery may be dropped: the event is sent, and reported.
        drop(producer.enqueue(event).await?);
    }
    // The error has the failures, which were reported already.
    let _ = producer.close().await;
    Ok(watching.await.unwrap_or_default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = milena_examples::Kafka::find().await?;
    let (delivered, failed) = run(&kafka.servers).await?;
    println!("{delivered} events delivered, {failed} failed");
    Ok(())
}
