//! The steps at a server: settings, name, TCP, TLS, SASL, versions.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use milena::{CheckStep, Config, Producer, ProducerBuilder, Sasl, Severity, Tls};
use milena_fake::{ApiKey, Cluster, Mechanism, Release};
use milena_tests::{ClusterHarness, Name, Stopwatch, within};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::support::{check, expect, expect_clean, harness, of};

#[tokio::test(start_paused = true)]
async fn invalid_settings_are_the_only_finding() {
    let report = check(&Producer::builder()).await;
    expect(&report, Severity::Error, CheckStep::Config, &["bootstrap.servers"]);
    assert_eq!(report.findings().len(), 1, "{report}");
    let report = check(&Producer::builder().bootstrap_servers("a:1").max_in_flight(0)).await;
    expect(&report, Severity::Error, CheckStep::Config, &["max.in.flight", "write 1 to 1000"]);
    let tls = Tls::new().ca_file("no/such/ca.pem");
    let report = check(&Producer::builder().bootstrap_servers("a:1").tls(tls)).await;
    expect(&report, Severity::Error, CheckStep::Config, &["no/such/ca.pem", "check the path"]);
    let config = Config { username: Some("me".to_owned()), ..Config::default() };
    let report = within(milena::check(&config, ["t"])).await;
    expect(&report, Severity::Error, CheckStep::Config, &["`password`"]);
}

#[test]
fn check_outside_of_a_runtime_is_a_finding() {
    let builder = Producer::builder().bootstrap_servers("a:1");
    let mut check = std::pin::pin!(milena::check(&builder, ["t"]));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(report) = check.as_mut().poll(&mut cx) else { panic!("it waits") };
    expect(&report, Severity::Error, CheckStep::Config, &["no tokio runtime"]);
}

#[tokio::test(start_paused = true)]
async fn server_that_cannot_be_reached_leaves_the_others() {
    let harness = harness(|builder| builder).await;
    harness.network().name("kafak", Name::Unknown);
    harness.network().name("nobody", Name::Nobody);
    let report = check(&harness.producer().bootstrap_servers("kafak:1,nobody:2,broker-1:9092")).await;
    expect(&report, Severity::Warning, CheckStep::Name, &["kafak:1", "check its spelling"]);
    expect(&report, Severity::Warning, CheckStep::Tcp, &["nobody:2", "refused"]);
    assert!(report.is_usable(), "{report}");
    expect(&report, Severity::Ok, CheckStep::Cluster, &["3 brokers"]);
    expect(&report, Severity::Ok, CheckStep::Topic, &["3 partitions"]);
}

#[tokio::test(start_paused = true)]
async fn cluster_without_a_reachable_server_has_topics_that_are_not_checked() {
    let harness = harness(|builder| builder).await;
    harness.network().name("nobody", Name::Nobody);
    let report = check(&harness.producer().bootstrap_servers("nobody:2")).await;
    expect(&report, Severity::NotChecked, CheckStep::Topic, &["t", "no bootstrap server"]);
    assert!(!report.is_usable());
}

#[tokio::test]
async fn refused_port_and_unknown_name_are_found_on_sockets() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let report = check(&Producer::builder().bootstrap_servers(format!("{address},kafka.invalid:9092"))).await;
    expect(&report, Severity::Error, CheckStep::Tcp, &[&address, "refused", "check that the broker runs"]);
    expect(&report, Severity::Error, CheckStep::Name, &["kafka.invalid:9092", "not resolved"]);
}

#[tokio::test(start_paused = true)]
async fn silent_servers_are_checked_side_by_side_within_the_connect_timeout() {
    let harness = harness(|builder| builder).await;
    for host in ["a", "b", "c", "d"] {
        harness.network().name(host, Name::Silence);
    }
    let watch = Stopwatch::start();
    let builder = harness.producer().connect_timeout(Duration::from_secs(3));
    let report = check(&builder.bootstrap_servers("a:1,b:1,c:1,d:1")).await;
    assert_eq!(of(&report, CheckStep::Tcp).len(), 4, "{report}");
    assert!(watch.elapsed() <= Duration::from_secs(4), "{:?}", watch.elapsed());
}

#[tokio::test(start_paused = true)]
async fn broker_without_a_version_in_common_is_an_error_with_the_side_that_is_too_old() {
    let new = harness(|builder| builder.versions(ApiKey::PRODUCE, 90..=99)).await;
    let report = check(&new.producer()).await;
    let words = ["Produce 90-99", "newer than this client", "use a newer version of milena"];
    expect(&report, Severity::Error, CheckStep::ApiVersions, &words);
    let old = harness(|builder| builder.look_like(Release::V2_1).versions(ApiKey::PRODUCE, 0..=2)).await;
    let report = check(&old.producer()).await;
    expect(&report, Severity::Error, CheckStep::ApiVersions, &["too old", "Kafka 2.1"]);
}

fn secured() -> milena_fake::Builder {
    let mechanisms = [Mechanism::ScramSha256, Mechanism::Plain];
    Cluster::builder().brokers(1).topic("t", 1).user("me", "right").mechanisms(&mechanisms)
}

