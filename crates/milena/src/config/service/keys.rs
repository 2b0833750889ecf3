//! The keys of a [`Config`]: the names of its fields, and those of properties with `_` for `.`.

use milena_connection::{Shown, holds_pem};

use super::Config;
use crate::config::settings::{PROPERTIES, Property};
use crate::config::{HIDDEN, by_name, nearest, value};
use crate::error::ConfigError;

/// The fields, except `settings`, which has the names of properties for keys.
const FIELDS: [&str; 11] = [
    "brokers",
    "ca_file",
    "certificate_file",
    "key_file",
    "tls",
    "username",
    "password",
    "mechanism",
    "dial_timeout",
    "read_timeout",
    "write_timeout",
];

impl Config {
    /// Sets the field or the property of a key.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), ConfigError> {
        if FIELDS.contains(&key) {
            return self.set_field(key, value).map_err(|remedy| refused(key, value, &remedy));
        }
        let name = match spelt(key) {
            Some(Spelt::AsItIs(name)) => name,
            Some(Spelt::WithoutUnit(_)) if value.ends_with(|last: char| last.is_ascii_digit()) => {
                let remedy =
                    format!("write a unit, as in `30s` or `250ms`, or milliseconds with the key `{key}_ms`");
                return Err(refused(key, value, &remedy));
            }
            Some(Spelt::WithoutUnit(name)) => name,
            None => {
                let known = keys();
                return Err(nearest::unknown(key, known.iter().map(String::as_str)));
            }
        };
        self.settings = std::mem::take(&mut self.settings).property(name, value)?;
        Ok(())
    }

    fn set_field(&mut self, key: &str, value: &str) -> Result<(), String> {
        if by_name::refers_to_a_provider(value) {
            return Err(by_name::NOT_LOOKED_UP.to_owned());
        }
        if key != "password" && holds_pem(value) {
            return Err(by_name::pem_as_value(property_of(key)));
        }
        let some = || Some(value.to_owned()).filter(|value| !value.is_empty());
        match key {
            "brokers" => {
                let brokers = value.split(',').map(str::trim).filter(|broker| !broker.is_empty());
                self.brokers = brokers.map(str::to_owned).collect();
            }
            "ca_file" => self.ca_file = some().map(Into::into),
            "certificate_file" => self.certificate_file = some().map(Into::into),
            "key_file" => self.key_file = some().map(Into::into),
            "tls" => self.tls = Some(value::switch(value)?),
            "username" => self.username = some(),
            "password" => self.password = some().map(Into::into),
            "mechanism" => self.mechanism = some(),
            "dial_timeout" => self.dial_timeout = Some(value::time_with_unit(value)?),
            "read_timeout" => self.read_timeout = Some(value::time_with_unit(value)?),
            _ => self.write_timeout = Some(value::time_with_unit(value)?),
        }
        Ok(())
    }
}

/// The property of a field that holds a path.
pub(super) fn property_of(field: &str) -> &'static str {
    match field {
        "ca_file" => "ssl.truststore.location",
        "certificate_file" => "ssl.keystore.location",
        "key_file" => "ssl.key.location",
        _ => "",
    }
}

/// The property of a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spelt {
    AsItIs(&'static str),
    /// The key omits `_ms`.
    WithoutUnit(&'static str),
}

impl Spelt {
    /// The name of the property.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AsItIs(name) | Self::WithoutUnit(name) => name,
        }
    }
}

/// Finds the property of a key.
pub(super) fn spelt(key: &str) -> Option<Spelt> {
    let names = || PROPERTIES.iter().flat_map(Property::names);
    let as_it_is = names().find(|name| *name == key || underscored(name) == key);
    let without = || names().find(|name| underscored(name).strip_suffix("_ms") == Some(key));
    as_it_is.map(Spelt::AsItIs).or_else(|| without().map(Spelt::WithoutUnit))
}

/// Every key.
pub(super) fn keys() -> Vec<String> {
    let properties = PROPERTIES.iter().flat_map(Property::names).map(underscored);
    FIELDS.into_iter().map(str::to_owned).chain(properties).collect()
}

/// Whether the key is the name of a field.
pub(super) fn is_field(key: &str) -> bool {
    FIELDS.contains(&key)
}

/// Whether the value of a key is a secret.
#[cfg(feature = "serde")]
pub(super) fn is_secret(key: &str) -> bool {
    let named = |row: &&Property| row.names().any(|name| name == key || underscored(name) == key);
    key == "password" || PROPERTIES.iter().find(named).is_some_and(Property::is_secret)
}

fn underscored(name: &str) -> String {
    name.to_ascii_lowercase().replace('.', "_")
}

/// The error for the value of a field, without a password.
fn refused(key: &str, value: &str, remedy: &str) -> ConfigError {
    let value = if key == "password" { HIDDEN.into() } else { Shown(value).to_string() };
    ConfigError::new(key, format!("`{key}` = `{value}`: {remedy}"))
}
