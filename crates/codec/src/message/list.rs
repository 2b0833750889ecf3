//! The one list of all messages, for whatever has to be done with each of them.

/// Calls a macro with the names of all messages of [`milena_codec::message`](crate::message).
///
/// ```
/// use milena_codec::message as m;
/// use milena_codec::message::Message;
///
/// macro_rules! names {
///     (requests: $($request:ident)*; responses: $($response:ident)*;) => {
///         [$(m::$request::NAME,)* $(m::$response::NAME,)*]
///     };
/// }
/// assert!(milena_codec::for_each_message!(names).contains(&"EndTxnResponse"));
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_message {
    ($callback:ident) => {
        $crate::for_each_message! { @rows $callback
            ProduceRequest => ProduceResponse;
            FetchRequest;
            ListOffsetsRequest => ListOffsetsResponse;
            MetadataRequest => MetadataResponse;
            FindCoordinatorRequest => FindCoordinatorResponse;
            SaslHandshakeRequest => SaslHandshakeResponse;
            ApiVersionsRequest => ApiVersionsResponse;
            CreateTopicsRequest => CreateTopicsResponse;
            DeleteTopicsRequest => DeleteTopicsResponse;
            InitProducerIdRequest => InitProducerIdResponse;
            AddPartitionsToTxnRequest => AddPartitionsToTxnResponse;
            AddOffsetsToTxnRequest => AddOffsetsToTxnResponse;
            EndTxnRequest => EndTxnResponse;
            TxnOffsetCommitRequest => TxnOffsetCommitResponse;
            DescribeConfigsRequest => DescribeConfigsResponse;
            SaslAuthenticateRequest => SaslAuthenticateResponse;
            CreatePartitionsRequest => CreatePartitionsResponse;
            DescribeQuorumRequest => DescribeQuorumResponse;
            DescribeClusterRequest => DescribeClusterResponse;
            DescribeProducersRequest => DescribeProducersResponse;
            GetTelemetrySubscriptionsRequest => GetTelemetrySubscriptionsResponse;
            PushTelemetryRequest => PushTelemetryResponse;
        }
    };
    (@rows $callback:ident $($request:ident $(=> $response:ident)?;)*) => {
        $callback! {
            requests: $($request)*;
            responses: $($($response)?)*;
        }
    };
}
