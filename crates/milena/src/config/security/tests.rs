//! Properties files of every kind, and the effective settings of them.

use milena_connection::sasl::Mechanism;

use crate::config::{PROPERTIES, ProducerBuilder, ProducerConfig};
use crate::error::ConfigError;

const SECRET: &str = "hunter2";

fn read(text: &str) -> Result<ProducerConfig, ConfigError> {
    let builder = ProducerBuilder::default().bootstrap_servers("localhost:9092").properties(text)?;
    // The files of these texts are not there.
    builder.effective().map(|(config, _)| config)
}

/// The effective properties, without secrets.
#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) -> ProducerConfig {
    let config = read(text).unwrap();
    let properties = config.properties();
    let listed: Vec<_> = properties
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .filter(|(name, _)| ["sec", "ssl", "sas", "dan"].contains(&&name[..3]))
        .collect();
    assert_eq!(listed, expected);
    let shown = format!("{listed:?} {config:?}");
    assert!(!shown.contains(SECRET) && !shown.contains("MIIE"), "{shown}");
    config
}

#[track_caller]
fn check_rejected(text: &str, property: &str, expected: &str) {
    let error = read(text).unwrap_err();
    assert_eq!(error.property(), property, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
}

#[test]
fn java_file_for_plain_over_tls_is_accepted() {
    let config = check(
        "security.protocol=SASL_SSL\n\
         sasl.mechanism=PLAIN\n\
         sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\\n  \
           username=\"alice\" \\\n  password=\"hunter2\";\n\
         ssl.endpoint.identification.algorithm=https\n",
        &[
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.jaas.config", "[hidden]"),
            ("ssl.endpoint.identification.algorithm", "https"),
        ],
    );
    assert!(config.tls.is_some());
    assert_eq!(config.sasl.unwrap().mechanism(), Mechanism::Plain);
}

#[test]
fn java_file_for_scram_and_delegation_tokens_is_accepted() {
    for (mechanism, options) in [
        ("SCRAM-SHA-256", "username=\"alice\" password=\"hunter2\""),
        ("SCRAM-SHA-512", "username=\"tokenID\" password=\"hunter2\" tokenauth=\"true\""),
    ] {
        let module = "org.apache.kafka.common.security.scram.ScramLoginModule";
        let config = check(
            &format!(
                "security.protocol=sasl_plaintext\nsasl.mechanism={mechanism}\n\
                 sasl.jaas.config={module} required {options};\n"
            ),
            &[
                ("security.protocol", "SASL_PLAINTEXT"),
                ("sasl.mechanism", mechanism),
                ("sasl.jaas.config", "[hidden]"),
            ],
        );
        assert!(config.tls.is_none());
        let sasl = format!("{:?}", config.sasl.unwrap());
        assert!(sasl.contains(&format!("delegated: {}", options.contains("tokenauth"))), "{sasl}");
    }
}

#[test]
fn java_file_for_client_certificates_is_accepted() {
    let config = check(
        "security.protocol=SSL\n\
         ssl.truststore.type=PEM\nssl.truststore.location=/etc/ca.pem\n\
         ssl.keystore.type=PEM\nssl.keystore.location=/etc/client.pem\nssl.key.password=hunter2\n\
         ssl.enabled.protocols=TLSv1.3\nssl.protocol=TLS\nssl.provider=SunJSSE\n",
        &[
            ("security.protocol", "SSL"),
            ("ssl.enabled.protocols", "TLSv1.3"),
            ("ssl.key.password", "[hidden]"),
            ("ssl.keystore.location", "/etc/client.pem"),
            ("ssl.keystore.type", "PEM"),
            ("ssl.truststore.location", "/etc/ca.pem"),
            ("ssl.truststore.type", "PEM"),
        ],
    );
    let tls = format!("{:?}", config.tls.unwrap());
    assert!(
        tls.contains("/etc/ca.pem") && tls.contains("/etc/client.pem") && tls.contains("Only13"),
        "{tls}"
    );
}

#[test]
fn java_file_with_pem_as_values_is_accepted() {
    let config = check(
        "security.protocol=SSL\n\
         ssl.truststore.type=PEM\n\
         ssl.truststore.certificates=-----BEGIN CERTIFICATE----- \\\n  MIIE \\\n  -----END CERTIFICATE-----\n\
         ssl.keystore.type=PEM\n\
         ssl.keystore.certificate.chain=-----BEGIN CERTIFICATE-----\\nMIIE\\n-----END CERTIFICATE-----\n\
         ssl.keystore.key=-----BEGIN PRIVATE KEY-----\\n\\\n  MIIE\\n\\\n  -----END PRIVATE KEY-----\n",
        &[
            ("security.protocol", "SSL"),
            ("ssl.keystore.certificate.chain", "[hidden]"),
            ("ssl.keystore.key", "[hidden]"),
            ("ssl.keystore.type", "PEM"),
            ("ssl.truststore.certificates", "[hidden]"),
            ("ssl.truststore.type", "PEM"),
        ],
    );
    assert!(config.tls.is_some());
}

#[test]
fn files_for_unsecured_tokens_are_accepted() {
    let java = "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \\\n  \
                unsecuredLoginStringClaim_sub=\"alice\";";
    let librdkafka =
        "enable.sasl.oauthbearer.unsecure.jwt=true\nsasl.oauthbearer.config=principal=alice scope=a";
    let sasl = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\n";
    for tokens in [java, librdkafka] {
        let config = read(&format!("{sasl}{tokens}")).unwrap();
        assert_eq!(config.sasl.unwrap().mechanism(), Mechanism::OAuthBearer);
    }
    check_rejected(sasl, "sasl.mechanism", "there are no tokens");
    check_rejected(&format!("{sasl}sasl.oauthbearer.config=alice"), "sasl.mechanism", "unsecure.jwt");
}

#[test]
fn names_of_librdkafka_are_accepted() {
    let config = check(
        "security.protocol=sasl_ssl\nsasl.mechanisms=SCRAM-SHA-512\nsasl.username=alice\nsasl.password=hunter2\n\
         ssl.ca.location=ca.pem\nssl.certificate.location=client.pem\nssl.key.location=client.key\n\
         enable.ssl.certificate.verification=true\n",
        &[
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "SCRAM-SHA-512"),
            ("sasl.password", "[hidden]"),
            ("sasl.username", "alice"),
            ("ssl.key.location", "client.key"),
            ("ssl.keystore.location", "client.pem"),
            ("ssl.truststore.location", "ca.pem"),
        ],
    );
    assert_eq!(config.sasl.unwrap().mechanism(), Mechanism::ScramSha512);
}

