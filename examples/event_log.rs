//! An event log that waits for each event to be stored: partition and offset, or the error. A service with sarama's
//! `SyncProducer` looks like this.
//!
//! ```sh
//! cargo run -p milena-examples --example event_log
//! ```

#![expect(clippy::print_stdout, reason = "it shows what it does")]

use milena::{Acks, Producer, SendError};

/// Stores events under the key of their user, so that those of one user stay in order.
#[derive(Clone, Debug)]
pub struct EventLog {
    producer: Producer,
}

impl EventLog {
    /// Connects, and fails with the reason when the cluster cannot be used.
    pub async fn open(servers: &str) -> Result<Self, milena::Error> {
        let builder = Producer::builder().bootstrap_servers(servers).client_id("event-log").acks(Acks::All);
        Ok(Self { producer: builder.build().await? })
    }

    /// Stores an event. Returns where it is.
    pub async fn store(&self, user: &str, event: &[u8]) -> Result<(i32, i64), SendError> {
        let ack = self.producer.send(("events", user, event)).await?;
        Ok((ack.partition, ack.offset))
    }

    /// Stores what was accepted, and ends.
    pub async fn close(self) -> Result<(), milena::Error> {
        Ok(self.producer.close().await?)
    }
}

/// Stores three events.
pub async fn run(servers: &str) -> Result<(), milena::Error> {
    let log = EventLog::open(servers).await?;
    for event in ["signed in", "put 3 apples in the cart", "paid"] {
        let (partition, offset) = log.store("user-123", event.as_bytes()).await?;
        println!("{event}: partition {partition}, offset {offset}");
    }
    log.close().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let kafka = milena_examples::Kafka::find().await?;
    Ok(run(&kafka.servers).await?)
}
