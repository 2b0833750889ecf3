//! Each of our structs as kafka-protocol's, field by field and by name: two fields swapped in a table would show.

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::StrBytes;

use crate::ErrorCode;
use crate::ids::{BrokerId, LeaderEpoch, PartitionId, ProducerEpoch, ProducerId, TopicId};
use crate::message as ours;
use crate::message::ApiKey;

/// A type with a counterpart in kafka-protocol.
pub(super) trait Peer {
    type Theirs;
    fn theirs(&self) -> Self::Theirs;
}

/// A value converted to whatever its counterpart's field is.
trait Into2<T> {
    fn into2(&self) -> T;
}

macro_rules! same {
    ($($type:ty),*) => {$( impl Into2<$type> for $type { fn into2(&self) -> $type { self.clone() } } )*};
}
same!(i8, i16, i32, i64, bool, Option<Bytes>);

macro_rules! inner {
    ($($ours:ty => $theirs:ty),*) => {$( impl Into2<$theirs> for $ours { fn into2(&self) -> $theirs { self.0 } } )*};
}
inner!(ErrorCode => i16, PartitionId => i32, LeaderEpoch => i32, BrokerId => i32, ProducerEpoch => i16, ApiKey => i16);

impl Into2<theirs::BrokerId> for BrokerId {
    fn into2(&self) -> theirs::BrokerId {
        theirs::BrokerId(self.0)
    }
}

impl Into2<theirs::ProducerId> for ProducerId {
    fn into2(&self) -> theirs::ProducerId {
        theirs::ProducerId(self.0)
    }
}

impl Into2<uuid::Uuid> for TopicId {
    fn into2(&self) -> uuid::Uuid {
        uuid::Uuid::from_bytes(self.0)
    }
}

impl Into2<StrBytes> for String {
    fn into2(&self) -> StrBytes {
        StrBytes::from_string(self.clone())
    }
}

impl Into2<theirs::TopicName> for String {
    fn into2(&self) -> theirs::TopicName {
        theirs::TopicName(self.into2())
    }
}

impl Into2<theirs::TransactionalId> for String {
    fn into2(&self) -> theirs::TransactionalId {
        theirs::TransactionalId(self.into2())
    }
}

macro_rules! optional {
    ($($theirs:ty),*) => {$(
        impl Into2<Option<$theirs>> for Option<String> {
            fn into2(&self) -> Option<$theirs> {
                self.as_ref().map(Into2::into2)
            }
        }
    )*};
}
optional!(StrBytes, theirs::TopicName, theirs::TransactionalId);

impl<T: Into2<U>, U> Into2<Vec<U>> for Vec<T> {
    fn into2(&self) -> Vec<U> {
        self.iter().map(Into2::into2).collect()
    }
}

impl<T: Into2<U>, U> Into2<Option<Vec<U>>> for Option<Vec<T>> {
    fn into2(&self) -> Option<Vec<U>> {
        self.as_ref().map(Into2::into2)
    }
}

macro_rules! peers {
    ($($name:ident in $module:ident: $($field:ident)*;)*) => {$(
        impl Into2<theirs::$module::$name> for ours::$name {
            fn into2(&self) -> theirs::$module::$name {
                let mut peer = theirs::$module::$name::default();
                $( peer.$field = self.$field.into2(); )*
                peer
            }
        }

        impl Peer for ours::$name {
            type Theirs = theirs::$module::$name;

            fn theirs(&self) -> Self::Theirs {
                self.into2()
            }
        }
    )*};
}

peers! {
    ApiVersionsRequest in api_versions_request: client_software_name client_software_version;
    ApiVersionsResponse in api_versions_response: error_code api_keys throttle_time_ms supported_features
        finalized_features_epoch finalized_features zk_migration_ready;
    ApiVersion in api_versions_response: api_key min_version max_version;
    MetadataRequest in metadata_request: topics allow_auto_topic_creation include_cluster_authorized_operations
        include_topic_authorized_operations;
    MetadataRequestTopic in metadata_request: topic_id name;
    MetadataResponse in metadata_response: throttle_time_ms brokers cluster_id controller_id topics
        cluster_authorized_operations error_code;
    MetadataResponseBroker in metadata_response: node_id host port rack;
    MetadataResponseTopic in metadata_response: error_code name topic_id is_internal partitions
        topic_authorized_operations;
    MetadataResponsePartition in metadata_response: error_code partition_index leader_id leader_epoch replica_nodes
        isr_nodes offline_replicas;
    InitProducerIdRequest in init_producer_id_request: transactional_id transaction_timeout_ms producer_id
        producer_epoch;
    InitProducerIdResponse in init_producer_id_response: throttle_time_ms error_code producer_id producer_epoch;
    ProduceRequest in produce_request: transactional_id acks timeout_ms topic_data;
    TopicProduceData in produce_request: name topic_id partition_data;
    PartitionProduceData in produce_request: index records;
    ProduceResponse in produce_response: responses throttle_time_ms node_endpoints;
    TopicProduceResponse in produce_response: name topic_id partition_responses;
    PartitionProduceResponse in produce_response: index error_code base_offset log_append_time_ms log_start_offset
        record_errors error_message current_leader;
    BatchIndexAndErrorMessage in produce_response: batch_index batch_index_error_message;
    LeaderIdAndEpoch in produce_response: leader_id leader_epoch;
    NodeEndpoint in produce_response: node_id host port rack;
    ListOffsetsRequest in list_offsets_request: replica_id isolation_level topics timeout_ms;
    ListOffsetsTopic in list_offsets_request: name partitions;
    ListOffsetsPartition in list_offsets_request: partition_index current_leader_epoch timestamp;
    FetchRequest in fetch_request: cluster_id replica_id replica_state max_wait_ms min_bytes max_bytes
        isolation_level session_id session_epoch topics forgotten_topics_data rack_id;
    ReplicaState in fetch_request: replica_id replica_epoch;
    FetchTopic in fetch_request: topic topic_id partitions;
    FetchPartition in fetch_request: partition current_leader_epoch fetch_offset last_fetched_epoch log_start_offset
        partition_max_bytes replica_directory_id high_watermark;
    ForgottenTopic in fetch_request: topic topic_id partitions;
    CreateTopicsRequest in create_topics_request: topics timeout_ms validate_only;
    CreatableTopic in create_topics_request: name num_partitions replication_factor assignments configs;
    CreatableReplicaAssignment in create_topics_request: partition_index broker_ids;
    CreatableTopicConfig in create_topics_request: name value;
}

impl Into2<theirs::api_versions_response::SupportedFeatureKey> for ours::SupportedFeature {
    fn into2(&self) -> theirs::api_versions_response::SupportedFeatureKey {
        let mut peer = theirs::api_versions_response::SupportedFeatureKey::default();
        peer.name = self.name.into2();
        peer.min_version = self.min_version;
        peer.max_version = self.max_version;
        peer
    }
}

impl Into2<theirs::api_versions_response::FinalizedFeatureKey> for ours::FinalizedFeature {
    fn into2(&self) -> theirs::api_versions_response::FinalizedFeatureKey {
        let mut peer = theirs::api_versions_response::FinalizedFeatureKey::default();
        peer.name = self.name.into2();
        peer.max_version_level = self.max_version_level;
        peer.min_version_level = self.min_version_level;
        peer
    }
}
