//! Calls over an in-memory stream, on a paused clock: time passes only when nothing else can happen.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, ProducerId};
use milena_codec::message::header::{RequestHeader, put_response};
use milena_codec::message::{
    ApiKey, ApiVersion, ApiVersionsResponse, InitProducerIdRequest, InitProducerIdResponse, Message,
    MetadataRequest, MetadataResponse, SaslAuthenticateResponse, SaslHandshakeResponse,
};
use milena_codec::wire::Reader;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::RequestConnection;
use crate::clock;
use crate::endpoint::Endpoint;
use crate::sasl::{Sasl, SaslError, Token, TokenError, TokenProvider, UnsecuredTokens};
use crate::session::{SessionConfig, SessionFault};
use crate::transport::{ConnectionError, Connector, Dial, Fault};

const TIMEOUT: Duration = Duration::from_secs(30);

/// Gives out streams that were laid in.
#[derive(Debug)]
struct Pipe(Mutex<Option<DuplexStream>>);

impl Connector for Pipe {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, _: Duration) -> Dial<'a> {
        Box::pin(async move {
            match self.0.lock().ok().and_then(|mut stream| stream.take()) {
                Some(stream) => Ok(Box::new(stream) as crate::transport::BoxStream),
                None => Err(ConnectionError::new(endpoint.clone(), Fault::NoAddress)),
            }
        })
    }
}

/// The other end, a frame at a time.
struct Broker(DuplexStream);

impl Broker {
    /// The API, version and correlation id of the next request; none when the client is gone.
    async fn hear(&mut self) -> Option<(ApiKey, i16, i32)> {
        let length = self.0.read_u32().await.ok()?;
        let mut content = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut content).await.ok()?;
        let header = RequestHeader::read(&mut Reader::new(&content)).unwrap();
        Some((header.key, header.version, header.correlation_id))
    }

    async fn say<M: Message>(&mut self, response: &M, version: i16, correlation_id: i32) {
        let mut content = Vec::new();
        put_response(&mut content, response, version, correlation_id).unwrap();
        self.0.write_u32(u32::try_from(content.len()).unwrap()).await.unwrap();
        self.0.write_all(&content).await.unwrap();
    }

    async fn negotiate(&mut self) {
        let (key, version, id) = self.hear().await.unwrap();
        assert_eq!(key, ApiKey::API_VERSIONS);
        let api_keys = [
            (ApiKey::METADATA, 12),
            (ApiKey::INIT_PRODUCER_ID, 99),
            (ApiKey::SASL_HANDSHAKE, 1),
            (ApiKey::SASL_AUTHENTICATE, 2),
        ]
        .map(|(api_key, max_version)| ApiVersion { api_key, min_version: 0, max_version });
        self.say(&ApiVersionsResponse { api_keys: api_keys.into(), ..Default::default() }, version, id).await;
    }
}

fn endpoint() -> Endpoint {
    Endpoint { host: "broker".into(), port: 9092 }
}

fn pipe(bytes: usize) -> (Pipe, Broker) {
    let (ours, theirs) = duplex(bytes);
    (Pipe(Mutex::new(Some(ours))), Broker(theirs))
}

async fn open(pipe: &Pipe) -> Result<RequestConnection, ConnectionError> {
    let config = SessionConfig {
        request_timeout: TIMEOUT,
        write_timeout: TIMEOUT,
        max_in_flight: 2,
        ..SessionConfig::default()
    };
    RequestConnection::open(pipe, &endpoint(), TIMEOUT, Arc::new(config)).await
}

/// A connection that has negotiated.
async fn opened() -> (RequestConnection, Broker) {
    let (pipe, mut broker) = pipe(64);
    let (control, ()) = tokio::join!(open(&pipe), broker.negotiate());
    (control.unwrap(), broker)
}

async fn metadata(control: &mut RequestConnection) -> Result<MetadataResponse, ConnectionError> {
    control.call(&MetadataRequest::default()).await
}

