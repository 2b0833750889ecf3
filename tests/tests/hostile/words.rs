//! Foreign text: whatever brokers, callers and files write, no error and no log line holds what steers a terminal, ends a
//! line, or turns one around (CVE-2021-42574).

use std::error::Error;
use std::time::Duration;

use milena::config::PROPERTIES;
use milena::{Producer, ProducerBuilder, Record, Sasl};
use milena_codec::ids::BrokerId;
use milena_codec::message::{
    MetadataResponse, MetadataResponseBroker, SaslAuthenticateResponse, SaslHandshakeResponse,
};
use milena_fake::{ApiKey, Cluster, ErrorCode, Mechanism};
use milena_tests::{ClusterHarness, Log, within};

const MS: Duration = Duration::from_millis(1);

/// Clears a screen, ends the line, turns letters around, and has no width.
const FOREIGN: &str = "a\u{1b}[2J\r\n\u{9b}0m\u{202e}b\u{2066}\u{200b}\0c";

/// The same for names of hosts, in which no control character is taken.
const HOST: &str = "a\u{202e}b\u{2066}c";

#[track_caller]
fn assert_printable(scene: &str, text: &str) {
    assert!(!text.contains(milena_codec::steers), "{scene}: {text:?}");
}

#[track_caller]
fn check(scene: &str, error: &(dyn Error + 'static)) {
    assert_printable(scene, &format!("{error:?}"));
    let mut next = Some(error);
    while let Some(error) = next {
        assert_printable(scene, &error.to_string());
        next = error.source();
    }
}

#[track_caller]
fn check_lines(log: &Log) {
    let lines = log.lines("", "");
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
    for line in &lines {
        assert!(levels.iter().any(|level| line.trim_start().starts_with(level)), "{line:?}");
        assert_printable("log", line);
    }
}

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).auto_create(false)).await
}

fn impatient(harness: &ClusterHarness) -> ProducerBuilder {
    let builder = harness.producer().request_timeout(1_000 * MS).delivery_timeout(2_000 * MS);
    builder.max_block(2_000 * MS).connect_timeout(2_000 * MS)
}

#[tokio::test(start_paused = true)]
async fn names_of_topics_are_printable() {
    let (log, harness) = (Log::of_everything(), harness().await);
    let _listening = log.listen();
    let producer = impatient(&harness).build().await.unwrap();
    check("send", &within(producer.send((FOREIGN, "v"))).await.unwrap_err());
    check("topic", &within(producer.topic(FOREIGN)).await.unwrap_err());
    check("try_enqueue", &producer.try_enqueue((FOREIGN, "v")).unwrap_err());
    check_lines(&log);
}

