//! The settings table: one row for each property, with its names, type, default, range and meaning.
//!
//! | rows | of |
//! |---|---|
//! | `producer` | the producer; one macro makes the fields, the builder's setters and the effective values of them |
//! | `other_units` | the same settings by properties with other units |
//! | `compression` | codecs and their levels |
//! | `security` | TLS, SASL and identity providers |
//! | `refused` | properties that are accepted with their default value alone |
//! | `ignored` | properties that are accepted and have no effect; `quiet` has the values that need no warning |
//!
//! From the rows come parsing by name, range checks, [`PROPERTIES`] with `milena config`, the effective configuration, and
//! the tables of `docs/configuration.md`. A setting that needs a new row needs nothing else, unless it depends on other
//! settings: those rules stand in [`validate`](super::validate).

#[macro_use]
mod group;
mod compression;
mod ignored;
mod kind;
mod other_units;
mod producer;
mod quiet;
mod refused;
mod security;

pub use producer::ProducerConfig;

pub(super) use group::Group;
pub(super) use kind::{DURATION_MAX, millis};
pub(super) use producer::Settings;
pub(super) use quiet::is_default;
pub(super) use security::{ListenerSettings, OidcSettings, SaslSettings, Security, TlsSettings};

use kind::{Kind, Remedy};

/// A property: its names, type, default, range and meaning, and whether it is supported.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Property {
    /// Java's name, or the name of librdkafka, sarama or milena where Java has none.
    pub name: &'static str,
    /// Other names: librdkafka's, and sarama's, which begin with a capital letter.
    pub also: &'static [&'static str],
    /// The type of the value, such as `bytes` or `duration`; empty for a property without effect.
    pub kind: &'static str,
    /// The default value; empty for none.
    pub default: &'static str,
    /// The meaning, in one sentence. For a property that is refused or has no effect: the reason.
    pub meaning: &'static str,
    pub(super) effect: Effect,
    range: Option<fn() -> String>,
    secret: bool,
}

/// The effect of setting a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Support {
    /// The value takes effect.
    Full,
    /// The value is accepted and has no effect; the meaning gives the reason.
    WithoutEffect,
    /// The value is refused unless it is one of these; the meaning gives the reason.
    RefusedUnless(&'static [&'static str]),
}

/// The code behind [`Support`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// The value is parsed and stored.
    Set(Setter),
    /// The value is parsed and stored, and has no effect.
    Checked(Setter),
    /// The value is ignored.
    Ignored,
    /// The value is refused unless it is one of these.
    OnlyAs(&'static [&'static str]),
}

/// Parses a value and stores it, or returns the remedy.
type Setter = fn(&mut Settings, &str) -> Result<(), Remedy>;

impl Property {
    /// A row without a type, a default and a range.
    const fn new(
        name: &'static str,
        also: &'static [&'static str],
        effect: Effect,
        meaning: &'static str,
    ) -> Self {
        Self { name, also, kind: "", default: "", meaning, effect, range: None, secret: false }
    }

    const fn of_kind<T>(self, kind: &Kind<T>) -> Self {
        Self { kind: kind.name, secret: kind.is_secret, ..self }
    }

    const fn with_default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn with_range(self, range: fn() -> String) -> Self {
        Self { range: Some(range), ..self }
    }

    /// The same, with a value that is never shown.
    const fn hidden(self) -> Self {
        Self { secret: true, ..self }
    }

    /// Parses a value and stores it; a property that is not supported stores nothing.
    ///
    /// # Errors
    /// The remedy.
    pub(super) fn store(&self, settings: &mut Settings, text: &str) -> Result<(), Remedy> {
        match self.effect {
            Effect::Set(store) | Effect::Checked(store) => store(settings, text),
            Effect::Ignored | Effect::OnlyAs(_) => Ok(()),
        }
    }

    /// The range of the value, such as `1 to 1000`; none if the type is the only rule.
    #[must_use]
    pub fn range(&self) -> Option<String> {
        self.range.map(|range| range())
    }

    /// Whether setting the property has an effect.
    #[must_use]
    pub const fn is_supported(&self) -> bool {
        matches!(self.effect, Effect::Set(_))
    }

    /// All names of the property.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }

    /// Whether the value is a secret, which is never shown.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.secret
    }

    /// The effect of setting the property.
    #[must_use]
    pub const fn support(&self) -> Support {
        match self.effect {
            Effect::Set(_) => Support::Full,
            Effect::Checked(_) | Effect::Ignored => Support::WithoutEffect,
            Effect::OnlyAs(values) => Support::RefusedUnless(values),
        }
    }

    /// Whether `name` is one of the property's names.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.also.contains(&name)
    }
}

