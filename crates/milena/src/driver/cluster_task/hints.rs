//! The leaders of partitions, as brokers that do not lead them return them (KIP-951). When a broker leaves, one answer tells of thousands of partitions: the
//! hints about a topic are taken together, because each change of its leaders goes through all of its partitions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId};
use milena_connection::Endpoint;
use milena_connection::metadata::Hint;
use milena_sender::broker_sender::{LeaderHint, SenderEvent};

use super::ClusterTask;

/// What broker senders told since the mail was read last.
#[derive(Debug, Default)]
pub(super) struct Hints {
    /// Where brokers listen that are named as leaders.
    endpoints: BTreeMap<BrokerId, Endpoint>,
    /// By topic, the partitions that the asked broker does not lead.
    stale: BTreeMap<Arc<str>, Vec<Stale>>,
}

/// A partition, the code of the rejection where there was one, and its leader where that was told.
type Stale = (PartitionId, Option<ErrorCode>, Option<LeaderHint>);

impl Hints {
    /// Keeps a notice about leaders, and returns any other.
    pub(super) fn take(&mut self, event: SenderEvent) -> Option<SenderEvent> {
        match event {
            SenderEvent::Endpoints(told) => {
                for node in told {
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
    /// Believes hints, and asks about the partitions that there are none about.
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
