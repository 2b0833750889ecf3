//! Unchanged configuration files of Java's tools, of librdkafka and of services: each connects to a cluster that requires all of it.

use std::fs;
use std::path::{Path, PathBuf};

use milena::{Config, ConnectErrorKind, Producer, Record};
use milena_fake::{Builder, Cluster};
use milena_tests::hostile::{CA, Side};
use milena_tests::within;

/// With what has to be escaped, and with a letter that SASLprep would change: Java sends it as it is.
const PASSWORD: &str = "s3cret, with = and \\ and \" and ½";
const JAVAS_PACKAGE: &str = "org.apache.kafka.common.security";

fn certificate(name: &str) -> PathBuf {
    Path::new(CA).with_file_name(name)
}

fn cluster(side: Side) -> Builder {
    Cluster::builder().brokers(1).topic("t", 1).tls(side.config())
}

fn known() -> Builder {
    cluster(Side::Good).user("alice", PASSWORD)
}

/// The file is taken unchanged, and a record arrives.
async fn check(cluster: Builder, content: &str) {
    let cluster = cluster.start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.properties");
    fs::write(&file, format!("bootstrap.servers={}\n{content}", cluster.bootstrap_servers())).unwrap();
    send(&cluster, &Config::from_properties_file(&file).unwrap()).await;
}

async fn send(cluster: &Cluster, config: &Config) {
    let producer = within(Producer::from_config(config)).await.unwrap();
    within(producer.send(Record::to("t").value("v"))).await.unwrap();
    assert_eq!(cluster.log("t", 0).len(), 1);
    within(producer.close()).await.unwrap();
}

/// A value as `.properties` has it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\")
}

/// A login module's text, in a file.
fn jaas(module: &str, options: &str) -> String {
    format!("sasl.jaas.config={JAVAS_PACKAGE}.{module} required \\\n    {};\n", escaped(options))
}

#[tokio::test]
async fn javas_files_of_every_mechanism_are_taken_unchanged() {
    let tls = format!("security.protocol=SASL_SSL\nssl.truststore.type=PEM\nssl.truststore.location={CA}\n");
    let quoted = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
    let known_to = |module| jaas(module, &format!("username=\"alice\" password=\"{quoted}\""));
    for (mechanism, login) in [
        ("PLAIN", known_to("plain.PlainLoginModule")),
        ("SCRAM-SHA-256", known_to("scram.ScramLoginModule")),
        ("SCRAM-SHA-512", known_to("scram.ScramLoginModule")),
        (
            "OAUTHBEARER",
            jaas("oauthbearer.OAuthBearerLoginModule", "unsecuredLoginStringClaim_sub=\"alice\""),
        ),
    ] {
        check(known(), &format!("{tls}sasl.mechanism={mechanism}\n{login}")).await;
    }
    let token = jaas("scram.ScramLoginModule", "username=\"id\" password=\"aG1hYw==\" tokenauth=\"true\"");
    let tokens = cluster(Side::Good).delegation_token("alice", "id", "aG1hYw==");
    check(tokens, &format!("{tls}sasl.mechanism=SCRAM-SHA-256\n{token}")).await;
}

#[tokio::test]
async fn certificates_of_ones_own_are_shown_from_files_and_from_the_property() {
    let path = |name| certificate(name).display().to_string();
    let javas = format!(
        "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={CA}\n\
         ssl.keystore.type=PEM\nssl.keystore.location={}\n",
        path("client-rsa-all.pem")
    );
    check(cluster(Side::Mutual), &javas).await;

    let librdkafkas = format!(
        "security.protocol=ssl\nssl.ca.location={CA}\nssl.certificate.location={}\nssl.key.location={}\n\
         ssl.key.password=changeit\n",
        path("client-rsa.pem"),
        path("client-rsa-encrypted.pem")
    );
    check(cluster(Side::Mutual), &librdkafkas).await;

    // On lines that end in a backslash, with blanks between them or with `\n`.
    for end in [" \\\n  ", "\\n\\\n  "] {
        let inline = |name| fs::read_to_string(certificate(name)).unwrap().trim().replace('\n', end);
        let content = format!(
            "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.certificates={}\n\
             ssl.keystore.type=PEM\nssl.keystore.certificate.chain={}\nssl.keystore.key={}\n",
            inline("ca.pem"),
            inline("client-ec.pem"),
            inline("client-ec-pkcs8.pem")
        );
        check(cluster(Side::Mutual), &content).await;
    }
}

#[tokio::test]
async fn a_services_own_configuration_needs_four_words() {
    let cluster = known().start().await.unwrap();
    let json = serde_json::json!({
        "brokers": cluster.bootstrap_servers(),
        "ca_file": CA,
        "username": "alice",
        "password": PASSWORD,
        "dial_timeout": "5s",
    });
    send(&cluster, &serde_json::from_value(json).unwrap()).await;
}

#[tokio::test]
async fn what_tls_cannot_read_is_a_configuration_that_cannot_be() {
    for (content, expected) in [
        ("ssl.ca.location=no-such-file.pem".to_owned(), "no-such-file.pem"),
        // Its name does not tell what it is; its content does.
        (format!("ssl.ca.location={}", store_without_ending().display()), "keytool"),
    ] {
        let text = format!("bootstrap.servers=localhost:1\nsecurity.protocol=SSL\n{content}\n");
        let settings = Producer::builder().properties(text).unwrap();
        let error = within(Producer::from_config(&settings.into())).await.unwrap_err();
        assert_eq!(error.kind(), ConnectErrorKind::Config, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

/// One of Java's stores under a name that says nothing.
fn store_without_ending() -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("truststore");
    fs::copy(certificate("client.jks"), &copy).unwrap();
    copy
}