#[tokio::test(start_paused = true)]
async fn messages_of_brokers_are_printable() {
    for code in [ErrorCode::INVALID_RECORD, ErrorCode::NOT_ENOUGH_REPLICAS, ErrorCode::POLICY_VIOLATION] {
        let (log, harness) = (Log::of_everything(), harness().await);
        let _listening = log.listen();
        let producer = impatient(&harness).build().await.unwrap();
        harness.on(ApiKey::PRODUCE).topic("t").always().error_with(code, FOREIGN);
        check("produce", &within(producer.send(("t", "v"))).await.unwrap_err());
        check("flush", &within(producer.flush()).await.unwrap_err());
        check_lines(&log);
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_of_brokers_are_printable() {
    for host in [HOST, FOREIGN] {
        let (log, harness) = (Log::of_everything(), harness().await);
        let _listening = log.listen();
        let broker = MetadataResponseBroker {
            node_id: BrokerId(1),
            host: host.to_owned(),
            port: 9_092,
            ..MetadataResponseBroker::default()
        };
        let answer = MetadataResponse { brokers: vec![broker], ..MetadataResponse::default() };
        harness.on(ApiKey::METADATA).always().message(answer);
        check("advertised", &impatient(&harness).build().await.unwrap_err());
        let named = impatient(&harness).bootstrap_servers(format!("{host}:9092"));
        check("bootstrap", &named.build().await.unwrap_err());
        check_lines(&log);
    }
}

#[tokio::test(start_paused = true)]
async fn names_of_clusters_are_printable() {
    let (log, harness) = (Log::of_everything(), harness().await);
    let _listening = log.listen();
    let producer = impatient(&harness).build().await.unwrap();
    let answer = MetadataResponse { cluster_id: Some(FOREIGN.to_owned()), ..MetadataResponse::default() };
    harness.on(ApiKey::METADATA).always().message(answer);
    check("cluster", &within(producer.send(("t", "v"))).await.unwrap_err());
    check_lines(&log);
}

#[tokio::test(start_paused = true)]
async fn messages_of_brokers_about_credentials_are_printable() {
    let builder = || Cluster::builder().brokers(1).topic("t", 1).user("me", "right");
    let handshake = SaslHandshakeResponse {
        error_code: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
        mechanisms: vec![FOREIGN.to_owned(), HOST.to_owned()],
    };
    let refusal = |error_code, auth_bytes: &str| SaslAuthenticateResponse {
        error_code,
        error_message: Some(FOREIGN.to_owned()),
        auth_bytes: auth_bytes.as_bytes().to_vec().into(),
        ..SaslAuthenticateResponse::default()
    };
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        let (log, harness) =
            (Log::of_everything(), ClusterHarness::in_memory(builder().mechanisms(&[mechanism])).await);
        let _listening = log.listen();
        let sasl = || match mechanism {
            Mechanism::Plain => Sasl::plain("me", "right"),
            _ => Sasl::scram_sha_256("me", "right"),
        };
        let build = async || impatient(&harness).sasl(sasl()).build().await.unwrap_err();
        harness.on(ApiKey::SASL_HANDSHAKE).always().message(handshake.clone());
        check("mechanisms", &build().await);
        harness.clear_hooks();
        let scram = format!("e={FOREIGN}");
        for (code, bytes) in [
            (ErrorCode::SASL_AUTHENTICATION_FAILED, ""),
            (ErrorCode::UNKNOWN_SERVER_ERROR, ""),
            (ErrorCode::NONE, &*scram),
            (ErrorCode::NONE, FOREIGN),
        ] {
            harness.on(ApiKey::SASL_AUTHENTICATE).always().message(refusal(code, bytes));
            if mechanism != Mechanism::Plain || !code.is_ok() {
                check("authentication", &build().await);
            }
            harness.clear_hooks();
        }
        check_lines(&log);
    }
}

#[tokio::test(start_paused = true)]
async fn names_and_values_of_properties_are_printable() {
    let log = Log::of_everything();
    let _listening = log.listen();
    for foreign in [FOREIGN, HOST] {
        let begun = || Producer::builder().bootstrap_servers("localhost:9092");
        for name in [foreign.to_owned(), format!("acks{foreign}"), format!("ssl.{foreign}")] {
            check(&name, &begun().property(&name, "x").unwrap_err());
        }
        for name in PROPERTIES.iter().flat_map(|row| [&[row.name], row.also].concat()) {
            for value in [foreign.to_owned(), format!("5{foreign}"), format!("/tmp/{foreign}.pem")] {
                let set = begun().property(name, &value).and_then(|builder| {
                    assert_printable(name, &format!("{builder:?}"));
                    builder.validate()
                });
                match set {
                    Ok(config) => assert_printable(name, &format!("{config:?}")),
                    Err(error) => check(name, &error),
                }
                let line = format!("{name}={}\n", value.replace('\n', "\\n").replace('\r', "\\r"));
                if let Err(error) = begun().properties(&line).and_then(ProducerBuilder::validate) {
                    check(name, &error);
                }
            }
        }
    }
    check_lines(&log);
}

#[tokio::test(start_paused = true)]
async fn names_in_settings_of_compression_are_printable() {
    let (log, harness) = (Log::of_everything(), harness().await);
    let _listening = log.listen();
    let settings = format!("{FOREIGN}=zstd,t=gzip");
    let builder = impatient(&harness).property("compression.topics", &settings);
    if let Err(error) = builder.and_then(ProducerBuilder::validate) {
        check("compression.topics", &error);
    }
    let producer = impatient(&harness).client_id(HOST).build().await;
    match producer {
        Ok(producer) => {
            check("client id", &within(producer.send(Record::to("no").value("v"))).await.unwrap_err())
        }
        Err(error) => check("client id", &error),
    }
    check_lines(&log);
}
