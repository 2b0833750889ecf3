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
        $callback! {
            requests:
                ProduceRequest
                FetchRequest
                ListOffsetsRequest
                MetadataRequest
                FindCoordinatorRequest
                SaslHandshakeRequest
                ApiVersionsRequest
                CreateTopicsRequest
                DeleteTopicsRequest
                InitProducerIdRequest
                AddPartitionsToTxnRequest
                AddOffsetsToTxnRequest
                EndTxnRequest
                TxnOffsetCommitRequest
                DescribeConfigsRequest
                SaslAuthenticateRequest
                CreatePartitionsRequest
                DescribeClusterRequest
                DescribeProducersRequest
                GetTelemetrySubscriptionsRequest
                PushTelemetryRequest;
            responses:
                ProduceResponse
                ListOffsetsResponse
                MetadataResponse
                FindCoordinatorResponse
                SaslHandshakeResponse
                ApiVersionsResponse
                CreateTopicsResponse
                DeleteTopicsResponse
                InitProducerIdResponse
                AddPartitionsToTxnResponse
                AddOffsetsToTxnResponse
                EndTxnResponse
                TxnOffsetCommitResponse
                DescribeConfigsResponse
                SaslAuthenticateResponse
                CreatePartitionsResponse
                DescribeClusterResponse
                DescribeProducersResponse
                GetTelemetrySubscriptionsResponse
                PushTelemetryResponse;
        }
    };
}
