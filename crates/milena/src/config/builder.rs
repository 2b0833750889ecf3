//! [`ProducerBuilder`]: the settings before they are checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use milena_connection::Servers;
use milena_connection::sasl::Sasl;
use milena_connection::tls::Tls;
use milena_connection::transport::Connector;
use milena_partitioner::Partitioner;

use super::compression::{Compression, CompressionSettings};
use super::options::{Acks, Driver, MetadataRecovery, ProducerConfig};
use super::security::Security;

/// Collects the settings of a producer. Everything but the bootstrap servers has a default, and the defaults are safe:
/// `acks=all`, idempotence, retries until the delivery timeout.
///
/// ```
/// use std::time::Duration;
/// use milena::{Acks, ProducerBuilder};
///
/// let config = ProducerBuilder::default()
///     .bootstrap_servers("kafka-1:9092,kafka-2:9092")
///     .acks(Acks::All)
///     .linger(Duration::from_millis(20))
///     .validate()?;
/// # Ok::<(), milena::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ProducerBuilder {
    /// Holds what was set; where a field below is none, what it has there is decided by `validate`.
    pub(super) draft: ProducerConfig,
    connector: Option<Arc<dyn Connector>>,
    pub(super) security: Security,
    pub(super) compression: CompressionSettings,
    pub(super) idempotence: Option<bool>,
    pub(super) delivery_timeout: Option<Duration>,
    pub(super) retry_backoff_max: Option<Duration>,
    pub(super) reconnect_backoff_max: Option<Duration>,
    pub(super) write_timeout: Option<Duration>,
    pub(super) socket_setup_timeout_max: Option<Duration>,
    pub(super) close_timeout: Option<Duration>,
    pub(super) max_request_size: Option<usize>,
}

/// `delivery.timeout.ms` unless it is set.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(2 * 60);
/// `max.request.size` unless it is set.
const MAX_REQUEST_SIZE: usize = 1_048_576;
/// `connections.max.idle.ms` unless it is set. Load balancers of clouds forget a connection after 4 minutes without a
/// word, some without a reset, and Java's 9 minutes are beyond that.
const CONNECTIONS_MAX_IDLE: Duration = Duration::from_secs(3 * 60 + 45);

impl Default for ProducerBuilder {
    fn default() -> Self {
        let draft = ProducerConfig {
            bootstrap_servers: Servers::default(),
            client_id: "milena".into(),
            acks: Acks::All,
            idempotence: true,
            linger: Duration::from_millis(5),
            batch_size: 16_384,
            buffer_memory: 32 << 20,
            max_request_size: MAX_REQUEST_SIZE,
            request_bytes_max: 8 << 20,
            max_in_flight: 5,
            delivery_timeout: DELIVERY_TIMEOUT,
            request_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            max_block: Duration::from_secs(60),
            retries: u32::MAX >> 1,
            retry_backoff: Duration::from_millis(100),
            retry_backoff_max: Duration::from_secs(1),
            reconnect_backoff: Duration::from_millis(50),
            reconnect_backoff_max: Duration::from_secs(1),
            flush_messages: None,
            partitioner: Partitioner::Java,
            adaptive_partitioning: true,
            partitioner_availability_timeout: Duration::ZERO,
            compression: Compression::None,
            topic_compression: BTreeMap::new(),
            metadata_max_age: Duration::from_secs(5 * 60),
            metadata_max_idle: Duration::from_secs(5 * 60),
            metadata_recovery: MetadataRecovery::Rebootstrap,
            rebootstrap_trigger: Duration::from_secs(5 * 60),
            connect_timeout: Duration::from_secs(14),
            socket_setup_timeout: Duration::from_secs(10),
            socket_setup_timeout_max: Duration::from_secs(30),
            connections_max_idle: Some(CONNECTIONS_MAX_IDLE),
            send_buffer: None,
            receive_buffer: None,
            socket_keepalive: true,
            receive_message_max: 100_000_000,
            close_timeout: DELIVERY_TIMEOUT,
            allow_auto_topic_creation: true,
            seed: None,
            driver: Driver::Task,
            tls: None,
            sasl: None,
            told: Vec::new(),
            unused: Vec::new(),
        };
        Self {
            draft,
            connector: None,
            security: Security::default(),
            compression: CompressionSettings::default(),
            idempotence: None,
            delivery_timeout: None,
            retry_backoff_max: None,
            reconnect_backoff_max: None,
            write_timeout: None,
            socket_setup_timeout_max: None,
            close_timeout: None,
            max_request_size: None,
        }
    }
}

