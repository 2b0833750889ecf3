//! A service's configuration, and the effective settings of it.

use std::time::Duration;

use milena_connection::sasl::Mechanism;

use super::*;

const SECRET: &str = "hunter2";

fn small() -> Config {
    Config {
        brokers: vec!["a:1".to_owned(), "b:2".to_owned()],
        username: Some("alice".to_owned()),
        password: Some(SECRET.to_owned().into()),
        ..Config::default()
    }
}

#[track_caller]
fn check_rejected(config: &Config, property: &str) {
    let error = config.validate().unwrap_err();
    assert_eq!(error.property(), property, "{error}");
    assert!(!format!("{error:?} {config:?}").contains(SECRET));
}

/// The effective configuration, without a look at files that are not there.
fn effective(config: &Config) -> ProducerConfig {
    config.builder().unwrap().effective().unwrap().0
}

fn protocol(config: &Config) -> String {
    let properties = effective(config).properties();
    properties.into_iter().find(|(name, _)| *name == "security.protocol").unwrap().1
}

#[test]
fn user_name_turns_plain_on_and_authorities_turn_tls_on() {
    assert_eq!(protocol(&Config { username: None, password: None, ..small() }), "PLAINTEXT");
    assert_eq!(protocol(&small()), "SASL_PLAINTEXT");
    assert_eq!(protocol(&Config { tls: Some(true), ..small() }), "SASL_SSL");
    let config = Config { ca_file: Some("ca.pem".into()), ..small() };
    let effective = effective(&config);
    assert_eq!(effective.sasl.as_ref().unwrap().mechanism(), Mechanism::Plain);
    let listed = effective.properties();
    for expected in [
        ("bootstrap.servers", "a:1,b:2"),
        ("security.protocol", "SASL_SSL"),
        ("ssl.truststore.location", "ca.pem"),
        ("sasl.username", "alice"),
        ("sasl.password", "[hidden]"),
    ] {
        assert!(listed.contains(&(expected.0, expected.1.to_owned())), "{expected:?}");
    }
    assert!(!format!("{config:?} {effective:?} {listed:?}").contains(SECRET));
}

#[test]
fn mechanism_and_other_settings_are_accepted() {
    let settings = ProducerBuilder::default().linger(Duration::from_millis(20)).bootstrap_servers("c:3");
    let config =
        Config { mechanism: Some("scram-sha-512".to_owned()), settings: settings.clone(), ..small() };
    let effective = config.validate().unwrap();
    assert_eq!(effective.sasl.unwrap().mechanism(), Mechanism::ScramSha512);
    assert_eq!(
        (effective.bootstrap_servers.as_str(), effective.linger),
        ("a:1,b:2", Duration::from_millis(20))
    );
    assert_eq!(Config::from(settings).validate().unwrap().bootstrap_servers.as_str(), "c:3");
}

#[test]
fn contradicting_fields_are_rejected() {
    check_rejected(&Config { password: None, ..small() }, "password");
    check_rejected(&Config { username: None, ..small() }, "username");
    check_rejected(&Config { tls: Some(false), ca_file: Some("ca.pem".into()), ..small() }, "tls");
    check_rejected(&Config { mechanism: Some("GSSAPI".to_owned()), ..small() }, "mechanism");
    let plaintext = ProducerBuilder::default().property("security.protocol", "PLAINTEXT").unwrap();
    check_rejected(&Config { settings: plaintext, ..small() }, "security.protocol");
}

#[test]
fn timeouts_set_those_of_connections_requests_and_writes() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let config =
        Config { dial_timeout: seconds(3), read_timeout: seconds(4), write_timeout: seconds(5), ..small() };
    let config = config.validate().unwrap();
    assert_eq!(Some(config.socket_setup_timeout), seconds(3));
    assert_eq!(Some(config.socket_setup_timeout_max), seconds(3));
    assert_eq!((Some(config.request_timeout), Some(config.write_timeout)), (seconds(4), seconds(5)));
    let read = Config { read_timeout: seconds(4), ..small() }.validate().unwrap();
    assert_eq!(Some(read.write_timeout), seconds(4));
}

