//! FindCoordinator: which broker coordinates a transactional id or a group (KIP-98), several at once from version 4 on
//! (KIP-699). Version 5 may return `TRANSACTION_ABORTABLE` (KIP-890), version 6 knows share groups (KIP-932).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{BrokerId, CoordinatorType};
use crate::wire::{removed_after, since};

table! {
    /// Requests the coordinators of some keys.
    ///
    /// ```
    /// use milena_codec::ids::CoordinatorType;
    /// use milena_codec::message::{FindCoordinatorRequest, Message, Version};
    /// let request = FindCoordinatorRequest {
    ///     key_type: CoordinatorType::TRANSACTION,
    ///     coordinator_keys: vec!["payments".to_owned()],
    ///     ..FindCoordinatorRequest::default()
    /// };
    /// request.encode(&mut Vec::new(), Version::of::<FindCoordinatorRequest>(6))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct FindCoordinatorRequest {
        /// The transactional id or the group.
        key: String => removed_after(0, 3);
        /// The kind of the key; without this field, a group.
        key_type: CoordinatorType => since(1);
        /// Several of them, all of one kind.
        coordinator_keys: Vec<String> => since(4);
    }

    /// Where they are: in its own fields up to version 3, in `coordinators` from 4 on.
    ///
    /// ```
    /// use milena_codec::ids::BrokerId;
    /// use milena_codec::message::{Coordinator, FindCoordinatorResponse};
    /// let coordinator =
    ///     Coordinator { key: "payments".to_owned(), node_id: BrokerId(2), port: 9092, ..Coordinator::default() };
    /// let response = FindCoordinatorResponse { coordinators: vec![coordinator], ..Default::default() };
    /// let found = response.coordinators.iter().find(|one| one.key == "payments").map(|one| one.node_id);
    /// assert_eq!(found, Some(BrokerId(2)));
    /// ```
    pub struct FindCoordinatorResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(1).ignorable();
        /// The reason for which there is none.
        error_code: ErrorCode => removed_after(0, 3);
        /// The same as text.
        error_message: Option<String> = Some(String::new()) => removed_after(1, 3).nullable(1).ignorable();
        /// The broker, or -1.
        node_id: BrokerId => removed_after(0, 3);
        /// Its host.
        host: String => removed_after(0, 3);
        /// Its port.
        port: i32 => removed_after(0, 3);
        /// One row a key.
        coordinators: Vec<Coordinator> => since(4);
    }

    /// The coordinator of one key.
    pub struct Coordinator {
        /// The key.
        key: String => since(4);
        /// The broker, or -1.
        node_id: BrokerId => since(4);
        /// Its host.
        host: String => since(4);
        /// Its port.
        port: i32 => since(4);
        /// The reason for which there is none.
        error_code: ErrorCode => since(4);
        /// The same as text.
        error_message: Option<String> = Some(String::new()) => since(4).nullable(4).ignorable();
    }
}

message!(
    ApiKey::FIND_COORDINATOR, FindCoordinatorRequest => FindCoordinatorResponse,
    versions 0..=6, flexible since 3
);
