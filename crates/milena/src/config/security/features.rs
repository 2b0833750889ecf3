//! Encrypted keys and SASLprep are there with their features, and refused with the name of the feature without it. `.ci/run
//! features` builds this with each feature alone and with none.

use crate::Sasl;
use crate::config::ProducerBuilder;

const UMLAUT: &str = "pässword";

#[test]
fn scram_by_type_beyond_ascii_needs_the_feature_saslprep() {
    let by_type = [
        ("user name", Sasl::scram_sha_256(UMLAUT, "password")),
        ("password", Sasl::scram_sha_256("alice", UMLAUT)),
    ];
    for (field, sasl) in by_type {
        let validated = builder().sasl(sasl.clone()).validate();
        if cfg!(feature = "saslprep") {
            assert!(validated.is_ok(), "{field}");
        } else {
            let error = validated.unwrap_err();
            assert_eq!(error.property(), "sasl.mechanism");
            let cause = format!("`SCRAM-SHA-256`: the {field} has characters beyond ASCII");
            let remedy = "turn on the feature `saslprep` of the crate `milena`";
            assert!(error.message().contains(&cause) && error.message().contains(remedy), "{error}");
            assert!(!error.message().contains(UMLAUT), "{error}");
        }
        assert!(builder().sasl(sasl.unprepared()).validate().is_ok(), "{field}");
    }
}

#[test]
fn scram_by_type_in_ascii_needs_no_feature() {
    let with =
        |password: &str| builder().sasl(Sasl::scram_sha_512("al,i=ce", password.to_owned())).validate();
    assert!(with("s3cret, with \\ and ~").is_ok());
    let error = with("tab\there").unwrap_err();
    assert!(error.message().contains("SASLprep (RFC 4013) does not allow"), "{error}");
}

#[test]
fn scram_by_name_needs_no_feature() {
    let settings = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "SCRAM-SHA-256"),
        ("sasl.username", UMLAUT),
        ("sasl.password", UMLAUT),
    ];
    assert!(with(&settings).validate().is_ok());
}

#[cfg(any(feature = "tls-graviola", feature = "tls-ring", feature = "tls-aws-lc"))]
#[tokio::test]
async fn encrypted_key_needs_the_feature_encrypted_keys() {
    let file = |name: &str| format!("{}/../../tests/certificates/{name}", env!("CARGO_MANIFEST_DIR"));
    let settings = [
        ("security.protocol", "SSL"),
        ("ssl.ca.location", &file("ca.pem")),
        ("ssl.certificate.location", &file("client-rsa.pem")),
        ("ssl.key.location", &file("client-rsa-encrypted.pem")),
        ("ssl.key.password", "wrong"),
    ];
    let error = with(&settings).build().await.unwrap_err();
    assert_eq!(error.kind(), crate::ConnectErrorKind::Config);
    let expected = match cfg!(feature = "encrypted-keys") {
        true => "cannot be decrypted with the password",
        false => "turn on the feature `encrypted-keys` of the crate `milena`",
    };
    assert!(error.to_string().contains(expected), "{error}");
}

fn with(settings: &[(&str, &str)]) -> ProducerBuilder {
    settings.iter().fold(builder(), |builder, (name, value)| builder.property(name, value).unwrap())
}

fn builder() -> ProducerBuilder {
    ProducerBuilder::default().bootstrap_servers("localhost:9092")
}
