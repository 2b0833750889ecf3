//! Which versions of which API a broker offers, by Kafka release.
//!
//! Only APIs that this cluster serves are offered.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use milena_codec::message::ApiKey;

/// A release of Kafka whose versions the cluster offers.
///
/// ```
/// use milena_fake::Release;
/// assert!(Release::V2_1 < Release::V4_3);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Release {
    /// 2.0, the last that does not know zstd.
    V2_0,
    /// 2.1, the oldest that 4.x clients support.
    V2_1,
    /// 2.8, before topic ids reached clients.
    V2_8,
    /// 3.9, the last with ZooKeeper.
    V3_9,
    /// 4.3.
    #[default]
    V4_3,
}

/// The versions on offer, by API.
#[derive(Clone, Debug)]
pub(crate) struct Versions(BTreeMap<ApiKey, RangeInclusive<i16>>);

impl Versions {
    pub(crate) fn of(release: Release) -> Self {
        Self(table(release).into_iter().collect())
    }

    /// Offers other versions of one API.
    pub(crate) fn clamp(&mut self, api: ApiKey, versions: RangeInclusive<i16>) {
        self.0.insert(api, versions);
    }

    pub(crate) fn offer(&self, api: ApiKey, version: i16) -> bool {
        self.0.get(&api).is_some_and(|versions| versions.contains(&version))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ApiKey, &RangeInclusive<i16>)> {
        self.0.iter().map(|(api, versions)| (*api, versions))
    }
}

/// The `validVersions` of each release's schemas. 4.x advertises Produce 0–2 for old clients (KAFKA-18659); they are
/// not served here.
fn table(release: Release) -> Vec<(ApiKey, RangeInclusive<i16>)> {
    let [produce, fetch, list_offsets, metadata, api_versions, create_topics, init_producer_id, authenticate] =
        match release {
            Release::V2_0 => [0..=6, 4..=8, 1..=3, 0..=6, 0..=2, 2..=3, 0..=1, 0..=0],
            Release::V2_1 => [0..=7, 4..=10, 1..=4, 0..=7, 0..=2, 2..=3, 0..=1, 0..=0],
            Release::V2_8 => [0..=9, 4..=12, 1..=6, 0..=11, 0..=3, 2..=7, 0..=4, 0..=2],
            Release::V3_9 => [0..=11, 4..=17, 1..=9, 0..=12, 0..=4, 2..=7, 0..=5, 0..=2],
            Release::V4_3 => [0..=13, 4..=18, 1..=10, 0..=13, 0..=4, 2..=7, 0..=5, 0..=2],
        };
    let mut apis = vec![
        (ApiKey::PRODUCE, produce),
        (ApiKey::FETCH, fetch),
        (ApiKey::LIST_OFFSETS, list_offsets),
        (ApiKey::METADATA, metadata),
        (ApiKey::API_VERSIONS, api_versions),
        (ApiKey::CREATE_TOPICS, create_topics),
        (ApiKey::INIT_PRODUCER_ID, init_producer_id),
        (ApiKey::SASL_HANDSHAKE, 0..=1),
        (ApiKey::SASL_AUTHENTICATE, authenticate),
        (ApiKey::DESCRIBE_CONFIGS, if release < Release::V2_8 { 1..=2 } else { 1..=4 }),
    ];
    apis.extend(match release {
        Release::V2_0 | Release::V2_1 => None,
        Release::V2_8 => Some((ApiKey::DESCRIBE_CLUSTER, 0..=0)),
        Release::V3_9 => Some((ApiKey::DESCRIBE_CLUSTER, 0..=1)),
        Release::V4_3 => Some((ApiKey::DESCRIBE_CLUSTER, 0..=2)),
    });
    // A cluster with ZooKeeper has no quorum.
    apis.extend((release >= Release::V4_3).then_some((ApiKey::DESCRIBE_QUORUM, 0..=2)));
    apis
}
