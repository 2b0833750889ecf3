//! The effective configuration, listed by name: for logs, and for reports.

use super::compression::{Compression, level_property};
use super::settings::ProducerConfig;
use super::warning::ConfigWarning;

impl ProducerConfig {
    /// The effective value of every setting, by Java's name, or milena's where Java has none. Setting all of them makes an
    /// equal configuration, except for secrets and texts that look like one, which are `[hidden]`, and for settings by
    /// type such as [`ProducerBuilder::tls`](super::ProducerBuilder::tls).
    ///
    /// ```
    /// use milena::ProducerBuilder;
    ///
    /// let config = ProducerBuilder::default().bootstrap_servers("localhost:9092").validate()?;
    /// assert!(config.properties().contains(&("linger.ms", "5".to_owned())));
    /// # Ok::<(), milena::ConfigError>(())
    /// ```
    #[must_use]
    pub fn properties(&self) -> Vec<(&'static str, String)> {
        [self.listed(), self.listed_compression(), self.security.clone()].concat()
    }

    /// Properties that were set and have no effect beside the other settings: credentials where `security.protocol` is
    /// `PLAINTEXT`, the level of an unused codec, any level of lz4. As in Java they are no error.
    #[must_use]
    pub fn without_effect(&self) -> &[&'static str] {
        &self.unused
    }

    /// Valid settings that have no effect here, or another one than their value promises: one warning for each reason.
    /// [`ProducerBuilder::build`](super::ProducerBuilder::build) logs them.
    ///
    /// ```
    /// use milena::ProducerBuilder;
    ///
    /// let config = ProducerBuilder::default()
    ///     .property("bootstrap.servers", "localhost:9092")?
    ///     .property("schema.registry.url", "http://localhost:8081")?
    ///     .validate()?;
    /// assert!(config.warnings()[0].message().starts_with("`schema.registry.url` has no effect"));
    /// # Ok::<(), milena::ConfigError>(())
    /// ```
    #[must_use]
    pub fn warnings(&self) -> &[ConfigWarning] {
        &self.warnings
    }

    /// Maximum size of a record in bytes: `max.request.size`.
    #[must_use]
    pub const fn max_request_size(&self) -> usize {
        self.max_request_size
    }

    /// The compression of a topic: the topic's entry of `compression.topics`, or else `compression.type`.
    ///
    /// ```
    /// use milena::{Compression, ProducerBuilder};
    ///
    /// let config = ProducerBuilder::default()
    ///     .bootstrap_servers("localhost:9092")
    ///     .property("compression.type", "lz4")?
    ///     .property("compression.topics", "orders=zstd:7")?
    ///     .validate()?;
    /// assert_eq!(config.compression_of("orders"), Compression::Zstd { level: 7 });
    /// assert_eq!(config.compression_of("logs"), Compression::Lz4);
    /// # Ok::<(), milena::ConfigError>(())
    /// ```
    #[must_use]
    pub fn compression_of(&self, topic: &str) -> Compression {
        self.topic_compression.get(topic).copied().unwrap_or(self.compression)
    }

    fn listed_compression(&self) -> Vec<(&'static str, String)> {
        let mut properties = vec![("compression.type", self.compression.name().to_owned())];
        let level = level_property(self.compression.codec()).zip(self.compression.level());
        properties.extend(level.map(|(name, level)| (name, level.to_string())));
        let entries =
            self.topic_compression.iter().map(|(topic, compression)| format!("{topic}={compression}"));
        let entries = entries.collect::<Vec<_>>().join(",");
        properties.extend((!entries.is_empty()).then_some(("compression.topics", entries)));
        properties
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PROPERTIES, ProducerBuilder};

    fn again(config: &ProducerConfig) -> ProducerConfig {
        let builder = ProducerBuilder::default();
        let set =
            |builder: ProducerBuilder, (name, value): (&str, String)| builder.property(name, &value).unwrap();
        config.properties().into_iter().fold(builder, set).validate().unwrap()
    }

    #[test]
    fn effective_properties_make_an_equal_configuration() {
        let plain = ProducerBuilder::default().bootstrap_servers("a:1,b:2");
        let mut config = plain.clone().validate().unwrap();
        assert_eq!(again(&config).properties(), config.properties());
        for (name, value) in [
            ("acks", "1"),
            ("linger.ms", "0.5"),
            ("seed", "7"),
            ("flush.messages", "3"),
            ("partitioner", "sarama-crc"),
            ("driver", "thread"),
            ("max.block.ms", "9223372036854775807"),
            ("metadata.recovery.strategy", "none"),
            ("connections.max.idle.ms", "-1"),
            ("connections.max.idle.ms", "1000"),
            ("send.buffer.bytes", "4096"),
            ("Net.KeepAlive", "-1s"),
            ("compression.type", "lz4"),
            ("compression.type", "zstd"),
            ("compression", "gzip"),
            ("compression", "zstd:-7"),
            ("compression.topics", "a=gzip, b=zstd:9, c=lz4, d=none"),
        ] {
            config = plain.clone().property(name, value).unwrap().validate().unwrap();
            let again = again(&config);
            assert_eq!(again.properties(), config.properties(), "{name}");
            assert_eq!(
                (again.compression, again.topic_compression, again.unused),
                (config.compression, config.topic_compression, config.unused),
                "{name}"
            );
        }
    }

    const TWINS: [&str; 6] = [
        "queue.buffering.max.kbytes",
        "message.timeout.ms",
        "topic.metadata.refresh.interval.ms",
        "Metadata.RefreshFrequency",
        "compression",
        "compression.level",
    ];

    #[test]
    fn every_supported_property_is_listed() {
        let builder = ProducerBuilder::default().bootstrap_servers("a:1").flush_messages(1).seed(1);
        let builder = builder.topic_compression("t", Compression::Lz4);
        let with = |compression| builder.clone().compression(compression).validate().unwrap().properties();
        // A codec's level is listed with the codec.
        let listed = [Compression::gzip(), Compression::zstd()].map(with).concat();
        for row in PROPERTIES.iter().filter(|row| row.is_supported()) {
            // Properties of security are listed where they take effect.
            let security =
                ["ssl.", "sasl.", "https.", "Net.", "danger."].iter().any(|family| row.name.contains(family));
            // The same setting is listed by another name.
            let twin = TWINS.contains(&row.name);
            assert!(twin || security || listed.iter().any(|(name, _)| *name == row.name), "{}", row.name);
        }
    }
}
