//! The director's mail: what handles want, and what lanes tell.

use std::sync::Arc;
use std::time::Instant;

use milena_codec::message::NodeEndpoint;
use milena_connection::Endpoint;
use milena_sender::lane::Notice;

use super::Director;
use crate::clock;
use crate::core::Inbox;

impl Director {
    /// Reads the mail.
    pub(super) fn heed(&mut self, inbox: Inbox) {
        let now = clock::now();
        self.heed_wishes(inbox.wanted, inbox.given_up, now);
        if inbox.broker_lost {
            self.metadata.refresh(now);
        }
        let endpoints: Vec<NodeEndpoint> = inbox
            .notices
            .iter()
            .filter_map(|notice| {
                if let Notice::Endpoints(endpoints) = notice { Some(endpoints.clone()) } else { None }
            })
            .flatten()
            .collect();
        for notice in inbox.notices {
            self.hear(notice, &endpoints, now);
        }
        if let Some(until) = inbox.close_until {
            self.begin_to_close(until);
        }
    }

    /// Topics that came into use, and that went out of it. Where both is said of one, the registry knows better: it may
    /// have been given up and wanted again, or the other way round.
    fn heed_wishes(&mut self, wanted: Vec<Arc<str>>, given_up: Vec<Arc<str>>, now: Instant) {
        let core = Arc::clone(&self.settings.core);
        let in_use = |name: &Arc<str>| core.registry.topic(name).is_some();
        for name in given_up.iter().filter(|name| !in_use(name)) {
            self.metadata.forget(name);
        }
        for name in wanted.into_iter().filter(in_use) {
            self.metadata.want(&name, now);
            // It may have been described while nobody waited for it.
            if let Some(known) = self.metadata.topic(&name).cloned() {
                self.place(&known);
            }
        }
    }

    fn hear(&mut self, notice: Notice, endpoints: &[NodeEndpoint], now: Instant) {
        match notice {
            Notice::Released(stream) => self.coordinator.released(stream),
            Notice::IdentitySpent(spent) => self.coordinator.identity_spent(spent),
            Notice::Endpoints(_) => {}
            Notice::Stale { topic, partition, hint } => {
                let changes = hint.map(|hint| {
                    let place = endpoints.iter().find(|endpoint| endpoint.node_id == hint.leader);
                    let endpoint = place.and_then(|place| Endpoint::new(&place.host, place.port).ok());
                    let told = endpoint.map(|endpoint| (hint.leader, endpoint));
                    self.metadata.hint(&topic, partition, hint.leader, hint.epoch, told)
                });
                match changes {
                    Some(changes) if !changes.is_empty() => self.take_in(changes),
                    _ => self.metadata.refresh(now),
                }
            }
        }
    }
}
