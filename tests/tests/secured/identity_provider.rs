//! A file of Java's tools that names an identity provider: a token is fetched there, and opens the cluster.

use milena::sasl::{TokenProvider, UnsecuredTokens};
use milena::{Config, Producer, Record};
use milena_fake::Cluster;
use milena_tests::hostile::{CA, Side};
use milena_tests::within;
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const JAVAS_PACKAGE: &str = "org.apache.kafka.common.security.oauthbearer";

/// Gives alice's token to the one who asks for it, and then tells how it was asked.
async fn give_one_token(listener: TcpListener) -> String {
    let token = UnsecuredTokens::new("alice").token().await.unwrap();
    let body = format!("{{\"access_token\":\"{}\",\"expires_in\":3600}}", token.value.expose_secret());
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = TlsAcceptor::from(Side::Good.config()).accept(stream).await.unwrap();
    let mut asked = String::new();
    while !asked.ends_with("scope=kafka") {
        asked.push(char::from(stream.read_u8().await.unwrap()));
    }
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    asked
}

#[tokio::test]
async fn javas_file_with_an_identity_provider_is_taken_unchanged() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let provider = tokio::spawn(give_one_token(listener));
    let cluster =
        Cluster::builder().brokers(1).topic("t", 1).tls(Side::Good.config()).user("alice", "s3cret");
    let cluster = cluster.start().await.unwrap();
    let file = format!(
        "bootstrap.servers={}\nsecurity.protocol=SASL_SSL\nssl.truststore.type=PEM\nssl.truststore.location={CA}\n\
         sasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=https://localhost:{port}/token\n\
         sasl.login.callback.handler.class={JAVAS_PACKAGE}.OAuthBearerLoginCallbackHandler\n\
         sasl.jaas.config={JAVAS_PACKAGE}.OAuthBearerLoginModule required clientId=\"client\" \\\n  \
         clientSecret=\"s3cret\" scope=\"kafka\" ssl.truststore.type=\"PEM\" ssl.truststore.location=\"{CA}\";\n",
        cluster.bootstrap_servers()
    );
    let settings = Producer::builder().properties(file).unwrap();

    let producer = within(Producer::from_config(&Config::from(settings))).await.unwrap();
    within(producer.send(Record::to("t").value("v"))).await.unwrap();
    within(producer.close()).await.unwrap();

    assert_eq!(cluster.log("t", 0).len(), 1);
    let asked = within(provider).await.unwrap();
    assert!(asked.starts_with("POST /token HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("Authorization: Basic Y2xpZW50OnMzY3JldA=="), "{asked}");
}
