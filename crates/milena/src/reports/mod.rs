//! Reports of records: a stream of successes and failures, and the calls of hooks.

mod stream;

use std::sync::Arc;

use milena_sender::BatchTiming;
use milena_sender::sync::BatchReport;

use crate::error::{self, SendError};
use crate::record::{Ack, Record};

pub use stream::Reports;

/// The outcome of one record, with the caller's tag, and with the record itself if it failed.
///
/// ```no_run
/// # async fn example(producer: milena::Producer) -> Result<(), Box<dyn std::error::Error>> {
/// use milena::Record;
///
/// let mut reports = producer.reports();
/// producer.enqueue(Record::to("orders").value("3 apples").tag(7)).await?;
/// while let Some(report) = reports.next().await {
///     match &report.outcome {
///         Ok(ack) => println!("{}: {} @ {}", report.tag, ack.partition, ack.offset),
///         Err(error) => println!("{}: {error}", report.tag),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition that the record was in; none if it was refused before one was chosen.
    pub partition: Option<i32>,
    /// The caller's number: [`Record::tag`].
    pub tag: u64,
    /// The record's time in milliseconds since 1970. A topic that keeps the time of appending has that in the [`Ack`].
    pub timestamp_ms: i64,
    /// The time that each stage took, for the record's batch. None for a record that was refused.
    pub timing: Option<BatchTiming>,
    /// Partition, offset and timestamp, or the failure.
    pub outcome: Result<Ack, SendError>,
}

impl Report {
    /// The report of record `index` of a batch.
    pub(crate) fn of(batch: &BatchReport, index: u32) -> Self {
        let report = batch.record(index);
        let (topic, partition) = (&batch.topic, batch.partition);
        let outcome = match report.outcome {
            Ok(receipt) => Ok(Ack::new(partition, receipt)),
            Err(failure) => {
                let record =
                    report.record.map(|record| Record::of_failed(topic, partition, report.tag, record));
                Err(error::of_failure(&failure, topic, partition).with_record(record))
            }
        };
        Self {
            topic: Arc::clone(topic),
            partition: Some(partition.0),
            tag: report.tag,
            timestamp_ms: report.timestamp_ms,
            timing: batch.timing,
            outcome,
        }
    }

    /// Of a record that was refused, and that its error holds.
    pub(crate) fn of_refused(error: &SendError) -> Self {
        let record = error.record();
        Self {
            topic: error.topic().into(),
            partition: error.partition(),
            tag: record.map_or(0, |record| record.tag),
            timestamp_ms: record.and_then(|record| record.timestamp_ms).unwrap_or(Self::NO_TIMESTAMP),
            timing: None,
            outcome: Err(error.clone()),
        }
    }

    /// The timestamp of a record that was refused and had none.
    pub const NO_TIMESTAMP: i64 = -1;

    /// The offset, if the record was written and a broker returned it.
    #[must_use]
    pub fn offset(&self) -> Option<i64> {
        self.outcome.as_ref().ok().filter(|ack| ack.has_offset()).map(|ack| ack.offset)
    }

    /// The failure, if it failed.
    #[must_use]
    pub fn error(&self) -> Option<&SendError> {
        self.outcome.as_ref().err()
    }

    /// The record, if it failed.
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.error().and_then(SendError::record)
    }

    /// The record, if it failed, taken out of the report.
    #[must_use]
    pub fn into_record(self) -> Option<Record> {
        self.outcome.err().and_then(SendError::into_record)
    }
}
