//! The leaders of partitions, as brokers that do not lead them return them (KIP-951). When a broker leaves, one response has hints
//! about thousands of partitions: the hints about a topic are taken together, because each change of its leaders goes through all of its partitions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId};
use milena_connection::Endpoint;
use milena_connection::metadata::Hint;
use milena_sender::broker_sender::{LeaderHint, SenderEvent};

use super::ClusterTask;

/// The events about leaders since the inbox was read last.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Where brokers listen that are named as leaders.
    endpoints: BTreeMap<BrokerId, Endpoint>,
    /// By topic, the partitions that the broker of the request does not lead.
    stale: BTreeMap<Arc<str>, Vec<Stale>>,
}

/// A partition, the code of the rejection where there was one, and its leader where the response named it.
type Stale = (PartitionId, Option<ErrorCode>, Option<LeaderHint>);

impl Hints {
    /// Keeps an event about leaders, and returns any other.
    pub(super) fn take(&mut self, event: SenderEvent) -> Option<SenderEvent> {
        match event {
            SenderEvent::Endpoints(nodes) => {
                for node in nodes {
                    // Of two endpoints of a broker the first one counts.
                    if let Ok(endpoint) = Endpoint::new(&node.host, node.port) {
                        self.endpoints.entry(node.node_id).or_insert(endpoint);
                    }
                }
                None
            }
            SenderEvent::Stale { topic, partition, code, hint } => {
                self.stale.entry(topic).or_default().push((partition, code, hint));
                None
            }
            other => Some(other),
        }
    }
}

impl ClusterTask {
    /// Applies hints, and requests metadata for the partitions without a hint.
    pub(super) fn apply_hints(&mut self, hints: Hints, now: Instant) {
        let Hints { endpoints, stale } = hints;
        for (topic, partitions) in stale {
            self.make_active(&topic, now);
            let codes = partitions.iter().filter_map(|(_, code, _)| *code);
            codes.for_each(|code| self.metadata.rejected(&topic, code));
            let count = partitions.len();
            let hints: Vec<Hint> = partitions
                .into_iter()
                .filter_map(|(partition, _, hint)| {
                    hint.map(|LeaderHint { leader, epoch }| (partition, leader, epoch))
                })
                .map(|(partition, leader, epoch)| {
                    let endpoint = endpoints.get(&leader).cloned();
                    Hint { partition, leader, epoch, endpoint }
                })
                .collect();
            let without = count - hints.len();
            let hinted = self.metadata.hints(&topic, hints);
            if without + hinted.ignored > 0 {
                self.metadata.refresh(now);
            }
            self.take_in(hinted.changes);
        }
    }
}
