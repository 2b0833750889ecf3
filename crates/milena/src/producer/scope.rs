//! [`Producer::scope`]: a producer that lives as long as a closure, and leaves nothing behind.

use std::convert::Infallible;

use super::Producer;
use crate::config::{Config, ProducerBuilder};
use crate::error::{ConfigError, ConnectError, ScopeError};

impl Producer {
    /// Builds a producer, runs the closure with it, and closes it, whatever the closure returns. The settings are a
    /// [`ProducerBuilder`] or a reference to a [`Config`].
    ///
    /// The closure may clone the producer and move the clones into tasks: at the end of the scope all of them are closed.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), milena::Error> {
    /// use milena::Producer;
    ///
    /// let builder = Producer::builder().bootstrap_servers("localhost:9092");
    /// let offset = Producer::scope(builder, async |producer| {
    ///     drop(producer.enqueue(("orders", "user-123", "3 apples")).await?);
    ///     let ack = producer.send(("orders", "user-123", "4 pears")).await?;
    ///     Ok::<_, milena::SendError>(ack.offset)
    /// })
    /// .await?;
    /// println!("up to offset {offset}, and nothing is left");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ScopeError`] when the producer cannot be built, when the closure returns an error, and when accepted records failed, also those
    /// whose error the closure has seen: both of the last two at once, if both happen. It converts into [`Error`](crate::Error).
    ///
    /// # Panics
    /// When the closure does. The producer closes in the background then, and the log has an error.
    ///
    /// # Cancel safety
    /// Dropped, the producer closes in the background, within `close.timeout.ms`: accepted records go, others are not sent. The log has
    /// a warning if records were left.
    pub async fn scope<T, E>(
        settings: impl TryInto<ProducerBuilder, Error: Into<ConnectError>>,
        body: impl AsyncFnOnce(Self) -> Result<T, E>,
    ) -> Result<T, ScopeError<E>> {
        let builder = settings.try_into().map_err(|error| ScopeError::Connect(error.into()))?;
        let producer = builder.build().await.map_err(ScopeError::Connect)?;
        let open = OpenScope(&producer);
        let outcome = body(producer.clone()).await;
        let closed = producer.close().await;
        std::mem::forget(open);
        match (outcome, closed) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(error)) => Err(ScopeError::Close(error)),
            (Err(error), closed) => Err(ScopeError::Body { error, close: closed.err() }),
        }
    }
}

/// A scope that did not come to its end: its closure panicked, or its future was dropped.
struct OpenScope<'a>(&'a Producer);

impl Drop for OpenScope<'_> {
    fn drop(&mut self) {
        let core = &self.0.handle.core;
        core.registry.close();
        core.close();
        let batches = core.shared.outstanding.unsettled();
        if std::thread::panicking() {
            tracing::error!(
                batches,
                "produce: the closure of a scope panicked: its producer closes in the background, and these batches are lost \
                 if the runtime or the program ends first"
            );
        } else if batches > 0 {
            tracing::warn!(
                batches,
                "produce: a scope was dropped before its end: its producer closes in the background, and these batches are \
                 lost if the runtime or the program ends first"
            );
        }
    }
}

/// The settings of a service.
impl TryFrom<&Config> for ProducerBuilder {
    type Error = ConfigError;

    fn try_from(config: &Config) -> Result<Self, ConfigError> {
        config.builder()
    }
}

/// Never happens: settings that are a builder already are converted without an error.
impl From<Infallible> for ConnectError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
