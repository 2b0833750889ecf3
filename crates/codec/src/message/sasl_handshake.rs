//! SaslHandshake: which SASL mechanism the client is going to use (KIP-43). Its versions are never flexible, so that a
//! broker can reject a client of any age in a form that it reads.

use super::ApiKey;
use super::table::{message, table};
use crate::ErrorCode;
use crate::wire::since;

table! {
    /// Names the mechanism.
    ///
    /// ```
    /// use milena_codec::message::{Message, SaslHandshakeRequest, Version};
    /// let request = SaslHandshakeRequest { mechanism: "SCRAM-SHA-512".to_owned() };
    /// request.encode(&mut Vec::new(), Version::of::<SaslHandshakeRequest>(1))?;
    /// # Ok::<(), milena_codec::wire::EncodeError>(())
    /// ```
    pub struct SaslHandshakeRequest {
        /// As IANA has it: `PLAIN`, `SCRAM-SHA-256`, `OAUTHBEARER`.
        mechanism: String => since(0);
    }

    /// Whether the broker supports the mechanism.
    ///
    /// ```
    /// use milena_codec::message::SaslHandshakeResponse;
    /// let response = SaslHandshakeResponse { mechanisms: vec!["PLAIN".to_owned()], ..Default::default() };
    /// assert!(!response.mechanisms.iter().any(|mechanism| mechanism == "OAUTHBEARER"));
    /// ```
    pub struct SaslHandshakeResponse {
        /// `UNSUPPORTED_SASL_MECHANISM` where the broker does not support the mechanism.
        error_code: ErrorCode => since(0);
        /// The mechanisms that the broker supports.
        mechanisms: Vec<String> => since(0);
    }
}

// After version 0 the exchange goes over the wire as bare frames, after version 1 in SaslAuthenticate (KIP-152).
message!(
    ApiKey::SASL_HANDSHAKE, SaslHandshakeRequest => SaslHandshakeResponse,
    versions 0..=1, flexible since i16::MAX
);
