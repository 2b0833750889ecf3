//! The topics that metadata requests name, by the reports of handles that they wait for a topic, or wait no more.

use std::sync::Arc;
use std::time::Instant;

use milena_connection::metadata::{Metadata, TopicMetadata};

use crate::registry::Registry;

/// Takes topics into use, and out of it. Returns those that are known already: they may have been described while
/// no caller waited for them.
///
/// Handles report after they have changed the registry, each thread for itself. So a report may be overtaken, and the registry
/// decides: a topic may have been given up and wanted again, or the other way round.
pub(super) fn apply(
    metadata: &mut Metadata,
    registry: &Registry,
    wanted: Vec<Arc<str>>,
    given_up: &[Arc<str>],
    now: Instant,
) -> Vec<TopicMetadata> {
    let in_use = |name: &Arc<str>| registry.topic(name).is_some();
    for name in given_up {
        match in_use(name) {
            true => metadata.expect(name, registry.partitions_wanted(name), now),
            false => metadata.forget(name),
        }
    }
    let mut known = Vec::new();
    for name in wanted.into_iter().filter(in_use) {
        metadata.want(&name, now);
        metadata.expect(&name, registry.partitions_wanted(&name), now);
        known.extend(metadata.topic(&name).cloned());
    }
    known
}

#[cfg(test)]
mod tests {
    use std::task::Waker;
    use std::time::Duration;

    use milena_connection::Endpoint;
    use milena_connection::metadata::MetadataConfig;

    use super::*;
    use crate::clock;
    use crate::core::Core;
    use crate::hooks::Hooks;
    use crate::registry::Place;

    /// Handles that come and go, and the metadata that the driver keeps for them.
    struct InterestHarness {
        core: Arc<Core>,
        metadata: Metadata,
        name: Arc<str>,
    }

    impl InterestHarness {
        fn new() -> Self {
            let config = crate::Producer::builder().bootstrap_servers("localhost:9092").validate().unwrap();
            let metadata = MetadataConfig {
                max_age: Duration::from_secs(300),
                refresh_backoff: Box::new(|_| Duration::from_millis(100)),
                allow_auto_topic_creation: true,
                rebootstrap_after: None,
            };
            let bootstrap = Endpoint::list("localhost:9092").unwrap();
            Self {
                core: Core::new(config, 1, &Hooks::default()),
                metadata: Metadata::new(bootstrap, metadata, clock::now()),
                name: "t".into(),
            }
        }

        fn come(&self) -> Place {
            let mut place = None;
            let waker = Waker::noop();
            assert!(self.core.registry.poll(&self.name, &mut place, clock::now(), waker).0.is_pending());
            place.unwrap()
        }

        fn go(&self, place: Place) {
            self.core.registry.leave(&self.name, place);
        }

        fn apply(&mut self, wanted: bool, given_up: bool) {
            let told = |said: bool| Vec::from_iter(said.then(|| Arc::clone(&self.name)));
            let (wanted, given_up) = (told(wanted), told(given_up));
            apply(&mut self.metadata, &self.core.registry, wanted, &given_up, clock::now());
        }

        fn is_asked_for(&mut self) -> bool {
            let asked = self.metadata.next_request().1.topics.unwrap_or_default();
            asked.iter().any(|topic| topic.name.as_deref() == Some("t"))
        }
    }

    #[test]
    fn a_topic_is_asked_for_until_the_answer_that_its_last_caller_did_not_wait_for() {
        let mut harness = InterestHarness::new();
        let place = harness.come();
        harness.apply(true, false);
        harness.go(place);
        assert!(harness.is_asked_for());
        harness.core.registry.metadata_request_sent();
        harness.core.registry.metadata_request_over(true);
        harness.apply(false, true);
        assert!(!harness.is_asked_for());
    }

    #[test]
    fn a_topic_that_was_wanted_again_before_it_was_told_to_be_given_up_is_asked_for() {
        let mut harness = InterestHarness::new();
        let first = harness.come();
        harness.apply(true, false);
        harness.go(first);
        harness.come();
        harness.apply(true, false);
        // The first one reports only here.
        harness.apply(false, true);
        assert!(harness.is_asked_for());
    }

    #[test]
    fn a_topic_that_was_given_up_before_it_was_told_to_be_wanted_is_not_asked_for() {
        let mut harness = InterestHarness::new();
        let place = harness.come();
        harness.go(place);
        harness.core.registry.metadata_request_sent();
        harness.core.registry.metadata_request_over(true);
        harness.apply(false, true);
        harness.apply(true, false);
        assert!(!harness.is_asked_for());
    }
}
