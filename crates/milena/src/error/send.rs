//! [`SendError`]: the failure of one record.

use std::fmt;
use std::sync::Arc;

use milena_codec::ErrorCode;

pub use milena_sender::{ErrorKind, Persisted};

use crate::record::Record;

/// Why a record was not delivered, whether it may stand in the log all the same, and whether another try may help.
///
/// Cloning it is cheap: the records of a batch that fail together share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError(Arc<Facts>);

#[derive(Clone, PartialEq, Eq)]
struct Facts {
    kind: ErrorKind,
    persisted: Persisted,
    retriable: bool,
    code: Option<ErrorCode>,
    message: Arc<str>,
    topic: Arc<str>,
    partition: Option<i32>,
    record: Option<Record>,
}

/// Without the record: an error is logged, and its payload is not for logs.
impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, persisted, retriable, code, message, topic, partition, record: _ } = self;
        f.debug_struct("Facts")
            .field("kind", kind)
            .field("persisted", persisted)
            .field("retriable", retriable)
            .field("code", code)
            .field("message", message)
            .field("topic", topic)
            .field("partition", partition)
            .finish_non_exhaustive()
    }
}

impl SendError {
    /// An error of a record that was not written, and that a retry would return again. The message states the fault and the
    /// remedy, without topic and partition.
    pub(crate) fn new(kind: ErrorKind, topic: impl Into<Arc<str>>, message: impl Into<Arc<str>>) -> Self {
        Self(Arc::new(Facts {
            kind,
            persisted: Persisted::No,
            retriable: false,
            code: None,
            message: message.into(),
            topic: topic.into(),
            partition: None,
            record: None,
        }))
    }

    /// At this partition.
    #[must_use]
    pub(crate) fn with_partition(self, partition: i32) -> Self {
        self.with(|facts| facts.partition = Some(partition))
    }

    /// With what is known about the log.
    #[must_use]
    pub(crate) fn with_persisted(self, persisted: Persisted) -> Self {
        self.with(|facts| facts.persisted = persisted)
    }

    /// Worth another try, or not.
    #[must_use]
    pub(crate) fn with_retriable(self, retriable: bool) -> Self {
        self.with(|facts| facts.retriable = retriable)
    }

    /// With the code that the broker returned last.
    #[must_use]
    pub(crate) fn with_code(self, code: Option<ErrorCode>) -> Self {
        self.with(|facts| facts.code = code)
    }

    /// With the record, where there is one.
    #[must_use]
    pub(crate) fn with_record(self, record: Option<Record>) -> Self {
        self.with(|facts| facts.record = record)
    }

    fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The kind of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the record stands in the log all the same.
    #[must_use]
    pub fn persisted(&self) -> Persisted {
        self.0.persisted
    }

    /// Whether sending the record again, by this producer, may help. Where [`Self::persisted`] is [`Persisted::Maybe`], a retry may write it twice.
    ///
    /// False for every record of a producer that has ended, whether it was accepted or refused: `closed`, or `internal` where the
    /// driver failed. This producer takes no record again, so that a loop which retries while it is true ends; another producer may
    /// send the record.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        self.0.retriable
    }

    /// The error code that a broker returned last: for the record's batch in Produce, for its topic or partition in
    /// Metadata, for the producer in InitProducerId, or for the connection.
    ///
    /// None where no broker returned one:
    ///
    /// * the record was refused here: its name, partition or size, no room, a closed producer;
    /// * the brokers described the topic, and it has no such partition, or none yet;
    /// * no broker could be reached, or none returned a response in time;
    /// * the partition has no leader, and the brokers return no reason.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.0.code
    }

    /// In words, without topic and partition.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The record itself, to be sent again or put aside. A record that was accepted names the partition that it was in and the
    /// time at which it was accepted: [`Record::partition`] set to `None` has another partition chosen.
    ///
    /// None in the errors of [`FlushError`](super::FlushError), which are about several records, and where more records failed than
    /// `buffer.memory` holds, before their deliveries were awaited.
    ///
    /// ```no_run
    /// # async fn example(producer: milena::Producer) -> Result<(), Box<dyn std::error::Error>> {
    /// let delivery = producer.enqueue(("orders", "user-123", "3 apples")).await?;
    /// if let Err(error) = delivery.await {
    ///     match error.record() {
    ///         Some(record) => println!("{error}: {:?}", record.value),
    ///         None => println!("{error}"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn record(&self) -> Option<&Record> {
        self.0.record.as_ref()
    }

    /// The same, taken out of the error; copied where the error was cloned.
    #[must_use]
    pub fn into_record(self) -> Option<Record> {
        Arc::unwrap_or_clone(self.0).record
    }

    /// The topic that the record was for.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.0.topic
    }

    /// The partition, once that was decided.
    #[must_use]
    pub fn partition(&self) -> Option<i32> {
        self.0.partition
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &*self.0;
        match facts.partition {
            Some(partition) => write!(f, "topic {}, partition {partition}: ", facts.topic)?,
            None => write!(f, "topic {}: ", facts.topic)?,
        }
        f.write_str(&facts.message)?;
        let persisted = match facts.persisted {
            Persisted::No => "not written",
            Persisted::Maybe => "may have been written",
            Persisted::Yes => "was written",
        };
        // The message may name the code already.
        match facts.code.filter(|code| !facts.message.contains(&code.to_string())) {
            Some(code) => write!(f, " ({code}; {persisted})"),
            None => write!(f, " ({persisted})"),
        }
    }
}

impl std::error::Error for SendError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_topic_partition_fault_code_and_persistence() {
        let error = SendError::new(ErrorKind::DeliveryTimeout, "orders", "no response in 120 s")
            .with_partition(3)
            .with_persisted(Persisted::Maybe)
            .with_code(Some(ErrorCode::REQUEST_TIMED_OUT));
        assert_eq!(
            error.to_string(),
            "topic orders, partition 3: no response in 120 s (REQUEST_TIMED_OUT (7); may have been written)"
        );
    }

    #[test]
    fn a_code_stands_once_in_the_text() {
        let error =
            SendError::new(ErrorKind::DeliveryTimeout, "t", "the broker returned REQUEST_TIMED_OUT (7) last")
                .with_code(Some(ErrorCode::REQUEST_TIMED_OUT));
        assert_eq!(
            error.to_string(),
            "topic t: the broker returned REQUEST_TIMED_OUT (7) last (not written)"
        );
    }

    #[test]
    fn a_copy_is_not_changed_with_its_original() {
        let first = SendError::new(ErrorKind::Closed, "t", "closed");
        let second = first.clone().with_retriable(true);
        assert!(!first.is_retriable() && second.is_retriable());
    }
}
