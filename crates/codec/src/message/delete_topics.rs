//! DeleteTopics: deletes topics (KIP-4), by their ids from version 6 on (KIP-516). Version 5 has an error message, and
//! may return `THROTTLING_QUOTA_EXCEEDED` (KIP-599).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::TopicId;
use crate::wire::{removed_after, since};

table! {
    /// Deletes topics.
    ///
    /// ```
    /// use milena_codec::message::{DeleteTopicState, DeleteTopicsRequest, Message, Version};
    /// let topic = DeleteTopicState { name: Some("orders".to_owned()), ..DeleteTopicState::default() };
    /// let request = DeleteTopicsRequest { topics: vec![topic], timeout_ms: 30_000, ..Default::default() };
    /// request.encode(&mut Vec::new(), Version::of::<DeleteTopicsRequest>(6))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct DeleteTopicsRequest {
        /// The topics, from version 6 on.
        topics: Vec<DeleteTopicState> => since(6);
        /// Their names, up to version 5.
        topic_names: Vec<String> => removed_after(0, 5).ignorable();
        /// How long the broker may take, in milliseconds.
        timeout_ms: i32 => since(0);
    }

    /// A topic, by name or by id.
    pub struct DeleteTopicState {
        /// The name; null to go by the id.
        name: Option<String> => since(6).nullable(6);
        /// The id; zero to go by the name.
        topic_id: TopicId => since(6);
    }

    /// The result.
    ///
    /// ```
    /// use milena_codec::ErrorCode;
    /// use milena_codec::message::{DeletableTopicResult, DeleteTopicsResponse};
    /// let topic = DeletableTopicResult { error_code: ErrorCode::TOPIC_DELETION_DISABLED, ..Default::default() };
    /// let response = DeleteTopicsResponse { responses: vec![topic], ..Default::default() };
    /// assert!(!response.responses[0].error_code.is_ok());
    /// ```
    pub struct DeleteTopicsResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(1).ignorable();
        /// By topic.
        responses: Vec<DeletableTopicResult> => since(0);
    }

    /// The result for a topic.
    pub struct DeletableTopicResult {
        /// Its name; null when it was requested by an id that no topic has.
        name: Option<String> = Some(String::new()) => since(0).nullable(6);
        /// Its id.
        topic_id: TopicId => since(6).ignorable();
        /// The reason for which it was not deleted.
        error_code: ErrorCode => since(0);
        /// The same as text.
        error_message: Option<String> => since(5).nullable(5).ignorable();
    }
}

message!(
    ApiKey::DELETE_TOPICS, DeleteTopicsRequest => DeleteTopicsResponse,
    versions 1..=6, flexible since 4
);