#[test]
fn switches_of_sarama_turn_tls_and_sasl_on() {
    let text = "Net.SASL.Enable=true\nNet.SASL.User=alice\nNet.SASL.Password=hunter2\nNet.TLS.Enable=true\n";
    let config = check(
        text,
        &[
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.password", "[hidden]"),
            ("sasl.username", "alice"),
        ],
    );
    assert!(config.tls.is_some());
    check_rejected(
        &format!("{text}security.protocol=SSL"),
        "security.protocol",
        "the other settings need `SASL_SSL`",
    );
}

#[test]
fn properties_that_the_protocol_does_not_use_have_no_effect_and_are_listed() {
    let text = "sasl.username=alice\nsasl.password=hunter2\nsasl.mechanism=GSSAPI\nssl.truststore.location=a.jks\n\
                sasl.jaas.config=hunter2\nssl.endpoint.identification.algorithm=\n";
    for text in [text.to_owned(), format!("{text}security.protocol=PLAINTEXT")] {
        let config = check(&text, &[("security.protocol", "PLAINTEXT")]);
        assert!(config.tls.is_none() && config.sasl.is_none());
        assert_eq!(config.without_effect().len(), 6);
    }
}

#[test]
fn sasl_by_type_replaces_properties() {
    let builder = ProducerBuilder::default().bootstrap_servers("a:1");
    let builder = builder.property("security.protocol", "SASL_SSL").unwrap();
    let sasl = crate::Sasl::scram_sha_256("alice", SECRET.to_owned());
    let config = builder.property("sasl.mechanism", "GSSAPI").unwrap().sasl(sasl).validate().unwrap();
    assert!(config.tls.is_some());
    assert_eq!(config.sasl.as_ref().unwrap().mechanism(), Mechanism::ScramSha256);
    assert_eq!(config.without_effect(), ["sasl.mechanism"]);
}

#[test]
fn sasl_without_a_supported_mechanism_and_credentials_is_rejected() {
    let sasl = "security.protocol=SASL_SSL\n";
    check_rejected(sasl, "sasl.mechanism", "means Kerberos");
    check_rejected(&format!("{sasl}sasl.mechanism=GSSAPI"), "sasl.mechanism", "`SCRAM-SHA-256`");
    check_rejected(&format!("{sasl}sasl.mechanism=PLAIN"), "sasl.username", "`sasl.jaas.config`");
    check_rejected(&format!("{sasl}sasl.mechanism=PLAIN\nsasl.username=a"), "sasl.password", "is not set");
    let jaas = |class: &str, options: &str| {
        format!("sasl.jaas.config=org.apache.kafka.common.security.{class} required {options};\n")
    };
    let plain = jaas("plain.PlainLoginModule", "password=\"hunter2\"");
    check_rejected(&format!("{sasl}{plain}sasl.mechanism=PLAIN"), "sasl.jaas.config", "no `username`");
    check_rejected(&format!("{sasl}{plain}sasl.mechanism=OAUTHBEARER"), "sasl.jaas.config", "change one");
    let bearer = jaas("oauthbearer.OAuthBearerLoginModule", "");
    check_rejected(&format!("{sasl}{bearer}sasl.mechanism=PLAIN"), "sasl.jaas.config", "change one");
    let evil = jaas("JndiLoginModule", "x=\"hunter2\"");
    check_rejected(&format!("{sasl}{evil}sasl.mechanism=PLAIN"), "sasl.jaas.config", "none is loaded");
}

