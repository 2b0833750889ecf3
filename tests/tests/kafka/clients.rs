//! Clients' settings in the words of Java's `.properties` files, and what a client that has them does.

use std::path::Path;
use std::time::Duration;

use milena_tests::kafka::judge::{Place, Sent};
use milena_tests::kafka::secured::{PASSWORD, certificate};
use milena_tests::kafka::{Ended, Kafka, Program, Properties};
use serde::Deserialize;

/// By a security protocol, and with nothing else set.
pub(crate) fn protocol(name: &str) -> Properties {
    Properties::new().with("security.protocol", name)
}

/// By TLS, for those who trust the tests' own authority.
pub(crate) fn tls(protocol_name: &str) -> Properties {
    protocol(protocol_name)
        .with("ssl.truststore.type", "PEM")
        .with("ssl.truststore.location", certificate("ca.pem").display())
}

/// Somebody with the right password, who proves it by PLAIN.
pub(crate) fn plain(settings: &Properties, name: &str) -> Properties {
    password(settings, "PLAIN", "plain.Plain", name, PASSWORD)
}

/// Somebody with the right password, who proves it by SCRAM.
pub(crate) fn scram(settings: &Properties, mechanism: &str, name: &str) -> Properties {
    password(settings, mechanism, "scram.Scram", name, PASSWORD)
}

pub(crate) fn password(
    settings: &Properties,
    mechanism: &str,
    module: &str,
    name: &str,
    password: &str,
) -> Properties {
    sasl(settings, mechanism, module, &format!("username=\"{name}\" password=\"{password}\""))
}

/// Somebody with a token that nobody signed.
pub(crate) fn token(settings: &Properties, name: &str) -> Properties {
    let claim = format!("unsecuredLoginStringClaim_sub=\"{name}\"");
    sasl(settings, "OAUTHBEARER", "oauthbearer.OAuthBearer", &claim)
}

pub(crate) fn sasl(settings: &Properties, mechanism: &str, module: &str, options: &str) -> Properties {
    let module = format!("org.apache.kafka.common.security.{module}LoginModule required {options};");
    settings.clone().with("sasl.mechanism", mechanism).with("sasl.jaas.config", module)
}

/// `milena produce` by these settings, which is given as long as anybody waits for a connection.
pub(crate) fn produce(servers: &str, settings: &Path, topic: &str) -> Program {
    Program::milena()
        .args(["produce", "--bootstrap-server", servers, "--topic", topic, "--config"])
        .args([settings])
        .args(["--format", "json", "--report", "json"])
        .within(Duration::from_secs(60))
}

/// Has `milena produce` write some records of a key, and gives them with their places.
///
/// # Errors
/// How it ended, if not all were delivered.
pub(crate) fn produce_some(
    kafka: &Kafka,
    listener: &str,
    settings: &Path,
    topic: &str,
    key: &str,
    count: usize,
) -> Result<Vec<Sent>, String> {
    let lines = (0..count).map(|number| format!("{{\"key\":\"{key}\",\"value\":\"{number}\"}}\n"));
    let ended = produce(&kafka.servers(listener), settings, topic).input(lines.collect::<String>()).run();
    let sent = reported(&ended, key);
    if ended.code == Some(0) && sent.len() == count { Ok(sent) } else { Err(ended.to_string()) }
}

/// What a report says of a record that was delivered.
#[derive(Deserialize)]
struct Report {
    record: usize,
    partition: i32,
    offset: i64,
}

fn reported(ended: &Ended, key: &str) -> Vec<Sent> {
    let reports = ended.stdout.lines().filter_map(|line| serde_json::from_str::<Report>(line).ok());
    let sent = |report: Report| Sent {
        key: key.to_owned(),
        value: report.record.to_string(),
        place: Place { partition: report.partition, offset: report.offset },
    };
    reports.map(sent).collect()
}
