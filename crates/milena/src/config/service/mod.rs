//! [`Config`]: the Kafka settings in a service's own configuration.

mod environment;
mod keys;
#[cfg(feature = "serde")]
mod read;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use milena_connection::{FilePath, SecretString, Servers, Text, holds_pem};

use crate::config::by_name::pem_as_value;
use crate::config::settings::ProducerConfig;
use crate::config::{HIDDEN, ProducerBuilder};
use crate::error::ConfigError;

/// The few settings that a service needs, and all others in [`settings`](Self::settings). A user name turns SASL PLAIN on,
/// and a file with authorities turns TLS on.
///
/// ```
/// use milena::Config;
///
/// let config = Config {
///     brokers: vec!["kafka-1:9092".to_owned(), "kafka-2:9092".to_owned()],
///     username: Some("alice".to_owned()),
///     password: Some("…".to_owned().into()),
///     ..Config::default()
/// };
/// let effective = config.validate()?;
/// assert!(effective.properties().contains(&("security.protocol", "SASL_PLAINTEXT".to_owned())));
/// # Ok::<(), milena::ConfigError>(())
/// ```
///
/// # Keys
///
/// The feature `serde` reads it from a service's YAML, TOML or JSON; [`from_env`](Self::from_env) needs no feature. The keys
/// are the names of the fields below, and, in place of `settings`, the name of every property with `_` for `.` (see
/// [`PROPERTIES`](crate::config::PROPERTIES)). A time is a text with a unit (`30s`, `250ms`), and its key may omit `_ms`; a
/// number of milliseconds needs the key with `_ms`. Bytes are a number, or a text with a unit (`64MiB`). An unknown key is
/// an error with the nearest known one.
///
/// ```yaml
/// brokers: [kafka-1:9092, kafka-2:9092]   # or one text with commas
/// ca_file: /etc/kafka/ca.pem
/// username: alice
/// password: …
/// dial_timeout: 10s
/// linger: 20ms                            # or linger_ms: 20
/// buffer_memory: 64MiB
/// compression: zstd                       # or zstd:7, or compression_type and compression_zstd_level
/// ```
#[derive(Clone, Default)]
pub struct Config {
    /// `bootstrap.servers`: `host:port` of the initial brokers. Empty keeps those of the settings.
    pub brokers: Vec<String>,
    /// A PEM file with the trusted authorities; turns TLS on.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with the client's certificate, its chain, and its key unless `key_file` has it; turns TLS on.
    pub certificate_file: Option<PathBuf>,
    /// A PEM file with the key of the client's certificate.
    pub key_file: Option<PathBuf>,
    /// Turns TLS on without a file: the system's authorities are trusted.
    pub tls: Option<bool>,
    /// The user name; turns SASL on: PLAIN unless `mechanism` is set.
    pub username: Option<String>,
    /// The password of the user.
    pub password: Option<SecretString>,
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub mechanism: Option<String>,
    /// `socket.connection.setup.timeout.ms` and its maximum: the timeout of each attempt to connect to a broker.
    pub dial_timeout: Option<Duration>,
    /// `request.timeout.ms`: the time that a request waits for its response.
    pub read_timeout: Option<Duration>,
    /// `write.timeout.ms`: the time without progress after which the writing of a request fails.
    pub write_timeout: Option<Duration>,
    /// Every other setting. The fields above take precedence.
    pub settings: ProducerBuilder,
}

impl Config {
    /// From properties by their names in Java, librdkafka and sarama.
    ///
    /// # Errors
    /// As [`ProducerBuilder::property`].
    ///
    /// ```
    /// let config = milena::Config::from_properties([("bootstrap.servers", "localhost:9092"), ("acks", "all")])?;
    /// # Ok::<(), milena::ConfigError>(())
    /// ```
    pub fn from_properties<N, V>(properties: impl IntoIterator<Item = (N, V)>) -> Result<Self, ConfigError>
    where
        N: AsRef<str>,
        V: AsRef<str>,
    {
        let mut settings = ProducerBuilder::default();
        for (name, value) in properties {
            settings = settings.property(name.as_ref(), value.as_ref())?;
        }
        Ok(settings.into())
    }