/// Declares setters that only store what they are given.
macro_rules! setters {
    ($($(#[$meta:meta])* $name:ident: $type:ty $(=> $own:ident)?;)*) => {
        impl ProducerBuilder {
            $($(#[$meta])*
            pub fn $name(mut self, $name: $type) -> Self {
                setters!(@store self, $name $(, $own)?);
                self
            })*
        }
    };
    (@store $self:ident, $name:ident) => { $self.draft.$name = $name };
    (@store $self:ident, $name:ident, explicit) => { $self.$name = Some($name) };
}

impl ProducerBuilder {
    /// `bootstrap.servers`: where the first questions go, `host:port` between commas. The only setting without a
    /// default. One broker that answers is enough: it names the others.
    pub fn bootstrap_servers(mut self, servers: impl Into<String>) -> Self {
        self.draft.bootstrap_servers = servers.into().into();
        self
    }

    /// `client.id`: the name in brokers' logs, quotas and metrics. `milena` unless set.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.draft.client_id = client_id.into().into();
        self
    }

    /// sarama's `Flush.Messages`: how many waiting records, over all partitions that one broker leads, are worth a
    /// request before the linger is over. Only bytes count unless set.
    pub fn flush_messages(mut self, records: impl Into<Option<u32>>) -> Self {
        self.draft.flush_messages = records.into();
        self
    }

    /// `connections.max.idle.ms`: after which time without a word a connection is closed; none keeps it. 225 s unless
    /// set, which is before load balancers of clouds forget it and before Kafka's brokers close it.
    pub fn connections_max_idle(mut self, idle: impl Into<Option<Duration>>) -> Self {
        self.draft.connections_max_idle = idle.into();
        self
    }

    /// `send.buffer.bytes`: what the operating system keeps of what is sent, for each connection. Unless set, it sizes
    /// its buffers itself, by what the way to the broker can hold; a number would take that from it.
    pub fn send_buffer(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.draft.send_buffer = bytes.into();
        self
    }

    /// `receive.buffer.bytes`: the same for what comes in.
    pub fn receive_buffer(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.draft.receive_buffer = bytes.into();
        self
    }

    /// `compression.type` and the codec's level: how batches are compressed. [`Compression::None`] unless set.
    ///
    /// The last codec that was set applies, by this method or by a property. The level that is given here goes before
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
        self.compression.choose(compression);
        self
    }

    /// `compression.topics`: how batches of one topic are compressed, instead of [`Self::compression`]. May be called for
    /// several topics; the last call for a topic wins. The property replaces what was set for all topics before it.
    pub fn topic_compression(mut self, topic: impl Into<String>, compression: Compression) -> Self {
        self.compression.choose_for(topic.into(), compression);
        self
    }

    /// How connections are opened: through a proxy, or in memory for tests. Plain TCP unless set.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Speaks TLS with the brokers, whatever properties say of it. Plaintext unless set.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.draft.tls = Some(tls);
        self
    }

    /// Says who we are, whatever properties say of it. Nothing is said unless set.
    pub fn sasl(mut self, sasl: Sasl) -> Self {
        self.draft.sasl = Some(sasl);
        self
    }

    /// Takes the connector, if one was set.
    pub(crate) fn take_connector(&mut self) -> Option<Arc<dyn Connector>> {
        self.connector.take()
    }

    /// Where the dice of jitter and of random partitions start: the same seed, the same throws. Drawn anew for each
    /// producer unless set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.draft.seed = Some(seed);
        self
    }
}

