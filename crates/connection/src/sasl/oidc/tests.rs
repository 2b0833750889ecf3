//! Token requests to an identity provider in memory, behind TLS, with scripted responses.

use std::sync::Mutex;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::endpoint::Endpoint;
use crate::transport::{BoxStream, Dial};

const GOOD: &str =
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"access_token\":\"t0ken\",\"expires_in\":300}";

fn path(name: &str) -> String {
    format!("{}/../../tests/certificates/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Sends the next response on each connection, the last one on all further connections, and keeps the requests.
#[derive(Debug)]
struct Provider {
    responses: Mutex<Vec<&'static str>>,
    requests: Arc<Mutex<Vec<String>>>,
    dialled: Mutex<Vec<Endpoint>>,
}

impl Provider {
    fn new(responses: &[&'static str]) -> Arc<Self> {
        let responses = Mutex::new(responses.to_vec());
        Arc::new(Self { responses, requests: Arc::default(), dialled: Mutex::default() })
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Connector for Provider {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, _: Duration) -> Dial<'a> {
        self.dialled.lock().unwrap().push(endpoint.clone());
        let (ours, theirs) = duplex(1 << 16);
        let mut responses = self.responses.lock().unwrap();
        let response = if responses.len() > 1 { responses.remove(0) } else { responses[0] };
        tokio::spawn(serve(theirs, response, Arc::clone(&self.requests)));
        Box::pin(async move { Ok(Box::new(ours) as BoxStream) })
    }
}

async fn serve(stream: DuplexStream, response: &'static str, requests: Arc<Mutex<Vec<String>>>) {
    let chain = vec![CertificateDer::from_pem_file(path("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(path("server-key.pem")).unwrap();
    let provider = crate::tls::built_in_provider().unwrap();
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else { return };
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        request.push(byte);
    }
    let head = String::from_utf8(request.clone()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    let mut form = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut form).await.unwrap();
    request.append(&mut form);
    requests.lock().unwrap().push(String::from_utf8(request).unwrap());
    if response.is_empty() {
        std::future::pending::<()>().await;
    }
    let _ = stream.write_all(response.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn tokens(provider: &Arc<Provider>) -> OidcBuilder {
    OidcTokens::builder("https://localhost:8443/token", "client", "s3cret")
        .tls(Tls::new().ca_file(path("ca.pem")))
        .connector(Arc::clone(provider) as Arc<dyn Connector>)
}

async fn error(builder: OidcBuilder) -> String {
    builder.build().unwrap().token().await.unwrap_err().to_string()
}

#[tokio::test(start_paused = true)]
async fn token_request_has_the_client_id_and_secret() {
    let provider = Provider::new(&[GOOD]);
    let tokens = tokens(&provider).scope(" kafka ").extension("pool", "p1").build().unwrap();
    let token = tokens.token().await.unwrap();
    assert_eq!(token.value.expose_secret(), "t0ken");
    assert_eq!(token.lifetime, Some(Duration::from_secs(300)));
    assert_eq!(token.extensions, [("pool".to_owned(), "p1".to_owned())]);
    let requests = provider.requests();
    let expected =
        "POST /token HTTP/1.1\r\nHost: localhost:8443\r\nAuthorization: Basic Y2xpZW50OnMzY3JldA==\r\n";
    assert!(requests[0].starts_with(expected), "{}", requests[0]);
    assert!(requests[0].ends_with("\r\n\r\ngrant_type=client_credentials&scope=kafka"), "{}", requests[0]);
    assert!(!format!("{tokens:?}").contains("s3cret"));
}

#[tokio::test(start_paused = true)]
async fn redirect_is_not_followed_and_rejected_request_is_not_repeated() {
    let redirect = "HTTP/1.1 302 Found\r\nLocation: https://localhost:9999/\r\n\r\n";
    let rejection = "HTTP/1.1 401 Unauthorized\r\n\r\n{\"error\":\"hunter2\"}";
    for (response, expected) in
        [(redirect, "redirects are not followed"), (rejection, "rejected the request with 401")]
    {
        let provider = Provider::new(&[response]);
        let error = error(tokens(&provider)).await;
        assert!(error.contains(expected) && error.contains("localhost:8443"), "{error}");
        assert!(!error.contains("hunter2") && !error.contains("s3cret"), "{error}");
        assert_eq!(provider.dialled.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn transient_errors_are_retried_until_the_maximum_time() {
    let busy = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
    let provider = Provider::new(&[busy, "HTTP/1.1 429 Too Many Requests\r\n\r\n", GOOD]);
    assert!(tokens(&provider).build().unwrap().token().await.is_ok());
    assert_eq!(provider.requests().len(), 3);

    let provider = Provider::new(&[busy]);
    let begin = clock::now();
    let error = error(tokens(&provider)).await;
    assert!(error.contains("503"), "{error}");
    assert!(clock::now() - begin <= Duration::from_secs(10));
    // After about 100, 200, 400, … ms: whatever the jitter, six retries fit into 10 s.
    assert_eq!(provider.requests().len(), 7);
}

#[tokio::test(start_paused = true)]
async fn waits_double_from_ten_milliseconds_on_without_a_backoff() {
    let provider = Provider::new(&["HTTP/1.1 503 Unavailable\r\n\r\n"; 100]);
    error(tokens(&provider).retry_backoff(Duration::ZERO, Duration::from_secs(10))).await;
    let requests = provider.requests().len();
    assert!((9..=12).contains(&requests), "{requests} requests in 10 s");
}

#[tokio::test(start_paused = true)]
async fn silent_provider_fails_after_the_read_timeouts() {
    let provider = Provider::new(&[""]);
    let begin = clock::now();
    let error = error(tokens(&provider).timeouts(Duration::from_secs(1), Duration::from_secs(3))).await;
    assert!(error.contains("no response within 3s"), "{error}");
    assert!(clock::now() - begin <= Duration::from_secs(13));
}

#[tokio::test(start_paused = true)]
async fn provider_with_an_untrusted_certificate_receives_no_secret() {
    let provider = Provider::new(&[GOOD]);
    let builder = tokens(&provider).tls(Tls::new().ca_file(path("other-ca.pem")));
    let error = error(builder.retry_backoff(Duration::ZERO, Duration::ZERO)).await;
    assert!(error.contains("certificate"), "{error}");
    assert!(provider.requests().is_empty());
}

#[test]
fn invalid_settings_are_rejected_when_built() {
    let build = |url: &str, id: &str, secret: &str| OidcTokens::builder(url, id, secret).build();
    assert!(matches!(build("http://id/", "a", "b"), Err(OidcError::Url(UrlError::NotHttps))));
    assert!(matches!(build("file:///tmp/token", "a", "b"), Err(OidcError::Url(UrlError::NotHttps))));
    for (id, secret) in [("", "b"), ("a", ""), ("a:b", "c")] {
        assert!(matches!(build("https://id/", id, secret), Err(OidcError::Credentials)));
    }
    let elsewhere = OidcTokens::builder("https://evil/", "a", "b").allow_only(["https://id/"]).build();
    assert!(matches!(elsewhere, Err(OidcError::NotAllowed)));
    let encoded = authorization("a:b", "c d", true).unwrap();
    assert_eq!(encoded.expose_secret(), format!("Basic {}", BASE64.encode("a%3Ab:c+d")));
}
