//! Secrets in properties, well written and badly: what an error shows of them is their name.

use milena::{ProducerBuilder, config};

use crate::{CLIENT_KEY, OTHER, PASSWORD, Printed};

/// Names and values with secrets in them.
fn properties() -> Vec<(&'static str, String)> {
    let jaas = |text: &str| format!("org.apache.kafka.common.security.{text}");
    vec![
        ("sasl.password", PASSWORD.to_owned()),
        ("Net.SASL.Password", PASSWORD.to_owned()),
        ("ssl.key.password", OTHER.to_owned()),
        ("ssl.keystore.password", PASSWORD.to_owned()),
        ("ssl.truststore.password", PASSWORD.to_owned()),
        ("ssl.keystore.key", CLIENT_KEY.to_owned()),
        ("ssl.key.pem", CLIENT_KEY.to_owned()),
        ("ssl.keystore.certificate.chain", CLIENT_KEY.to_owned()),
        ("sasl.oauthbearer.client.secret", PASSWORD.to_owned()),
        (
            "sasl.jaas.config",
            jaas(&format!("plain.PlainLoginModule required username=\"me\" password=\"{PASSWORD}\";")),
        ),
        (
            "sasl.jaas.config",
            jaas(&format!("scram.ScramLoginModule required username=\"me\" password=\"{PASSWORD}\";")),
        ),
        (
            "sasl.jaas.config",
            jaas(&format!("plain.PlainLoginModule required username=\"me\" password=\"{PASSWORD};")),
        ),
        (
            "sasl.jaas.config",
            jaas(&format!("plain.PlainLoginModule required username=\"me\" password={PASSWORD}")),
        ),
        ("sasl.jaas.config", format!("evil.Module required password=\"{PASSWORD}\";")),
        ("sasl.jaas.config", format!("{PASSWORD} {OTHER} =;")),
        ("sasl.jaas.config", jaas(&format!("plain.PlainLoginModule {PASSWORD} username=\"me\";"))),
        ("sasl.jaas.config", jaas(&format!("plain.PlainLoginModule required {PASSWORD}=\"x\";"))),
        ("sasl.pasword", PASSWORD.to_owned()),
        ("sasl.password", format!("${{file:/etc/{PASSWORD}:password}}")),
    ]
}

/// Addresses that hold a secret, for every name of the list.
fn addresses() -> Vec<(&'static str, String)> {
    let shapes = [
        format!("h:{PASSWORD}"),
        format!("h:9092?password={PASSWORD}"),
        format!("h:9092?password=a,{PASSWORD}"),
        format!("alice%3A{PASSWORD}%40h:9092"),
        format!("alice:{PASSWORD}:9092"),
        format!("alice:{PASSWORD}@h:9092"),
        format!("h/{PASSWORD}:9092"),
        format!("h {PASSWORD}:9092"),
        format!("[::1]:{PASSWORD}"),
        format!("SASL_SSL://h:9092/{PASSWORD}"),
    ];
    let names = ["bootstrap.servers", "metadata.broker.list", "Addrs"];
    shapes.iter().flat_map(|shape| names.map(|name| (name, format!("h:9092,{shape}")))).collect()
}

/// Tries addresses with secrets; how many there were.
pub(crate) async fn try_addresses(printed: &mut Printed) -> usize {
    let addresses = addresses();
    for (name, value) in &addresses {
        let builder = ProducerBuilder::default().property(name, value).unwrap();
        let refused = builder.clone().build().await;
        assert!(refused.is_err(), "{name} took an address with a secret");
        refused.err().iter().for_each(|error| printed.error(name, error));
        checked(printed, name, builder);
    }
    addresses.len()
}

/// Tries all, alone and in a file; how many there were.
pub(crate) fn try_all(printed: &mut Printed) -> usize {
    let mut scenes = 0;
    for (name, value) in properties() {
        let builder = || ProducerBuilder::default().bootstrap_servers("localhost:9092");
        for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
            let begun = builder()
                .property("security.protocol", "SASL_SSL")
                .and_then(|builder| builder.property("sasl.mechanism", mechanism))
                .and_then(|builder| builder.property("sasl.username", "me"));
            match begun.and_then(|builder| builder.property(name, &value)) {
                Ok(builder) => checked(printed, name, builder),
                Err(error) => printed.error(name, &error),
            }
            scenes += 1;
        }
        let text = format!("security.protocol=SASL_SSL\n{name}={}\n", value.replace('\n', "\\n"));
        match builder().properties(text) {
            Ok(builder) => checked(printed, name, builder),
            Err(error) => printed.error(name, &error),
        }
        scenes += 1;
    }
    scenes
}

/// What can be printed of settings that were taken, and of the error where they do not go together.
fn checked(printed: &mut Printed, name: &str, builder: ProducerBuilder) {
    printed.debug(name, &builder);
    match builder.validate() {
        Ok(config) => show(printed, name, &config),
        Err(error) => printed.error(name, &error),
    }
}

fn show(printed: &mut Printed, name: &str, config: &config::ProducerConfig) {
    printed.debug(name, config);
    printed.debug(name, &config.properties());
}
