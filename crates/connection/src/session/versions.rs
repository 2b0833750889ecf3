//! The versions that a broker knows, from the negotiation.

use std::ops::RangeInclusive;

use milena_codec::message::{ApiKey, ApiVersionsResponse, Message};

use crate::error::VersionMismatch;

/// The versions of each API that a broker knows, and the features that are enabled in its cluster.
///
/// Bounded by the frame of the response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Invariant: sorted by API, each once, no range empty.
    ranges: Vec<(ApiKey, RangeInclusive<i16>)>,
    features: Vec<(String, i16)>,
}

impl Versions {
    /// The versions of a response. Empty ranges are left out.
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
        // Features count only with an epoch of 0 or more (KIP-584).
        let known = response.finalized_features_epoch >= 0;
        let features = response.finalized_features.into_iter().filter(|_| known);
        Self { ranges, features: features.map(|row| (row.name, row.max_version_level)).collect() }
    }

    /// The versions of an API that the broker knows, if it knows the API.
    #[must_use]
    pub fn range(&self, key: ApiKey) -> Option<RangeInclusive<i16>> {
        let index = self.ranges.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        self.ranges.get(index).map(|(_, range)| range.clone())
    }

    /// The highest version of a message that both sides know, if there is one.
    #[must_use]
    pub fn pick<M: Message>(&self) -> Option<i16> {
        let theirs = self.range(M::KEY)?;
        let version = *theirs.end().min(M::VERSIONS.end());
        (version >= *theirs.start() && version >= *M::VERSIONS.start()).then_some(version)
    }

    /// The highest version of a message that both sides know.
    ///
    /// # Errors
    /// [`VersionMismatch`] if there is none.
    pub fn require<M: Message>(&self) -> Result<i16, VersionMismatch> {
        self.pick::<M>().ok_or_else(|| VersionMismatch {
            api: M::KEY,
            ours: M::VERSIONS,
            theirs: self.range(M::KEY),
        })
    }

    /// The level of a feature that is enabled in the cluster, such as `transaction.version`.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<i16> {
        self.features.iter().find(|(known, _)| known == name).map(|(_, level)| *level)
    }
}

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
