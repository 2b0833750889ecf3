//! No finding shows a secret, whatever fails.

use milena::{CheckReport, Producer, Sasl};
use milena_codec::message::SaslAuthenticateResponse;
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Log};

use crate::support::check;

/// The canary, as user name and password.
const SECRET: &str = "canary-Zq7Rw2";

#[track_caller]
fn assert_hidden(report: &CheckReport) {
    let json = serde_json::to_string(report).unwrap();
    for text in [report.to_string(), format!("{report:?}"), json] {
        assert!(!text.contains(SECRET), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_are_in_no_finding_and_no_log_line() {
    let log = Log::of_everything();
    let _listening = log.listen();
    let builder = Cluster::builder().brokers(1).topic("t", 1).user("me", SECRET);
    let harness = ClusterHarness::in_memory(builder).await;
    for sasl in [
        Sasl::plain("me", SECRET),
        Sasl::plain(SECRET, SECRET),
        Sasl::scram_sha_256("me", SECRET),
        Sasl::scram_sha_512(SECRET, SECRET),
    ] {
        assert_hidden(&check(&harness.producer().sasl(sasl)).await);
    }
    // A broker that returns the secret in its message.
    let echo = SaslAuthenticateResponse {
        error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
        error_message: Some(format!("wrong password {SECRET}")),
        ..SaslAuthenticateResponse::default()
    };
    harness.on(ApiKey::SASL_AUTHENTICATE).always().message(echo);
    let report = check(&harness.producer().sasl(Sasl::plain("me", SECRET))).await;
    assert!(!report.is_usable());
    assert_hidden(&report);
    assert!(log.lines("", "").iter().all(|line| !line.contains(SECRET)));
}

#[tokio::test(start_paused = true)]
async fn secrets_in_invalid_settings_are_hidden() {
    for servers in [format!("me:{SECRET}@kafka:9092"), format!("kafka:9092,me:{SECRET}@b")] {
        let report = check(&Producer::builder().bootstrap_servers(servers)).await;
        assert!(!report.is_usable());
        assert_hidden(&report);
    }
    let builder = Producer::builder().bootstrap_servers("a:1");
    let jaas = format!("org.apache.kafka.common.security.plain.PlainLoginModule required password={SECRET}");
    if let Ok(builder) = builder.property("sasl.jaas.config", &jaas) {
        assert_hidden(&check(&builder).await);
    }
}
