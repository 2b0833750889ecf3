//! [`TopicSink`]: a topic as the end of a stream.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_sink::Sink;

use super::Producer;
use crate::error::{Error, FlushError, SendError};
use crate::record::{IntoPayload, Record};

/// An item that a [`TopicSink`] makes a record of: a value, or a key and a value.
///
/// ```
/// use milena::IntoTopicRecord;
///
/// let record = ("user-123", "3 apples").into_topic_record(&"orders".into());
/// assert_eq!(record, milena::Record::to("orders").key("user-123").value("3 apples"));
/// ```
pub trait IntoTopicRecord {
    /// A record of this topic.
    fn into_topic_record(self, topic: &Arc<str>) -> Record;
}

impl<V: IntoPayload> IntoTopicRecord for V {
    fn into_topic_record(self, topic: &Arc<str>) -> Record {
        Record::to(topic).value(self)
    }
}

impl<K: IntoPayload, V: IntoPayload> IntoTopicRecord for (K, V) {
    fn into_topic_record(self, topic: &Arc<str>) -> Record {
        Record::to(topic).key(self.0).value(self.1)
    }
}

/// A record for the topic, whichever topic it names.
impl IntoTopicRecord for Record {
    fn into_topic_record(self, topic: &Arc<str>) -> Record {
        Self { topic: Arc::clone(topic), ..self }
    }
}

type Accepting = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send>>;
type Flushing = Pin<Box<dyn Future<Output = Result<(), FlushError>> + Send>>;

/// A [`Sink`] that sends its items to a topic: see [`Producer::sink`].
///
/// An item is taken once there is room for the one before it. The failures of accepted records are in the error of a flush, as
/// [`Producer::flush`] returns it. Closing the sink flushes; the producer goes on.
#[must_use = "sinks do nothing unless polled"]
pub struct TopicSink {
    producer: Producer,
    topic: Arc<str>,
    accepting: Option<Accepting>,
    flushing: Option<Flushing>,
}

impl TopicSink {
    pub(super) fn new(producer: Producer, topic: Arc<str>) -> Self {
        Self { producer, topic, accepting: None, flushing: None }
    }

    /// Ready once the last item was accepted.
    fn poll_accepted(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Some(accepting) = &mut self.accepting else { return Poll::Ready(Ok(())) };
        let accepted = ready!(accepting.as_mut().poll(cx));
        self.accepting = None;
        Poll::Ready(accepted.map_err(Error::from))
    }
}

impl<T: IntoTopicRecord> Sink<T> for TopicSink {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_accepted(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, item: T) -> Result<(), Error> {
        let record = item.into_topic_record(&self.topic);
        let producer = self.producer.clone();
        self.accepting = Some(Box::pin(async move { producer.enqueue(record).await.map(drop) }));
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_accepted(cx))?;
        let this = &mut *self;
        let flushing = this.flushing.get_or_insert_with(|| {
            // A clone of its own would return failures that this handle returned before.
            let producer = this.producer.clone();
            Box::pin(async move { producer.flush().await })
        });
        let flushed = ready!(flushing.as_mut().poll(cx));
        this.flushing = None;
        this.producer.seen_as(&flushed);
        Poll::Ready(flushed.map_err(Error::from))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Sink::<T>::poll_flush(self, cx)
    }
}

impl fmt::Debug for TopicSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TopicSink").field("topic", &self.topic).finish_non_exhaustive()
    }
}
