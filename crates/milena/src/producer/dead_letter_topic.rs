//! Dead letters in a topic, sent by a producer of their own.

use std::sync::Arc;

use super::Producer;
use crate::config::{Driver, ProducerBuilder};
use crate::error::SendError;
use crate::hooks::WriteLetters;
use crate::park::block_on;
use crate::record::Record;
use crate::reports::Reports;

/// A topic for dead letters.
#[derive(Debug)]
pub(super) struct TopicWriter {
    topic: Arc<str>,
    builder: ProducerBuilder,
    open: Option<Open>,
    /// Dead letters that are lost.
    lost: u64,
}

#[derive(Debug)]
struct Open {
    producer: Producer,
    reports: Reports,
}

impl TopicWriter {
    /// `builder` has the settings of the producer whose records fail.
    pub(super) fn new(topic: Arc<str>, builder: &ProducerBuilder) -> Self {
        let builder = builder.clone().without_hooks().driver(Driver::Thread);
        Self { topic, builder, open: None, lost: 0 }
    }

    fn send(&mut self, letter: Record) -> Result<(), String> {
        self.connect()?;
        let Some(open) = &self.open else { return Err("no connection".to_owned()) };
        block_on(open.producer.enqueue(letter)).map(drop).map_err(|error| error.to_string())
    }

    fn connect(&mut self) -> Result<(), String> {
        if self.open.is_some() {
            return Ok(());
        }
        // Letters wait for the cluster as any record does, for `max.block.ms`.
        let producer = self.builder.clone().build_lazy().map_err(|error| error.to_string())?;
        self.open = Some(Open { reports: producer.reports(), producer });
        Ok(())
    }

    /// The record with the reason of its failure.
    fn letter(&self, record: &Record, error: &SendError) -> Record {
        let mut letter = Record { partition: None, topic: Arc::clone(&self.topic), ..record.clone() };
        letter = letter.header("dead-letter.topic", error.topic());
        if let Some(partition) = error.partition() {
            letter = letter.header("dead-letter.partition", partition.to_string());
        }
        if let Some(timestamp_ms) = record.timestamp_ms {
            letter = letter.header("dead-letter.timestamp", timestamp_ms.to_string());
        }
        letter
            .header("dead-letter.error", error.to_string())
            .header("dead-letter.persisted", error.persisted().name())
    }

    fn read_reports(&mut self) {
        let Some(open) = &mut self.open else { return };
        let mut failures = Vec::new();
        while let Some(report) = open.reports.try_next() {
            failures.extend(report.error().map(ToString::to_string));
        }
        for reason in failures {
            self.lose(&reason);
        }
    }

    fn lose(&mut self, reason: &str) {
        self.lost += 1;
        tracing::error!(
            topic = &*self.topic,
            lost = self.lost,
            "dead letters: a record that failed could not be written to the topic of dead letters either: {reason}"
        );
    }
}

impl WriteLetters for TopicWriter {
    /// Sends a record, and waits for room as any caller does.
    fn write(&mut self, record: &Record, error: &SendError) {
        let letter = self.letter(record, error);
        if let Err(reason) = self.send(letter) {
            self.lose(&reason);
        }
        self.read_reports();
    }

    /// Waits within the close timeout of the settings.
    fn end(&mut self) {
        if let Some(open) = &self.open {
            // Its failures are in the reports.
            let _ = block_on(open.producer.close());
        }
        self.read_reports();
        self.open = None;
    }
}