#[test]
fn login_modules_of_plain_and_scram_are_interchangeable() {
    let config = read(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=scram-sha-256\n\
         sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=a password=b;",
    );
    assert_eq!(config.unwrap().sasl.unwrap().mechanism(), Mechanism::ScramSha256);
}

#[test]
fn java_key_stores_are_rejected_with_the_commands_that_convert_them() {
    for store in [
        "ssl.truststore.location=trust.jks\nssl.truststore.password=hunter2",
        "ssl.truststore.location=trust.store\nssl.truststore.password=hunter2",
        "ssl.truststore.location=trust.store\nssl.truststore.type=PKCS12",
        "ssl.truststore.location=trust.P12",
    ] {
        let text = format!("security.protocol=SSL\n{store}");
        check_rejected(&text, "ssl.truststore.location", "keytool -list -rfc -keystore trust.");
        let text = text.replace("trust", "key");
        check_rejected(
            &text,
            "ssl.keystore.location",
            "openssl pkcs12 -in client.p12 -aes256 -out client.pem",
        );
    }
    let pem = "security.protocol=SSL\nssl.keystore.type=pem\nssl.keystore.location=a.pem\nssl.keystore.password=hunter2";
    check_rejected(pem, "ssl.keystore.password", "`ssl.key.password`");
}

#[test]
fn host_names_are_checked_unless_both_properties_turn_it_off() {
    let text = "security.protocol=SSL\nssl.endpoint.identification.algorithm=\n";
    check_rejected(text, "ssl.endpoint.identification.algorithm", "danger.accept.any.host.name");
    let config = read(&format!("{text}danger.accept.any.host.name=true")).unwrap();
    assert!(format!("{:?}", config.tls).contains("checks_host_name: false"));
}

#[test]
fn a_setting_in_two_properties_is_rejected() {
    let tls = "security.protocol=SSL\n";
    check_rejected(
        &format!("{tls}ssl.ca.location=a.pem\nssl.ca.pem=hunter2"),
        "ssl.truststore.location",
        "`ssl.truststore.certificates`",
    );
    check_rejected(
        &format!("{tls}ssl.key.location=a\nssl.key.pem=hunter2"),
        "ssl.key.location",
        "`ssl.keystore.key`",
    );
    check_rejected(&format!("{tls}ssl.key.pem=hunter2"), "ssl.keystore.key", "without a certificate");
}

#[test]
fn probe_selects_the_authorities_of_the_system() {
    let tls = read("security.protocol=SSL\nssl.ca.location=probe").unwrap().tls.unwrap();
    assert!(format!("{tls:?}").contains("authorities: None"), "{tls:?}");
}

#[test]
fn credentials_that_cannot_be_sent_are_rejected() {
    let plain = "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.username=alice\n";
    check_rejected(
        &format!("{plain}sasl.password=hunter2\\u0000x"),
        "sasl.mechanism",
        "`PLAIN`: the password has a NUL",
    );
}

#[test]
fn blanks_around_a_password_are_no_part_of_it() {
    let plain = "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.username=alice\n";
    check_rejected(&format!("{plain}sasl.password=\\ \\ \n"), "sasl.password", "is not set");
    let builder = ProducerBuilder::default().property("sasl.password", " hunter2 \r\n").unwrap();
    let kept = builder.settings.security.sasl.password.unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&kept), SECRET);
}

#[test]
fn no_secret_is_shown() {
    for row in PROPERTIES.iter().filter(|row| row.is_secret()) {
        for name in row.names() {
            for protocol in ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] {
                for mechanism in ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"] {
                    let builder = ProducerBuilder::default()
                        .bootstrap_servers("a:1")
                        .property("security.protocol", protocol)
                        .and_then(|builder| builder.property("sasl.mechanism", mechanism))
                        .and_then(|builder| builder.property(name, SECRET));
                    let shown = format!("{builder:?}");
                    assert!(!shown.contains(SECRET), "{shown}");
                    let Ok(builder) = builder else { continue };
                    let shown = match builder.validate() {
                        Ok(config) => format!("{config:?} {:?}", config.properties()),
                        Err(error) => format!("{error} {error:?}"),
                    };
                    assert!(!shown.contains(SECRET), "{name}: {shown}");
                }
            }
        }
    }
}
