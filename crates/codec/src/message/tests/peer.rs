//! Each of our structs as kafka-protocol's, field by field and by name: two fields swapped in a table would show.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::StrBytes;

use crate::ErrorCode;
use crate::ids::{
    BrokerId, ClientInstanceId, CoordinatorType, DirectoryId, LeaderEpoch, PartitionId, ProducerEpoch,
    ProducerId, ResourceType, TopicId,
};
use crate::message as ours;
use crate::message::ApiKey;
use crate::wire::{InlineVec, SecretBytes};

/// Tagged fields that no schema knows, by their tags.
pub(super) type Unknown = BTreeMap<i32, Bytes>;

/// A type with a counterpart in kafka-protocol.
pub(super) trait Peer {
    type Theirs;
    /// The counterpart, with unknown tagged fields in it and in every struct inside of it.
    fn theirs(&self, unknown: &Unknown) -> Self::Theirs;
}

/// A value converted to whatever its counterpart's field is.
trait Into2<T> {
    fn into2(&self, unknown: &Unknown) -> T;
}

macro_rules! same {
    ($($type:ty),*) => {$( impl Into2<$type> for $type { fn into2(&self, _: &Unknown) -> $type { self.clone() } } )*};
}
same!(i8, i16, u16, i32, i64, bool, Bytes, Option<Bytes>);

macro_rules! inner {
    ($($ours:ty => $theirs:ty),*) => {$( impl Into2<$theirs> for $ours { fn into2(&self, _: &Unknown) -> $theirs { self.0 } } )*};
}
inner!(ErrorCode => i16, PartitionId => i32, LeaderEpoch => i32, BrokerId => i32, ProducerEpoch => i16, ApiKey => i16,
    CoordinatorType => i8, ResourceType => i8);

impl Into2<theirs::BrokerId> for BrokerId {
    fn into2(&self, _: &Unknown) -> theirs::BrokerId {
        theirs::BrokerId(self.0)
    }
}

impl Into2<theirs::ProducerId> for ProducerId {
    fn into2(&self, _: &Unknown) -> theirs::ProducerId {
        theirs::ProducerId(self.0)
    }
}

impl Into2<Bytes> for SecretBytes {
    fn into2(&self, _: &Unknown) -> Bytes {
        self.0.clone()
    }
}

macro_rules! uuid {
    ($($ours:ty),*) => {$(
        impl Into2<uuid::Uuid> for $ours {
            fn into2(&self, _: &Unknown) -> uuid::Uuid {
                uuid::Uuid::from_bytes(self.0)
            }
        }
    )*};
}
uuid!(TopicId, ClientInstanceId, DirectoryId);

impl Into2<StrBytes> for String {
    fn into2(&self, _: &Unknown) -> StrBytes {
        StrBytes::from_string(self.clone())
    }
}

macro_rules! named {
    ($($theirs:ident),*) => {$(
        impl Into2<theirs::$theirs> for String {
            fn into2(&self, unknown: &Unknown) -> theirs::$theirs {
                theirs::$theirs(self.into2(unknown))
            }
        }
    )*};
}
named!(TopicName, TransactionalId, GroupId);

macro_rules! optional {
    ($($theirs:ty),*) => {$(
        impl Into2<Option<$theirs>> for Option<String> {
            fn into2(&self, unknown: &Unknown) -> Option<$theirs> {
                self.as_ref().map(|text| text.into2(unknown))
            }
        }
    )*};
}
optional!(StrBytes, theirs::TopicName, theirs::TransactionalId);

impl<T: Into2<U>, U> Into2<Vec<U>> for Vec<T> {
    fn into2(&self, unknown: &Unknown) -> Vec<U> {
        self.iter().map(|element| element.into2(unknown)).collect()
    }
}

impl<T: Into2<U>, U> Into2<Vec<U>> for InlineVec<T> {
    fn into2(&self, unknown: &Unknown) -> Vec<U> {
        self.iter().map(|element| element.into2(unknown)).collect()
    }
}

impl<T: Into2<U>, U> Into2<Option<Vec<U>>> for Option<Vec<T>> {
    fn into2(&self, unknown: &Unknown) -> Option<Vec<U>> {
        self.as_ref().map(|elements| elements.into2(unknown))
    }
}

