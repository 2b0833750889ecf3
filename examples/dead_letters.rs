//! Events that cannot be delivered go to a topic of their own, and to a file beside it, with the reason.
//!
//! ```sh
//! cargo run -p milena-examples --example dead_letters
//! ```

#![expect(clippy::print_stdout, reason = "it shows what it does")]

use std::path::Path;

use milena::{DeadLetters, Producer};

/// Sends two events; the cluster of this example rejects the first.
pub async fn run(servers: &str, file: &Path) -> Result<(), milena::Error> {
    let producer = Producer::builder()
        .bootstrap_servers(servers)
        .dead_letters(DeadLetters::topic("events.failed"))
        .dead_letters(DeadLetters::file(file))
        .build()
        .await?;
    for event in ["bad", "good"] {
        match producer.send(("events", "user-123", event)).await {
            Ok(ack) => println!("{event}: partition {}, offset {}", ack.partition, ack.offset),
            Err(error) => println!("{event}: {error}"),
        }
    }
    // Waits for the dead letters as well. The error has the failures, which were put aside.
    let _ = producer.close().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = milena_examples::Kafka::find().await?;
    if let Some(cluster) = kafka.fake() {
        cluster.on(milena_fake::ApiKey::PRODUCE).times(1).error(milena_fake::ErrorCode::INVALID_RECORD);
    }
    let file = Path::new("events.failed.jsonl");
    run(&kafka.servers, file).await?;
    println!("the dead letters are in the topic events.failed and in {}", file.display());
    Ok(())
}
