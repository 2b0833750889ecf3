//! [`Config`]: what a service has in its own configuration about Kafka.

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

use crate::config::builder::ProducerBuilder;
use crate::config::by_name::pem_as_value;
use crate::config::options::ProducerConfig;
use crate::config::security::HIDDEN;
use crate::error::ConfigError;

/// The few settings that a service needs, and all others in [`settings`](Self::settings). A user name means SASL PLAIN,
/// and an authority's file means TLS.
///
/// ```
/// use milena::Config;
///
/// let config = Config {
///     brokers: vec!["kafka-1:9092".to_owned(), "kafka-2:9092".to_owned()],
///     ca_file: Some("/etc/kafka/ca.pem".into()),
///     username: Some("alice".to_owned()),
///     password: Some("…".to_owned().into()),
///     ..Config::default()
/// };
/// let in_force = config.validate()?;
/// assert!(in_force.properties().contains(&("security.protocol", "SASL_SSL".to_owned())));
/// # Ok::<(), milena::ConfigError>(())
/// ```
///
/// # Keys
///
/// With the feature `serde` it can be read from a service's YAML, TOML or JSON, and without it from the
/// [environment](Self::from_env). The keys are the names of the fields below; besides, every property's name with `_`
/// for `.` (see [`PROPERTIES`](crate::config::PROPERTIES)), in the place of `settings`. A time is a text with a unit (`30s`,
/// `250ms`), and its key may go without `_ms`; a number of milliseconds needs the key that says so. Bytes are a number,
/// or a text with a unit (`64MiB`). A key that is not known is an error that names the nearest one.
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
    /// `host:port` of the brokers to ask first. Empty leaves what is in the settings.
    pub brokers: Vec<String>,
    /// A PEM file with the authorities to trust, which turns TLS on.
    pub ca_file: Option<PathBuf>,
    /// A PEM file with our certificate, its chain, and its key unless that is in a file of its own; turns TLS on.
    pub certificate_file: Option<PathBuf>,
    /// A PEM file with the key of our certificate.
    pub key_file: Option<PathBuf>,
    /// Turns TLS on where no file does: the authorities of the system are trusted.
    pub tls: Option<bool>,
    /// Turns SASL on: PLAIN, unless a mechanism is named.
    pub username: Option<String>,
    /// The password of the user.
    pub password: Option<SecretString>,
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub mechanism: Option<String>,
    /// How long an attempt to reach a broker may take: `socket.connection.setup.timeout.ms`, which then does not grow.
    pub dial_timeout: Option<Duration>,
    /// How long a request waits for its answer: `request.timeout.ms`.
    pub read_timeout: Option<Duration>,
    /// How long the writing of a request may stand still: `write.timeout.ms`.
    pub write_timeout: Option<Duration>,
    /// Every other setting. What the fields above say takes the place of what is said here.
    pub settings: ProducerBuilder,
}

impl Config {
    /// From properties by the names that Java, librdkafka and sarama gave them.
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

    /// From a file in Java's `.properties` syntax, as Java's tools take it.
    ///
    /// # Errors
    /// As [`ProducerBuilder::properties_file`].
    pub fn from_properties_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        ProducerBuilder::default().properties_file(path).map(Self::from)
    }

    /// The same settings in the shape in which single ones can be changed.
    ///
    /// # Errors
    /// When fields contradict each other, or miss each other.
    pub fn builder(&self) -> Result<ProducerBuilder, ConfigError> {
        let mut builder = self.settings.clone();
        if !self.brokers.is_empty() {
            builder = builder.bootstrap_servers(self.brokers.join(","));
        }
        if let Some(timeout) = self.dial_timeout {
            builder = builder.socket_setup_timeout(timeout).socket_setup_timeout_max(timeout);
        }
        if let Some(timeout) = self.read_timeout {
            builder = builder.request_timeout(timeout);
        }
        if let Some(timeout) = self.write_timeout {
            builder = builder.write_timeout(timeout);
        }
        self.authenticate(self.encrypt(builder)?)
    }

    /// Checks the settings as a whole.
    ///
    /// # Errors
    /// As [`Self::builder`] and [`ProducerBuilder::validate`].
    pub fn validate(&self) -> Result<ProducerConfig, ConfigError> {
        self.builder()?.validate()
    }

    fn encrypt(&self, mut builder: ProducerBuilder) -> Result<ProducerBuilder, ConfigError> {
        let security = &mut builder.security;
        let files = [
            ("ssl.truststore.location", &self.ca_file, &mut security.tls.authorities_file),
            ("ssl.keystore.location", &self.certificate_file, &mut security.tls.certificate_file),
            ("ssl.key.location", &self.key_file, &mut security.tls.key_file),
        ];
        let mut told = Vec::new();
        for (name, file, setting) in files {
            if let Some(file) = file {
                if holds_pem(&file.to_string_lossy()) {
                    let remedy = pem_as_value(name);
                    return Err(ConfigError::new(name, format!("`{name}` = `{HIDDEN}`: {remedy}")));
                }
                *setting = Some(file.as_path().into());
                told.push((name, file));
            }
        }
        if !told.is_empty() && self.tls == Some(false) {
            return Err(ConfigError::new(
                "tls",
                "`tls` is `false`, and a file for TLS is set: leave one of the two out",
            ));
        }
        security.switch_tls = if told.is_empty() { self.tls.or(security.switch_tls) } else { Some(true) };
        for (name, file) in told {
            security.tell(name, &file.display().to_string());
        }
        Ok(builder)
    }

    fn authenticate(&self, mut builder: ProducerBuilder) -> Result<ProducerBuilder, ConfigError> {
        let security = &mut builder.security;
        if let Some(mechanism) = &self.mechanism {
            security.sasl.mechanism = Some(mechanism.as_str().into());
            security.tell("sasl.mechanism", mechanism);
        }
        match (&self.username, &self.password) {
            (Some(username), Some(password)) => {
                security.switch_sasl = Some(true);
                security.sasl.username = Some(username.as_str().into());
                security.sasl.password = Some(password.clone());
                security.tell("sasl.username", username);
                security.tell("sasl.password", HIDDEN);
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

/// What may be a secret is hidden.
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