#[tokio::test(start_paused = true)]
async fn accepted_credentials_and_the_mechanisms_of_the_broker_are_found() {
    let harness = ClusterHarness::in_memory(secured()).await;
    let report = check(&harness.producer().sasl(Sasl::scram_sha_256("me", "right"))).await;
    expect(&report, Severity::Ok, CheckStep::Sasl, &["accepts the SCRAM-SHA-256 credentials"]);
    expect(&report, Severity::Ok, CheckStep::Sasl, &["PLAIN, SCRAM-SHA-256"]);
    expect(&report, Severity::Warning, CheckStep::Tls, &["unencrypted", "SASL_SSL"]);
    assert!(report.is_usable(), "{report}");
}

#[tokio::test(start_paused = true)]
async fn rejected_credentials_and_mechanisms_are_errors_with_the_mechanisms_of_the_broker() {
    let harness = ClusterHarness::in_memory(secured()).await;
    for (sasl, words) in [
        (Sasl::plain("me", "wrong"), "rejected the PLAIN credentials"),
        (Sasl::scram_sha_512("me", "right"), "does not have SCRAM-SHA-512 enabled"),
    ] {
        let report = check(&harness.producer().sasl(sasl)).await;
        expect(&report, Severity::Error, CheckStep::Sasl, &[words]);
        expect(&report, Severity::Ok, CheckStep::Sasl, &["enabled: PLAIN, SCRAM-SHA-256"]);
        assert_eq!(report.count(Severity::Error), 1, "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn missing_and_needless_credentials_are_errors() {
    let harness = ClusterHarness::in_memory(secured()).await;
    let report = check(&harness.producer()).await;
    expect(&report, Severity::Error, CheckStep::Sasl, &["SASL listener needs credentials"]);
    expect(&report, Severity::Ok, CheckStep::Sasl, &["enabled: PLAIN, SCRAM-SHA-256"]);
    let plain = crate::support::harness(|builder| builder).await;
    let report = check(&plain.producer().sasl(Sasl::plain("me", "right"))).await;
    expect(&report, Severity::Error, CheckStep::Sasl, &["does not use SASL"]);
}

fn file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates").join(name).display().to_string()
}

fn cluster_with_tls(certificate: &str) -> milena_fake::Builder {
    let provider = Arc::new(rustls_graviola::default_provider());
    let chain = CertificateDer::pem_file_iter(file(certificate)).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("server-key.pem")).unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
    Cluster::builder().brokers(1).topic("t", 1).tls(Arc::new(config))
}

async fn with_tls(certificate: &str) -> (ClusterHarness, ProducerBuilder) {
    let harness = ClusterHarness::on_sockets(cluster_with_tls(certificate)).await;
    let builder = harness.producer().connect_timeout(Duration::from_secs(60));
    (harness, builder)
}

fn trusting() -> Tls {
    Tls::new().ca_file(file("ca.pem"))
}

#[tokio::test]
async fn verified_broker_has_its_parameters_and_the_days_of_its_certificate() {
    let (_harness, builder) = with_tls("server.pem").await;
    let report = check(&builder.clone().tls(trusting())).await;
    let words = ["TLS 1.3, TLS13_", "chain and host name are verified"];
    expect(&report, Severity::Ok, CheckStep::Tls, &words);
    expect(&report, Severity::Ok, CheckStep::Tls, &["valid until 2126-01-01", "days left"]);
    expect_clean(&report);
    let report = check(&builder.tls(trusting().danger_accept_any_host_name())).await;
    expect(&report, Severity::Warning, CheckStep::Tls, &["the host name is not", "https"]);
}

#[tokio::test]
async fn certificate_that_fails_verification_is_an_error_with_its_reason() {
    for (certificate, words) in [
        ("server-expired.pem", ["has expired", "renew it"]),
        ("server-elsewhere.pem", ["broker.example", "connect to a name that it has"]),
        ("server-unknown.pem", ["authority that is not trusted", "name the authority"]),
    ] {
        let (_harness, builder) = with_tls(certificate).await;
        let report = check(&builder.tls(trusting())).await;
        expect(&report, Severity::Error, CheckStep::Tls, &words);
        assert_eq!(report.count(Severity::Error), 1, "{report}");
    }
}

#[tokio::test]
async fn listener_with_another_protocol_is_an_error() {
    // The brokers count the other protocol as a violation, which a harness would not forgive.
    let secure = cluster_with_tls("server.pem").start().await.unwrap();
    let report = check(&Producer::builder().bootstrap_servers(secure.bootstrap_servers())).await;
    expect(&report, Severity::Error, CheckStep::ApiVersions, &["TLS"]);
    let plain = Cluster::builder().brokers(1).start().await.unwrap();
    let builder = Producer::builder().bootstrap_servers(plain.bootstrap_servers()).tls(trusting());
    let report = check(&builder).await;
    expect(&report, Severity::Error, CheckStep::Tls, &["security.protocol"]);
}
