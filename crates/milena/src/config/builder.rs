//! Setters of [`ProducerBuilder`] that replace or combine several properties. The setters of single settings come from the
//! [settings table](super::settings).

use std::sync::Arc;

use milena_connection::sasl::Sasl;
use milena_connection::tls::Tls;
use milena_connection::transport::Connector;

use super::ProducerBuilder;
use super::compression::Compression;
use crate::hooks::{DeadLetters, Hooks, Interceptor};
use crate::reports::Report;

/// Setters beside those of the table.
impl ProducerBuilder {
    /// `compression.type` and the codec's level. [`Compression::None`] unless set.
    ///
    /// The last codec applies, by this method or by a property. The level of this method takes precedence over
    /// `compression.level` and the codec's own property (`compression.zstd.level`), which then have no effect.
    ///
    /// ```
    /// use milena::{Compression, ProducerBuilder};
    ///
    /// let config = ProducerBuilder::default()
    ///     .bootstrap_servers("localhost:9092")
    ///     .compression(Compression::Zstd { level: 3 })
    ///     .topic_compression("logs", Compression::Lz4)
    ///     .validate()?;
    /// assert_eq!(config.compression_of("orders"), Compression::Zstd { level: 3 });
    /// assert_eq!(config.compression_of("logs"), Compression::Lz4);
    /// # Ok::<(), milena::ConfigError>(())
    /// ```
    pub fn compression(mut self, compression: Compression) -> Self {
        self.settings.compression.choose(compression);
        self.origins.forget("compression.type");
        self
    }

    /// `compression.topics`: the compression of one topic, instead of [`Self::compression`]. Several topics need several
    /// calls; the last call for a topic applies. The property replaces the entries of all topics before it.
    pub fn topic_compression(mut self, topic: impl Into<String>, compression: Compression) -> Self {
        self.settings.compression.choose_for(topic.into(), compression);
        self.origins.forget("compression.topics");
        self
    }

    /// The connector of all connections, such as a proxy, or memory in tests. Plain TCP unless set.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// TLS with the brokers; replaces the properties of TLS. Plaintext unless set.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.settings.tls = Some(tls);
        self
    }

    /// SASL authentication; replaces the properties of SASL. No authentication unless set.
    pub fn sasl(mut self, sasl: Sasl) -> Self {
        self.settings.sasl = Some(sasl);
        self
    }

    /// The same without hooks, interceptors and dead letters.
    pub(crate) fn without_hooks(self) -> Self {
        Self { hooks: Hooks::default(), ..self }
    }

    /// Takes the connector, if one was set.
    pub(crate) fn take_connector(&mut self) -> Option<Arc<dyn Connector>> {
        self.connector.take()
    }
}

/// Hooks, which are no settings: they have no names in properties.
impl ProducerBuilder {
    /// Calls `hook` for each record that was accepted, once it is delivered or has failed: librdkafka's delivery report callback.
    /// Several hooks are called in their order.
    ///
    /// Hooks run one after the other on a thread of their own. A hook may block; meanwhile the records that it was not called for hold
    /// their part of `buffer.memory`, so that callers wait for room. A hook that panics is logged, and called for the next record.
    /// A hook that waits for room of its own producer may wait for room that it holds itself: `try_enqueue` does not wait, and
    /// [`dead_letters`](Self::dead_letters) has a producer of its own.
    /// [`Producer::close`](crate::Producer::close) waits for the hooks within the close timeout.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let producer = milena::Producer::builder()
    ///     .bootstrap_servers("localhost:9092")
    ///     .on_delivery(|report| {
    ///         if let Some(error) = report.error() {
    ///             eprintln!("record {} failed: {error}", report.tag);
    ///         }
    ///     })
    ///     .build()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn on_delivery(mut self, hook: impl Fn(&Report) + Send + Sync + 'static) -> Self {
        self.hooks.on_delivery.push(Arc::new(hook));
        self
    }

    /// Calls `interceptor` for each record, before it is accepted and once it is settled (KIP-42). Several are called in their order.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use milena::{Interceptor, Record};
    ///
    /// struct Source;
    ///
    /// impl Interceptor for Source {
    ///     fn before_send(&self, record: Record) -> Record {
    ///         record.header("source", "web-1")
    ///     }
    /// }
    ///
    /// let builder = milena::Producer::builder().bootstrap_servers("localhost:9092").interceptor(Source);
    /// # Ok(()) }
    /// ```
    pub fn interceptor(mut self, interceptor: impl Interceptor + 'static) -> Self {
        self.hooks.interceptors.push(Arc::new(interceptor));
        self
    }

    /// Puts records that were accepted and failed aside: to a topic, in a file, or by a function. Several take each record in their
    /// order.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use milena::DeadLetters;
    ///
    /// let producer = milena::Producer::builder()
    ///     .bootstrap_servers("localhost:9092")
    ///     .dead_letters(DeadLetters::topic("orders.failed"))
    ///     .build()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn dead_letters(mut self, dead_letters: DeadLetters) -> Self {
        self.hooks.dead_letters.push(dead_letters);
        self
    }
}
