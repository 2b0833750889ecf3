//! The versions of the APIs that a producer needs, and the codec that needs a version of Produce.

use milena_codec::message::{ApiKey, InitProducerIdRequest, Message, MetadataRequest, ProduceRequest};
use milena_connection::Endpoint;
use milena_connection::session::Versions;

use super::report::{CheckStep, Finding};
use crate::config::{Compression, ProducerConfig};

/// The first version of Produce that carries zstd (KIP-110).
pub(super) const ZSTD_SINCE: i16 = 7;

/// A finding for each API without a version in common; one for all of them if there is none.
pub(super) fn findings(config: &ProducerConfig, endpoint: &Endpoint, versions: &Versions) -> Vec<Finding> {
    let mut checked = vec![in_common::<MetadataRequest>(versions), in_common::<ProduceRequest>(versions)];
    if config.idempotence {
        checked.push(in_common::<InitProducerIdRequest>(versions));
    }
    let failed = checked.iter().filter_map(|one| one.as_ref().err());
    let mut findings: Vec<_> =
        failed.map(|text| Finding::of_text(CheckStep::ApiVersions, endpoint, text)).collect();
    if findings.is_empty() {
        let used: Vec<_> = checked.into_iter().flatten().collect();
        findings.push(Finding::ok(CheckStep::ApiVersions, endpoint, used.join(", ")));
    }
    findings
}

/// `Produce 13`, or the text of the error.
fn in_common<M: Message>(versions: &Versions) -> Result<String, String> {
    let version = versions.require::<M>().map_err(|error| error.to_string())?;
    Ok(format!("{} {version}", M::KEY))
}

/// Whether a server takes batches of a codec.
pub(super) fn takes(versions: &Versions, compression: Compression) -> bool {
    let is_zstd = matches!(compression, Compression::Zstd { .. });
    !is_zstd || versions.range(ApiKey::PRODUCE).is_some_and(|range| *range.end() >= ZSTD_SINCE)
}

#[cfg(test)]
mod tests {
    use milena_codec::message::{ApiVersion, ApiVersionsResponse};

    use super::*;
    use crate::check::report::Severity;
    use crate::config::ProducerBuilder;

    fn versions(rows: &[(ApiKey, i16, i16)]) -> Versions {
        let row = |&(api_key, min_version, max_version)| ApiVersion { api_key, min_version, max_version };
        Versions::new(ApiVersionsResponse { api_keys: rows.iter().map(row).collect(), ..Default::default() })
    }

    fn check(rows: &[(ApiKey, i16, i16)], idempotence: bool) -> Vec<Finding> {
        let builder = ProducerBuilder::default().bootstrap_servers("a:1").idempotence(idempotence);
        findings(&builder.validate().unwrap(), &"a:1".parse().unwrap(), &versions(rows))
    }

    const METADATA: (ApiKey, i16, i16) = (ApiKey::METADATA, 0, 12);

    #[test]
    fn versions_in_common_are_listed() {
        let found = check(&[METADATA, (ApiKey::PRODUCE, 0, 11), (ApiKey::INIT_PRODUCER_ID, 0, 1)], true);
        assert_eq!(found[0].text(), "Metadata 12, Produce 11, InitProducerId 1");
        assert_eq!((found.len(), found[0].severity()), (1, Severity::Ok));
    }

    #[test]
    fn missing_api_is_an_error_with_the_side_that_is_too_old() {
        let old = check(&[METADATA, (ApiKey::PRODUCE, 0, 2)], false);
        assert!(old[0].text().contains("the broker is too old"), "{}", old[0].text());
        assert_eq!(old[0].remedy(), Some("use brokers of Kafka 2.1 or newer"));
        let new = check(&[METADATA, (ApiKey::PRODUCE, 90, 99)], true);
        assert!(new[0].text().contains("the broker is newer than this client"), "{}", new[0].text());
        assert_eq!(new.len(), 2);
        assert!(new[1].text().contains("InitProducerId"), "{}", new[1].text());
    }

    #[test]
    fn zstd_needs_produce_7() {
        let [old, new] = [6, 7].map(|last| versions(&[(ApiKey::PRODUCE, 0, last)]));
        let zstd = Compression::Zstd { level: 3 };
        assert!(!takes(&old, zstd) && takes(&new, zstd) && takes(&old, Compression::Lz4));
    }
}
