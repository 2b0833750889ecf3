//! Setters of [`ProducerBuilder`] that replace or combine several properties. The setters of single settings come from the
//! [settings table](super::settings).

use std::sync::Arc;

use milena_connection::sasl::Sasl;
use milena_connection::tls::Tls;
use milena_connection::transport::Connector;

use super::ProducerBuilder;
use super::compression::Compression;

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
        self
    }

    /// `compression.topics`: the compression of one topic, instead of [`Self::compression`]. Several topics need several
    /// calls; the last call for a topic applies. The property replaces the entries of all topics before it.
    pub fn topic_compression(mut self, topic: impl Into<String>, compression: Compression) -> Self {
        self.settings.compression.choose_for(topic.into(), compression);
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

    /// Takes the connector, if one was set.
    pub(crate) fn take_connector(&mut self) -> Option<Arc<dyn Connector>> {
        self.connector.take()
    }
}
