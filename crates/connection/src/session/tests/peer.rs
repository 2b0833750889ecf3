//! A session and the peer at its other end, as the tests tell their stories.

use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_codec::message::{ApiKey, ApiVersion, ApiVersionsResponse, MetadataRequest, header};
use milena_codec::wire::Reader;

use crate::clock;
use crate::exchange::encode_request;
use crate::sasl::Work;
use crate::session::{Event, ResponseExpected, Session, SessionConfig, SessionFault};

/// The time-out of every session here.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// A session with a clock of its own.
pub(super) struct Talk {
    pub(super) session: Session<Vec<u8>>,
    pub(super) now: Instant,
    /// What the session asked for last.
    pub(super) work: Option<Work>,
}

impl Talk {
    /// A session that has to negotiate yet.
    pub(super) fn new() -> Self {
        // What is done after idleness has tests of its own.
        Self::with(SessionConfig { probe_after: 1000 * TIMEOUT, max_idle: None, ..SessionConfig::default() })
    }

    /// A session with these settings.
    pub(super) fn with(config: SessionConfig) -> Self {
        let now = clock::now();
        let write_timeout = config.write_timeout.min(TIMEOUT);
        let config = SessionConfig { request_timeout: TIMEOUT, write_timeout, ..config };
        Self { session: Session::new(Arc::new(config), now), now, work: None }
    }

    /// A session that has negotiated.
    pub(super) fn ready() -> Self {
        let mut talk = Self::new();
        talk.write_all();
        talk.hear(&versions_answer(0));
        assert_eq!(talk.events(), Ok(vec![Told::Ready]));
        talk
    }

    /// Queues a small request.
    pub(super) fn send(&mut self, awaits: ResponseExpected) -> i32 {
        let id = self.session.next_correlation_id();
        let frame = encode_request(&MetadataRequest::default(), 0, id, Some("test")).unwrap();
        self.session.send(id, frame, awaits, self.now);
        id
    }

    /// What the next write would take, at most `limit` bytes of it, without taking it.
    pub(super) fn to_write(&self, limit: usize) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 4];
        let filled = self.session.fill(&mut slices);
        let mut bytes: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
        bytes.truncate(limit);
        bytes
    }

    /// Writes at most `limit` bytes.
    pub(super) fn write(&mut self, limit: usize) -> Vec<u8> {
        let bytes = self.to_write(limit);
        self.session.wrote(bytes.len(), self.now);
        bytes
    }

    pub(super) fn write_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        while self.session.unwritten() {
            all.append(&mut self.write(usize::MAX));
        }
        all
    }

    /// Hears `bytes`, taking nothing.
    pub(super) fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.session.read_space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.session.received(count, self.now);
            bytes = &bytes[count..];
        }
    }

    /// Hears that the peer closed the connection.
    pub(super) fn hear_the_end(&mut self) {
        self.session.read_space();
        self.session.received(0, self.now);
    }

    /// All events there are.
    pub(super) fn events(&mut self) -> Result<Vec<Told>, SessionFault> {
        let mut told = Vec::new();
        while let Some(event) = self.session.next_event()? {
            told.push(match event {
                Event::Ready => Told::Ready,
                Event::Reauthenticated => Told::Reauthenticated,
                Event::Work(work) => {
                    assert!(self.work.replace(work).is_none(), "one thing at a time is asked for");
                    Told::Work
                }
                Event::Written { payload } => Told::Written(id_in(&payload)),
                Event::Response { correlation_id, payload, body } => {
                    assert_eq!(id_in(&payload), correlation_id, "the payload that was sent comes back");
                    Told::Answered(correlation_id, self.session.bytes(body).to_vec())
                }
            });
        }
        Ok(told)
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    pub(super) fn check(&self) -> Result<(), SessionFault> {
        self.session.check(self.now)
    }

    /// How long until the deadline.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.session.deadline().map(|deadline| deadline - self.now)
    }
}

/// An event with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Ready,
    Work,
    Reauthenticated,
    Written(i32),
    Answered(i32, Vec<u8>),
}

/// The correlation id in a request's frame.
pub(super) fn id_in(frame: &[u8]) -> i32 {
    request_in(frame).correlation_id
}

/// The header of a request's frame.
pub(super) fn request_in(frame: &[u8]) -> header::RequestHeader<'_> {
    header::RequestHeader::read(&mut Reader::new(&frame[4..])).unwrap()
}

/// A frame with an answer.
pub(super) fn answer(correlation_id: i32, body: &[u8]) -> Vec<u8> {
    frame(&[&correlation_id.to_be_bytes(), body].concat())
}

/// A frame with any content.
pub(super) fn frame(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&length.to_be_bytes(), content].concat()
}

/// The answer to ApiVersions 4 from a broker that knows Metadata.
pub(super) fn versions_answer(correlation_id: i32) -> Vec<u8> {
    versions_answer_in(4, correlation_id, ErrorCode::NONE, ApiKey::METADATA, 12)
}

/// The answer to ApiVersions of a broker that knows the versions 0 to `max_version` of `api_key`.
pub(super) fn versions_answer_in(
    version: i16,
    correlation_id: i32,
    error_code: ErrorCode,
    api_key: ApiKey,
    max_version: i16,
) -> Vec<u8> {
    let row = ApiVersion { api_key, min_version: 0, max_version };
    let response = ApiVersionsResponse { error_code, api_keys: vec![row], ..Default::default() };
    let mut content = Vec::new();
    header::put_response(&mut content, &response, version, correlation_id).unwrap();
    frame(&content)
}
