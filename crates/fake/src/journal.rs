//! What the cluster saw: every request, and every break of the protocol that a broker would pass over.
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
    /// The number that the answer repeats.
    pub correlation_id: i32,
    /// The client's name for itself.
    pub client_id: Option<String>,
    /// The broker that was asked.
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
    /// What was wrong.
    pub what: String,
}

/// Somebody who proved who he is, or did not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authentication {
    /// The broker that asked.
    pub broker: BrokerId,
    /// The connection it was about.
    pub connection: u64,
    /// When, counted from the start of the cluster.
    pub at: Duration,
    /// How.
    pub mechanism: Mechanism,
    /// Who; none who could not prove it.
    pub user: Option<String>,
    /// Whether this was on a connection that had proved it before (KIP-368).
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
        if self.authentications.len() == AUTHENTICATIONS_MAX {
            self.authentications.pop_front();
        }
        self.authentications.push_back(authentication);
    }

    pub(crate) fn add_violation(&mut self, violation: Violation) {
        if self.violations.len() == VIOLATIONS_MAX {
            self.violations.pop_front();
        }
        self.violations.push_back(violation);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_requests_make_room() {
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
