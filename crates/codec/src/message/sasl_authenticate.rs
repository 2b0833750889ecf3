//! SaslAuthenticate: one step of a SASL exchange (KIP-152), and how long the session lasts (KIP-368).
//!
//! What the mechanism says is a secret or close to one, so it never appears in a log.

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::wire::{SecretBytes, since};

table! {
    /// What the client says.
    ///
    /// ```
    /// use milena_codec::message::SaslAuthenticateRequest;
    /// let request = SaslAuthenticateRequest { auth_bytes: b"\0user\0password".to_vec().into() };
    /// assert!(!format!("{request:?}").contains("password"));
    /// ```
    pub struct SaslAuthenticateRequest {
        /// In the mechanism's own form.
        auth_bytes: SecretBytes => since(0);
    }

    /// What the broker says.
    pub struct SaslAuthenticateResponse {
        /// `SASL_AUTHENTICATION_FAILED` ends the exchange.
        error_code: ErrorCode => since(0);
        /// Why it failed, in words.
        error_message: Option<String> = Some(String::new()) => since(0).nullable(0);
        /// In the mechanism's own form.
        auth_bytes: SecretBytes => since(0);
        /// After how many milliseconds the client has to authenticate again; 0 for never.
        session_lifetime_ms: i64 => since(1).ignorable();
    }
}

message!(
    ApiKey::SASL_AUTHENTICATE, SaslAuthenticateRequest => SaslAuthenticateResponse,
    versions 0..=2, flexible since 2
);
