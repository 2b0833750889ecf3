//! The cluster without its sockets: state, and one step from a request to its effects.
//!
//! ```text
//! handle(now, connection, call) ─▶ Served::Done(effects)            send, close
//!                                └▶ Served::Wait { until, pending }  the connection stands still
//!                                        └── resume(now, pending) ─▶ …
//! ```
//!
//! No I/O and no clock: time is an argument, sending is a value. The stages of a request are in `turn`.

mod api;
mod batch;
mod codecs;
mod cross_check;
mod effects;
mod log;
mod partition;
mod producers;
mod records;
mod rejection;
mod request;
mod response;
mod sasl;
mod stages;
mod state;
mod stored;
mod telemetry;
mod topic;
mod topic_config;

pub(crate) use effects::Effect;
pub use log::{Keep, LoggedBatch};
pub(crate) use partition::Partition;
pub use records::LoggedRecord;
pub(crate) use request::{Call, Malformed};
pub(crate) use sasl::SaslState;
pub(crate) use sasl::{Access, DelegationToken};
pub(crate) use stages::{Pending, Served};
pub(crate) use state::{Broker, NotFound, Settings, State};
pub(crate) use telemetry::Telemetry;
pub use topic_config::{TopicCompression, TopicConfig};

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use milena_codec::ids::BrokerId;
use milena_codec::message::ApiKey;

use request::{Body, Head};

use crate::hook::Hooks;
use crate::journal::{Journal, JournalEntry, Violation};

/// The time, as the shell read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Since the cluster started.
    pub(crate) elapsed: Duration,
    /// In milliseconds since 1970.
    pub(crate) wall_ms: i64,
}

/// A connection to a broker, numbered over the whole cluster.
pub(crate) type ConnectionId = u64;

#[derive(Debug)]
struct Connection {
    broker: BrokerId,
    muted_until: Duration,
    /// Requests are not served any more, and get no response.
    silent: bool,
    sasl: SaslState,
    /// The connection closes behind the response that is being written.
    closes: bool,
    /// Responses that are sent behind the next one.
    overtaken: Vec<Bytes>,
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) state: State,
    pub(crate) hooks: Hooks,
    pub(crate) journal: Journal,
    connections: BTreeMap<ConnectionId, Connection>,
    connections_made: ConnectionId,
}

impl Core {
    pub(crate) fn new(state: State) -> Self {
        Self {
            state,
            hooks: Hooks::default(),
            journal: Journal::default(),
            connections: BTreeMap::new(),
            connections_made: 0,
        }
    }

    /// A new connection; none where the broker is down.
    pub(crate) fn connect(&mut self, broker: BrokerId) -> Option<ConnectionId> {
        if !self.state.is_alive(broker) {
            return None;
        }
        self.connections_made += 1;
        let connection = Connection {
            broker,
            muted_until: Duration::ZERO,
            silent: false,
            sasl: SaslState::new(self.state.settings.access.is_some()),
            closes: false,
            overtaken: Vec::new(),
        };
        self.connections.insert(self.connections_made, connection);
        Some(self.connections_made)
    }

    pub(crate) fn disconnect(&mut self, id: ConnectionId) {
        self.connections.remove(&id);
    }

    /// Takes the next request of a connection, or what was none.
    pub(crate) fn handle(&mut self, now: Now, id: ConnectionId, call: Result<Call, Malformed>) -> Served {
        let Some(connection) = self.connections.get(&id) else { return Served::close() };
        let (broker, silent) = (connection.broker, connection.silent);
        let mut call = match call {
            Ok(call) => call,
            Err(what) => {
                self.add_violation(now, id, broker, what);
                return Served::close();
            }
        };
        self.journal_request(now, id, broker, &call.head);
        if call.left_over > 0 {
            let what = format!("{} bytes stand behind the end of {}", call.left_over, call.head.api);
            self.add_violation(now, id, broker, what);
        }
        if let Body::Produce(produce) = &call.body {
            for (topic, partition) in api::repeated(produce) {
                let what = format!("{topic:?} partition {partition} stands twice in one Produce request");
                self.add_violation(now, id, broker, what);
            }
        }
        if silent {
            return Served::Done(Vec::new());
        }
        if !self.connections.get(&id).is_some_and(|one| one.sasl.admits(now.elapsed, call.head.api)) {
            return Served::close();
        }
        if !self.state.settings.versions.offer(call.head.api, call.head.version) {
            match call.head.api {
                ApiKey::API_VERSIONS => call.body = Body::UnknownApiVersions,
                _ => return Served::close(),
            }
        }
        self.resume(now, Pending::new(id, call))
    }

    /// Ends every session: a request other than a re-authentication closes its connection.
    pub(crate) fn expire_sessions(&mut self) {
        self.connections.values_mut().for_each(|connection| connection.sasl.expire());
    }

    fn journal_request(&mut self, now: Now, connection: ConnectionId, broker: BrokerId, head: &Head) {
        let bytes = match self.state.settings.keep {
            Keep::Nothing => Bytes::new(),
            // Credentials are not kept in the journal.
            _ if head.api == ApiKey::SASL_AUTHENTICATE => Bytes::new(),
            _ => head.frame.clone(),
        };
        self.journal.add_request(JournalEntry {
            api: head.api,
            version: head.version,
            correlation_id: head.correlation_id,
            client_id: head.client_id.clone(),
            broker,
            connection,
            at: now.elapsed,
            bytes,
            frame_bytes: head.frame.len(),
        });
    }

    fn add_violation(&mut self, now: Now, connection: ConnectionId, broker: BrokerId, what: String) {
        self.journal.add_violation(Violation { broker, connection, at: now.elapsed, what });
    }
}
