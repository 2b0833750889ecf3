//! A broker that asks who we are, played by hand: what it hears, and what it says.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use milena_codec::ErrorCode;
use milena_codec::message::header::{RequestHeader, put_response};
use milena_codec::message::{
    ApiKey, ApiVersion, ApiVersionsResponse, Message, SaslAuthenticateRequest, SaslAuthenticateResponse,
    SaslHandshakeRequest, SaslHandshakeResponse, Version,
};
use milena_codec::wire::Reader;
use sha2::{Digest, Sha256};

use super::peer::{Talk, Told, frame};
use crate::sasl::{Outcome, Sasl, SaslError, Token, TokenError, TokenProvider};
use crate::session::{SessionConfig, SessionFault};

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// What a broker read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Versions(i32),
    Handshake(i32, String),
    Authenticate(i32, Vec<u8>),
    Other(i32),
}

impl Heard {
    pub(super) fn id(&self) -> i32 {
        let (Self::Versions(id) | Self::Handshake(id, _) | Self::Authenticate(id, _) | Self::Other(id)) =
            self;
        *id
    }
}

/// The version of SaslAuthenticate that the broker here knows.
const AUTHENTICATE_VERSION: i16 = 2;

/// The settings of a client that says who it is.
pub(super) fn config(sasl: Sasl) -> SessionConfig {
    // What is done after idleness has tests of its own.
    let probe_after = 1_000_000 * SECOND;
    SessionConfig { sasl: Some(sasl), secure: true, probe_after, max_idle: None, ..SessionConfig::default() }
}

pub(super) fn plain() -> Sasl {
    Sasl::plain("alice", "hunter2-secret")
}

/// What is in the bytes that a session wrote: whole frames.
pub(super) fn heard(mut bytes: &[u8]) -> Vec<Heard> {
    let mut all = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (content, rest) = rest.split_at(usize::try_from(u32::from_be_bytes(*length)).unwrap());
        bytes = rest;
        let mut input = Reader::new(content);
        let RequestHeader { key, version, correlation_id, .. } = RequestHeader::read(&mut input).unwrap();
        all.push(match key {
            ApiKey::API_VERSIONS => Heard::Versions(correlation_id),
            ApiKey::SASL_HANDSHAKE => {
                assert_eq!(version, 1);
                let request =
                    SaslHandshakeRequest::decode(&mut input, Version::of::<SaslHandshakeRequest>(1)).unwrap();
                Heard::Handshake(correlation_id, request.mechanism)
            }
            ApiKey::SASL_AUTHENTICATE => {
                assert_eq!(version, AUTHENTICATE_VERSION);
                RequestHeader::read_tags(&mut input).unwrap();
                let version = Version::of::<SaslAuthenticateRequest>(version);
                let request = SaslAuthenticateRequest::decode(&mut input, version).unwrap();
                Heard::Authenticate(correlation_id, request.auth_bytes.0.to_vec())
            }
            _ => Heard::Other(correlation_id),
        });
    }
    all
}

fn said<M: Message>(response: &M, version: i16, correlation_id: i32) -> Vec<u8> {
    let mut content = Vec::new();
    put_response(&mut content, response, version, correlation_id).unwrap();
    frame(&content)
}

impl Talk {
    /// A session with the default settings whose versions are negotiated.
    pub(super) fn ready_by_default() -> Self {
        let mut talk = Self::with(SessionConfig::default());
        talk.write_all();
        talk.hear(&versions(0));
        assert_eq!(talk.events(), Ok(vec![Told::Ready]));
        talk
    }
}

/// The versions of a broker that knows SASL.
pub(super) fn versions(correlation_id: i32) -> Vec<u8> {
    let rows = [(ApiKey::METADATA, 12), (ApiKey::SASL_HANDSHAKE, 1), (ApiKey::API_VERSIONS, 4)];
    let rows = rows.into_iter().chain([(ApiKey::SASL_AUTHENTICATE, AUTHENTICATE_VERSION)]);
    let row = |(api_key, max_version)| ApiVersion { api_key, min_version: 0, max_version };
    let response = ApiVersionsResponse { api_keys: rows.map(row).collect(), ..Default::default() };
    said(&response, 4, correlation_id)
}

pub(super) fn handshake(correlation_id: i32, error_code: ErrorCode, mechanisms: &[&str]) -> Vec<u8> {
    let mechanisms = mechanisms.iter().map(|&name| name.to_owned()).collect();
    said(&SaslHandshakeResponse { error_code, mechanisms }, 1, correlation_id)
}

pub(super) fn authenticated(correlation_id: i32, bytes: &[u8], session_lifetime_ms: i64) -> Vec<u8> {
    let auth_bytes = bytes.to_vec().into();
    let response = SaslAuthenticateResponse { auth_bytes, session_lifetime_ms, ..Default::default() };
    said(&response, AUTHENTICATE_VERSION, correlation_id)
}

pub(super) fn refused(correlation_id: i32, error_code: ErrorCode, message: &str) -> Vec<u8> {
    let error_message = Some(message.to_owned());
    let response = SaslAuthenticateResponse { error_code, error_message, ..Default::default() };
    said(&response, AUTHENTICATE_VERSION, correlation_id)
}

