//! DescribeCluster: the brokers or the controllers (KIP-700, KIP-919), those that are fenced among them (KIP-1073).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::BrokerId;
use crate::wire::since;

/// The authorized operations were not requested.
const OPERATIONS_UNKNOWN: i32 = i32::MIN;
/// The endpoints of brokers, as against those of controllers.
const BROKERS: i8 = 1;

table! {
    /// Requests the brokers or controllers of the cluster.
    ///
    /// ```
    /// use milena_codec::message::{DescribeClusterRequest, Message, Version};
    /// let request = DescribeClusterRequest { include_fenced_brokers: true, ..Default::default() };
    /// request.encode(&mut Vec::new(), Version::of::<DescribeClusterRequest>(2))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct DescribeClusterRequest {
        /// Whether to list what the client may do to the cluster.
        include_cluster_authorized_operations: bool => since(0);
        /// 1 for brokers, 2 for controllers.
        endpoint_type: i8 = BROKERS => since(1);
        /// Whether to list brokers that are fenced.
        include_fenced_brokers: bool => since(2);
    }

    /// The brokers or controllers of the cluster.
    ///
    /// ```
    /// use milena_codec::message::{DescribeClusterBroker, DescribeClusterResponse};
    /// let broker = DescribeClusterBroker { host: "broker-1".to_owned(), port: 9092, ..Default::default() };
    /// let response = DescribeClusterResponse { brokers: vec![broker], ..Default::default() };
    /// let addresses: Vec<_> = response.brokers.iter().map(|one| format!("{}:{}", one.host, one.port)).collect();
    /// assert_eq!(addresses, ["broker-1:9092"]);
    /// ```
    pub struct DescribeClusterResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// `MISMATCHED_ENDPOINT_TYPE` when controllers were requested from a broker, or brokers from a controller.
        error_code: ErrorCode => since(0);
        /// The same as text.
        error_message: Option<String> => since(0).nullable(0);
        /// 1 for brokers, 2 for controllers.
        endpoint_type: i8 = BROKERS => since(1);
        /// The cluster's name for itself.
        cluster_id: String => since(0);
        /// The controller, or -1.
        controller_id: BrokerId = BrokerId::NONE => since(0);
        /// One row a broker.
        brokers: Vec<DescribeClusterBroker> => since(0);
        /// The operations that the client may do on the cluster, as a bit field.
        cluster_authorized_operations: i32 = OPERATIONS_UNKNOWN => since(0);
    }

    /// A broker.
    pub struct DescribeClusterBroker {
        /// Its number.
        broker_id: BrokerId => since(0);
        /// The host that it advertises.
        host: String => since(0);
        /// The port that it advertises.
        port: i32 => since(0);
        /// Its rack.
        rack: Option<String> => since(0).nullable(0);
        /// Whether it is fenced.
        is_fenced: bool => since(2);
    }
}

message!(
    ApiKey::DESCRIBE_CLUSTER, DescribeClusterRequest => DescribeClusterResponse,
    versions 0..=2, flexible since 0
);
