//! InitProducerId: the producer id and epoch of an idempotent or transactional producer (KIP-98).
//!
//! Version 3 bumps the epoch of a producer id (KIP-360), 4 may return `PRODUCER_FENCED` (KIP-588), 5
//! `TRANSACTION_ABORTABLE` (KIP-890). Version 6 is for two-phase commit (KIP-939); brokers of Kafka 4.3 offer it only with
//! `unstable.api.versions.enable`.

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::ids::{ProducerEpoch, ProducerId};
use crate::wire::since;

table! {
    /// Requests a producer id and epoch.
    ///
    /// ```
    /// use milena_codec::message::{InitProducerIdRequest, Message, Version};
    /// // For a producer that is idempotent and not transactional.
    /// let request = InitProducerIdRequest::default();
    /// request.encode(&mut Vec::new(), Version::of::<InitProducerIdRequest>(5))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct InitProducerIdRequest {
        /// Null for a producer that is only idempotent.
        transactional_id: Option<String> => since(0).nullable(0);
        /// After how long an idle transaction is aborted, in milliseconds; unused without a transactional id.
        transaction_timeout_ms: i32 => since(0);
        /// The producer id held so far, to bump its epoch; -1 for none.
        producer_id: ProducerId => since(3);
        /// The epoch held so far; -1 for none.
        producer_epoch: ProducerEpoch => since(3);
        /// Whether an external coordinator decides about the transaction that the client prepares.
        enable2_pc: bool => since(6);
        /// Whether a transaction that was prepared before stays open.
        keep_prepared_txn: bool => since(6);
    }

    /// The producer id and epoch.
    ///
    /// ```
    /// use milena_codec::ids::{ProducerEpoch, ProducerId, ProducerIdAndEpoch};
    /// use milena_codec::message::{InitProducerIdResponse, Message, Version};
    /// let body = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2];
    /// let response = InitProducerIdResponse::decode_exact(&body, Version::of::<InitProducerIdResponse>(1))?;
    /// assert!(response.error_code.is_ok());
    /// let (producer_id, epoch) = (response.producer_id, response.producer_epoch);
    /// let expected = ProducerIdAndEpoch { producer_id: ProducerId(9), epoch: ProducerEpoch(2) };
    /// assert_eq!(ProducerIdAndEpoch { producer_id, epoch }, expected);
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    pub struct InitProducerIdResponse {
        /// How long the client should wait before its next request, in milliseconds.
        throttle_time_ms: i32 => since(0).ignorable();
        /// The reason for which there is none.
        error_code: ErrorCode => since(0);
        /// The producer id.
        producer_id: ProducerId => since(0);
        /// Its epoch.
        producer_epoch: ProducerEpoch = ProducerEpoch(0) => since(0);
        /// The producer id of a transaction that stays open, or -1.
        ongoing_txn_producer_id: ProducerId => since(6);
        /// The epoch of that producer id, or -1.
        ongoing_txn_producer_epoch: ProducerEpoch => since(6);
    }
}

message!(
    ApiKey::INIT_PRODUCER_ID, InitProducerIdRequest => InitProducerIdResponse,
    versions 0..=6, flexible since 2
);