macro_rules! peers {
    ($($ours:ident is $theirs:ident in $module:ident $(without $tags:ident)?: $($field:ident)*;)*) => {$(
        impl Into2<theirs::$module::$theirs> for ours::$ours {
            fn into2(&self, unknown: &Unknown) -> theirs::$module::$theirs {
                let mut peer = theirs::$module::$theirs::default();
                $( peer.$field = self.$field.into2(unknown); )*
                give_tags!(peer unknown $($tags)?);
                peer
            }
        }

        impl Peer for ours::$ours {
            type Theirs = theirs::$module::$theirs;

            fn theirs(&self, unknown: &Unknown) -> Self::Theirs {
                self.into2(unknown)
            }
        }
    )*};
}

/// Structs that are never flexible have no place for tagged fields.
macro_rules! give_tags {
    ($peer:ident $unknown:ident) => {
        $peer.unknown_tagged_fields.clone_from($unknown);
    };
    ($peer:ident $unknown:ident tags) => {};
}

peers! {
    ApiVersionsRequest is ApiVersionsRequest in api_versions_request: client_software_name client_software_version;
    ApiVersionsResponse is ApiVersionsResponse in api_versions_response: error_code api_keys throttle_time_ms supported_features
        finalized_features_epoch finalized_features zk_migration_ready;
    ApiVersion is ApiVersion in api_versions_response: api_key min_version max_version;
    SupportedFeature is SupportedFeatureKey in api_versions_response: name min_version max_version;
    FinalizedFeature is FinalizedFeatureKey in api_versions_response: name max_version_level min_version_level;
    MetadataRequest is MetadataRequest in metadata_request: topics allow_auto_topic_creation include_cluster_authorized_operations
        include_topic_authorized_operations;
    MetadataRequestTopic is MetadataRequestTopic in metadata_request: topic_id name;
    MetadataResponse is MetadataResponse in metadata_response: throttle_time_ms brokers cluster_id controller_id topics
        cluster_authorized_operations error_code;
    MetadataResponseBroker is MetadataResponseBroker in metadata_response: node_id host port rack;
    MetadataResponseTopic is MetadataResponseTopic in metadata_response: error_code name topic_id is_internal partitions
        topic_authorized_operations;
    MetadataResponsePartition is MetadataResponsePartition in metadata_response: error_code partition_index leader_id leader_epoch replica_nodes
        isr_nodes offline_replicas;
    InitProducerIdRequest is InitProducerIdRequest in init_producer_id_request: transactional_id transaction_timeout_ms producer_id
        producer_epoch;
    InitProducerIdResponse is InitProducerIdResponse in init_producer_id_response: throttle_time_ms error_code producer_id
        producer_epoch ongoing_txn_producer_id ongoing_txn_producer_epoch;
    ProduceRequest is ProduceRequest in produce_request: transactional_id acks timeout_ms topic_data;
    TopicProduceData is TopicProduceData in produce_request: name topic_id partition_data;
    PartitionProduceData is PartitionProduceData in produce_request: index records;
    ProduceResponse is ProduceResponse in produce_response: responses throttle_time_ms node_endpoints;
    TopicProduceResponse is TopicProduceResponse in produce_response: name topic_id partition_responses;
    PartitionProduceResponse is PartitionProduceResponse in produce_response: index error_code base_offset log_append_time_ms log_start_offset
        record_errors error_message current_leader;
    BatchIndexAndErrorMessage is BatchIndexAndErrorMessage in produce_response: batch_index batch_index_error_message;
    LeaderIdAndEpoch is LeaderIdAndEpoch in produce_response: leader_id leader_epoch;
    NodeEndpoint is NodeEndpoint in produce_response: node_id host port rack;
    ListOffsetsRequest is ListOffsetsRequest in list_offsets_request: replica_id isolation_level topics timeout_ms;
    ListOffsetsTopic is ListOffsetsTopic in list_offsets_request: name partitions;
    ListOffsetsPartition is ListOffsetsPartition in list_offsets_request: partition_index current_leader_epoch timestamp;
    FetchRequest is FetchRequest in fetch_request: cluster_id replica_id replica_state max_wait_ms min_bytes max_bytes
        isolation_level session_id session_epoch topics forgotten_topics_data rack_id;
    ReplicaState is ReplicaState in fetch_request: replica_id replica_epoch;
    FetchTopic is FetchTopic in fetch_request: topic topic_id partitions;
    FetchPartition is FetchPartition in fetch_request: partition current_leader_epoch fetch_offset last_fetched_epoch log_start_offset
        partition_max_bytes replica_directory_id high_watermark;
    ForgottenTopic is ForgottenTopic in fetch_request: topic topic_id partitions;
    CreateTopicsRequest is CreateTopicsRequest in create_topics_request: topics timeout_ms validate_only;
    CreatableTopic is CreatableTopic in create_topics_request: name num_partitions replication_factor assignments configs;
    CreatableReplicaAssignment is CreatableReplicaAssignment in create_topics_request: partition_index broker_ids;
    CreatableTopicConfig is CreatableTopicConfig in create_topics_request: name value;
    CreateTopicsResponse is CreateTopicsResponse in create_topics_response: throttle_time_ms topics;
    CreatableTopicResult is CreatableTopicResult in create_topics_response: name topic_id error_code error_message
        topic_config_error_code num_partitions replication_factor configs;
    CreatableTopicConfigs is CreatableTopicConfigs in create_topics_response: name value read_only config_source
        is_sensitive;
    ListOffsetsResponse is ListOffsetsResponse in list_offsets_response: throttle_time_ms topics;
    ListOffsetsTopicResponse is ListOffsetsTopicResponse in list_offsets_response: name partitions;
    ListOffsetsPartitionResponse is ListOffsetsPartitionResponse in list_offsets_response: partition_index error_code
        timestamp offset leader_epoch;
    SaslHandshakeRequest is SaslHandshakeRequest in sasl_handshake_request without tags: mechanism;
    SaslHandshakeResponse is SaslHandshakeResponse in sasl_handshake_response without tags: error_code mechanisms;
    SaslAuthenticateRequest is SaslAuthenticateRequest in sasl_authenticate_request: auth_bytes;
    SaslAuthenticateResponse is SaslAuthenticateResponse in sasl_authenticate_response: error_code error_message
        auth_bytes session_lifetime_ms;
    FindCoordinatorRequest is FindCoordinatorRequest in find_coordinator_request: key key_type coordinator_keys;
    FindCoordinatorResponse is FindCoordinatorResponse in find_coordinator_response: throttle_time_ms error_code
        error_message node_id host port coordinators;
    Coordinator is Coordinator in find_coordinator_response: key node_id host port error_code error_message;
    AddPartitionsToTxnRequest is AddPartitionsToTxnRequest in add_partitions_to_txn_request: transactions
        v3_and_below_transactional_id v3_and_below_producer_id v3_and_below_producer_epoch v3_and_below_topics;
    AddPartitionsToTxnTransaction is AddPartitionsToTxnTransaction in add_partitions_to_txn_request: transactional_id
        producer_id producer_epoch verify_only topics;
    AddPartitionsToTxnTopic is AddPartitionsToTxnTopic in add_partitions_to_txn_request: name partitions;
    AddPartitionsToTxnResponse is AddPartitionsToTxnResponse in add_partitions_to_txn_response: throttle_time_ms
        error_code results_by_transaction results_by_topic_v3_and_below;
    AddPartitionsToTxnResult is AddPartitionsToTxnResult in add_partitions_to_txn_response: transactional_id
        topic_results;
    AddPartitionsToTxnTopicResult is AddPartitionsToTxnTopicResult in add_partitions_to_txn_response: name
        results_by_partition;
    AddPartitionsToTxnPartitionResult is AddPartitionsToTxnPartitionResult in add_partitions_to_txn_response:
        partition_index partition_error_code;
    AddOffsetsToTxnRequest is AddOffsetsToTxnRequest in add_offsets_to_txn_request: transactional_id producer_id
        producer_epoch group_id;
    AddOffsetsToTxnResponse is AddOffsetsToTxnResponse in add_offsets_to_txn_response: throttle_time_ms error_code;
    EndTxnRequest is EndTxnRequest in end_txn_request: transactional_id producer_id producer_epoch committed;
    EndTxnResponse is EndTxnResponse in end_txn_response: throttle_time_ms error_code producer_id producer_epoch;
    TxnOffsetCommitRequest is TxnOffsetCommitRequest in txn_offset_commit_request: transactional_id group_id producer_id
        producer_epoch generation_id member_id group_instance_id topics;
    TxnOffsetCommitRequestTopic is TxnOffsetCommitRequestTopic in txn_offset_commit_request: name partitions;
    TxnOffsetCommitRequestPartition is TxnOffsetCommitRequestPartition in txn_offset_commit_request: partition_index
        committed_offset committed_leader_epoch committed_metadata;
    TxnOffsetCommitResponse is TxnOffsetCommitResponse in txn_offset_commit_response: throttle_time_ms topics;
    TxnOffsetCommitResponseTopic is TxnOffsetCommitResponseTopic in txn_offset_commit_response: name partitions;
    TxnOffsetCommitResponsePartition is TxnOffsetCommitResponsePartition in txn_offset_commit_response: partition_index
        error_code;
    DescribeConfigsRequest is DescribeConfigsRequest in describe_configs_request: resources include_synonyms
        include_documentation;
    DescribeConfigsResource is DescribeConfigsResource in describe_configs_request: resource_type resource_name
        configuration_keys;
    DescribeConfigsResponse is DescribeConfigsResponse in describe_configs_response: throttle_time_ms results;
    DescribeConfigsResult is DescribeConfigsResult in describe_configs_response: error_code error_message resource_type
        resource_name configs;
    DescribeConfigsResourceResult is DescribeConfigsResourceResult in describe_configs_response: name value read_only
        config_source is_sensitive synonyms config_type documentation;
    DescribeConfigsSynonym is DescribeConfigsSynonym in describe_configs_response: name value source;
    DescribeProducersRequest is DescribeProducersRequest in describe_producers_request: topics;
    DescribeProducersTopic is TopicRequest in describe_producers_request: name partition_indexes;
    DescribeProducersResponse is DescribeProducersResponse in describe_producers_response: throttle_time_ms topics;
    DescribeProducersTopicResult is TopicResponse in describe_producers_response: name partitions;
    DescribeProducersPartitionResult is PartitionResponse in describe_producers_response: partition_index error_code
        error_message active_producers;
    ProducerState is ProducerState in describe_producers_response: producer_id producer_epoch last_sequence
        last_timestamp coordinator_epoch current_txn_start_offset;
    DescribeQuorumRequest is DescribeQuorumRequest in describe_quorum_request: topics;
    DescribeQuorumRequestTopic is TopicData in describe_quorum_request: topic_name partitions;
    DescribeQuorumRequestPartition is PartitionData in describe_quorum_request: partition_index;
    DescribeQuorumResponse is DescribeQuorumResponse in describe_quorum_response: error_code error_message topics nodes;
    DescribeQuorumTopic is TopicData in describe_quorum_response: topic_name partitions;
    DescribeQuorumPartition is PartitionData in describe_quorum_response: partition_index error_code error_message
        leader_id leader_epoch high_watermark current_voters observers;
    DescribeQuorumReplica is ReplicaState in describe_quorum_response: replica_id replica_directory_id log_end_offset
        last_fetch_timestamp last_caught_up_timestamp;
    DescribeQuorumNode is Node in describe_quorum_response: node_id listeners;
    DescribeQuorumListener is Listener in describe_quorum_response: name host port;
    DescribeClusterRequest is DescribeClusterRequest in describe_cluster_request: include_cluster_authorized_operations
        endpoint_type include_fenced_brokers;
    DescribeClusterResponse is DescribeClusterResponse in describe_cluster_response: throttle_time_ms error_code
        error_message endpoint_type cluster_id controller_id brokers cluster_authorized_operations;
    DescribeClusterBroker is DescribeClusterBroker in describe_cluster_response: broker_id host port rack is_fenced;
    CreatePartitionsRequest is CreatePartitionsRequest in create_partitions_request: topics timeout_ms validate_only;
    CreatePartitionsTopic is CreatePartitionsTopic in create_partitions_request: name count assignments;
    CreatePartitionsAssignment is CreatePartitionsAssignment in create_partitions_request: broker_ids;
    CreatePartitionsResponse is CreatePartitionsResponse in create_partitions_response: throttle_time_ms results;
    CreatePartitionsTopicResult is CreatePartitionsTopicResult in create_partitions_response: name error_code
        error_message;
    DeleteTopicsRequest is DeleteTopicsRequest in delete_topics_request: topics topic_names timeout_ms;
    DeleteTopicState is DeleteTopicState in delete_topics_request: name topic_id;
    DeleteTopicsResponse is DeleteTopicsResponse in delete_topics_response: throttle_time_ms responses;
    DeletableTopicResult is DeletableTopicResult in delete_topics_response: name topic_id error_code error_message;
    GetTelemetrySubscriptionsRequest is GetTelemetrySubscriptionsRequest in get_telemetry_subscriptions_request:
        client_instance_id;
    GetTelemetrySubscriptionsResponse is GetTelemetrySubscriptionsResponse in get_telemetry_subscriptions_response:
        throttle_time_ms error_code client_instance_id subscription_id accepted_compression_types push_interval_ms
        telemetry_max_bytes delta_temporality requested_metrics;
    PushTelemetryRequest is PushTelemetryRequest in push_telemetry_request: client_instance_id subscription_id terminating
        compression_type metrics;
    PushTelemetryResponse is PushTelemetryResponse in push_telemetry_response: throttle_time_ms error_code;
}
