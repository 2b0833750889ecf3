//! AddOffsetsToTxn: announces that a transaction will commit offsets of a group (KIP-98). Version 2 may return
//! `PRODUCER_FENCED` (KIP-588), version 4 `TRANSACTION_ABORTABLE` (KIP-890).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::wire::since;

table! {
    /// Adds the offsets of a group.
    ///
    /// ```
    /// use milena_codec::ids::{ProducerEpoch, ProducerId};
    /// use milena_codec::message::{AddOffsetsToTxnRequest, Message, Version};
    /// let request = AddOffsetsToTxnRequest {
    ///     transactional_id: "payments".to_owned(),
    ///     producer_id: ProducerId(9),
    ///     producer_epoch: ProducerEpoch(0),
    ///     group_id: "consumers".to_owned(),
    /// };
    /// request.encode(&mut Vec::new(), Version::of::<AddOffsetsToTxnRequest>(4))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct AddOffsetsToTxnRequest {
        /// The transactional id.
        transactional_id: String => since(0);
        /// The producer id of the transaction.
        producer_id: ProducerId = ProducerId(0) => since(0);
        /// The epoch of that producer id.
        producer_epoch: ProducerEpoch = ProducerEpoch(0) => since(0);
        /// The group.
        group_id: String => since(0);
    }

    /// The result.
    ///
    /// ```
    /// use milena_codec::ErrorCode;
    /// use milena_codec::message::{AddOffsetsToTxnResponse, Message, Version};
    /// let version = Version::of::<AddOffsetsToTxnResponse>(2);
    /// let response = AddOffsetsToTxnResponse::decode_exact(&[0, 0, 0, 0, 0, 90], version)?;
    /// assert_eq!(response.error_code, ErrorCode::PRODUCER_FENCED);
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    pub struct AddOffsetsToTxnResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// The reason for a rejection.
        error_code: ErrorCode => since(0);
    }
}

message!(
    ApiKey::ADD_OFFSETS_TO_TXN, AddOffsetsToTxnRequest => AddOffsetsToTxnResponse,
    versions 0..=4, flexible since 3
);