impl Talk {
    /// A session that knows the broker's versions and has asked for its first work.
    pub(super) fn opening(config: SessionConfig) -> Self {
        let mut talk = Self::with(config);
        talk.write_all();
        talk.hear(&versions(0));
        assert_eq!(talk.events(), Ok(vec![Told::Work]));
        talk
    }

    /// A session that has named its mechanism to the broker.
    pub(super) fn shaking(config: SessionConfig) -> Self {
        let mut talk = Self::opening(config);
        talk.work();
        assert_eq!(talk.events(), Ok(vec![]));
        talk
    }

    /// A session that is authenticated for so long.
    pub(super) fn authenticated(config: SessionConfig, lifetime_ms: i64) -> Self {
        let mut talk = Self::shaking(config);
        talk.shake();
        let id = talk.next_heard().id();
        talk.hear(&authenticated(id, b"", lifetime_ms));
        assert_eq!(talk.events(), Ok(vec![Told::Ready]));
        talk
    }

    /// Does what the session asked for last.
    pub(super) fn work(&mut self) {
        let work = self.work.take().expect("something was asked for");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let outcome: Outcome = runtime.block_on(work.run());
        let now = self.now;
        self.session.resume(outcome, now);
    }

    /// What the session asked for last cannot be had.
    pub(super) fn work_in_vain(&mut self) {
        self.work.take().expect("something was asked for");
        let now = self.now;
        self.session.resume(Outcome(Err(SaslError::Token(TokenError::new("nobody is there")))), now);
    }

    /// The broker takes the handshake that waits to be written.
    pub(super) fn shake(&mut self) {
        let Heard::Handshake(id, name) = self.next_heard() else { panic!("a handshake comes first") };
        self.hear(&handshake(id, ErrorCode::NONE, &[&name]));
        assert_eq!(self.events(), Ok(vec![]));
    }

    /// Everything that waits to be written, which is one request.
    pub(super) fn next_heard(&mut self) -> Heard {
        let all = heard(&self.write_all());
        let [one] = all.as_slice() else { panic!("one request, not {all:?}") };
        one.clone()
    }

    /// What ends the session.
    pub(super) fn ends(&mut self) -> SessionFault {
        self.events().unwrap_err()
    }
}

/// A broker's side of SCRAM-SHA-256, by the book, for any name.
pub(super) struct ScramBroker {
    password: &'static str,
    iterations: u32,
    first_bare: String,
    server_first: String,
}

impl ScramBroker {
    pub(super) fn new(password: &'static str) -> Self {
        Self { password, iterations: 4096, first_bare: String::new(), server_first: String::new() }
    }

    /// The answer to the client's first message.
    pub(super) fn challenge(&mut self, client_first: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(client_first).unwrap();
        self.first_bare = text.strip_prefix("n,,").unwrap().to_owned();
        let nonce = self.first_bare.split(",r=").nth(1).unwrap().split(',').next().unwrap();
        self.server_first = format!("r={nonce}theirs,s={},i={}", BASE64.encode(b"salt"), self.iterations);
        self.server_first.clone().into_bytes()
    }

    /// The answer to the client's final message, once its proof was found to be right.
    pub(super) fn conclude(&self, client_final: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(client_final).unwrap();
        let (without_proof, proof) = text.split_once(",p=").unwrap();
        let signed = format!("{},{},{without_proof}", self.first_bare, self.server_first);
        let mut salted = [0; 32];
        pbkdf2::pbkdf2::<Hmac<Sha256>>(self.password.as_bytes(), b"salt", self.iterations, &mut salted)
            .unwrap();
        let client_key = hmac(&salted, b"Client Key");
        let signature = hmac(&Sha256::digest(&client_key), signed.as_bytes());
        let expected: Vec<u8> = client_key.iter().zip(&signature).map(|(a, b)| a ^ b).collect();
        assert_eq!(BASE64.decode(proof).unwrap(), expected, "the client knows the password");
        format!("v={}", BASE64.encode(hmac(&hmac(&salted, b"Server Key"), signed.as_bytes()))).into_bytes()
    }
}

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(key)
        .unwrap()
        .chain_update(data)
        .finalize()
        .into_bytes()
        .to_vec()
}

/// Gives out the token that it was made with; or none; or panics; or never.
#[derive(Debug)]
pub(super) enum Tokens {
    Good(&'static str),
    Bad(&'static str),
    Panic,
    Never,
}

impl TokenProvider for Tokens {
    fn token(&self) -> std::pin::Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(async move {
            match self {
                Self::Good(value) => {
                    Ok(Token { value: (*value).into(), lifetime: None, extensions: Vec::new() })
                }
                Self::Bad(message) => Err(TokenError::new(*message)),
                Self::Panic => panic!("a provider that panics"),
                Self::Never => std::future::pending().await,
            }
        })
    }
}

pub(super) fn bearer(tokens: Tokens) -> Sasl {
    Sasl::oauthbearer(Arc::new(tokens))
}
