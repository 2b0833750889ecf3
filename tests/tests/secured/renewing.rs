//! Sessions that end, and producers that do not notice.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use milena::sasl::{RefreshingTokens, Sasl, Token, TokenError, TokenProvider, UnsecuredTokens};
use milena::{Acks, Record};
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, Load, assert_exactly_once, within};

fn again(harness: &ClusterHarness) -> usize {
    harness.authentications().iter().filter(|one| one.again).count()
}

fn renewals(harness: &ClusterHarness, producer: &milena::Producer) -> u64 {
    let counted = producer.metrics().reauthentications;
    assert!(counted > 0 && counted <= u64::try_from(again(harness)).unwrap(), "{counted}");
    counted
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_of_records_over_sessions_of_five_seconds_lose_none() {
    let cluster = Cluster::builder().topic("t", 3).user("alice", "s3cret");
    let harness = ClusterHarness::in_memory(cluster.session_lifetime(Duration::from_secs(5))).await;
    let producer = harness.producer().sasl(Sasl::scram_sha_256("alice", "s3cret")).build().await.unwrap();
    let load = Load { pause: Duration::from_millis(100), burst: 1, ..Load::of(6_000) };
    let sent = within_an_hour(load.send(&producer)).await;
    assert_exactly_once(&harness, "t", &sent);
    // One broker: 600 s in at least 4.75 s each.
    assert!(renewals(&harness, &producer) >= 100);
    assert_eq!(producer.metrics().retries, 0);
}

#[tokio::test(start_paused = true)]
async fn records_that_nobody_acknowledges_survive_renewals_as_well() {
    let cluster = Cluster::builder().topic("t", 1).user("alice", "s3cret");
    let harness = ClusterHarness::in_memory(cluster.session_lifetime(Duration::from_secs(2))).await;
    let sasl = Sasl::plain("alice", "s3cret");
    let producer = harness.producer().sasl(sasl).acks(Acks::None).idempotence(false).build().await.unwrap();
    for number in 0..600 {
        within(producer.send(Record::to("t").value(number.to_string()))).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    within(producer.close()).await.unwrap();
    let expected: Vec<String> = (0..600).map(|number| number.to_string()).collect();
    assert_eq!(harness.values("t", 0), expected);
    assert!(again(&harness) >= 20);
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_that_passes_while_nobody_sends_costs_nothing() {
    let cluster = Cluster::builder().topic("t", 1).user("alice", "s3cret");
    let harness = ClusterHarness::in_memory(cluster.session_lifetime(Duration::from_secs(10))).await;
    let producer = harness.producer().sasl(Sasl::plain("alice", "s3cret")).build().await.unwrap();
    for number in 0..10 {
        within(producer.send(Record::to("t").value(number.to_string()))).await.unwrap();
        let before = again(&harness);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(again(&harness), before, "nobody asked for it");
    }
    assert_eq!(producer.metrics().retries, 0);
    assert!(renewals(&harness, &producer) >= 9);
}

/// Counts how many tokens are asked for, and takes a while over each.
#[derive(Debug)]
struct Counted(UnsecuredTokens, AtomicUsize);

impl TokenProvider for Counted {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let token = self.0.token().await?;
            // The time of day does not follow a paused clock: the token itself is good for longer.
            Ok(Token { lifetime: Some(Duration::from_secs(3600)), ..token })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_are_refreshed_beside_the_records() {
    let cluster = Cluster::builder().topic("t", 3).session_lifetime(Duration::from_secs(20));
    let harness = ClusterHarness::in_memory(cluster).await;
    let tokens = UnsecuredTokens::new("alice").lifetime(Duration::from_secs(36_000));
    let counted = Arc::new(Counted(tokens, AtomicUsize::new(0)));
    let provider = Arc::new(RefreshingTokens::new(Arc::clone(&counted) as Arc<dyn TokenProvider>));
    let producer = harness.producer().sasl(Sasl::oauthbearer(provider)).build().await.unwrap();
    let load = Load { pause: Duration::from_secs(5), burst: 1, ..Load::of(1_500) };
    let sent = within_an_hour(load.send(&producer)).await;
    assert_exactly_once(&harness, "t", &sent);
    assert!(renewals(&harness, &producer) >= 100);
    // 7 500 s, and a token serves for at least 2 880 s.
    let asked = counted.1.load(Ordering::Relaxed);
    assert!((2..=4).contains(&asked), "{asked}");
}

/// On a paused clock, so that it takes no hour.
async fn within_an_hour<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(3 * 3600), future).await.unwrap()
}
