//! The brokers of the cluster, and whom to ask about it.

use std::collections::BTreeMap;

use milena_codec::ids::BrokerId;
use milena_codec::message::MetadataResponseBroker;

use super::change::Change;
use crate::endpoint::Endpoint;

/// The most brokers that are kept of an answer. Kafka's largest clusters have some thousands.
const BROKERS_MAX: usize = 10_000;
/// How many known brokers are tried before the bootstrap servers: each may cost a time-out.
const TRIED_MAX: usize = 5;

/// Known brokers and bootstrap servers.
#[derive(Debug)]
pub(super) struct Brokers {
    bootstrap: Vec<Endpoint>,
    /// Whether bootstrap servers are asked while brokers are known.
    returns: bool,
    known: BTreeMap<BrokerId, Endpoint>,
    /// The broker that was asked first the last time; the next one has its turn now.
    asked: Option<BrokerId>,
}

impl Brokers {
    /// Knows the bootstrap servers alone, and `returns` to them when the known brokers do not answer.
    pub(super) const fn new(bootstrap: Vec<Endpoint>, returns: bool) -> Self {
        Self { bootstrap, returns, known: BTreeMap::new(), asked: None }
    }

    /// Takes the brokers of an answer as all that there are; false, and nothing changes, when none of them can be used.
    pub(super) fn replace(&mut self, answer: &[MetadataResponseBroker], changes: &mut Vec<Change>) -> bool {
        let told: BTreeMap<BrokerId, Endpoint> = answer
            .iter()
            .filter(|broker| broker.node_id.is_known())
            .filter_map(|broker| Some((broker.node_id, Endpoint::new(&broker.host, broker.port).ok()?)))
            .take(BROKERS_MAX)
            .collect();
        if told.is_empty() {
            return false;
        }
        changes
            .extend(self.known.keys().filter(|id| !told.contains_key(id)).map(|id| Change::BrokerGone(*id)));
        let moved = |(id, endpoint): &(&BrokerId, &Endpoint)| self.known.get(id) != Some(*endpoint);
        changes.extend(
            told.iter()
                .filter(moved)
                .map(|(id, endpoint)| Change::Broker { id: *id, endpoint: endpoint.clone() }),
        );
        self.known = told;
        true
    }

    /// Takes one broker's address.
    pub(super) fn insert(&mut self, id: BrokerId, endpoint: Endpoint) -> Option<Change> {
        let room = self.known.len() < BROKERS_MAX || self.known.contains_key(&id);
        if !room || !id.is_known() || self.known.get(&id) == Some(&endpoint) {
            return None;
        }
        self.known.insert(id, endpoint.clone());
        Some(Change::Broker { id, endpoint })
    }

    /// Forgets all but the bootstrap servers.
    pub(super) fn forget(&mut self, changes: &mut Vec<Change>) {
        changes.extend(std::mem::take(&mut self.known).into_keys().map(Change::BrokerGone));
    }

    /// Whom to ask, in this order: a few known brokers, another one first each time, then the bootstrap servers.
    pub(super) fn candidates(&mut self) -> Vec<Endpoint> {
        let after = self.asked.map_or(0, |id| id.0.saturating_add(1));
        let turn = self.known.range(BrokerId(after)..).chain(self.known.range(..BrokerId(after)));
        let tried: Vec<_> = turn.take(TRIED_MAX).collect();
        self.asked = tried.first().map(|(id, _)| **id);
        let bootstrap = if self.returns || tried.is_empty() { &self.bootstrap[..] } else { &[] };
        let mut candidates: Vec<Endpoint> = Vec::with_capacity(tried.len() + bootstrap.len());
        for endpoint in tried.into_iter().map(|(_, endpoint)| endpoint).chain(bootstrap) {
            if !candidates.contains(endpoint) {
                candidates.push(endpoint.clone());
            }
        }
        candidates
    }

    pub(super) fn get(&self, id: BrokerId) -> Option<&Endpoint> {
        self.known.get(&id)
    }
}
