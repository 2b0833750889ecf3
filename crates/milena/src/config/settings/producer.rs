//! The rows of the producer's settings.

use std::collections::BTreeMap;
use std::time::Duration;

use milena_connection::sasl::Sasl;
use milena_connection::tls::Tls;
use milena_connection::{Servers, Text};
use milena_partitioner::Partitioner;

use super::kind::{
    ACKS, BUFFER, BYTES, COUNT, DRIVER, NUMBER, PARTITIONER, RECOVERY, RETRIES, SEED, SERVERS, SWITCH, TEXT,
    TIME, TIME_OR_NEVER, describe,
};
use super::security::Security;
use super::{Effect, Property, Setter};
use crate::config::ProducerBuilder;
use crate::config::compression::{Compression, CompressionSettings};
use crate::config::options::{Acks, Driver, MetadataRecovery};
use crate::config::warning::ConfigWarning;
use crate::error::ConfigError;

/// Requests in flight without idempotence; the bound of the requests that a connection remembers.
const IN_FLIGHT_MAX: usize = 1_000;
/// Milliseconds are an i32 on the wire.
const REQUEST_TIMEOUT_MAX: Duration = Duration::from_millis(i32::MAX.unsigned_abs() as u64);
/// Lengths are an i32 on the wire; half of it leaves room for the bytes around a record.
const BYTES_MAX: usize = 1 << 30;
/// Lengths of responses and sizes of socket buffers are an i32.
const I32_MAX: usize = i32::MAX.unsigned_abs() as usize;
/// The smallest `receive.message.max.bytes`, as in librdkafka: an ApiVersions response has to fit.
const RECEIVE_BYTES_MIN: usize = 1_000;
const MILLISECOND: Duration = Duration::from_millis(1);