/// Every property that has a row, supported or not.
pub const PROPERTIES: &[Property] = &ALL;

const PARTS: [&[Property]; 9] = [
    Settings::ROWS,
    other_units::ROWS,
    compression::ROWS,
    ListenerSettings::ROWS,
    TlsSettings::ROWS,
    SaslSettings::ROWS,
    OidcSettings::ROWS,
    refused::ROWS,
    ignored::ROWS,
];

static ALL: [Property; count(&PARTS)] = joined(&PARTS);

const fn count(parts: &[&[Property]]) -> usize {
    let (mut count, mut part) = (0, 0);
    while part < parts.len() {
        count += parts[part].len();
        part += 1;
    }
    count
}

const fn joined<const N: usize>(parts: &[&[Property]]) -> [Property; N] {
    let mut all = [parts[0][0]; N];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let mut row = 0;
        while row < parts[part].len() {
            all[at] = parts[part][row];
            at += 1;
            row += 1;
        }
        part += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProducerBuilder;

    #[test]
    fn every_name_is_in_the_table_once() {
        let mut names: Vec<_> = PROPERTIES.iter().flat_map(Property::names).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn properties_with_the_name_of_a_secret_are_secret() {
        let sounds = |name: &str| {
            ["password", "secret", "passphrase", "jaas.config", ".pem", ".key"]
                .iter()
                .any(|end| name.ends_with(end))
        };
        for row in PROPERTIES {
            let all = row
                .names()
                .filter(|name| !name.starts_with("partitioner"))
                .any(|name| sounds(&name.to_lowercase()));
            assert!(!all || row.is_secret(), "{}", row.name);
        }
    }

    #[test]
    fn every_default_can_be_set_and_changes_nothing() {
        let builder = ProducerBuilder::default().bootstrap_servers("a:1");
        let plain = builder.clone().validate().unwrap();
        for row in PROPERTIES.iter().filter(|row| !row.default.is_empty()) {
            let set = builder.clone().property(row.name, row.default).unwrap().validate().unwrap();
            assert_eq!(set.properties(), plain.properties(), "{}", row.name);
        }
    }

    #[test]
    fn values_just_outside_of_a_range_are_rejected_by_name_with_the_range() {
        for (name, value, range) in [
            ("batch.size", "1073741825", "0 to 1073741824"),
            ("receive.message.max.bytes", "999", "1000 to 2147483647"),
            ("request.timeout.ms", "2147483648", "1 ms to 2147483647 ms"),
            ("metadata.max.age.ms", "0", "at least 1 ms"),
            ("buffer.memory", "0", "at least 1"),
        ] {
            let builder = ProducerBuilder::default().bootstrap_servers("a:1");
            let error = builder.property(name, value).unwrap_err();
            assert_eq!(error.to_string(), format!("config: `{name}` = `{value}`: write {range}"));
            let row = PROPERTIES.iter().find(|row| row.name == name).unwrap();
            assert_eq!(row.range().as_deref(), Some(range));
        }
    }

    #[test]
    fn value_out_of_range_is_rejected_by_the_name_and_the_line_that_it_was_set_by() {
        let error = ProducerBuilder::default().properties("acks=1\nNet.MaxOpenRequests=1001\n").unwrap_err();
        assert_eq!(error.to_string(), "config: line 2: `Net.MaxOpenRequests` = `1001`: write 1 to 1000");
        let error = ProducerBuilder::default().bootstrap_servers("a:1").max_in_flight(1_001).validate();
        let expected = "config: `max.in.flight.requests.per.connection` = `1001`: write 1 to 1000";
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
}
