//! The first exchange of a session: which versions does the broker understand?
//!
//! ApiVersions goes out in the highest version known here. A broker that does not know that version answers
//! `UNSUPPORTED_VERSION` with a body of version 0, which may name the versions of ApiVersions that it does know
//! (KIP-511): the highest of these is asked next, version 0 where none is named. Each question is asked in a lower
//! version than the one before, so there is an end.

use milena_codec::ErrorCode;
use milena_codec::message::{ApiKey, ApiVersionsRequest, ApiVersionsResponse, Message, Version};
use milena_codec::wire::{EncodeError, Reader};

use super::config::SessionConfig;
use super::error::SessionError;
use super::versions::Versions;
use crate::exchange::{decode_response, encode_request};

/// The most bytes of an answer to ApiVersions. A real one has below 2 KiB.
pub(super) const ANSWER_BYTES_MAX: usize = 1 << 20;

/// A question about versions.
#[derive(Debug)]
pub(super) struct Question {
    version: i16,
}

/// What an answer leads to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The versions are known.
    Known(Versions),
    /// The same question has to be asked in this lower version.
    Again(i16),
}

impl Question {
    /// The version to begin with.
    pub(super) const FIRST_VERSION: i16 = *ApiVersionsRequest::VERSIONS.end();

    /// The version to begin with is [`FIRST_VERSION`](Self::FIRST_VERSION).
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

    /// Reads the answer: what follows the correlation id.
    pub(super) fn answered(&self, body: &[u8]) -> Result<Outcome, SessionError> {
        let code = Reader::new(body).i16().map(ErrorCode).map_err(SessionError::MalformedVersions)?;
        match code {
            ErrorCode::NONE => decode_response(body, self.version)
                .map(|response| Outcome::Known(Versions::new(response)))
                .map_err(SessionError::MalformedVersions),
            ErrorCode::UNSUPPORTED_VERSION => self.lower(body),
            _ => Err(SessionError::Refused(code)),
        }
    }

    /// The version to ask in next, after this one was refused with `body`.
    fn lower(&self, body: &[u8]) -> Result<Outcome, SessionError> {
        // Some brokers leave the list out altogether; then only version 0 is sure to be known.
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
            None => Err(SessionError::UnsupportedVersion { asked: self.version, theirs: named }),
        }
    }
}

#[cfg(test)]
mod tests {
    use milena_codec::message::ApiVersion;

    use super::*;

    fn question(version: i16) -> Question {
        Question::new(version)
    }

    /// What a broker answers in version 0 when it knows `range` of ApiVersions.
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
        match question(asked).answered(&refusal(range)) {
            Ok(Outcome::Again(version)) => Some(version),
            Ok(Outcome::Known(_)) => panic!("a refusal tells no versions"),
            Err(error) => {
                let theirs = range.map(|(first, last)| first..=last);
                assert_eq!(error, SessionError::UnsupportedVersion { asked, theirs });
                None
            }
        }
    }

    #[test]
    fn a_refused_version_is_followed_by_the_highest_that_the_broker_names() {
        assert_eq!(next(4, Some((0, 3))), Some(3));
        assert_eq!(next(4, Some((0, 2))), Some(2));
        assert_eq!(next(3, Some((0, 0))), Some(0));
        assert_eq!(next(4, None), Some(0));
    }

    #[test]
    fn every_question_is_asked_in_a_lower_version_until_none_is_left() {
        // A broker that refuses what it says it knows.
        assert_eq!(next(4, Some((0, 9))), Some(3));
        assert_eq!(next(0, Some((0, 4))), None);
        assert_eq!(next(0, None), None);
        assert_eq!(next(4, Some((5, 9))), None);
        assert_eq!(next(4, Some((-7, -3))), None);
    }

    #[test]
    fn a_refusal_without_a_list_is_understood() {
        let Ok(Outcome::Again(version)) = question(4).answered(&[0, 35]) else { panic!("version 0 is left") };
        assert_eq!(version, 0);
    }

    #[test]
    fn an_answer_of_another_kind_ends_the_negotiation() {
        let error = question(4).answered(&[0, 42]).unwrap_err();
        assert_eq!(error, SessionError::Refused(ErrorCode::INVALID_REQUEST));
        assert!(matches!(question(4).answered(&[0]).unwrap_err(), SessionError::MalformedVersions(_)));
        assert!(matches!(question(4).answered(&[0, 0, 9]).unwrap_err(), SessionError::MalformedVersions(_)));
    }
}
