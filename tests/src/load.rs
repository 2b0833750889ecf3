//! A sender of many numbered records.

use std::time::Duration;

use milena::{Producer, Record};

use crate::ledger::{Sent, Settled, Tag};

/// Numbered records of one sender, accepted one after the other, and awaited at the end.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Where to.
    pub topic: &'static str,
    /// Who sends.
    pub sender: u32,
    /// How many records.
    pub count: u32,
    /// Length of a value.
    pub bytes: usize,
    /// Over how many partitions the records go in turn; 0 leaves it to the partitioner.
    pub partitions: u32,
    /// After how many records there is a pause.
    pub burst: u32,
    /// How long it is.
    pub pause: Duration,
}

impl Load {
    /// So many records of 100 bytes to topic `t`, 100 every 10 ms.
    #[must_use]
    pub const fn of(count: u32) -> Self {
        Self {
            topic: "t",
            sender: 0,
            count,
            bytes: 100,
            partitions: 0,
            burst: 100,
            pause: Duration::from_millis(10),
        }
    }

    /// The record with this number.
    #[must_use]
    pub fn record(&self, number: u32) -> Record {
        let record = Record::to(self.topic).value(self.tag(number).value_of(self.bytes));
        match self.partitions {
            0 => record,
            count => record.partition(i32::try_from(number % count).unwrap_or(i32::MAX)),
        }
    }

    /// Its tag.
    #[must_use]
    pub const fn tag(&self, number: u32) -> Tag {
        Tag { sender: self.sender, number }
    }

    /// Sends all, and what became of each, in order.
    ///
    /// # Panics
    /// When the producer does not accept a record.
    #[expect(clippy::unwrap_used, reason = "what is not accepted fails its test")]
    pub async fn outcomes(self, producer: &Producer) -> Vec<Settled> {
        let mut deliveries = Vec::new();
        for number in 0..self.count {
            deliveries.push(producer.enqueue(self.record(number)).await.unwrap());
            if (number + 1).is_multiple_of(self.burst) {
                tokio::time::sleep(self.pause).await;
            }
        }
        let mut outcomes = Vec::with_capacity(deliveries.len());
        for (number, delivery) in (0..).zip(deliveries) {
            outcomes.push((self.tag(number), delivery.await));
        }
        outcomes
    }

    /// Sends all.
    ///
    /// # Panics
    /// When a record fails.
    #[expect(clippy::panic, reason = "a record that fails fails its test")]
    pub async fn send(self, producer: &Producer) -> Vec<Sent> {
        let acknowledged = |(tag, outcome): Settled| match outcome {
            Ok(ack) => (tag, ack),
            Err(error) => panic!("{tag:?}: {error}"),
        };
        self.outcomes(producer).await.into_iter().map(acknowledged).collect()
    }
}
