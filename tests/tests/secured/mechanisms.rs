//! Accepted credentials, and the errors of rejected ones.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use milena::sasl::{Sasl, Token, TokenError, TokenProvider, UnsecuredTokens};
use milena::{ConnectErrorKind, Record};
use milena_fake::{Builder, Cluster, Mechanism};
use milena_tests::{ClusterHarness, Stopwatch, within};

const PASSWORD: &str = "s3cret, with = and ü";

fn cluster() -> Builder {
    Cluster::builder()
        .topic("t", 1)
        .user("al,i=ce", PASSWORD)
        .delegation_token("alice", "token-id", "aG1hYw==")
}

fn tokens() -> Sasl {
    Sasl::oauthbearer(Arc::new(UnsecuredTokens::new("alice")))
}

#[tokio::test(start_paused = true)]
async fn every_mechanism_lets_a_producer_in() {
    let name = "al,i=ce";
    let cases = [
        (Sasl::plain(name, PASSWORD), Mechanism::Plain, name),
        (Sasl::scram_sha_256(name, PASSWORD), Mechanism::ScramSha256, name),
        (Sasl::scram_sha_512(name, PASSWORD), Mechanism::ScramSha512, name),
        (tokens(), Mechanism::OAuthBearer, "alice"),
        (Sasl::scram_sha_256("token-id", "aG1hYw==").delegated(), Mechanism::ScramSha256, "alice"),
    ];
    for (sasl, mechanism, user) in cases {
        let harness = ClusterHarness::in_memory(cluster()).await;
        let producer = within(harness.producer().sasl(sasl).build()).await.unwrap();
        within(producer.send(Record::to("t").value("v"))).await.unwrap();
        assert_eq!(harness.values("t", 0), ["v"]);
        let all = harness.authentications();
        // One connection for questions, one for records.
        assert!(all.len() >= 2, "{all:?}");
        for one in all {
            assert_eq!((one.mechanism, one.user.as_deref(), one.again), (mechanism, Some(user), false));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_not_let_in_is_told_why() {
    let plain_only = || cluster().mechanisms(&[Mechanism::Plain]);
    let cases = [
        (cluster(), Sasl::plain("al,i=ce", "wr0ng"), "credentials"),
        (cluster(), Sasl::scram_sha_512("al,i=ce", "wr0ng"), "credentials"),
        (cluster(), Sasl::scram_sha_256("nobody", "wr0ng"), "credentials"),
        (plain_only(), Sasl::scram_sha_256("al,i=ce", PASSWORD), "it offers PLAIN"),
        (Cluster::builder(), Sasl::plain("al,i=ce", "wr0ng"), "the listener does not use SASL"),
        (cluster().scram_iterations(200_000), Sasl::scram_sha_256("al,i=ce", "wr0ng"), "requests 200000"),
    ];
    for (cluster, sasl, expected) in cases {
        let harness = ClusterHarness::in_memory(cluster).await;
        let begin = Stopwatch::start();
        let built = harness.producer().sasl(sasl).connect_timeout(Duration::from_secs(5)).build();
        let error = within(built).await.unwrap_err();
        assert_eq!(error.kind(), ConnectErrorKind::Authentication, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("wr0ng"), "{error:?}");
        assert!(begin.elapsed() < Duration::from_secs(6), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_to_a_listener_that_asks_is_told_so() {
    let harness = ClusterHarness::in_memory(cluster()).await;
    let built = harness.producer().connect_timeout(Duration::from_secs(5)).build();
    let error = within(built).await.unwrap_err();
    assert!(error.to_string().contains("a SASL listener needs credentials"), "{error}");
}

/// A provider that breaks, one way or the other.
#[derive(Debug)]
enum Broken {
    Panics,
    Fails,
    NeverAnswers,
}

#[expect(clippy::panic, reason = "a provider of somebody else's may")]
impl TokenProvider for Broken {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(async move {
            match self {
                Self::Panics => panic!("a provider that panics"),
                Self::Fails => Err(TokenError::new("the endpoint is away")),
                Self::NeverAnswers => std::future::pending().await,
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_of_tokens_that_breaks_breaks_nothing_else() {
    let cases = [
        (Broken::Panics, ConnectErrorKind::Authentication, "panicked"),
        (Broken::Fails, ConnectErrorKind::Authentication, "the endpoint is away"),
        // The last of several tries, for which less time was left.
        (Broken::NeverAnswers, ConnectErrorKind::Timeout, "no response within"),
    ];
    for (provider, kind, expected) in cases {
        let harness = ClusterHarness::in_memory(cluster().brokers(1)).await;
        let begin = Stopwatch::start();
        let built = harness.producer().sasl(Sasl::oauthbearer(Arc::new(provider))).build();
        let error = within(built).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(begin.elapsed() <= Duration::from_secs(15), "{error}");
    }
}
