//! Properties by name, in lists and in files: names, values, and errors.

use std::time::Duration;

use super::*;
use crate::config::{Acks, ProducerConfig};

fn with(properties: &[(&str, &str)]) -> Result<ProducerConfig, ConfigError> {
    let mut builder = ProducerBuilder::default().bootstrap_servers("localhost:9092");
    for (name, value) in properties {
        builder = builder.property(name, value)?;
    }
    builder.validate()
}

#[track_caller]
fn check_rejected(name: &str, value: &str, text: &str) {
    let error = with(&[(name, value)]).unwrap_err();
    assert!(error.to_string().contains(text), "{error}");
    assert_eq!(error.property(), name);
}

#[test]
fn control_characters_of_a_rejected_name_are_escaped() {
    let error = with(&[("sasl.\x1b[31m", "x")]).unwrap_err();
    assert!(!error.to_string().contains('\x1b'), "{error}");
}

#[test]
fn a_setting_has_names_of_three_clients() {
    for name in ["linger.ms", "queue.buffering.max.ms", "Producer.Flush.Frequency"] {
        assert_eq!(with(&[(name, "20")]).unwrap().linger, Duration::from_millis(20), "{name}");
    }
    for (name, value) in
        [("acks", "1"), ("request.required.acks", "1"), ("Producer.RequiredAcks", "WaitForLocal")]
    {
        assert_eq!(with(&[(name, value)]).unwrap().acks, Acks::Leader, "{name}");
    }
}

#[test]
fn typo_is_rejected_with_the_nearest_name() {
    check_rejected("lingr.ms", "5", "did you mean `linger.ms`?");
    check_rejected("ACKS", "all", "did you mean `acks`?");
    check_rejected("sasl.mechanisn", "PLAIN", "did you mean `sasl.mechanism`?");
    check_rejected("ssl.truststore.locaton", "ca.pem", "did you mean `ssl.truststore.location`?");
    check_rejected("frobnicate", "1", "write a name of");
}

#[test]
fn unsupported_properties_are_rejected_and_never_ignored() {
    check_rejected("ssl.crl.location", "revoked.pem", "not supported");
    check_rejected("transactional.id", "payments", "not supported");
    assert!(with(&[("security.protocol", "PLAINTEXT"), ("transactional.id", "")]).is_ok());
}

#[test]
fn errors_do_not_repeat_secrets() {
    for row in PROPERTIES.iter().filter(|row| row.is_secret()) {
        for name in row.names() {
            let error = with(&[(name, "${file:hunter2}")]).unwrap_err().to_string();
            assert!(error.contains("`[hidden]`") && !error.contains("hunter2"), "{error}");
        }
    }
    check_rejected("sasl.oauthbearer.assertion.private.key.passphrase", "hunter2", "= `[hidden]` is not");
}

#[test]
fn references_to_config_providers_are_rejected() {
    check_rejected("client.id", "a-${env:NAME}", "no value is looked up");
    check_rejected("config.providers", "file", "no value is looked up");
    for plain in ["$1{a:b}", "${NAME}", "${a", "}${:"] {
        assert!(with(&[("client.id", plain)]).is_ok(), "{plain}");
    }
}

#[test]
fn properties_without_effect_are_accepted() {
    assert!(with(&[("key.serializer", "org.apache.kafka.common.serialization.StringSerializer")]).is_ok());
}

#[test]
fn properties_of_serializers_are_accepted() {
    let file = "bootstrap.servers=a:1\nschema.registry.url=https://registry\n\
                basic.auth.credentials.source=USER_INFO\nbasic.auth.user.info=key:hunter2\n";
    let builder = ProducerBuilder::default().properties(file).unwrap();
    assert!(!format!("{builder:?}").contains("hunter2"));
    assert!(builder.validate().is_ok());
}

#[test]
fn invalid_value_is_rejected_with_its_remedy() {
    check_rejected("linger.ms", "soon", "`linger.ms` = `soon`: write milliseconds");
    check_rejected("retries", "99999999999", "`retries` = `99999999999`");
}

#[test]
fn file_is_read_and_its_errors_name_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.properties");
    std::fs::write(&path, "# ours\nbootstrap.servers = a:1,\\\n    b:2\nacks: 1\n").unwrap();
    let config = ProducerBuilder::default().properties_file(&path).unwrap().validate().unwrap();
    assert_eq!((config.bootstrap_servers.as_str(), config.acks), ("a:1,b:2", Acks::Leader));

    std::fs::write(&path, "acks=1\n\nlinger.ms=soon\n").unwrap();
    let error = ProducerBuilder::default().properties_file(&path).unwrap_err().to_string();
    assert!(error.contains("client.properties:3: `linger.ms` = `soon`"), "{error}");

    let error = ProducerBuilder::default().properties_file(folder.path().join("none")).unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}
