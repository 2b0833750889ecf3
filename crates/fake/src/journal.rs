//! The requests, the authentications, and the protocol violations that a broker would ignore.
//!
//! Both lists are bounded; the oldest entries make room.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use milena_codec::ids::BrokerId;
use milena_codec::message::ApiKey;

use crate::mechanism::Mechanism;

/// Most requests that are remembered.
const ENTRIES_MAX: usize = 16_384;
/// Most bytes of requests that are remembered.
const BYTES_MAX: usize = 64 << 20;
/// Most authentications that are remembered.
const AUTHENTICATIONS_MAX: usize = 16_384;
/// Most violations that are remembered.
const VIOLATIONS_MAX: usize = 1024;

/// A request that reached a broker.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JournalEntry {
    /// The API.
    pub api: ApiKey,
    /// The version.
    pub version: i16,
    /// The correlation id.
    pub correlation_id: i32,
    /// The client id.
    pub client_id: Option<String>,
    /// The broker of the connection.
    pub broker: BrokerId,
    /// The connection, numbered over the whole cluster.
    pub connection: u64,
    /// When, counted from the start of the cluster.
    pub at: Duration,
    /// The frame without its length; empty where nothing is kept, and of SaslAuthenticate, which is a secret.
    pub bytes: Bytes,
    /// Length of the frame.
    pub frame_bytes: usize,
}

/// A break of the protocol.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Violation {
    /// The broker that saw it.
    pub broker: BrokerId,
    /// The connection it came on.
    pub connection: u64,
    /// When, counted from the start of the cluster.
    pub at: Duration,
    /// Description of the violation.
    pub what: String,
}

/// An authentication that succeeded or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authentication {
    /// The broker of the connection.
    pub broker: BrokerId,
    /// The connection, numbered over the whole cluster.
    pub connection: u64,
    /// When, counted from the start of the cluster.
    pub at: Duration,
    /// The mechanism.
    pub mechanism: Mechanism,
    /// The user; none if the authentication failed.
    pub user: Option<String>,
    /// Whether this was a re-authentication (KIP-368).
    pub again: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<JournalEntry>,
    bytes: usize,
    authentications: VecDeque<Authentication>,
    violations: VecDeque<Violation>,
}

impl Journal {
    pub(crate) fn add_request(&mut self, entry: JournalEntry) {
        self.bytes += entry.bytes.len();
        self.entries.push_back(entry);
        while self.entries.len() > ENTRIES_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.bytes.len();
        }
    }

    pub(crate) fn add_authentication(&mut self, authentication: Authentication) {
        push_bounded(&mut self.authentications, authentication, AUTHENTICATIONS_MAX);
    }

    pub(crate) fn add_violation(&mut self, violation: Violation) {
        push_bounded(&mut self.violations, violation, VIOLATIONS_MAX);
    }

    pub(crate) fn entries(&self) -> Vec<JournalEntry> {
        self.entries.iter().cloned().collect()
    }

    pub(crate) fn authentications(&self) -> Vec<Authentication> {
        self.authentications.iter().cloned().collect()
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.violations.iter().cloned().collect()
    }
}

/// Adds an item; the oldest one is dropped from a full list.
fn push_bounded<T>(list: &mut VecDeque<T>, item: T, items_max: usize) {
    if list.len() == items_max {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_requests_are_dropped() {
        let mut journal = Journal::default();
        for correlation_id in 0..3 {
            journal.add_request(entry(correlation_id, BYTES_MAX / 2));
        }
        let kept: Vec<_> = journal.entries().iter().map(|entry| entry.correlation_id).collect();
        assert_eq!(kept, [1, 2]);
    }

    fn entry(correlation_id: i32, bytes: usize) -> JournalEntry {
        JournalEntry {
            api: ApiKey::METADATA,
            version: 0,
            correlation_id,
            client_id: None,
            broker: BrokerId(1),
            connection: 1,
            at: Duration::ZERO,
            bytes: Bytes::from(vec![0; bytes]),
            frame_bytes: bytes,
        }
    }
}