    /// From a file in Java's `.properties` syntax.
    ///
    /// # Errors
    /// As [`ProducerBuilder::properties_file`].
    pub fn from_properties_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        ProducerBuilder::default().properties_file(path).map(Self::from)
    }

    /// A builder with these settings.
    ///
    /// # Errors
    /// Fields that contradict each other, or need another one that is not set.
    pub fn builder(&self) -> Result<ProducerBuilder, ConfigError> {
        let mut builder = self.settings.clone();
        if !self.brokers.is_empty() {
            let servers = self.brokers.join(",");
            builder = builder.bootstrap_servers(&servers);
            builder.origins.field("bootstrap.servers", "brokers", Servers::from(servers).shown());
        }
        if let Some(timeout) = self.dial_timeout {
            builder = builder.socket_setup_timeout(timeout).socket_setup_timeout_max(timeout);
            let name = "socket.connection.setup.timeout.ms";
            builder.origins.field(name, "dial_timeout", &format!("{timeout:?}"));
        }
        if let Some(timeout) = self.read_timeout {
            builder = builder.request_timeout(timeout);
            builder.origins.field("request.timeout.ms", "read_timeout", &format!("{timeout:?}"));
        }
        if let Some(timeout) = self.write_timeout {
            builder = builder.write_timeout(timeout);
            builder.origins.field("write.timeout.ms", "write_timeout", &format!("{timeout:?}"));
        }
        self.authenticate(self.encrypt(builder)?)
    }

    /// Validates the settings, and returns the effective configuration.
    ///
    /// # Errors
    /// As [`Self::builder`] and [`ProducerBuilder::validate`].
    pub fn validate(&self) -> Result<ProducerConfig, ConfigError> {
        self.builder()?.validate()
    }

    fn encrypt(&self, mut builder: ProducerBuilder) -> Result<ProducerBuilder, ConfigError> {
        let security = &mut builder.settings.security;
        let files = [
            ("ssl.truststore.location", "ca_file", &self.ca_file, &mut security.tls.authorities_file),
            (
                "ssl.keystore.location",
                "certificate_file",
                &self.certificate_file,
                &mut security.tls.certificate_file,
            ),
            ("ssl.key.location", "key_file", &self.key_file, &mut security.tls.key_file),
        ];
        let mut has_file = false;
        for (name, field, file, setting) in files {
            if let Some(file) = file {
                if holds_pem(&file.to_string_lossy()) {
                    let remedy = pem_as_value(name);
                    return Err(ConfigError::new(name, format!("`{name}` = `{HIDDEN}`: {remedy}")));
                }
                *setting = Some(file.as_path().into());
                builder.origins.field(name, field, &file.to_string_lossy());
                has_file = true;
            }
        }
        if has_file && self.tls == Some(false) {
            return Err(ConfigError::new(
                "tls",
                "`tls` is `false`, and a file for TLS is set: leave one of the two out",
            ));
        }
        let tls = &mut security.listener.tls;
        *tls = if has_file { Some(true) } else { self.tls.or(*tls) };
        Ok(builder)
    }

    fn authenticate(&self, mut builder: ProducerBuilder) -> Result<ProducerBuilder, ConfigError> {
        let security = &mut builder.settings.security;
        if let Some(mechanism) = &self.mechanism {
            security.sasl.mechanism = Some(mechanism.as_str().into());
            builder.origins.field("sasl.mechanism", "mechanism", mechanism);
        }
        match (&self.username, &self.password) {
            (Some(username), Some(password)) => {
                security.listener.sasl = Some(true);
                security.sasl.username = Some(username.as_str().into());
                security.sasl.password = Some(password.clone());
                Ok(builder)
            }
            (None, None) => Ok(builder),
            (Some(_), None) => Err(missing("username", "password")),
            (None, Some(_)) => Err(missing("password", "username")),
        }
    }
}

fn missing(there: &str, lacking: &'static str) -> ConfigError {
    ConfigError::new(lacking, format!("`{there}` is set and `{lacking}` is not: set both, or none"))
}

/// Texts that may be a secret are hidden.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = |file: &Option<PathBuf>| file.as_deref().map(FilePath::from);
        let text = |text: &Option<String>| text.as_deref().map(Text::from);
        f.debug_struct("Config")
            .field("brokers", &Servers::from(self.brokers.join(",")))
            .field("ca_file", &file(&self.ca_file))
            .field("certificate_file", &file(&self.certificate_file))
            .field("key_file", &file(&self.key_file))
            .field("tls", &self.tls)
            .field("username", &text(&self.username))
            .field("password", &self.password)
            .field("mechanism", &text(&self.mechanism))
            .field("dial_timeout", &self.dial_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("write_timeout", &self.write_timeout)
            .field("settings", &self.settings)
            .finish()
    }
}

impl From<ProducerBuilder> for Config {
    fn from(settings: ProducerBuilder) -> Self {
        Self { settings, ..Self::default() }
    }
}
