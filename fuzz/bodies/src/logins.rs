//! Java's `sasl.jaas.config`.

use milena::{ConfigError, ProducerBuilder, ProducerConfig};

/// The input is the property's value.
pub fn logins(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"] {
        match read(text, mechanism) {
            Ok(config) => {
                let told = config.properties();
                assert!(told.contains(&("sasl.jaas.config", "[hidden]".to_owned())), "{told:?}");
            }
            Err(error) => {
                let said = error.to_string();
                assert!(!said.contains(char::is_control), "{said:?} would spoil a log line");
                // Names of three modules and a remedy; the text itself may be a secret, and is not repeated.
                assert!(said.len() < 600, "{said}");
            }
        }
    }
}

fn read(text: &str, mechanism: &str) -> Result<ProducerConfig, ConfigError> {
    ProducerBuilder::default()
        .bootstrap_servers("localhost:9092")
        .property("security.protocol", "SASL_SSL")?
        .property("sasl.mechanism", mechanism)?
        .property("sasl.jaas.config", text)?
        .validate()
}
