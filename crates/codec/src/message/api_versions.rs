//! ApiVersions: the APIs of a broker (KIP-35), the client's software (KIP-511), and the features of the cluster (KIP-584).

use super::ApiKey;
use super::table::{message, table};
use crate::wire::{since, tag};

table! {
    /// The first request on a connection.
    ///
    /// ```
    /// use milena_codec::message::{ApiVersionsRequest, header};
    /// let request = ApiVersionsRequest {
    ///     client_software_name: "my-client".to_owned(),
    ///     client_software_version: "1.0".to_owned(),
    /// };
    /// let mut frame = Vec::new();
    /// header::put_request(&mut frame, &request, 4, 1, Some("app"))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct ApiVersionsRequest {
        /// The client's software: letters, digits, `-` and `.` only, or the broker returns INVALID_REQUEST.
        client_software_name: String => since(3).ignorable();
        /// Its version, of the same characters.
        client_software_version: String => since(3).ignorable();
    }

    /// The APIs and versions that the broker supports.
    ///
    /// ```
    /// use milena_codec::message::{ApiKey, ApiVersion, ApiVersionsResponse};
    /// let produce = ApiVersion { api_key: ApiKey::PRODUCE, min_version: 0, max_version: 13 };
    /// let response = ApiVersionsResponse { api_keys: vec![produce], ..Default::default() };
    /// let newest = response.api_keys.iter().find(|api| api.api_key == ApiKey::PRODUCE).map(|api| api.max_version);
    /// assert_eq!(newest, Some(13));
    /// ```
    pub struct ApiVersionsResponse {
        /// `UNSUPPORTED_VERSION` comes with a body of version 0.
        error_code: crate::ErrorCode => since(0);
        /// One row an API.
        api_keys: Vec<ApiVersion> => since(0);
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(1).ignorable();
        /// Features that the broker could turn on.
        supported_features: Vec<SupportedFeature> => tag(0, 3).ignorable();
        /// The epoch of the finalized features; below 0 where it is unknown.
        finalized_features_epoch: i64 = -1 => tag(1, 3).ignorable();
        /// Features that are on in the cluster, such as `transaction.version`.
        finalized_features: Vec<FinalizedFeature> => tag(2, 3).ignorable();
        /// Set by a KRaft controller that is ready for a migration.
        zk_migration_ready: bool => tag(3, 3).ignorable();
    }

    /// The versions of one API.
    pub struct ApiVersion {
        /// The API.
        api_key: ApiKey => since(0);
        /// The oldest version that the broker supports.
        min_version: i16 => since(0);
        /// The newest.
        max_version: i16 => since(0);
    }

    /// A feature that the broker knows.
    pub struct SupportedFeature {
        /// Its name.
        name: String => since(3);
        /// The lowest level.
        min_version: i16 => since(3);
        /// The highest level.
        max_version: i16 => since(3);
    }

    /// A feature that is on.
    ///
    /// ```
    /// use milena_codec::message::{ApiVersionsResponse, FinalizedFeature, SupportedFeature};
    /// let name = "transaction.version".to_owned();
    /// let on = FinalizedFeature { name: name.clone(), max_version_level: 2, min_version_level: 2 };
    /// let response = ApiVersionsResponse {
    ///     supported_features: vec![SupportedFeature { name, min_version: 0, max_version: 2 }],
    ///     finalized_features: vec![on],
    ///     ..ApiVersionsResponse::default()
    /// };
    /// assert!(response.finalized_features[0].max_version_level <= response.supported_features[0].max_version);
    /// ```
    pub struct FinalizedFeature {
        /// Its name.
        name: String => since(3);
        /// The highest effective level.
        max_version_level: i16 => since(3);
        /// The lowest effective level.
        min_version_level: i16 => since(3);
    }
}

message!(ApiKey::API_VERSIONS, ApiVersionsRequest => ApiVersionsResponse, versions 0..=4, flexible since 3);
