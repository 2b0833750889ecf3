//! The brokers of the cluster, the bootstrap servers, and the order in which both are requested.

use std::collections::BTreeMap;

use milena_codec::ids::BrokerId;
use milena_codec::message::MetadataResponseBroker;

use super::change::Change;
use crate::endpoint::Endpoint;

/// The maximum number of brokers that are kept of a response. Kafka's largest clusters have some thousands.
const BROKERS_MAX: usize = 10_000;
/// The number of known brokers that are tried before the bootstrap servers: each may cost a timeout.
const TRIED_MAX: usize = 5;

/// Known brokers and bootstrap servers.
#[derive(Debug)]
pub(super) struct Brokers {
    bootstrap: Vec<Endpoint>,
    /// Whether bootstrap servers are candidates while brokers are known.
    bootstrap_fallback: bool,
    known: BTreeMap<BrokerId, Endpoint>,
    /// The known broker that was the first candidate last time; the next one is the first this time.
    last_first: Option<BrokerId>,
}

impl Brokers {
    /// Bootstrap servers alone. With `bootstrap_fallback` they stay candidates behind the known brokers.
    pub(super) const fn new(bootstrap: Vec<Endpoint>, bootstrap_fallback: bool) -> Self {
        Self { bootstrap, bootstrap_fallback, known: BTreeMap::new(), last_first: None }
    }

    /// Replaces the known brokers by those of a response. Returns false, and changes nothing, if none of them has a valid
    /// id and address.
    pub(super) fn replace(&mut self, response: &[MetadataResponseBroker], changes: &mut Vec<Change>) -> bool {
        let advertised: BTreeMap<BrokerId, Endpoint> = response
            .iter()
            .filter(|broker| broker.node_id.is_known())
            .filter_map(|broker| Some((broker.node_id, Endpoint::new(&broker.host, broker.port).ok()?)))
            .take(BROKERS_MAX)
            .collect();
        if advertised.is_empty() {
            return false;
        }
        let gone = self.known.keys().filter(|id| !advertised.contains_key(id));
        changes.extend(gone.map(|id| Change::BrokerGone(*id)));
        let moved = advertised.iter().filter(|(id, endpoint)| self.known.get(id) != Some(*endpoint));
        changes.extend(moved.map(|(id, endpoint)| Change::Broker { id: *id, endpoint: endpoint.clone() }));
        self.known = advertised;
        true
    }

    /// How many brokers are known.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// Stores the address of one broker.
    pub(super) fn insert(&mut self, id: BrokerId, endpoint: Endpoint) -> Option<Change> {
        let has_room = self.known.len() < BROKERS_MAX || self.known.contains_key(&id);
        if !has_room || !id.is_known() || self.known.get(&id) == Some(&endpoint) {
            return None;
        }
        self.known.insert(id, endpoint.clone());
        Some(Change::Broker { id, endpoint })
    }

    /// Removes all known brokers. The bootstrap servers stay.
    pub(super) fn forget(&mut self, changes: &mut Vec<Change>) {
        changes.extend(std::mem::take(&mut self.known).into_keys().map(Change::BrokerGone));
    }

    /// The endpoints to try, in order: a few known brokers, another one first each time, then the bootstrap servers.
    pub(super) fn candidates(&mut self) -> Vec<Endpoint> {
        let after = self.last_first.map_or(0, |id| id.0.saturating_add(1));
        let turn = self.known.range(BrokerId(after)..).chain(self.known.range(..BrokerId(after)));
        let tried: Vec<_> = turn.take(TRIED_MAX).collect();
        self.last_first = tried.first().map(|(id, _)| **id);
        let use_bootstrap = self.bootstrap_fallback || tried.is_empty();
        let bootstrap = if use_bootstrap { &self.bootstrap[..] } else { &[] };
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
