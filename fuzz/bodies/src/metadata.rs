//! Metadata responses, valid or not, one after the other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use milena_codec::message::{Message, MetadataResponse};
use milena_codec::wire::Reader;
use milena_connection::Endpoint;
use milena_connection::metadata::{Change, Metadata, MetadataConfig, TopicMetadata};

use crate::messages::version_of;

/// The topics that are in use.
pub(crate) const WANTED: [&str; 2] = ["a", "b"];

/// The first byte is the version; then responses follow each other.
pub fn metadata(input: &[u8]) {
    let Some((version, rest)) = input.split_first() else { return };
    let version = version_of::<MetadataResponse>(*version);
    let config = MetadataConfig {
        max_age: Duration::from_secs(300),
        refresh_backoff: Box::new(|_| Duration::from_millis(100)),
        allow_auto_topic_creation: false,
        rebootstrap_after: Some(Duration::from_secs(300)),
    };
    let Ok(bootstrap) = Endpoint::list("bootstrap:9092") else { return };
    let now = start();
    let mut metadata = Metadata::new(bootstrap, config, now);
    WANTED.iter().for_each(|topic| metadata.want(topic, now));
    let mut known = BTreeMap::new();
    let mut input = Reader::new(rest);
    while let Ok(response) = MetadataResponse::decode(&mut input, version) {
        let (candidates, request) = metadata.next_request();
        assert!(!candidates.is_empty(), "no broker is left for a request");
        assert_eq!(request.topics.map(|topics| topics.len()), Some(WANTED.len()));
        for change in metadata.on_response(response, now) {
            if let Change::Topic { topic, .. } = change {
                check(&topic, known.get(&topic.name));
                known.insert(topic.name.clone(), topic);
            }
        }
        assert!(metadata.due().is_some(), "no further request is due");
        if input.left() == 0 {
            return;
        }
    }
}

fn check(new: &TopicMetadata, old: Option<&TopicMetadata>) {
    assert!(WANTED.contains(&&*new.name), "{} is not in use", new.name);
    let Some(old) = old.filter(|old| old.id == new.id) else { return };
    assert!(new.partitions.len() >= old.partitions.len(), "partitions became fewer");
    let back = new.partitions.iter().zip(&old.partitions).any(|(new, old)| new.epoch < old.epoch);
    assert!(!back, "an epoch went back: {old:?}, {new:?}");
}

#[expect(clippy::disallowed_methods, reason = "a time to count from; nothing is measured")]
pub(crate) fn start() -> Instant {
    Instant::now()
}
