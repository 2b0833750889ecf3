//! Which requests a hook is for.

use milena_codec::ids::{BrokerId, PartitionId};
use milena_codec::message::ApiKey;

/// A topic, and a partition where the API names one.
pub(crate) type Target = (String, Option<PartitionId>);

/// The properties of a request by which hooks choose.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) api: ApiKey,
    pub(crate) broker: BrokerId,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) targets: &'a [Target],
}

/// The properties that a request must have; one that is none matches every request.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) api: ApiKey,
    pub(crate) broker: Option<BrokerId>,
    pub(crate) client_id: Option<String>,
    pub(crate) topic: Option<String>,
    pub(crate) partition: Option<PartitionId>,
}

impl Filter {
    pub(crate) const fn of(api: ApiKey) -> Self {
        Self { api, broker: None, client_id: None, topic: None, partition: None }
    }

    pub(crate) fn matches(&self, request: &Request<'_>) -> bool {
        self.api == request.api
            && self.broker.is_none_or(|broker| broker == request.broker)
            && self.client_id.as_deref().is_none_or(|id| Some(id) == request.client_id)
            && self.matches_a_target(request.targets)
    }

    pub(crate) fn covers(&self, topic: &str, partition: Option<PartitionId>) -> bool {
        self.topic.as_deref().is_none_or(|named| named == topic)
            && self.partition.is_none_or(|numbered| partition.is_none_or(|partition| partition == numbered))
    }

    fn matches_a_target(&self, targets: &[Target]) -> bool {
        let asks_for_no_target = self.topic.is_none() && self.partition.is_none();
        asks_for_no_target || targets.iter().any(|(topic, partition)| self.covers(topic, *partition))
    }
}
