//! SaslAuthenticate: one step of a SASL exchange (KIP-152), and how long the session lasts (KIP-368).
//!
//! The messages of a mechanism are secrets or close to it, so that they never appear in a log.

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::wire::{SecretBytes, since};

table! {
    /// A message of the client.
    ///
    /// ```
    /// use milena_codec::message::SaslAuthenticateRequest;
    /// let request = SaslAuthenticateRequest { auth_bytes: b"\0user\0password".to_vec().into() };
    /// assert!(!format!("{request:?}").contains("password"));
    /// ```
    pub struct SaslAuthenticateRequest {
        /// The bytes of the mechanism.
        auth_bytes: SecretBytes => since(0);
    }

    /// A message of the broker.
    ///
    /// ```
    /// use milena_codec::ErrorCode;
    /// use milena_codec::message::SaslAuthenticateResponse;
    /// let response = SaslAuthenticateResponse {
    ///     error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
    ///     error_message: Some("Invalid username or password".to_owned()),
    ///     ..SaslAuthenticateResponse::default()
    /// };
    /// assert!(!response.error_code.is_ok());
    /// ```
    pub struct SaslAuthenticateResponse {
        /// `SASL_AUTHENTICATION_FAILED` ends the exchange.
        error_code: ErrorCode => since(0);
        /// The reason for a failure, as text.
        error_message: Option<String> = Some(String::new()) => since(0).nullable(0);
        /// The bytes of the mechanism.
        auth_bytes: SecretBytes => since(0);
        /// After how many milliseconds the client has to authenticate again; 0 for never.
        session_lifetime_ms: i64 => since(1).ignorable();
    }
}

message!(
    ApiKey::SASL_AUTHENTICATE, SaslAuthenticateRequest => SaslAuthenticateResponse,
    versions 0..=2, flexible since 2
);
