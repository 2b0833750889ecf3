//! What is in force: [`ProducerConfig`], and the types of the settings that have one of their own.

use std::collections::BTreeMap;
use std::time::Duration;

use milena_connection::sasl::Sasl;
use milena_connection::tls::Tls;
use milena_connection::{Servers, Text};
use milena_partitioner::Partitioner;

use super::compression::Compression;

/// Whose word makes a record delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Acks {
    /// Nobody's: a record counts as delivered once it is written to the socket, and has no offset.
    None,
    /// The leader's alone: a record is lost if the leader dies before the others have it.
    Leader,
    /// That of all replicas in sync.
    #[default]
    All,
}

impl Acks {
    /// The number on the wire.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::None => 0,
            Self::Leader => 1,
            Self::All => -1,
        }
    }

    /// The name in properties.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "0",
            Self::Leader => "1",
            Self::All => "all",
        }
    }
}

/// What runs the producer's input and output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Driver {
    /// A task on the runtime that builds the producer. It gets its turn when the tasks beside it await something.
    #[default]
    Task,
    /// A thread of its own, which tasks that compute for long cannot starve, and that needs no runtime.
    ///
    /// The thread ends with the process, as all threads do when `main` returns: a producer in a `static` is never dropped, and
    /// the records that it had accepted by then are lost without a line in the log. Await
    /// [`close`](crate::Producer::close) before `main` returns, or [`flush`](crate::Producer::flush) where the producer has to
    /// go on.
    Thread,
}

impl Driver {
    /// The name in properties.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Thread => "thread",
        }
    }
}

/// What to do when no broker that is known answers any more (KIP-899).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MetadataRecovery {
    /// Forget them, and ask the bootstrap servers again.
    #[default]
    Rebootstrap,
    /// Go on with those that are known.
    None,
}

impl MetadataRecovery {
    /// The name in properties.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rebootstrap => "rebootstrap",
            Self::None => "none",
        }
    }
}

/// Settings that are right as a whole. Made by [`ProducerBuilder::validate`](super::ProducerBuilder::validate), whose
/// setters say what each is for.
#[derive(Clone, Debug)]
pub struct ProducerConfig {
    /// Not empty; entries between commas.
    pub(crate) bootstrap_servers: Servers,
    pub(crate) client_id: Text,
    pub(crate) acks: Acks,
    /// Only with [`Acks::All`], at most 5 in flight, and retries.
    pub(crate) idempotence: bool,
    pub(crate) linger: Duration,
    /// At least 1, at most `buffer_memory`.
    pub(crate) batch_size: usize,
    /// At least `max_request_size` and `batch_size`.
    pub(crate) buffer_memory: usize,
    /// Of one record.
    pub(crate) max_request_size: usize,
    /// Of one request; one larger batch goes alone.
    pub(crate) request_bytes_max: usize,
    /// At least 1; at most 5 with idempotence.
    pub(crate) max_in_flight: usize,
    /// At least `linger + request_timeout`.
    pub(crate) delivery_timeout: Duration,
    /// Fits the i32 of milliseconds on the wire.
    pub(crate) request_timeout: Duration,
    pub(crate) write_timeout: Duration,
    pub(crate) max_block: Duration,
    pub(crate) retries: u32,
    pub(crate) retry_backoff: Duration,
    /// At least `retry_backoff`.
    pub(crate) retry_backoff_max: Duration,
    pub(crate) reconnect_backoff: Duration,
    /// At least `reconnect_backoff`.
    pub(crate) reconnect_backoff_max: Duration,
    /// At least 1.
    pub(crate) flush_messages: Option<u32>,
    pub(crate) partitioner: Partitioner,
    pub(crate) adaptive_partitioning: bool,
    /// Zero where no partition is passed over.
    pub(crate) partitioner_availability_timeout: Duration,
    /// Of topics that have no entry in `topic_compression`. Its codec is in this build, its level is one of the codec's.
    pub(crate) compression: Compression,
    /// By topic; the same holds for each.
    pub(crate) topic_compression: BTreeMap<String, Compression>,
    pub(crate) metadata_max_age: Duration,
    pub(crate) metadata_max_idle: Duration,
    pub(crate) metadata_recovery: MetadataRecovery,
    pub(crate) rebootstrap_trigger: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) socket_setup_timeout: Duration,
    /// At least `socket_setup_timeout`.
    pub(crate) socket_setup_timeout_max: Duration,
    /// None where a connection that nobody uses is kept.
    pub(crate) connections_max_idle: Option<Duration>,
    /// Bytes; none where the operating system decides.
    pub(crate) send_buffer: Option<usize>,
    /// Bytes; none where the operating system decides.
    pub(crate) receive_buffer: Option<usize>,
    pub(crate) socket_keepalive: bool,
    /// Of one answer.
    pub(crate) receive_message_max: usize,
    pub(crate) close_timeout: Duration,
    pub(crate) allow_auto_topic_creation: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) driver: Driver,
    /// None on a plaintext listener.
    pub(crate) tls: Option<Tls>,
    /// None on a listener that does not ask who we are.
    pub(crate) sasl: Option<Sasl>,
    /// What is in force of security, by name; secrets hidden.
    pub(super) told: Vec<(&'static str, String)>,
    /// What was set by name and has no effect beside what else was set.
    pub(super) unused: Vec<&'static str>,
}
