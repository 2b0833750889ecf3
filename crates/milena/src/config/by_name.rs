//! Properties by name, one at a time: a known name with its value, or a name of another program.

use std::path::Path;

use milena_connection::{Shown as Foreign, holds_pem};

use super::nearest::unknown;
use super::settings::{Effect, PROPERTIES, Property};
use super::{HIDDEN, ProducerBuilder, foreign, listing, servers, signs};
use crate::error::{ConfigError, Written};

/// File and line of a property; line 0 for none, an empty path for a text without a file.
pub(super) type Place<'a> = (&'a Path, usize);

impl ProducerBuilder {
    /// Sets a property by its name in Java, librdkafka or sarama; see [`PROPERTIES`]. The last value of a property applies.
    /// Blanks around a value are no part of it, as in Java.
    ///
    /// A property without effect, and a property of another program such as a serializer, is accepted with a
    /// [warning](crate::ProducerConfig::warnings).
    ///
    /// # Errors
    /// An unknown name, with the nearest known one; a value that cannot be parsed; a property that is not supported.
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
        self.set_by_name(name, value, (Path::new(""), 0))?;
        Ok(self)
    }

    /// Sets a property that stands at a place. An error leaves the settings as they were.
    pub(super) fn set_by_name(
        &mut self,
        name: &str,
        value: &str,
        (file, line): Place<'_>,
    ) -> Result<(), ConfigError> {
        let name = name.trim();
        let Some(row) = named(name) else { return self.set_foreign(name) };
        // Java trims the text of every property, secrets among them (`ConfigDef.parseType`).
        let value = value.trim_matches(|letter: char| letter <= ' ');
        let shown = Shown { name, value: if row.is_secret() { HIDDEN } else { value } };
        let value = shown.listed(row, value)?;
        let shown = Shown { value: if row.is_secret() { HIDDEN } else { value }, ..shown };
        shown.check(row, value)?;
        row.store(&mut self.settings, value).map_err(|remedy| shown.error(&remedy_of(row, value, remedy)))?;
        self.origins.without_effect(name, row.unmet(name, value));
        self.origins.note(name, foreign::note(row, name, value));
        if matches!(row.effect, Effect::Set(_) | Effect::Checked(_)) {
            let place = (line > 0).then(|| (file.to_owned(), line));
            let value = match row.kind {
                "addresses" => servers::shown(value),
                _ => Foreign(shown.value).to_string(),
            };
            self.origins.set(row, Written { name: name.to_owned(), value, place });
        }
        Ok(())
    }

    /// Takes the name of a property of another program.
    fn set_foreign(&mut self, name: &str) -> Result<(), ConfigError> {
        match foreign::of(name) {
            Some(foreign::Foreign::Family(reason)) => {
                self.origins.without_effect(name, Some(reason));
                Ok(())
            }
            Some(foreign::Foreign::Prefix { prefix, property }) => Err(ConfigError::new(
                name,
                format!(
                    "`{name}` has a prefix that is no part of the name: leave `{prefix}` out and write `{property}`"
                ),
            )),
            None => Err(unknown(name, names())),
        }
    }
}

/// The names of all properties.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PROPERTIES.iter().flat_map(Property::names)
}

/// The row of a name.
pub(super) fn named(name: &str) -> Option<&'static Property> {
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
        ConfigError::of_value(self.name, Foreign(self.value), &format!(": {remedy}"))
    }

    /// The value that an entry of a listing stands for.
    fn listed<'a>(self, row: &Property, value: &'a str) -> Result<&'a str, ConfigError> {
        let is_ignored = matches!(row.effect, Effect::Ignored);
        match listing::plain(value) {
            _ if is_ignored && value == "null" => Ok(""),
            listing::Value::None if row.default.is_empty() => Ok(""),
            listing::Value::None if self.name == NULL_BY_DEFAULT => Ok(row.default),
            listing::Value::None => Err(self.error(&format!(
                "`null` is no value: leave the line out, or write a value; the default is `{}`",
                row.default
            ))),
            listing::Value::Hidden if !is_ignored => Err(self.error(MASKED)),
            // A secret may look like a class or a list.
            listing::Value::Plain(plain) if !row.is_secret() && row.kind != "text" => Ok(plain),
            listing::Value::Plain(_) | listing::Value::Hidden => Ok(value),
        }
    }

    /// Rejects values that no parser of the row sees.
    fn check(self, row: &Property, value: &str) -> Result<(), ConfigError> {
        if refers_to_a_provider(value) {
            return Err(self.error(NOT_LOOKED_UP));
        }
        if matches!(row.effect, Effect::Ignored) {
            return Ok(());
        }
        if holds_pem(value) && !row.is_secret() {
            return Err(self.error(&pem_as_value(row.name)));
        }
        if let Some(quote) = signs::quote(value)
            && !foreign::may_be_quoted(row)
        {
            return Err(self.error(&signs::without_quote(quote)));
        }
        match row.effect {
            Effect::OnlyAs(values)
                if !values.iter().any(|known| known.eq_ignore_ascii_case(value))
                    && !foreign::is_harmless(row, value) =>
            {
                Err(self.not_supported(row, value, values))
            }
            _ => Ok(()),
        }
    }

    fn not_supported(self, row: &Property, value: &str, values: &[&str]) -> ConfigError {
        let remedy = match (foreign::instead_of(value), values) {
            (Some(remedy), _) => remedy.to_owned(),
            (None, [] | ["", ..]) => "leave it out".to_owned(),
            (None, [only, ..]) => format!("leave it out or write `{only}`"),
        };
        let fault = format!(" is not supported: {}; {remedy}", row.meaning);
        ConfigError::of_value(self.name, Foreign(self.value), &fault)
    }
}

/// The kind of `compression.topics`; a blank in it is part of an entry.
const TOPICS: &str = "topic=codec:level list";

/// The remedy of a parser, or the character that separates entries wrongly.
fn remedy_of(row: &Property, value: &str, remedy: String) -> String {
    match signs::separator(value) {
        Some(separator) if row.kind == "versions" || (row.kind == TOPICS && !separator.is_whitespace()) => {
            format!("{}; {remedy}", signs::with_commas(separator))
        }
        _ => remedy,
    }
}

/// Java's only property with a default here whose default there is `null`.
const NULL_BY_DEFAULT: &str = "partitioner.class";

/// The remedy for the mask that a listing has in the place of a value.
const MASKED: &str = "`[hidden]` stands for a value that a listing does not show: write the value itself";

/// The remedy for a value that refers to another one.
pub(super) const NOT_LOOKED_UP: &str = "no value is looked up elsewhere: write the value itself";

/// Whether Java would look up a part of the value with a class that the file names
/// (`ConfigTransformer.java`: `${provider:path:key}`). A file must not make its reader open other files (CVE-2024-31141).
pub(super) fn refers_to_a_provider(value: &str) -> bool {
    value.split("${").skip(1).any(|rest| rest.split_once('}').is_some_and(|(inside, _)| inside.contains(':')))
}

#[cfg(test)]
mod tests;