setters! {
    /// `acks`: whose word makes a record delivered. [`Acks::All`] unless set; anything less turns idempotence off,
    /// unless [`Self::idempotence`] asked for it, which is an error.
    acks: Acks;
    /// `enable.idempotence`: whether brokers drop the copies that retries make, and keep the order. On unless set, or
    /// unless `acks` or `retries` exclude it.
    idempotence: bool => explicit;
    /// `linger.ms`: how long a batch waits for more records. 5 ms unless set. An awaited `send` does not sit it out.
    linger: Duration;
    /// `batch.size`: how many bytes of a partition are worth a request before the linger is over. 16 384 unless set. A
    /// batch whose request cannot leave yet goes on growing. 0 is taken as 1: every record is worth a request.
    batch_size: usize;
    /// `buffer.memory`: what all records together may hold that are accepted and not settled. 32 MiB unless set. Codecs take
    /// up to half of it once a topic is compressed: at their default levels zstd about 9 MiB for each of its threads, the
    /// others 1.4 MiB.
    buffer_memory: usize;
    /// `max.request.size`: the most bytes of one record. 1 MiB unless set, or `buffer.memory` if that is less.
    max_request_size: usize => explicit;
    /// The most bytes of one request, over all its partitions; one larger batch goes alone. 8 MiB unless set.
    request_bytes_max: usize;
    /// `max.in.flight.requests.per.connection`: requests without an answer, per broker. 5 unless set, which is the
    /// most with idempotence.
    max_in_flight: usize;
    /// `delivery.timeout.ms`: by when a record that was accepted is delivered or reported. 120 s unless set, or the
    /// linger and the request timeout together if that is more.
    delivery_timeout: Duration => explicit;
    /// `request.timeout.ms`: how long a request waits for its answer, and a broker for its replicas. 30 s unless set.
    request_timeout: Duration;
    /// How long the writing of a request may stand still, sarama's `Net.WriteTimeout`. The request timeout unless set.
    write_timeout: Duration => explicit;
    /// `max.block.ms`: how long `enqueue` and `send` wait for the topic and for room together. 60 s unless set.
    max_block: Duration;
    /// `retries`: how often a record may be tried again. Without end unless set: the delivery timeout is the bound.
    retries: u32;
    /// `retry.backoff.ms`: the wait before the first retry; it doubles with each. 100 ms unless set.
    retry_backoff: Duration;
    /// `retry.backoff.max.ms`: the most it grows to. 1 s unless set, or the first wait if that is more.
    retry_backoff_max: Duration => explicit;
    /// `reconnect.backoff.ms`: the wait before a broker is dialled again; it doubles with each. 50 ms unless set.
    reconnect_backoff: Duration;
    /// `reconnect.backoff.max.ms`: the most it grows to. 1 s unless set, or the first wait if that is more.
    reconnect_backoff_max: Duration => explicit;
    /// `partitioner`: where a record goes that names no partition. As in Java unless set.
    partitioner: Partitioner;
    /// `partitioner.adaptive.partitioning.enable`: whether records without a key go less often to partitions for which more
    /// waits, by bytes and age (KIP-794). On unless set. Without it each partition gets the same. Records with a key are not
    /// concerned, nor is a partitioner that draws or takes turns by the record.
    adaptive_partitioning: bool;
    /// `partitioner.availability.timeout.ms`: after which time without an acknowledgement a partition that has something to send
    /// is passed over by records without a key, while another is available. Zero, which is off, unless set.
    partitioner_availability_timeout: Duration;
    /// `metadata.max.age.ms`: after which time brokers and leaders are asked for even if nothing failed. 5 minutes
    /// unless set.
    metadata_max_age: Duration;
    /// `metadata.max.idle.ms`: after which time without a record a topic is forgotten (KIP-526): it is not asked about any more,
    /// and takes no memory. 5 minutes unless set, and the delivery timeout at least. It is noticed after twice that time at the
    /// latest.
    ///
    /// The next record looks the topic up like the first one, which takes a round trip to a broker. A [`Topic`](crate::Topic)
    /// that is held keeps its topic known: it is not asked about while it is idle, and its next record goes without a look-up.
    metadata_max_idle: Duration;
    /// How long building a producer may take, all brokers tried together. 14 s unless set, so that a
    /// program that waits for it has ended after 15.
    connect_timeout: Duration;
    /// `metadata.recovery.strategy`: what to do when no broker that is known answers any more. The bootstrap servers
    /// are asked again unless set.
    metadata_recovery: MetadataRecovery;
    /// `metadata.recovery.rebootstrap.trigger.ms`: after which time without an answer about the cluster the bootstrap
    /// servers are asked again. 5 minutes unless set.
    rebootstrap_trigger: Duration;
    /// `socket.connection.setup.timeout.ms`: how long the first attempt to reach a broker may take. 10 s unless set.
    socket_setup_timeout: Duration;
    /// `socket.connection.setup.timeout.max.ms`: the most that this grows to with each attempt that fails. 30 s unless
    /// set, or the first time if that is more.
    socket_setup_timeout_max: Duration => explicit;
    /// `socket.keepalive.enable`: whether the operating system probes connections that are silent. On unless set.
    socket_keepalive: bool;
    /// `receive.message.max.bytes`: the most bytes of one answer; a broker that announces more is hung up on. 100 MB
    /// unless set.
    receive_message_max: usize;
    /// How long `close` waits for what was accepted; what is left then fails. The delivery timeout unless set, but at
    /// most 2 minutes.
    close_timeout: Duration => explicit;
    /// `allow.auto.create.topics`: whether asking for a topic may create it. On unless set, as with Java's producer; a
    /// broker decides with `auto.create.topics.enable`.
    allow_auto_topic_creation: bool;
    /// The runtime of the input and output. [`Driver::Task`] unless set.
    driver: Driver;
}
