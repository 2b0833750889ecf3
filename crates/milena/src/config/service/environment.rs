//! Settings from environment variables.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::Config;
use super::keys::{is_field, keys, spelt};
use crate::config::nearest::nearest;
use crate::error::ConfigError;

/// A variable that differs from all keys in more letters is no typo: Kafka's scripts and container platforms set many that
/// begin with `KAFKA_`.
const TYPO_LETTERS_MAX: usize = 2;

impl Config {
    /// From the environment variables that begin with `prefix`: the rest of the name, in lower case, is a key (see
    /// [`Config`]). With `KAFKA_` that is `KAFKA_BROKERS` and `KAFKA_USERNAME`, and `KAFKA_BOOTSTRAP_SERVERS`,
    /// `KAFKA_SASL_USERNAME`, `KAFKA_LINGER_MS` and `KAFKA_COMPRESSION` of the properties.
    ///
    /// Unknown variables are ignored, unless they look like a typo of a known key; that is an error.
    ///
    /// Variables are read in the order of their names: of two that set the same, such as `KAFKA_COMPRESSION` and
    /// `KAFKA_COMPRESSION_TYPE`, the latter applies.
    ///
    /// # Errors
    /// As [`ProducerBuilder::property`](crate::ProducerBuilder::property), and a name that is nearly a key.
    ///
    /// ```
    /// let config = milena::Config::from_env("KAFKA_")?;
    /// # Ok::<(), milena::ConfigError>(())
    /// ```
    pub fn from_env(prefix: &str) -> Result<Self, ConfigError> {
        Self::from_variables(prefix, std::env::vars_os())
    }

    fn from_variables(
        prefix: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        let mut known = Vec::new();
        let in_order: BTreeMap<OsString, OsString> = variables.into_iter().collect();
        for (variable, value) in in_order {
            let Some(name) = variable.to_str() else { continue };
            let Some(key) = name.strip_prefix(prefix).map(str::to_ascii_lowercase) else { continue };
            if !is_field(&key) && spelt(&key).is_none() {
                if known.is_empty() {
                    known = keys();
                }
                check_typo(prefix, name, &key, &known)?;
                continue;
            }
            let Some(value) = value.to_str() else {
                return Err(ConfigError::new(name, format!("the value of `{name}` is no UTF-8")));
            };
            config.set(&key, value).map_err(|error| error.of(name))?;
            if let Some(property) = spelt(&key) {
                config.settings.origins.rename(property.name(), name);
            }
        }
        Ok(config)
    }
}

fn check_typo(prefix: &str, name: &str, key: &str, known: &[String]) -> Result<(), ConfigError> {
    match nearest(key, known.iter().map(String::as_str)) {
        Some((letters, known)) if letters <= TYPO_LETTERS_MAX && key.len() > 3 * letters => {
            let known = known.to_ascii_uppercase();
            let message = format!("`{name}` is not known: did you mean `{prefix}{known}`?");
            Err(ConfigError::new(name, message))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Compression;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Config::from_variables("KAFKA_", variables)
    }

    #[test]
    fn variables_are_fields_and_properties() {
        let config = read(&[
            ("KAFKA_BROKERS", "a:1, b:2"),
            ("KAFKA_SASL_USERNAME", "alice"),
            ("KAFKA_SASL_PASSWORD", "hunter2"),
            ("KAFKA_SASL_MECHANISM", "PLAIN"),
            ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"),
            ("KAFKA_LINGER_MS", "20"),
            ("PATH", "/bin"),
        ]);
        let config = config.unwrap().builder().unwrap().effective().unwrap().0;
        assert_eq!(
            (config.bootstrap_servers.as_str(), config.linger),
            ("a:1,b:2", Duration::from_millis(20))
        );
        assert!(config.tls.is_some() && config.sasl.is_some());
    }

    #[test]
    fn compression_is_read_from_two_variables() {
        for (name, value) in [("KAFKA_COMPRESSION_TYPE", "zstd"), ("KAFKA_COMPRESSION", "zstd:3")] {
            let config = read(&[("KAFKA_BROKERS", "a:1"), (name, value)]).unwrap().validate().unwrap();
            assert_eq!(config.compression, Compression::zstd(), "{name}");
        }
        let mut both =
            [("KAFKA_COMPRESSION_TYPE", "gzip"), ("KAFKA_BROKERS", "a:1"), ("KAFKA_COMPRESSION", "zstd:3")];
        for _ in 0..2 {
            let config = read(&both).unwrap().validate().unwrap();
            assert_eq!(config.compression.name(), "gzip", "{both:?}");
            both.reverse();
        }
        let error = read(&[("KAFKA_COMPRESSION", "zst")]).unwrap_err().to_string();
        assert!(
            error.starts_with("config: `KAFKA_COMPRESSION`: `compression` = `zst`: write one of none, gzip"),
            "{error}"
        );
        let error = read(&[("KAFKA_COMPRESION", "zstd")]).unwrap_err().to_string();
        assert!(error.contains("did you mean `KAFKA_COMPRESSION`?"), "{error}");
    }

    #[test]
    fn error_of_a_mix_names_the_variable() {
        let config =
            read(&[("KAFKA_BROKERS", "a:1"), ("KAFKA_ACKS", "1"), ("KAFKA_ENABLE_IDEMPOTENCE", "true")]);
        let error = config.unwrap().validate().unwrap_err().to_string();
        assert!(error.starts_with("config: `KAFKA_ACKS` = `1` excludes idempotence"), "{error}");
    }

    #[test]
    fn unknown_variables_are_ignored() {
        for name in [
            "KAFKA_HOME",
            "KAFKA_OPTS",
            "KAFKA_HEAP_OPTS",
            "KAFKA_JMX_OPTS",
            "KAFKA_LOG4J_OPTS",
            "KAFKA_LOG_DIRS",
            "KAFKA_PORT",
            "KAFKA_SERVICE_HOST",
            "KAFKA_SERVICE_PORT",
            "KAFKA_PORT_9092_TCP",
            "KAFKA_BROKER_ID",
            "KAFKA_NODE_ID",
            "KAFKA_CLUSTER_ID",
            "KAFKA_VERSION",
            "KAFKA_ADVERTISED_LISTENERS",
            "KAFKA_DEBUG",
        ] {
            assert!(read(&[(name, "x")]).is_ok(), "{name}");
        }
    }

    #[test]
    fn typo_is_rejected_with_the_nearest_variable() {
        let error = read(&[("KAFKA_SASL_USRNAME", "hunter2")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "config: `KAFKA_SASL_USRNAME` is not known: did you mean `KAFKA_SASL_USERNAME`?"
        );
        let error = read(&[("KAFKA_LINGER_MS", "soon")]).unwrap_err();
        assert_eq!(error.property(), "KAFKA_LINGER_MS");
        assert!(
            error.to_string().starts_with("config: `KAFKA_LINGER_MS`: `linger.ms` = `soon`: write"),
            "{error}"
        );
    }
}
