//! The settings in force, told by name: for logs, and for reports that say what was measured.

use milena_connection::may_be_secret;

use super::compression::{Compression, level_property};
use super::options::ProducerConfig;
use super::security::HIDDEN;
use super::validate::millis;

impl ProducerConfig {
    /// Every setting that has a value, by Java's name or ours where Java has none. Setting all of them again makes an
    /// equal configuration, but for secrets and texts that look like one, which stand here as `[hidden]`, and for what was given by type,
    /// [`ProducerBuilder::tls`](super::ProducerBuilder::tls) and the like.
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
        let mut properties = self.records_and_requests();
        properties.extend(self.compressions());
        properties.extend(self.waits());
        properties.extend(self.connections());
        properties.extend(self.told.iter().cloned());
        properties.extend(self.flush_messages.map(|records| ("flush.messages", records.to_string())));
        properties.extend(self.seed.map(|seed| ("seed", seed.to_string())));
        properties
    }

    /// What was set by name and has no effect beside what else was set: credentials where `security.protocol` is
    /// `PLAINTEXT`, the level of a codec that compresses nothing, any level of lz4. As in Java that is no error.
    #[must_use]
    pub fn without_effect(&self) -> &[&'static str] {
        &self.unused
    }

    /// The most bytes of one record: `max.request.size`.
    #[must_use]
    pub const fn max_request_size(&self) -> usize {
        self.max_request_size
    }

    /// How batches of a topic are compressed: the topic's entry of `compression.topics`, or else `compression.type`.
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

    fn compressions(&self) -> Vec<(&'static str, String)> {
        let mut properties = vec![("compression.type", self.compression.name().to_owned())];
        let level = level_property(self.compression.codec()).zip(self.compression.level());
        properties.extend(level.map(|(name, level)| (name, level.to_string())));
        let entries =
            self.topic_compression.iter().map(|(topic, compression)| format!("{topic}={compression}"));
        let entries = entries.collect::<Vec<_>>().join(",");
        properties.extend((!entries.is_empty()).then_some(("compression.topics", entries)));
        properties
    }

    fn records_and_requests(&self) -> Vec<(&'static str, String)> {
        vec![
            ("bootstrap.servers", self.bootstrap_servers.shown().to_owned()),
            ("client.id", shown(&self.client_id)),
            ("acks", self.acks.name().to_owned()),
            ("enable.idempotence", self.idempotence.to_string()),
            ("batch.size", self.batch_size.to_string()),
            ("buffer.memory", self.buffer_memory.to_string()),
            ("max.request.size", self.max_request_size.to_string()),
            ("request.bytes.max", self.request_bytes_max.to_string()),
            ("max.in.flight.requests.per.connection", self.max_in_flight.to_string()),
            ("retries", self.retries.to_string()),
            ("partitioner", self.partitioner.name().to_owned()),
            ("partitioner.adaptive.partitioning.enable", self.adaptive_partitioning.to_string()),
            ("allow.auto.create.topics", self.allow_auto_topic_creation.to_string()),
            ("driver", self.driver.name().to_owned()),
        ]
    }

    fn connections(&self) -> Vec<(&'static str, String)> {
        let bytes = |size: Option<usize>| size.map_or_else(|| "-1".to_owned(), |size| size.to_string());
        vec![
            ("metadata.recovery.strategy", self.metadata_recovery.name().to_owned()),
            ("metadata.recovery.rebootstrap.trigger.ms", millis(self.rebootstrap_trigger)),
            ("connections.max.idle.ms", self.connections_max_idle.map_or_else(|| "-1".to_owned(), millis)),
            ("send.buffer.bytes", bytes(self.send_buffer)),
            ("receive.buffer.bytes", bytes(self.receive_buffer)),
            ("socket.keepalive.enable", self.socket_keepalive.to_string()),
            ("receive.message.max.bytes", self.receive_message_max.to_string()),
        ]
    }

    fn waits(&self) -> Vec<(&'static str, String)> {
        vec![
            ("linger.ms", millis(self.linger)),
            ("delivery.timeout.ms", millis(self.delivery_timeout)),
            ("request.timeout.ms", millis(self.request_timeout)),
            ("write.timeout.ms", millis(self.write_timeout)),
            ("max.block.ms", millis(self.max_block)),
            ("retry.backoff.ms", millis(self.retry_backoff)),
            ("retry.backoff.max.ms", millis(self.retry_backoff_max)),
            ("reconnect.backoff.ms", millis(self.reconnect_backoff)),
            ("reconnect.backoff.max.ms", millis(self.reconnect_backoff_max)),
            ("partitioner.availability.timeout.ms", millis(self.partitioner_availability_timeout)),
            ("metadata.max.age.ms", millis(self.metadata_max_age)),
            ("metadata.max.idle.ms", millis(self.metadata_max_idle)),
            ("connect.timeout.ms", millis(self.connect_timeout)),
            ("socket.connection.setup.timeout.ms", millis(self.socket_setup_timeout)),
            ("socket.connection.setup.timeout.max.ms", millis(self.socket_setup_timeout_max)),
            ("close.timeout.ms", millis(self.close_timeout)),
        ]
    }
}

/// A text that may be a secret is shown as a secret is.
fn shown(text: &str) -> String {
    if may_be_secret(text) { HIDDEN.to_owned() } else { text.to_owned() }
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
    fn what_is_told_makes_an_equal_configuration() {
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

    #[test]
    fn nothing_that_can_be_set_is_left_out() {
        let builder = ProducerBuilder::default().bootstrap_servers("a:1").flush_messages(1).seed(1);
        let builder = builder.topic_compression("t", Compression::Lz4);
        let with = |compression| builder.clone().compression(compression).validate().unwrap().properties();
        // A codec's level is there when the codec is.
        let told = [Compression::gzip(), Compression::zstd()].map(with).concat();
        for row in PROPERTIES.iter().filter(|row| row.is_supported()) {
            // The same setting in another unit.
            // What there is of security is told where it is in force.
            let security =
                ["ssl.", "sasl.", "https.", "Net.", "danger."].iter().any(|family| row.name.contains(family));
            let twins = ["queue.buffering.max.kbytes", "compression", "compression.level"];
            let twin = twins.contains(&row.name);
            assert!(twin || security || told.iter().any(|(name, _)| *name == row.name), "{}", row.name);
        }
    }
}
