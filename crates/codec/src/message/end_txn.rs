//! EndTxn: commits or aborts a transaction (KIP-98). Version 2 may return `PRODUCER_FENCED` (KIP-588),
//! version 4 with `TRANSACTION_ABORTABLE`, and version 5 gives the epoch of the next transaction (KIP-890).

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::wire::since;

table! {
    /// Ends a transaction.
    ///
    /// ```
    /// use milena_codec::ids::{ProducerEpoch, ProducerId};
    /// use milena_codec::message::{EndTxnRequest, Message, Version};
    /// let commit = EndTxnRequest {
    ///     transactional_id: "payments".to_owned(),
    ///     producer_id: ProducerId(9),
    ///     producer_epoch: ProducerEpoch(0),
    ///     committed: true,
    /// };
    /// commit.encode(&mut Vec::new(), Version::of::<EndTxnRequest>(5))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct EndTxnRequest {
        /// The transactional id.
        transactional_id: String => since(0);
        /// The producer id of the transaction.
        producer_id: ProducerId = ProducerId(0) => since(0);
        /// The epoch of that producer id.
        producer_epoch: ProducerEpoch = ProducerEpoch(0) => since(0);
        /// Whether it is committed; else it is aborted.
        committed: bool => since(0);
    }

    /// The result.
    ///
    /// ```
    /// use milena_codec::ids::ProducerEpoch;
    /// use milena_codec::message::{EndTxnResponse, Message, Version};
    /// let body = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 3, 0];
    /// let response = EndTxnResponse::decode_exact(&body, Version::of::<EndTxnResponse>(5))?;
    /// assert_eq!(response.producer_epoch, ProducerEpoch(3), "of the next transaction (KIP-890)");
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    pub struct EndTxnResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0);
        /// The reason for a rejection.
        error_code: ErrorCode => since(0);
        /// The producer id of the next transaction.
        producer_id: ProducerId => since(5).ignorable();
        /// The epoch of that producer id.
        producer_epoch: ProducerEpoch => since(5).ignorable();
    }
}

message!(ApiKey::END_TXN, EndTxnRequest => EndTxnResponse, versions 0..=5, flexible since 3);
