//! What a broker understands, as it said when the session began.

use std::fmt;
use std::ops::RangeInclusive;

use milena_codec::message::{ApiKey, ApiVersionsResponse, Message};

/// The versions of each API that a broker understands, and the features that are on in its cluster.
///
/// Bounded by the frame that it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Invariant: sorted by API, each once, no range empty.
    ranges: Vec<(ApiKey, RangeInclusive<i16>)>,
    features: Vec<(String, i16)>,
}

impl Versions {
    /// Takes the versions out of a broker's answer; ranges that hold no version are left out.
    ///
    /// ```
    /// use milena_codec::message::{ApiKey, ApiVersion, ApiVersionsResponse, MetadataRequest};
    /// use milena_connection::session::Versions;
    /// let row = ApiVersion { api_key: ApiKey::METADATA, min_version: 0, max_version: 99 };
    /// let versions = Versions::new(ApiVersionsResponse { api_keys: vec![row], ..Default::default() });
    /// assert_eq!(versions.range(ApiKey::METADATA), Some(0..=99));
    /// assert_eq!(versions.pick::<MetadataRequest>(), Some(13));
    /// ```
    #[must_use]
    pub fn new(response: ApiVersionsResponse) -> Self {
        let mut ranges: Vec<_> = response
            .api_keys
            .iter()
            .map(|row| (row.api_key, row.min_version..=row.max_version))
            .filter(|(_, range)| !range.is_empty())
            .collect();
        ranges.sort_by_key(|(key, _)| *key);
        ranges.dedup_by_key(|(key, _)| *key);
        // Features are known only together with an epoch of 0 or more (KIP-584).
        let known = response.finalized_features_epoch >= 0;
        let features = response.finalized_features.into_iter().filter(|_| known);
        Self { ranges, features: features.map(|row| (row.name, row.max_version_level)).collect() }
    }

    /// The versions of an API that the broker understands; none when it does not know the API.
    #[must_use]
    pub fn range(&self, key: ApiKey) -> Option<RangeInclusive<i16>> {
        let index = self.ranges.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        self.ranges.get(index).map(|(_, range)| range.clone())
    }

    /// The highest version of a message that both sides know.
    #[must_use]
    pub fn pick<M: Message>(&self) -> Option<i16> {
        let theirs = self.range(M::KEY)?;
        let version = *theirs.end().min(M::VERSIONS.end());
        (version >= *theirs.start() && version >= *M::VERSIONS.start()).then_some(version)
    }

    /// The versions that both sides have of a message, or why there is none.
    ///
    /// # Errors
    /// [`VersionMismatch`], with the side that is too old.
    pub fn check<M: Message>(&self) -> Result<(), VersionMismatch> {
        match self.pick::<M>() {
            Some(_) => Ok(()),
            None => Err(VersionMismatch { api: M::KEY, ours: M::VERSIONS, theirs: self.range(M::KEY) }),
        }
    }

    /// The level of a feature that is on in the cluster, such as `transaction.version`.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<i16> {
        self.features.iter().find(|(known, _)| known == name).map(|(_, level)| *level)
    }
}

/// Broker and client have no version of a request in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionMismatch {
    /// The request.
    pub api: ApiKey,
    /// The versions that this client knows.
    pub ours: RangeInclusive<i16>,
    /// The versions that the broker knows; none where it does not know the request.
    pub theirs: Option<RangeInclusive<i16>>,
}

impl fmt::Display for VersionMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { api, ours, theirs } = self;
        match theirs {
            // Every broker there ever was knows Metadata; a controller of KRaft does not.
            None if *api == ApiKey::METADATA => f.write_str(
                "this is a controller's listener, which does not know Metadata: connect to a broker's listener",
            )?,
            None => write!(
                f,
                "the broker does not know {api} (this client speaks {}-{}): use brokers of Kafka 2.1 or newer",
                ours.start(),
                ours.end()
            )?,
            Some(theirs) => {
                write!(f, "the broker speaks {api} {}-{}, ", theirs.start(), theirs.end())?;
                write!(f, "this client {}-{}: ", ours.start(), ours.end())?;
                f.write_str(match theirs.start() > ours.end() {
                    true => "the broker is newer than this client: use a newer version of milena",
                    false => "the broker is too old: use brokers of Kafka 2.1 or newer",
                })?;
            }
        }
        match *api {
            ApiKey::INIT_PRODUCER_ID => f.write_str(", or set `enable.idempotence=false`"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for VersionMismatch {}

#[cfg(test)]
mod tests {
    use milena_codec::message::{ApiVersion, FinalizedFeature, ProduceRequest};

    use super::*;

    fn versions(rows: &[(i16, i16)]) -> Versions {
        let row =
            |&(min_version, max_version)| ApiVersion { api_key: ApiKey::PRODUCE, min_version, max_version };
        Versions::new(ApiVersionsResponse { api_keys: rows.iter().map(row).collect(), ..Default::default() })
    }

    #[test]
    fn the_highest_common_version_is_picked() {
        let (first, last) = (*ProduceRequest::VERSIONS.start(), *ProduceRequest::VERSIONS.end());
        let cases = [
            ((0, last + 1), Some(last)),
            ((0, 7), Some(7)),
            ((last, last), Some(last)),
            ((0, first - 1), None),
            ((last + 1, last + 2), None),
        ];
        for (range, expected) in cases {
            assert_eq!(versions(&[range]).pick::<ProduceRequest>(), expected, "{range:?}");
        }
        assert_eq!(Versions::default().pick::<ProduceRequest>(), None);
    }

    #[test]
    fn a_range_without_versions_counts_for_nothing() {
        assert_eq!(versions(&[(7, 3)]).range(ApiKey::PRODUCE), None);
        assert_eq!(versions(&[(7, 3), (3, 7), (0, 1)]).range(ApiKey::PRODUCE), Some(3..=7));
    }

    #[test]
    fn features_are_known_only_with_their_epoch() {
        let feature = FinalizedFeature {
            name: "transaction.version".into(),
            max_version_level: 2,
            min_version_level: 0,
        };
        for (finalized_features_epoch, expected) in [(-1, None), (0, Some(2))] {
            let response = ApiVersionsResponse {
                finalized_features: vec![feature.clone()],
                finalized_features_epoch,
                ..Default::default()
            };
            assert_eq!(Versions::new(response).feature("transaction.version"), expected);
        }
    }
}
