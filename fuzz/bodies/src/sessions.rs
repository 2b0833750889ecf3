//! A session with a peer that may send any bytes at any time.

use std::collections::VecDeque;
use std::future::Future;
use std::io::IoSlice;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use milena_codec::frame::{LENGTH_BYTES, next_frame};
use milena_codec::message::header::{RequestHeader, put_response};
use milena_codec::message::{
    ApiKey, ApiVersion, ApiVersionsResponse, Message, MetadataRequest, SaslAuthenticateResponse,
    SaslHandshakeResponse,
};
use milena_codec::wire::Reader;
use milena_connection::encode_request;
use milena_connection::sasl::Sasl;
use milena_connection::session::{
    Disposition, Event, ResponseExpected, Session, SessionConfig, SessionFault,
};

use crate::metadata::start;

const TIMEOUT: Duration = Duration::from_secs(30);
const FRAME_BYTES_MAX: usize = 1 << 16;

/// Each byte is an action, some with arguments behind it: send a request, write a part, receive bytes, let time pass.
///
/// The script is played twice: on a listener without SASL, and on one that requires re-authentication every second.
pub fn sessions(input: &[u8]) {
    play(input, None);
    play(input, Some(Sasl::plain("name", "password")));
}

fn play(input: &[u8], sasl: Option<Sasl>) {
    let mut stage = Stage::new(sasl);
    let mut script = input.iter().copied();
    while let Some(deed) = script.next() {
        match deed % 8 {
            0 => stage.send(ResponseExpected::Yes),
            1 => stage.send(ResponseExpected::No),
            2 => stage.write(usize::from(script.next().unwrap_or(1))),
            3 => stage.write(usize::MAX),
            4 => {
                let count = usize::from(script.next().unwrap_or(0) % 64);
                let said: Vec<u8> = script.by_ref().take(count).collect();
                stage.hear(&said);
            }
            5 => stage.answer(script.next().unwrap_or(0)),
            6 => stage.pass(TIMEOUT / 4),
            _ => stage.take_events(),
        }
        if stage.error.is_some() {
            break;
        }
    }
    stage.end();
}

/// A session, the peer that reads what it writes, and what became of its requests.
struct Stage {
    session: Session<Vec<u8>>,
    now: Instant,
    /// Correlation ids in the order of sending; every one has to come back.
    sent: VecDeque<(i32, ResponseExpected)>,
    /// The bytes that the session wrote and the peer has not read yet.
    wire: Vec<u8>,
    /// Requests that the peer read, without a response yet: API, version, correlation id.
    heard: VecDeque<(ApiKey, i16, i32)>,
    error: Option<SessionFault>,
}

impl Stage {
    fn new(sasl: Option<Sasl>) -> Self {
        let config = SessionConfig {
            sasl,
            secure: true,
            request_timeout: TIMEOUT,
            frame_bytes_max: FRAME_BYTES_MAX,
            ..SessionConfig::default()
        };
        let now = start();
        let session = Session::new(Arc::new(config), now);
        Self { session, now, sent: VecDeque::new(), wire: Vec::new(), heard: VecDeque::new(), error: None }
    }

    fn send(&mut self, awaits: ResponseExpected) {
        if self.session.room() == 0 {
            return;
        }
        let id = self.session.next_correlation_id();
        let Ok(frame) = encode_request(&MetadataRequest::default(), 0, id, None) else { return };
        self.session.send(id, frame, awaits, self.now);
        self.sent.push_back((id, awaits));
    }

    fn write(&mut self, limit: usize) {
        let mut left = limit;
        while left > 0 && self.session.unwritten() {
            let mut slices = [IoSlice::new(&[]); 3];
            let filled = self.session.fill(&mut slices);
            let bytes: Vec<u8> =
                slices[..filled].iter().flat_map(|slice| slice.iter().copied()).take(left).collect();
            assert!(!bytes.is_empty(), "there is something to write, and nothing is given");
            left -= bytes.len();
            self.session.wrote(bytes.len(), self.now);
            self.wire.extend(bytes);
        }
        while let Ok(Some(content)) = next_frame(&self.wire, FRAME_BYTES_MAX) {
            let frame: Vec<u8> = self.wire.drain(..LENGTH_BYTES + content).skip(LENGTH_BYTES).collect();
            let header = RequestHeader::read(&mut Reader::new(&frame)).expect("the session writes requests");
            self.heard.push_back((header.key, header.version, header.correlation_id));
        }
    }

    /// The peer sends any bytes; none means that it closes the connection.
    fn hear(&mut self, said: &[u8]) {
        if said.is_empty() {
            self.session.read_space();
            self.session.received(0, self.now);
        }
        let mut rest = said;
        while !rest.is_empty() {
            let space = self.session.read_space();
            let count = space.len().min(rest.len());
            assert!(count > 0, "every event was taken, and there is no room to read into");
            space[..count].copy_from_slice(&rest[..count]);
            self.session.received(count, self.now);
            rest = &rest[count..];
            self.take_events();
            if self.error.is_some() {
                return;
            }
        }
        self.take_events();
    }

