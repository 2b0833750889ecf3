//! The preflight check against real brokers: the findings of a node with and without security, and nothing that was written.

use milena::{CheckReport, CheckStep, Producer, ProducerBuilder, Sasl, Severity, Tls};
use milena_tests::kafka::Kafka;
use milena_tests::kafka::secured::{self, BOB, OPEN, PASSWORD, READ_ONLY, certificate};

#[tokio::test(flavor = "multi_thread")]
async fn check_of_a_node_without_security_finds_no_fault_and_writes_nothing() {
    let kafka = Kafka::shared();
    kafka.create_topic("checked", 3, &["max.message.bytes=2000000", "compression.type=producer"]);
    let report = milena::check(&open(&kafka), ["checked"]).await;
    assert_eq!((report.count(Severity::Error), report.count(Severity::Warning)), (0, 0), "{report}");
    expect(&report, Severity::Ok, CheckStep::Advertised, &["was reached"]);
    expect(&report, Severity::Ok, CheckStep::Broker, &["`socket.request.max.bytes` is 104857600"]);
    expect(&report, Severity::Ok, CheckStep::Clock, &["active controller"]);
    expect(&report, Severity::Ok, CheckStep::Topic, &["3 partitions, each with a leader"]);
    expect(&report, Severity::Ok, CheckStep::Acl, &["checked", "WRITE is allowed"]);
    expect(&report, Severity::Ok, CheckStep::Size, &["`max.message.bytes` is 2000000"]);
    expect(&report, Severity::Ok, CheckStep::Timestamps, &["CreateTime", "3600000 ms"]);
    assert_eq!(kafka.record_count("checked"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_topic_is_not_created_and_a_low_limit_is_a_warning() {
    let kafka = Kafka::shared();
    kafka.create_topic("checked-small", 1, &["max.message.bytes=1000", "compression.type=gzip"]);
    let builder = open(&kafka).allow_auto_topic_creation(false);
    for _ in 0..2 {
        let report = milena::check(&builder, ["checked-missing", "checked-small"]).await;
        expect(&report, Severity::Error, CheckStep::Topic, &["checked-missing", "does not exist"]);
        expect(&report, Severity::Warning, CheckStep::Size, &["checked-small", "1000"]);
        expect(&report, Severity::Warning, CheckStep::Codec, &["checked-small", "gzip"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn permissions_and_mechanisms_of_a_secured_node_are_found() {
    let kafka = secured::shared();
    let [open, shown, hidden] = [OPEN, READ_ONLY, "hidden-"].map(|start| format!("{start}checked"));
    [&open, &shown, &hidden].into_iter().for_each(|topic| kafka.create_topic(topic, 1, &[]));
    let builder = Producer::builder().bootstrap_servers(kafka.servers("SASL_SSL"));
    let builder = builder.tls(trusting()).sasl(Sasl::scram_sha_512(BOB, PASSWORD));
    let report = milena::check(&builder, [&open, &shown, &hidden]).await;
    expect(&report, Severity::Ok, CheckStep::Tls, &["chain and host name are verified"]);
    expect(&report, Severity::Ok, CheckStep::Tls, &["valid until 2126-"]);
    let mechanisms = ["OAUTHBEARER", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
    expect(&report, Severity::Ok, CheckStep::Sasl, &mechanisms);
    expect(&report, Severity::Ok, CheckStep::Acl, &[&open, "WRITE is allowed"]);
    expect(&report, Severity::Error, CheckStep::Acl, &[&shown, "WRITE is denied"]);
    expect(&report, Severity::Error, CheckStep::Acl, &[&hidden, "not described to this user"]);
    expect(&report, Severity::Ok, CheckStep::Acl, &["cluster", "by WRITE on a topic"]);
    expect(&report, Severity::NotChecked, CheckStep::Size, &[&open, "DESCRIBE_CONFIGS"]);
    expect(&report, Severity::NotChecked, CheckStep::Broker, &["DESCRIBE_CONFIGS"]);
    expect(&report, Severity::NotChecked, CheckStep::Clock, &["allow DESCRIBE on the cluster"]);
    assert!(!report.to_string().contains(PASSWORD), "{report}");
    assert_eq!(kafka.record_count(&open), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_way_into_a_secured_node_is_an_error_of_its_step() {
    let kafka = secured::shared();
    let at = |listener: &str| Producer::builder().bootstrap_servers(kafka.servers(listener));
    let wrong = Sasl::scram_sha_512(BOB, "wrong");
    let ways = [
        (at("SASL_SSL").tls(trusting()).sasl(wrong), CheckStep::Sasl, "rejected the SCRAM-SHA-512"),
        (at("SASL_SSL").tls(trusting()), CheckStep::Sasl, "needs credentials"),
        (at("SCRAM_ONLY").sasl(Sasl::plain("a", "b")), CheckStep::Sasl, "does not have PLAIN enabled"),
        (at("SSL").sasl(Sasl::plain("a", "b")), CheckStep::ApiVersions, "TLS"),
        (at("SSL_MUTUAL").tls(trusting()), CheckStep::Tls, "requests a client certificate"),
        (at("EXPIRED").tls(trusting()), CheckStep::Tls, "has expired"),
        (at("ELSEWHERE").tls(trusting()), CheckStep::Tls, "connect to a name that it has"),
        (at("UNRESOLVED"), CheckStep::Advertised, "broker-7.invalid:9092"),
        (at("UNREACHABLE"), CheckStep::Advertised, "127.0.0.1:1"),
    ];
    for (builder, step, words) in ways {
        let report = milena::check(&builder, ["t"]).await;
        expect(&report, Severity::Error, step, &[words]);
    }
}

fn open(kafka: &Kafka) -> ProducerBuilder {
    Producer::builder().bootstrap_servers(kafka.bootstrap_servers())
}

fn trusting() -> Tls {
    Tls::new().ca_file(certificate("ca.pem"))
}

#[track_caller]
fn expect(report: &CheckReport, severity: Severity, step: CheckStep, words: &[&str]) {
    let is_it = |finding: &&milena::Finding| {
        let text = finding.to_string();
        (finding.severity(), finding.step()) == (severity, step) && words.iter().all(|one| text.contains(one))
    };
    assert!(
        report.findings().iter().any(|finding| is_it(&finding)),
        "{severity:?} {step:?} {words:?}:\n{report}"
    );
}
