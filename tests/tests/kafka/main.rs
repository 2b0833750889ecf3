//! milena against a real Apache Kafka, judged by Java's own tools: `cargo test -p milena-tests --features kafka`.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod acks;
mod checking;
mod clients;
mod codecs;
mod compression;
mod expiring;
mod foreign_files;
mod golden_batches;
mod golden_messages;
mod identities;
mod library;
mod limits;
mod load;
mod older;
mod records;
mod refusals;
mod restarts;
mod rolling;
mod story;
mod topics;
mod ways_in;

use milena::{Ack, Producer, ProducerBuilder};
use milena_tests::kafka::judge::Place;
use milena_tests::kafka::{Kafka, Logged};

/// A producer with some settings by their names.
async fn producer(kafka: &Kafka, properties: &[(&str, &str)]) -> Producer {
    let builder = Producer::builder().bootstrap_servers(kafka.bootstrap_servers());
    let set = |builder: ProducerBuilder, (name, value): &(&str, &str)| builder.property(name, value).unwrap();
    properties.iter().fold(builder, set).build().await.unwrap()
}

/// Where a record is, as the producer tells it.
fn place(ack: &Ack) -> Place {
    Place { partition: ack.partition, offset: ack.offset }
}

/// The values of what was read, in the order of the partition and the offset.
fn values(log: &[Logged]) -> Vec<&str> {
    log.iter().filter_map(|record| record.value.as_deref()).collect()
}