    /// The peer responds to the oldest request that it has read, as a broker would; or to another one.
    fn answer(&mut self, which: u8) {
        let index = if which < 250 { 0 } else { usize::from(which - 250) };
        let Some((key, version, id)) = self.heard.remove(index) else { return };
        let mut content = Vec::new();
        if key == ApiKey::API_VERSIONS {
            let rows = [(ApiKey::METADATA, 12), (ApiKey::SASL_HANDSHAKE, 1), (ApiKey::SASL_AUTHENTICATE, 2)];
            let row = |(api_key, max_version)| ApiVersion { api_key, min_version: 0, max_version };
            let response = ApiVersionsResponse { api_keys: rows.map(row).into(), ..Default::default() };
            assert!(ApiVersionsResponse::VERSIONS.contains(&version), "a request for an unknown version");
            put_response(&mut content, &response, version, id).expect("a response that can be written");
        } else if key == ApiKey::SASL_HANDSHAKE {
            put_response(&mut content, &SaslHandshakeResponse::default(), version, id).expect("an answer");
        } else if key == ApiKey::SASL_AUTHENTICATE {
            let response = SaslAuthenticateResponse { session_lifetime_ms: 1000, ..Default::default() };
            put_response(&mut content, &response, version, id).expect("a response that can be written");
        } else {
            content.extend(id.to_be_bytes());
            content.extend([0; 8]);
        }
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes();
        self.hear(&[&length[..], &content].concat());
    }

    fn pass(&mut self, time: Duration) {
        let deadline = self.session.deadline();
        self.now += time;
        let early = deadline.is_none_or(|deadline| self.now < deadline);
        match self.session.check(self.now) {
            Ok(()) => assert!(early, "a deadline passed without a result"),
            Err(error) => {
                assert!(!early, "{error}, before its deadline");
                self.error = Some(error);
            }
        }
    }

    fn take_events(&mut self) {
        loop {
            match self.session.next_event() {
                Ok(None) => return,
                Ok(Some(Event::Ready | Event::Reauthenticated)) => {
                    assert!(self.session.versions().is_some() && !self.session.holds());
                }
                Ok(Some(Event::Work(work))) => {
                    // Name and password need nothing that has to be waited for.
                    let mut context = Context::from_waker(Waker::noop());
                    let done = pin!(work.run()).poll(&mut context);
                    assert!(done.is_ready(), "PLAIN waits for nothing");
                    let Poll::Ready(outcome) = done else { return };
                    self.session.resume(outcome, self.now);
                }
                Ok(Some(Event::Written { payload })) => self.came_back(&payload, ResponseExpected::No),
                Ok(Some(Event::Response { correlation_id, payload, body })) => {
                    assert_eq!(id_in(&payload), Some(correlation_id), "the response to another request");
                    assert!(body.len() <= FRAME_BYTES_MAX);
                    let _ = self.session.bytes(body);
                    self.came_back(&payload, ResponseExpected::Yes);
                }
                Err(error) => {
                    assert_eq!(
                        self.session.next_event().as_ref().err(),
                        Some(&error),
                        "another error each time"
                    );
                    assert!(!self.session.unwritten(), "a session that failed goes on writing");
                    self.error = Some(error);
                    return;
                }
            }
        }
    }

    /// A request comes back once, before those of its kind that were sent after it.
    fn came_back(&mut self, payload: &[u8], awaits: ResponseExpected) {
        let id = id_in(payload).expect("a payload that was sent");
        let first = self.sent.iter().position(|(_, other)| *other == awaits);
        let place = self.sent.iter().position(|(other, _)| *other == id).expect("a request comes back once");
        assert_eq!(Some(place), first, "requests come back in their order");
        self.sent.remove(place);
    }

    fn end(mut self) {
        for (payload, disposition) in self.session.end() {
            let id = id_in(&payload).expect("a payload that was sent");
            let place =
                self.sent.iter().position(|(other, _)| *other == id).expect("a request comes back once");
            let (_, awaits) = self.sent.remove(place).expect("a request");
            let fits = match disposition {
                Disposition::NotSent => true,
                Disposition::Unanswered => awaits == ResponseExpected::Yes,
                Disposition::Written => awaits == ResponseExpected::No,
            };
            assert!(fits, "{disposition:?} of a request that awaits {awaits:?}");
        }
        assert!(self.sent.is_empty(), "requests were lost: {:?}", self.sent);
    }
}

fn id_in(frame: &[u8]) -> Option<i32> {
    let header = RequestHeader::read(&mut Reader::new(frame.get(LENGTH_BYTES..)?)).ok()?;
    Some(header.correlation_id)
}