/// Declares the settings of the producer. Each entry is
///
/// ```text
/// /// More documentation of the builder's setter.
/// field: Type | setter's argument, "name" ["other name", …],
///     KIND = "default" in least..=most, "meaning";
/// ```
///
/// and makes a row of the table, a field `Option<Type>` of [`Settings`], a field `Type` of [`ProducerConfig`], and a setter
/// of [`ProducerBuilder`]. The argument is left out where it is the type.
macro_rules! settings {
    ($($(#[$doc:meta])* $field:ident: $type:ty $(| $argument:ty)?, $name:literal [$($also:literal),*],
        $kind:ident $(= $default:literal)? $(in $range:expr)?, $meaning:literal;)*) => {
        /// The settings as they were set; none stands for the default.
        #[derive(Clone, Debug, Default)]
        pub(in crate::config) struct Settings {
            $(pub(in crate::config) $field: Option<$type>,)*
            pub(in crate::config) compression: CompressionSettings,
            pub(in crate::config) security: Security,
            /// TLS by type, which replaces the properties of TLS.
            pub(in crate::config) tls: Option<Tls>,
            /// SASL by type, which replaces the properties of SASL.
            pub(in crate::config) sasl: Option<Sasl>,
        }

        /// An effective configuration: valid as a whole. Made by
        /// [`ProducerBuilder::validate`](crate::ProducerBuilder::validate), whose setters document the settings.
        #[derive(Clone, Debug)]
        pub struct ProducerConfig {
            $(#[doc = concat!("`", $name, "`")] pub(crate) $field: $type,)*
            /// Of topics without an entry in `topic_compression`. This build has the codec, and the codec has the level.
            pub(crate) compression: Compression,
            /// By topic; the same holds for each.
            pub(crate) topic_compression: BTreeMap<String, Compression>,
            /// None on a plaintext listener.
            pub(crate) tls: Option<Tls>,
            /// None on a listener without authentication.
            pub(crate) sasl: Option<Sasl>,
            /// Effective properties of security, by name; secrets are hidden.
            pub(in crate::config) security: Vec<(&'static str, String)>,
            /// Properties that were set and have no effect beside the other settings.
            pub(in crate::config) unused: Vec<&'static str>,
            /// Valid settings without the effect that they promise.
            pub(in crate::config) warnings: Vec<ConfigWarning>,
        }

        impl Settings {
            pub(super) const ROWS: &'static [Property] = &[$({
                let store: Setter = |settings, text| {
                    let value = $kind.parse(text)?;
                    $($kind.check(&($range), &value)?;)?
                    settings.$field = Some(value);
                    Ok(())
                };
                Property::new($name, &[$($also),*], Effect::Set(store), $meaning)
                    .of_kind(&$kind)
                    .with_default(concat!($($default)?))
                    $(.with_range(|| describe(&($range))))?
            }),*];

            /// Fills in the defaults, and checks each value against its range.
            pub(in crate::config) fn resolve(&self) -> Result<ProducerConfig, ConfigError> {
                Ok(ProducerConfig {
                    $($field: {
                        let default = None $(.or(Some($default)))?;
                        let value = $kind.resolve($name, self.$field.as_ref(), default)?;
                        $(let value = $kind.within($name, &($range), value)?;)?
                        value
                    },)*
                    compression: Compression::None,
                    topic_compression: BTreeMap::new(),
                    tls: None,
                    sasl: None,
                    security: Vec::new(),
                    unused: Vec::new(),
                    warnings: Vec::new(),
                })
            }
        }

        impl ProducerConfig {
            /// The effective values of the rows, by name.
            pub(in crate::config) fn listed(&self) -> Vec<(&'static str, String)> {
                let all = [$(($name, ($kind.show)(&self.$field))),*];
                all.into_iter().filter_map(|(name, shown)| Some((name, shown?))).collect()
            }
        }

        /// Setters of single settings, each with its property and default.
        impl ProducerBuilder {$(
            #[doc = concat!("`", $name, "`: ", $meaning, "." $(, " Default: `", $default, "`.")?)]
            $(#[$doc])*
            pub fn $field(mut self, $field: argument!($type $(, $argument)?)) -> Self {
                self.settings.$field = Some(Into::<$type>::into($field));
                self.origins.forget($name);
                self
            }
        )*}
    };
}

/// The type of a setter's argument.
macro_rules! argument {
    ($type:ty) => {
        $type
    };
    ($type:ty, $argument:ty) => {
        $argument
    };
}

settings! {
    ///
    /// The only setting without a default.
    bootstrap_servers: Servers | impl Into<String>, "bootstrap.servers" ["metadata.broker.list", "Addrs"],
        SERVERS, "initial brokers, `host:port` between commas; one reachable broker is enough";
    client_id: Text | impl Into<String>, "client.id" ["ClientID"],
        TEXT = "milena", "name in brokers' logs, quotas and metrics, at most 249 bytes";
    ///
    /// Anything but [`Acks::All`] turns idempotence off; together with [`Self::idempotence`] it is an error.
    acks: Acks, "acks" ["request.required.acks", "Producer.RequiredAcks"],
        ACKS = "all", "acknowledgements that make a record delivered: `all` replicas in sync, `1` the leader, `0` none";
    ///
    /// Off without a call if `acks` or `retries` exclude it.
    idempotence: bool, "enable.idempotence" ["Producer.Idempotent"],
        SWITCH = "true", "brokers drop the duplicates that retries make, and keep the order";
    ///
    /// An awaited `send` does not wait for it.
    ///
    /// ```
    /// use std::time::Duration;
    /// let builder = milena::Producer::builder().linger(Duration::from_millis(20));
    /// ```
    linger: Duration, "linger.ms" ["queue.buffering.max.ms", "Producer.Flush.Frequency"],
        TIME = "5", "time that a batch waits for more records";
    ///
    /// A batch grows beyond it while its request cannot leave. 0 counts as 1: every record is worth a request.
    batch_size: usize, "batch.size" ["Producer.Flush.Bytes"],
        BYTES = "16384" in 0..=BYTES_MAX, "bytes of a partition that are sent before the linger is over";
    flush_messages: Option<u32> | impl Into<Option<u32>>, "flush.messages" ["Producer.Flush.Messages"],
        COUNT = "0" in 1..=u32::MAX,
        "number of waiting records, over all partitions of a broker, that are sent before the linger is over; 0 counts bytes \
         alone";
    ///
    /// `buffer.memory` if that is set and less, with a warning.
    max_request_size: usize, "max.request.size" ["message.max.bytes", "Producer.MaxMessageBytes"],
        BYTES = "1048576" in 1..=BYTES_MAX, "maximum size of a record";
    ///
    /// One larger batch is sent alone.
    request_bytes_max: usize, "request.bytes.max" ["MaxRequestSize"],
        BYTES = "8388608" in 1..=BYTES_MAX, "maximum size of a request, over all its partitions";
    ///
    /// `max.request.size` if that is more, unless set.
    ///
    /// Codecs take up to half of it once a topic is compressed: at their default levels zstd about 9 MiB for each of its
    /// threads, the others 1.4 MiB.
    buffer_memory: usize, "buffer.memory" [],
        BYTES = "33554432" in 1..=usize::MAX, "memory of all records that are accepted and not completed";
    ///
    /// The wait covers the topic's metadata and room in the buffer, for `enqueue` and `send`.
    max_block: Duration, "max.block.ms" [],
        TIME = "60000", "time that a record waits for the topic and for room in the buffer together";
    ///
    /// The linger and the request timeout together if that is more, unless set.
    delivery_timeout: Duration, "delivery.timeout.ms" [],
        TIME = "120000", "time within which an accepted record is delivered or fails";
    request_timeout: Duration, "request.timeout.ms" ["socket.timeout.ms", "Net.ReadTimeout", "Producer.Timeout"],
        TIME = "30000" in MILLISECOND..=REQUEST_TIMEOUT_MAX,
        "time that a request waits for its response, and a broker for its replicas";
    write_timeout: Duration, "write.timeout.ms" ["Net.WriteTimeout"],
        TIME = "30000" in MILLISECOND..=Duration::MAX,
        "time without progress after which the writing of a request fails; request.timeout.ms unless set";
    max_in_flight: usize, "max.in.flight.requests.per.connection" ["max.in.flight", "Net.MaxOpenRequests"],
        NUMBER = "5" in 1..=IN_FLIGHT_MAX, "requests without a response, per broker; at most 5 with idempotence";
    ///
    /// The delivery timeout bounds retries too.
    retries: u32, "retries" ["message.send.max.retries", "Producer.Retry.Max"],
        RETRIES = "2147483647", "maximum number of retries of a record";
    retry_backoff: Duration, "retry.backoff.ms" ["Producer.Retry.Backoff"],
        TIME = "100", "backoff before the first retry; it doubles with each further one";
    ///
    /// `retry.backoff.ms` if that is more, unless set.
    retry_backoff_max: Duration, "retry.backoff.max.ms" [],
        TIME = "1000", "maximum of retry.backoff.ms";
    reconnect_backoff: Duration, "reconnect.backoff.ms" [],
        TIME = "50", "backoff before the next attempt to connect to a broker; it doubles with each further one";
    ///
    /// `reconnect.backoff.ms` if that is more, unless set.
    reconnect_backoff_max: Duration, "reconnect.backoff.max.ms" [],
        TIME = "1000", "maximum of reconnect.backoff.ms";
    ///
    /// ```
    /// use milena::Partitioner;
    /// let builder = milena::Producer::builder().partitioner(Partitioner::SaramaHash);
    /// ```
    partitioner: Partitioner, "partitioner" ["partitioner.class", "Producer.Partitioner"],
        PARTITIONER = "default", "partitioner of records without a partition";
    ///
    /// Adaptive partitioning weighs partitions by waiting bytes and age. Records with a key are not concerned, nor are
    /// the partitioners `random` and `round-robin`.
    adaptive_partitioning: bool, "partitioner.adaptive.partitioning.enable" [],
        SWITCH = "true", "records without a key go less often to partitions with more waiting records (KIP-794)";
    partitioner_availability_timeout: Duration, "partitioner.availability.timeout.ms" [],
        TIME = "0",
        "time without an acknowledgement after which records without a key avoid a partition; 0 turns it off";
    ///
    /// Brokers offer that only with a receiver of metrics, and decide by a subscription which ones they take, and how often. A
    /// cluster without one gets no request. The names are those of [`ProducerMetrics::java`](crate::ProducerMetrics::java).
    metrics_push: bool, "enable.metrics.push" [],
        SWITCH = "true", "metrics are pushed to brokers that subscribe to them (KIP-714)";
    metadata_max_age: Duration, "metadata.max.age.ms" [],
        TIME = "300000" in MILLISECOND..=Duration::MAX, "time after which metadata is requested again without an error";
    ///
    /// At least the delivery timeout. An idle topic is noticed within twice that time; it takes no memory and is in no
    /// metadata request.
    ///
    /// The next record looks the topic up like the first one, which takes a round trip to a broker. A [`Topic`](crate::Topic)
    /// that is held keeps its topic known: no metadata of an idle one is requested, and its next record needs no look-up.
    metadata_max_idle: Duration, "metadata.max.idle.ms" [],
        TIME = "300000" in MILLISECOND..=Duration::MAX,
        "time without a record after which a topic is forgotten (KIP-526); the next record looks it up again";
    ///
    /// The default ends a program that waits for the producer within 15 s.
    connect_timeout: Duration, "connect.timeout.ms" [],
        TIME = "14000" in MILLISECOND..=Duration::MAX, "time within which a producer is built, over all brokers";
    socket_setup_timeout: Duration, "socket.connection.setup.timeout.ms" ["Net.DialTimeout"],
        TIME = "10000" in MILLISECOND..=Duration::MAX, "timeout of the first attempt to connect to a broker";
    ///
    /// `socket.connection.setup.timeout.ms` if that is more, unless set.
    socket_setup_timeout_max: Duration, "socket.connection.setup.timeout.max.ms" [],
        TIME = "30000", "maximum of socket.connection.setup.timeout.ms, which grows with each failed attempt";
    metadata_recovery: MetadataRecovery, "metadata.recovery.strategy" [],
        RECOVERY = "rebootstrap",
        "action when no known broker responds: `rebootstrap` from bootstrap.servers, or `none`, which goes on with the known \
         brokers (KIP-899)";
    rebootstrap_trigger: Duration, "metadata.recovery.rebootstrap.trigger.ms" [],
        TIME = "300000" in MILLISECOND..=Duration::MAX,
        "time without metadata after which the producer rebootstraps from bootstrap.servers (KIP-1102)";
    ///
    /// None keeps idle connections. The default is less than the time after which load balancers of clouds forget a
    /// connection (4 minutes), and Kafka's brokers close one (10 minutes).
    connections_max_idle: Option<Duration> | impl Into<Option<Duration>>, "connections.max.idle.ms" [],
        TIME_OR_NEVER = "225000" in MILLISECOND..=Duration::MAX,
        "idle time after which a connection is closed; -1 keeps it open";
    ///
    /// A fixed size keeps the operating system from adapting the buffer to the connection.
    send_buffer: Option<usize> | impl Into<Option<usize>>, "send.buffer.bytes" ["socket.send.buffer.bytes"],
        BUFFER = "-1" in 1..=I32_MAX, "send buffer of a socket; -1 leaves the size to the operating system";
    receive_buffer: Option<usize> | impl Into<Option<usize>>, "receive.buffer.bytes" ["socket.receive.buffer.bytes"],
        BUFFER = "-1" in 1..=I32_MAX, "receive buffer of a socket; -1 leaves the size to the operating system";
    socket_keepalive: bool, "socket.keepalive.enable" [],
        SWITCH = "true", "TCP keep-alive: the operating system probes idle connections";
    receive_message_max: usize, "receive.message.max.bytes" ["MaxResponseSize"],
        BYTES = "100000000" in RECEIVE_BYTES_MIN..=I32_MAX,
        "maximum size of a response; a larger one ends the connection";
    ///
    /// Records that are left then fail.
    close_timeout: Duration, "close.timeout.ms" [],
        TIME = "120000",
        "time that `close` waits for accepted records; delivery.timeout.ms unless set, and at most the default";
    ///
    /// Of [`Producer::status`](crate::Producer::status); it has no effect on records.
    ready_unsettled_max: Duration, "ready.unsettled.max.ms" [],
        TIME = "60000" in MILLISECOND..=Duration::MAX,
        "age of an accepted record without an outcome from which on the status of the producer is not ready";
    ///
    /// A broker decides with `auto.create.topics.enable`.
    allow_auto_topic_creation: bool, "allow.auto.create.topics" ["Metadata.AllowAutoTopicCreation"],
        SWITCH = "true", "metadata requests may create a topic";
    driver: Driver, "driver" [],
        DRIVER = "task", "execution of input and output: a `task` on the caller's runtime, or a `thread` of its own";
    ///
    /// Equal seeds give equal random numbers.
    seed: Option<u64> | u64, "seed" [],
        SEED, "seed of jitter and of random partitions; random for each producer unless set";
}
