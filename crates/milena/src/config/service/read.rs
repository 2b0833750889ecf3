//! Deserialization of [`Config`] by serde, from YAML, TOML, JSON and other self-describing formats.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Config;
use super::keys::is_secret;

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Config;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings of a Kafka producer by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Config, A::Error> {
        let mut config = Config::default();
        while let Some(key) = map.next_key::<String>()? {
            match map.next_value()? {
                // A key without a value is ignored.
                Text::None => {}
                // A number has lost its leading zeros, which may be part of a password.
                Text::Number(_) if is_secret(&key) => {
                    return Err(A::Error::custom(format!("`{key}` is a number here: write it in quotes")));
                }
                Text::Some(value) | Text::Number(value) => {
                    config.set(&key, value.expose_secret()).map_err(A::Error::custom)?;
                }
            }
        }
        Ok(config)
    }
}

/// A value as the text of a property; lists are joined with commas. It may be a secret.
enum Text {
    None,
    Some(SecretString),
    Number(SecretString),
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, `true`, `false`, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text::Some(text.into()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
        Ok(Text::Some(text.into()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Text, E> {
        self.visit_string(value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
        Ok(Text::Number(value.to_string().into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
        Ok(Text::Number(value.to_string().into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
        Ok(Text::Number(value.to_string().into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Ok(Text::None)
    }

    fn visit_none<E: Error>(self) -> Result<Text, E> {
        Ok(Text::None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Text, D::Error> {
        Text::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            if let Text::Some(text) | Text::Number(text) = text {
                texts.push(text.expose_secret().to_owned());
            }
        }
        Ok(Text::Some(texts.join(",").into()))
    }
}
