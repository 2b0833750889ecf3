//! The APIs, by the number that stands in each request's header.

use std::fmt;

/// Which request a message belongs to.
///
/// ```
/// use milena_codec::message::ApiKey;
/// assert_eq!(ApiKey::PRODUCE.to_string(), "Produce");
/// assert_eq!(ApiKey(77).to_string(), "api key 77");
/// assert!(ApiKey::ALL.iter().all(|key| key.name().is_some()));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKey(pub i16);

crate::wire::field_by_inner!(ApiKey, i16);

macro_rules! api_keys {
    ($($name:ident = $key:literal, $text:literal;)*) => {
        impl ApiKey {
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $name: Self = Self($key);
            )*

            /// Every API that has a name here.
            pub const ALL: &'static [Self] = &[$(Self($key)),*];

            /// Kafka's name, where this crate knows it.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($key => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

api_keys! {
    PRODUCE = 0, "Produce";
    FETCH = 1, "Fetch";
    LIST_OFFSETS = 2, "ListOffsets";
    METADATA = 3, "Metadata";
    FIND_COORDINATOR = 10, "FindCoordinator";
    SASL_HANDSHAKE = 17, "SaslHandshake";
    API_VERSIONS = 18, "ApiVersions";
    CREATE_TOPICS = 19, "CreateTopics";
    DELETE_TOPICS = 20, "DeleteTopics";
    INIT_PRODUCER_ID = 22, "InitProducerId";
    ADD_PARTITIONS_TO_TXN = 24, "AddPartitionsToTxn";
    ADD_OFFSETS_TO_TXN = 25, "AddOffsetsToTxn";
    END_TXN = 26, "EndTxn";
    TXN_OFFSET_COMMIT = 28, "TxnOffsetCommit";
    DESCRIBE_CONFIGS = 32, "DescribeConfigs";
    SASL_AUTHENTICATE = 36, "SaslAuthenticate";
    CREATE_PARTITIONS = 37, "CreatePartitions";
    DESCRIBE_QUORUM = 55, "DescribeQuorum";
    DESCRIBE_CLUSTER = 60, "DescribeCluster";
    DESCRIBE_PRODUCERS = 61, "DescribeProducers";
    GET_TELEMETRY_SUBSCRIPTIONS = 71, "GetTelemetrySubscriptions";
    PUSH_TELEMETRY = 72, "PushTelemetry";
}

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "api key {}", self.0),
        }
    }
}
