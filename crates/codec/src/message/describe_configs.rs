//! DescribeConfigs: the settings of topics and brokers (KIP-133), where each comes from (KIP-226), and of which type it
//! is (KIP-569). A producer learns a topic's `max.message.bytes` from it.

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::ResourceType;
use crate::wire::since;

table! {
    /// Requests configurations.
    ///
    /// ```
    /// use milena_codec::ids::ResourceType;
    /// use milena_codec::message::{DescribeConfigsRequest, DescribeConfigsResource, Message, Version};
    /// let resource = DescribeConfigsResource {
    ///     resource_type: ResourceType::TOPIC,
    ///     resource_name: "orders".to_owned(),
    ///     configuration_keys: Some(vec!["max.message.bytes".to_owned()]),
    /// };
    /// let request = DescribeConfigsRequest { resources: vec![resource], ..Default::default() };
    /// request.encode(&mut Vec::new(), Version::of::<DescribeConfigsRequest>(4))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct DescribeConfigsRequest {
        /// Of which topics and brokers.
        resources: Vec<DescribeConfigsResource> => since(0);
        /// Whether to list where else a value may come from.
        include_synonyms: bool => since(1);
        /// Whether to explain each setting.
        include_documentation: bool => since(3);
    }

    /// A topic or a broker.
    pub struct DescribeConfigsResource {
        /// Which of the two.
        resource_type: ResourceType => since(0);
        /// Its name, or its number in digits.
        resource_name: String => since(0);
        /// The settings; null for all.
        configuration_keys: Option<Vec<String>> = Some(Vec::new()) => since(0).nullable(0);
    }

    /// The settings.
    ///
    /// ```
    /// use milena_codec::message::{DescribeConfigsResourceResult, DescribeConfigsResponse, DescribeConfigsResult};
    /// fn value_of<'a>(response: &'a DescribeConfigsResponse, name: &str) -> Option<&'a str> {
    ///     let mut configs = response.results.iter().flat_map(|resource: &DescribeConfigsResult| &resource.configs);
    ///     let config = configs.find(|one: &&DescribeConfigsResourceResult| one.name == name)?;
    ///     config.value.as_deref()
    /// }
    /// assert_eq!(value_of(&DescribeConfigsResponse::default(), "max.message.bytes"), None);
    /// ```
    pub struct DescribeConfigsResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// By topic or broker.
        results: Vec<DescribeConfigsResult> => since(0);
    }

    /// The settings of a topic or a broker.
    pub struct DescribeConfigsResult {
        /// The reason for which they are missing.
        error_code: ErrorCode => since(0);
        /// The same as text.
        error_message: Option<String> = Some(String::new()) => since(0).nullable(0);
        /// Whether it is a topic or a broker.
        resource_type: ResourceType => since(0);
        /// Its name, or its number in digits.
        resource_name: String => since(0);
        /// The settings.
        configs: Vec<DescribeConfigsResourceResult> => since(0);
    }

    /// A setting.
    pub struct DescribeConfigsResourceResult {
        /// Its name.
        name: String => since(0);
        /// Its value; null where it is a secret.
        value: Option<String> = Some(String::new()) => since(0).nullable(0);
        /// Whether it cannot be changed.
        read_only: bool => since(0);
        /// Where the value comes from: 1 the topic, 2 … 4 the brokers, 5 the default, -1 unknown.
        config_source: i8 = -1 => since(1).ignorable();
        /// Whether it is a secret.
        is_sensitive: bool => since(0);
        /// Where else the value may come from, what wins first.
        synonyms: Vec<DescribeConfigsSynonym> => since(1).ignorable();
        /// The type of the value: 1 boolean, 2 string, 3 int, 5 long and so on, 0 unknown.
        config_type: i8 => since(3).ignorable();
        /// Its documentation.
        documentation: Option<String> = Some(String::new()) => since(3).nullable(0).ignorable();
    }

    /// Another place that a value may come from.
    ///
    /// ```
    /// use milena_codec::message::{DescribeConfigsResourceResult, DescribeConfigsSynonym};
    /// let synonym = DescribeConfigsSynonym { name: "message.max.bytes".to_owned(), ..Default::default() };
    /// let config = DescribeConfigsResourceResult { synonyms: vec![synonym], ..Default::default() };
    /// assert_eq!(config.synonyms[0].name, "message.max.bytes");
    /// ```
    pub struct DescribeConfigsSynonym {
        /// The name of the setting there.
        name: String => since(1);
        /// The value there; null where it is a secret.
        value: Option<String> = Some(String::new()) => since(1).nullable(0);
        /// The place, as in `config_source`.
        source: i8 => since(1);
    }
}

message!(
    ApiKey::DESCRIBE_CONFIGS, DescribeConfigsRequest => DescribeConfigsResponse,
    versions 1..=4, flexible since 4
);