fn cluster(controller: i32) -> MetadataResponse {
    MetadataResponse { controller_id: BrokerId(controller), ..Default::default() }
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_out_in_the_highest_common_version_and_brings_its_answer() {
    let (mut control, mut broker) = opened().await;
    let (response, ()) = tokio::join!(metadata(&mut control), async {
        let (key, version, id) = broker.hear().await.unwrap();
        assert_eq!((key, version), (ApiKey::METADATA, 12));
        broker.say(&cluster(7), version, id).await;
    });
    assert_eq!(response.unwrap().controller_id, BrokerId(7));

    let request = InitProducerIdRequest::default();
    let (response, ()) = tokio::join!(control.call(&request), async {
        let (key, version, id) = broker.hear().await.unwrap();
        assert_eq!((key, version), (ApiKey::INIT_PRODUCER_ID, *InitProducerIdRequest::VERSIONS.end()));
        let response = InitProducerIdResponse { producer_id: ProducerId(9), ..Default::default() };
        broker.say(&response, version, id).await;
    });
    assert_eq!(response.unwrap().producer_id, ProducerId(9));
}

#[tokio::test(start_paused = true)]
async fn a_request_larger_than_the_pipe_goes_out_while_the_broker_reads() {
    let (mut control, mut broker) = opened().await;
    let name = "x".repeat(30_000);
    let request = InitProducerIdRequest { transactional_id: Some(name), ..Default::default() };
    let (response, ()) = tokio::join!(control.call(&request), async {
        let (_, version, id) = broker.hear().await.unwrap();
        broker.say(&InitProducerIdResponse::default(), version, id).await;
    });
    assert_eq!(response.unwrap().error_code, ErrorCode::NONE);
}

#[tokio::test(start_paused = true)]
async fn a_broker_without_an_answer_is_given_up_after_the_time_out() {
    let (mut control, mut broker) = opened().await;
    let begin = clock::now();
    let (response, heard) = tokio::join!(metadata(&mut control), broker.hear());
    assert!(heard.is_some());
    let error = response.unwrap_err();
    let Fault::Session(SessionFault::RequestTimedOut { api, .. }) = error.fault() else { panic!("{error}") };
    assert_eq!(*api, Some(ApiKey::METADATA));
    assert!(clock::now() - begin >= TIMEOUT);

    assert!(!control.is_usable());
    let again = metadata(&mut control).await.unwrap_err();
    assert!(matches!(again.fault(), Fault::Ended), "{again}");
}

#[tokio::test(start_paused = true)]
async fn answer_that_came_before_a_late_wake_up_is_in_time() {
    let (pipe, mut broker) = pipe(1024);
    let (control, ()) = tokio::join!(open(&pipe), broker.negotiate());
    let mut control = control.unwrap();
    let (response, ()) = tokio::join!(metadata(&mut control), async {
        let (_, version, id) = broker.hear().await.unwrap();
        broker.say(&cluster(7), version, id).await;
        tokio::time::advance(TIMEOUT * 2).await;
    });
    assert_eq!(response.unwrap().controller_id, BrokerId(7));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_fails_the_negotiation_in_time() {
    let (pipe, _silent) = pipe(1024);
    let error = open(&pipe).await.unwrap_err();
    let Fault::Session(reason) = error.fault() else { panic!("{error}") };
    assert_eq!(*reason, SessionFault::NegotiationTimedOut { timeout: TIMEOUT });
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_fails_is_reported_as_such() {
    let nobody = Pipe(Mutex::new(None));
    let error = open(&nobody).await.unwrap_err();
    assert!(matches!(error.fault(), Fault::NoAddress), "{error}");
    assert!(error.to_string().contains("broker:9092"));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_hangs_up_breaks_the_call() {
    let (mut control, mut broker) = opened().await;
    let (response, ()) = tokio::join!(metadata(&mut control), async move {
        broker.hear().await.unwrap();
    });
    let error = response.unwrap_err();
    assert!(matches!(error.fault(), Fault::Session(SessionFault::PeerClosed { .. })), "{error}");
    assert!(error.to_string().starts_with("broker:9092: Metadata: "), "{error}");
    assert!(!control.is_usable());
}

#[tokio::test(start_paused = true)]
async fn an_api_that_the_broker_lacks_costs_nothing_but_the_call() {
    let (pipe, mut broker) = pipe(1024);
    let (control, ()) = tokio::join!(open(&pipe), async {
        let (_, version, id) = broker.hear().await.unwrap();
        let row = ApiVersion { api_key: ApiKey::METADATA, min_version: 99, max_version: 100 };
        broker.say(&ApiVersionsResponse { api_keys: vec![row], ..Default::default() }, version, id).await;
    });
    let mut control = control.unwrap();
    let error = metadata(&mut control).await.unwrap_err();
    assert!(matches!(error.fault(), Fault::Version(mismatch) if mismatch.theirs == Some(99..=100)));
    let error = control.call(&InitProducerIdRequest::default()).await.unwrap_err();
    assert!(matches!(error.fault(), Fault::Version(mismatch) if mismatch.theirs.is_none()));
    assert!(control.is_usable());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_ends_the_connection() {
    let (mut control, mut broker) = opened().await;
    let (response, ()) = tokio::join!(metadata(&mut control), async {
        let (_, _, id) = broker.hear().await.unwrap();
        // The answer to another request, under the right correlation id.
        broker.say(&InitProducerIdResponse::default(), 0, id).await;
    });
    let error = response.unwrap_err();
    assert!(matches!(error.fault(), Fault::InvalidResponse { version: Some(12), .. }), "{error}");
    assert!(!control.is_usable());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_given_up_leaves_its_answer_to_nobody() {
    let (mut control, mut broker) = opened().await;
    let given_up = tokio::time::timeout(TIMEOUT / 2, metadata(&mut control)).await;
    assert!(given_up.is_err());
    let (response, ()) = tokio::join!(metadata(&mut control), async {
        for controller in [1, 2] {
            let (_, version, id) = broker.hear().await.unwrap();
            broker.say(&cluster(controller), version, id).await;
        }
    });
    assert_eq!(response.unwrap().controller_id, BrokerId(2));
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_given_up_are_bounded() {
    let (mut control, _broker) = opened().await;
    for _ in 0..2 {
        let soon = Duration::from_secs(1);
        assert!(tokio::time::timeout(soon, metadata(&mut control)).await.is_err());
    }
    let error = metadata(&mut control).await.unwrap_err();
    assert!(matches!(error.fault(), Fault::TooManyAbandoned), "{error}");
}

/// A broker that asks who is there, and believes it.
async fn let_in(broker: &mut Broker, lifetime_ms: i64) {
    let (key, version, id) = broker.hear().await.unwrap();
    assert_eq!(key, ApiKey::SASL_HANDSHAKE);
    broker.say(&SaslHandshakeResponse::default(), version, id).await;
    let (key, version, id) = broker.hear().await.unwrap();
    assert_eq!(key, ApiKey::SASL_AUTHENTICATE);
    let response = SaslAuthenticateResponse { session_lifetime_ms: lifetime_ms, ..Default::default() };
    broker.say(&response, version, id).await;
}

async fn open_as(sasl: Sasl, pipe: &Pipe) -> Result<RequestConnection, ConnectionError> {
    let config = SessionConfig { sasl: Some(sasl), ..SessionConfig::default() };
    RequestConnection::open(pipe, &endpoint(), TIMEOUT, Arc::new(config)).await
}

#[tokio::test(start_paused = true)]
async fn a_connection_says_who_it_is_and_again_when_it_was_idle_for_long() {
    let (pipe, mut broker) = pipe(1024);
    let tokens = Arc::new(UnsecuredTokens::new("alice"));
    let (control, ()) = tokio::join!(open_as(Sasl::oauthbearer(tokens), &pipe), async {
        broker.negotiate().await;
        let_in(&mut broker, 5000).await;
    });
    let mut control = control.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (response, ()) = tokio::join!(metadata(&mut control), async {
        let_in(&mut broker, 5000).await;
        let (_, version, id) = broker.hear().await.unwrap();
        broker.say(&cluster(7), version, id).await;
    });
    assert_eq!(response.unwrap().controller_id, BrokerId(7));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_fails_the_connection_in_time() {
    #[derive(Debug)]
    struct Never;
    impl TokenProvider for Never {
        fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
            Box::pin(std::future::pending())
        }
    }
    let (pipe, mut broker) = pipe(1024);
    let begin = clock::now();
    let (control, ()) = tokio::join!(open_as(Sasl::oauthbearer(Arc::new(Never)), &pipe), broker.negotiate());
    let error = control.unwrap_err();
    let reason = error.fault();
    assert!(matches!(reason, Fault::Session(SessionFault::Sasl(SaslError::TimedOut { .. }))), "{error}");
    assert!(clock::now() - begin < Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn its_futures_can_move_between_threads() {
    fn sent<F: Future + Send>(future: F) -> F {
        future
    }
    let (pipe, mut broker) = pipe(1024);
    let (config, broker_endpoint) = (Arc::new(SessionConfig::default()), endpoint());
    let (control, ()) = tokio::join!(
        sent(RequestConnection::open(&pipe, &broker_endpoint, TIMEOUT, config)),
        broker.negotiate()
    );
    let mut control = control.unwrap();
    drop(broker);
    assert!(sent(control.call(&MetadataRequest::default())).await.is_err());
}