#[test]
fn properties_of_a_list_and_of_a_file_are_settings() {
    let config = Config::from_properties([("bootstrap.servers", "a:1"), ("acks", "1")]).unwrap();
    assert_eq!(config.validate().unwrap().acks, crate::Acks::Leader);
    assert!(Config::from_properties([("ack", "1")]).unwrap_err().message().contains("`acks`"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("client.properties");
    std::fs::write(&file, "bootstrap.servers=a:1\nlinger.ms=7\n").unwrap();
    let config = Config::from_properties_file(&file).unwrap().validate().unwrap();
    assert_eq!(config.linger, Duration::from_millis(7));
}

#[cfg(feature = "serde")]
mod by_serde {
    use super::*;
    use crate::config::Compression;

    fn read(json: &str) -> Result<Config, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[track_caller]
    fn check_rejected(json: &str, expected: &str) {
        let error = read(json).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains(SECRET), "{error}");
    }

    #[test]
    fn configuration_of_a_service_is_read() {
        let config = read(
            r#"{"brokers": ["a:1", "b:2"], "ca_file": "ca.pem", "username": "alice", "password": "hunter2",
                "certificate_file": null, "dial_timeout": "10s", "linger": "20ms", "delivery_timeout_ms": 60000,
                "buffer_memory": "64MiB", "batch_size": 1000, "acks": 1, "allow_auto_create_topics": false,
                "client.id": "orders"}"#,
        );
        let config = effective(&config.unwrap());
        assert_eq!(config.bootstrap_servers.as_str(), "a:1,b:2");
        assert_eq!(config.socket_setup_timeout, Duration::from_secs(10));
        assert_eq!(
            (config.linger, config.delivery_timeout),
            (Duration::from_millis(20), Duration::from_secs(60))
        );
        assert_eq!((config.buffer_memory, config.batch_size, config.acks.code()), (64 << 20, 1_000, 1));
        assert_eq!((config.client_id.as_str(), config.allow_auto_topic_creation), ("orders", false));
        assert!(config.tls.is_some() && config.sasl.is_some());
    }

    #[test]
    fn compression_is_one_key_or_a_key_for_each_property() {
        for json in [
            r#"{"brokers": "a:1", "compression": "zstd:7"}"#,
            r#"{"brokers": "a:1", "compression": "zstd", "compression_zstd_level": 7}"#,
            r#"{"brokers": "a:1", "compression_type": "zstd", "compression_zstd_level": 7}"#,
            r#"{"brokers": "a:1", "compression.codec": "zstd", "compression_level": 7}"#,
            r#"{"brokers": "a:1", "compression_type": 4, "compression_zstd_level": "7"}"#,
        ] {
            let config = read(json).unwrap().validate().unwrap();
            assert_eq!(config.compression, Compression::Zstd { level: 7 }, "{json}");
        }
        let topics = r#"{"brokers": "a:1", "compression_topics": ["orders=zstd:7", "logs=lz4"]}"#;
        let config = read(topics).unwrap().validate().unwrap();
        assert_eq!(config.compression_of("orders"), Compression::Zstd { level: 7 });
        assert_eq!(config.compression_of("logs"), Compression::Lz4);
    }

    #[test]
    fn invalid_compression_is_rejected_with_its_key() {
        check_rejected(
            r#"{"compression": 4}"#,
            "`compression` = `4`: write one of none, gzip, snappy, lz4, zstd",
        );
        check_rejected(r#"{"compression": "zstd:23"}"#, "write a level of zstd: -131072 to 22");
        check_rejected(r#"{"compression_type": 5}"#, "`compression.type` = `5`: write one of none, gzip");
        check_rejected(r#"{"compression_zstd_level": 2.5}"#, "write a level of zstd");
        check_rejected(r#"{"compresion": "zstd"}"#, "did you mean `compression`?");
    }

    #[test]
    fn brokers_are_read_from_one_text() {
        assert_eq!(read(r#"{"brokers": "a:1, b:2"}"#).unwrap().brokers, ["a:1", "b:2"]);
    }

    #[test]
    fn unknown_key_is_rejected_with_the_nearest_one() {
        check_rejected(r#"{"brokers": "a:1", "usrname": "hunter2"}"#, "did you mean `username`?");
        check_rejected(r#"{"lingr_ms": "hunter2"}"#, "did you mean `linger_ms`?");
        check_rejected(r#"{"frobnicate": 1}"#, "there is no property `frobnicate`");
    }

    #[test]
    fn invalid_value_is_rejected_with_its_key() {
        check_rejected(r#"{"dial_timeout": 30}"#, "`dial_timeout` = `30`: write a number with a unit");
        check_rejected(r#"{"linger": 5}"#, "milliseconds with the key `linger_ms`");
        check_rejected(r#"{"linger_ms": "soon"}"#, "`linger.ms` = `soon`");
        check_rejected(r#"{"tls": "hunter"}"#, "write `true` or `false`");
        check_rejected(r#"{"brokers": {"hunter": 2}}"#, "expected a text");
    }

    #[test]
    fn secret_is_a_text_and_never_repeated() {
        check_rejected(r#"{"password": 7}"#, "write it in quotes");
        check_rejected(r#"{"sasl_password": 7}"#, "write it in quotes");
        check_rejected(
            r#"{"password": "${vault:hunter2}"}"#,
            "`password` = `[hidden]`: no value is looked up",
        );
        check_rejected(r#"{"sasl_password": "${vault:hunter2}"}"#, "`[hidden]`: no value is looked up");
        check_rejected(r#"{"password": ["hunter2", {}]}"#, "expected a text");
    }
}
