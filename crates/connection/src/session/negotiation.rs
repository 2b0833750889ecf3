//! The negotiation of versions: the first exchange of a session.
//!
//! ApiVersions is sent in the highest version that this client knows. A broker that does not know the version returns
//! `UNSUPPORTED_VERSION` with a body of version 0, which may list its versions of ApiVersions (KIP-511). The next request has
//! the highest of these, or version 0 without a list. Each request has a lower version than the one before, so there is an end.

use milena_codec::ErrorCode;
use milena_codec::message::{ApiKey, ApiVersionsRequest, ApiVersionsResponse, Message, Version};
use milena_codec::wire::{EncodeError, Reader};

use super::SessionFault;
use super::config::SessionConfig;
use super::versions::Versions;
use crate::exchange::{decode_response, encode_request};

/// The most bytes of an ApiVersions response. A real one has below 2 KiB.
pub(super) const FIRST_RESPONSE_BYTES_MAX: usize = 1 << 20;

/// An ApiVersions request.
#[derive(Debug)]
pub(super) struct NegotiationRequest {
    version: i16,
}

/// The outcome of a response.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The versions are known.
    Known(Versions),
    /// The request has to be sent again in this lower version.
    Again(i16),
}

impl NegotiationRequest {
    /// The version of the first request.
    pub(super) const FIRST_VERSION: i16 = *ApiVersionsRequest::VERSIONS.end();

    /// A request of a version; the first one has [`FIRST_VERSION`](Self::FIRST_VERSION).
    pub(super) const fn new(version: i16) -> Self {
        Self { version }
    }

    /// The whole frame.
    pub(super) fn frame(&self, config: &SessionConfig, correlation_id: i32) -> Result<Vec<u8>, EncodeError> {
        let request = ApiVersionsRequest {
            client_software_name: config.software_name.clone(),
            client_software_version: config.software_version.clone(),
        };
        encode_request(&request, self.version, correlation_id, config.client_id.as_deref())
    }

    /// Reads a response: the bytes behind the correlation id.
    pub(super) fn on_response(&self, body: &[u8]) -> Result<Outcome, SessionFault> {
        let code = Reader::new(body).i16().map(ErrorCode).map_err(SessionFault::MalformedVersions)?;
        match code {
            ErrorCode::NONE => decode_response(body, self.version)
                .map(|response| Outcome::Known(Versions::new(response)))
                .map_err(SessionFault::MalformedVersions),
            ErrorCode::UNSUPPORTED_VERSION => self.lower(body),
            _ => Err(SessionFault::Refused(code)),
        }
    }

    /// The version of the next request, after this one was rejected with `body`.
    fn lower(&self, body: &[u8]) -> Result<Outcome, SessionFault> {
        // Some brokers return no list; then version 0 alone is certain.
        let named =
            ApiVersionsResponse::decode(&mut Reader::new(body), Version::of::<ApiVersionsResponse>(0))
                .ok()
                .and_then(|response| Versions::new(response).range(ApiKey::API_VERSIONS));
        let next = match &named {
            Some(range) if *range.start() >= self.version => None,
            Some(range) => Some((*range.end()).min(self.version - 1)),
            None => Some(0),
        };
        match next.filter(|next| *next >= 0 && *next < self.version) {
            Some(next) => Ok(Outcome::Again(next)),
            None => Err(SessionFault::UnsupportedVersion { version: self.version, theirs: named }),
        }
    }
}

#[cfg(test)]
mod tests {
    use milena_codec::message::ApiVersion;

    use super::*;

    fn negotiation(version: i16) -> NegotiationRequest {
        NegotiationRequest::new(version)
    }

    /// The response of version 0 from a broker that knows `range` of ApiVersions.
    fn refusal(range: Option<(i16, i16)>) -> Vec<u8> {
        let row = |(min_version, max_version)| ApiVersion {
            api_key: ApiKey::API_VERSIONS,
            min_version,
            max_version,
        };
        let response = ApiVersionsResponse {
            error_code: ErrorCode::UNSUPPORTED_VERSION,
            api_keys: range.map(row).into_iter().collect(),
            ..Default::default()
        };
        let mut body = Vec::new();
        response.encode(&mut body, Version::of::<ApiVersionsResponse>(0)).unwrap();
        body
    }

    fn next(asked: i16, range: Option<(i16, i16)>) -> Option<i16> {
        match negotiation(asked).on_response(&refusal(range)) {
            Ok(Outcome::Again(version)) => Some(version),
            Ok(Outcome::Known(_)) => panic!("a rejection lists no versions"),
            Err(error) => {
                let theirs = range.map(|(first, last)| first..=last);
                assert_eq!(error, SessionFault::UnsupportedVersion { version: asked, theirs });
                None
            }
        }
    }

    #[test]
    fn rejected_version_is_followed_by_the_highest_listed_one() {
        assert_eq!(next(4, Some((0, 3))), Some(3));
        assert_eq!(next(4, Some((0, 2))), Some(2));
        assert_eq!(next(3, Some((0, 0))), Some(0));
        assert_eq!(next(4, None), Some(0));
    }

    #[test]
    fn versions_of_requests_decrease_until_none_is_left() {
        // A broker that rejects a version that it lists.
        assert_eq!(next(4, Some((0, 9))), Some(3));
        assert_eq!(next(0, Some((0, 4))), None);
        assert_eq!(next(0, None), None);
        assert_eq!(next(4, Some((5, 9))), None);
        assert_eq!(next(4, Some((-7, -3))), None);
    }

    #[test]
    fn rejection_without_a_list_is_followed_by_version_0() {
        let Ok(Outcome::Again(version)) = negotiation(4).on_response(&[0, 35]) else {
            panic!("version 0 is left")
        };
        assert_eq!(version, 0);
    }

    #[test]
    fn other_responses_end_the_negotiation() {
        let error = negotiation(4).on_response(&[0, 42]).unwrap_err();
        assert_eq!(error, SessionFault::Refused(ErrorCode::INVALID_REQUEST));
        assert!(matches!(negotiation(4).on_response(&[0]).unwrap_err(), SessionFault::MalformedVersions(_)));
        assert!(matches!(
            negotiation(4).on_response(&[0, 0, 9]).unwrap_err(),
            SessionFault::MalformedVersions(_)
        ));
    }
}
