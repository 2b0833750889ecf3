//! Properties by name: single ones, and `.properties` files of Java's tools.

use std::fmt;
use std::path::Path;

use milena_connection::{Shown as Foreign, holds_pem};

use super::file;
use super::nearest::{near, unknown};
use super::settings::{Effect, PROPERTIES, Property};
use super::{HIDDEN, ProducerBuilder};
use crate::error::ConfigError;

impl ProducerBuilder {
    /// Sets a property by its name in Java, librdkafka or sarama; see [`PROPERTIES`]. The last value of a property applies.
    ///
    /// # Errors
    /// An unknown name, with the nearest known one; a value that cannot be parsed; a property that is not supported.
    /// Properties without effect are accepted.
    ///
    /// ```
    /// use milena::ProducerBuilder;
    ///
    /// let builder = ProducerBuilder::default()
    ///     .property("bootstrap.servers", "localhost:9092")?
    ///     .property("queue.buffering.max.ms", "20")? // librdkafka
    ///     .property("Producer.RequiredAcks", "WaitForAll")?; // sarama
    /// # Ok::<(), milena::ConfigError>(())
    /// ```
    pub fn property(mut self, name: &str, value: &str) -> Result<Self, ConfigError> {
        let name = name.trim();
        let Some(property) = named(name) else { return Err(unknown(name, names())) };
        // A blank may be part of a password, as in Java.
        let value = if property.is_secret() { value } else { value.trim() };
        let shown = Shown { name, value: if property.is_secret() { HIDDEN } else { value } };
        if refers_to_a_provider(value) {
            return Err(shown.error(NOT_LOOKED_UP));
        }
        if holds_pem(value) && !property.is_secret() && !matches!(property.effect, Effect::Ignored) {
            return Err(shown.error(&pem_as_value(property.name)));
        }
        match property.effect {
            Effect::OnlyAs(values) if !values.iter().any(|known| known.eq_ignore_ascii_case(value)) => {
                Err(shown.not_supported(property, values))
            }
            _ => {
                property.store(&mut self.settings, value).map_err(|remedy| shown.error(&remedy))?;
                Ok(self)
            }
        }
    }

    /// Sets every property of a file in Java's `.properties` syntax.
    ///
    /// # Errors
    /// A file that cannot be read, and the errors of [`Self::property`], with file and line.
    pub fn properties_file(self, path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| {
            let message = format!("the file cannot be read: {error}");
            ConfigError::new(Foreign(&path.to_string_lossy()).to_string(), message).at(path, 0)
        })?;
        self.entries(bytes, path)
    }

    /// Sets every property of a text in Java's `.properties` syntax, in UTF-8 or else in Latin-1.
    ///
    /// # Errors
    /// Those of [`Self::property`], with the line.
    ///
    /// ```
    /// use milena::ProducerBuilder;
    ///
    /// let text = "bootstrap.servers = localhost:9092\nlinger.ms = 20\n";
    /// let config = ProducerBuilder::default().properties(text)?.validate()?;
    /// let error = ProducerBuilder::default().properties("acks = some").unwrap_err();
    /// assert_eq!(error.to_string(), "config: line 1: `acks` = `some`: write `all`, `1` or `0`");
    /// # Ok::<(), milena::ConfigError>(())
    /// ```
    pub fn properties(self, text: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        self.entries(text.as_ref().to_vec(), Path::new(""))
    }

    /// Sets the properties of a text; errors name `path`.
    fn entries(self, text: Vec<u8>, path: &Path) -> Result<Self, ConfigError> {
        let mut builder = self;
        let mut secret_end = None;
        for entry in file::parse(&file::text(text)) {
            let entry = entry.map_err(|(line, remedy)| ConfigError::new("", remedy).at(path, line))?;
            let property = named(&entry.name);
            let may_go_on = entry.is_bare || secret_end == Some(entry.line - 1);
            if property.is_none() && may_go_on && near(&entry.name, names()).is_none() {
                return Err(ConfigError::new(HIDDEN, GOES_ON).at(path, entry.line));
            }
            secret_end = property.is_some_and(Property::is_secret).then_some(entry.end);
            builder =
                builder.property(&entry.name, &entry.value).map_err(|error| error.at(path, entry.line))?;
        }
        Ok(builder)
    }
}

/// The message for a line that may be the second one of a secret.
const GOES_ON: &str = "this line is no property, and is not shown, because it may be part of a secret: if the value of \
     the line before goes on here, end that line with a backslash";

fn names() -> impl Iterator<Item = &'static str> {
    PROPERTIES.iter().flat_map(Property::names)
}

fn named(name: &str) -> Option<&'static Property> {
    PROPERTIES.iter().find(|property| property.is_called(name))
}

/// The remedy for PEM text in a property that is no secret.
pub(super) fn pem_as_value(property: &str) -> String {
    let (fault, of_text) = match property {
        "ssl.truststore.location" => (PATH_EXPECTED, "`ssl.truststore.certificates`"),
        "ssl.keystore.location" => {
            (PATH_EXPECTED, "`ssl.keystore.certificate.chain`, and its key as `ssl.keystore.key`")
        }
        "ssl.key.location" => (PATH_EXPECTED, "`ssl.keystore.key`"),
        "https.ca.location" => (PATH_EXPECTED, "`https.ca.pem`"),
        _ => (
            "PEM text is no value of this property",
            "`ssl.truststore.certificates`, `ssl.keystore.certificate.chain` or `ssl.keystore.key`",
        ),
    };
    format!("{fault}: write it as {of_text}")
}

const PATH_EXPECTED: &str = "PEM text stands where the path of a file is expected";

/// A property as an error may show it.
#[derive(Clone, Copy, Debug)]
struct Shown<'a> {
    name: &'a str,
    value: &'a str,
}

impl Shown<'_> {
    fn error(self, remedy: &str) -> ConfigError {
        ConfigError::new(self.name, format!("{self}: {remedy}"))
    }

    fn not_supported(self, property: &Property, values: &[&str]) -> ConfigError {
        let remedy = match values {
            [] | ["", ..] => "leave it out".to_owned(),
            [only, ..] => format!("leave it out or write `{only}`"),
        };
        ConfigError::new(self.name, format!("{self} is not supported: {}; {remedy}", property.meaning))
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` = `{}`", self.name, Foreign(self.value))
    }
}

/// The remedy for a value that refers to another one.
pub(super) const NOT_LOOKED_UP: &str = "no value is looked up elsewhere: write the value itself";

/// Whether Java would look up a part of the value with a class that the file names
/// (`ConfigTransformer.java`: `${provider:path:key}`). A file must not make its reader open other files (CVE-2024-31141).
pub(super) fn refers_to_a_provider(value: &str) -> bool {
    value.split("${").skip(1).any(|rest| rest.split_once('}').is_some_and(|(inside, _)| inside.contains(':')))
}

#[cfg(test)]
mod tests {
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
        assert!(
            with(&[("key.serializer", "org.apache.kafka.common.serialization.StringSerializer")]).is_ok()
        );
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
}
