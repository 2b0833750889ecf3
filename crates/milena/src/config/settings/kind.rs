//! [`Kind`]: how the values of a setting are written, shown and bounded. The parsers are in [`value`].

use std::ops::RangeInclusive;
use std::time::Duration;

use milena_connection::tls::TlsVersions;
use milena_connection::{FilePath, Servers, Text, may_be_secret};
use milena_partitioner::Partitioner;
use secrecy::SecretString;

pub(super) use crate::config::value::Remedy;

use crate::config::options::{Acks, Driver, MetadataRecovery};
use crate::config::protocol::Protocol;
use crate::config::{HIDDEN, value};
use crate::error::ConfigError;

/// Longer times count as this one, so that adding a time to a time never overflows.
pub(in crate::config) const DURATION_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// A type of settings.
pub(super) struct Kind<T: 'static> {
    /// The name of the type in listings.
    pub(super) name: &'static str,
    parse: fn(&str) -> Result<T, Remedy>,
    /// The value as [`ProducerConfig::properties`](crate::ProducerConfig::properties) has it; none if it stands for an unset
    /// setting.
    pub(super) show: fn(&T) -> Option<String>,
    cap: fn(T) -> T,
    /// An empty text is the same as no value.
    empty_unsets: bool,
    pub(super) is_secret: bool,
}

impl<T> Kind<T> {
    const fn new(
        name: &'static str,
        parse: fn(&str) -> Result<T, Remedy>,
        show: fn(&T) -> Option<String>,
    ) -> Self {
        Self { name, parse, show, cap: |value| value, empty_unsets: false, is_secret: false }
    }

    const fn capped(self, cap: fn(T) -> T) -> Self {
        Self { cap, ..self }
    }

    const fn unset_by_empty_text(self) -> Self {
        Self { empty_unsets: true, ..self }
    }

    const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    pub(super) fn parse(&self, text: &str) -> Result<T, Remedy> {
        (self.parse)(text)
    }

    /// Parses a text into the field of a setting.
    pub(super) fn store(&self, field: &mut Option<T>, text: &str) -> Result<(), Remedy> {
        *field = if self.empty_unsets && text.is_empty() { None } else { Some(self.parse(text)?) };
        Ok(())
    }

    /// The value of a setting: the one that was set, or else the default; the type's own where the table has none.
    pub(super) fn resolve(&self, name: &str, set: Option<&T>, default: Option<&str>) -> Result<T, ConfigError>
    where
        T: Clone + Default,
    {
        let value = match (set, default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => self.parse(default).map_err(|remedy| {
                ConfigError::new(name, format!("`{name}` has a wrong default, `{default}`: {remedy}"))
            })?,
            (None, None) => T::default(),
        };
        Ok((self.cap)(value))
    }

    /// Returns the range as the remedy for a value that is not in it.
    pub(super) fn check(&self, range: &RangeInclusive<T::Number>, value: &T) -> Result<(), Remedy>
    where
        T: Ranged,
    {
        let is_in = value.number().is_none_or(|number| range.contains(&number));
        if is_in { Ok(()) } else { Err(format!("write {}", describe(range))) }
    }

    /// The value, if it is in its range.
    pub(super) fn within(
        &self,
        name: &str,
        range: &RangeInclusive<T::Number>,
        value: T,
    ) -> Result<T, ConfigError>
    where
        T: Ranged,
    {
        let Err(remedy) = self.check(range, &value) else { return Ok(value) };
        let shown = (self.show)(&value).unwrap_or_default();
        Err(ConfigError::of_value(name, shown, &format!(": {remedy}")))
    }
}

/// A number that has a range.
pub(super) trait Number: Copy + PartialOrd {
    const MAX: Self;
    fn text(self) -> String;
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl Number for $type {
            const MAX: Self = <$type>::MAX;
            fn text(self) -> String {
                self.to_string()
            }
        }
        ranged!($type);
    )*};
}

macro_rules! ranged {
    ($type:ty) => {
        impl Ranged for $type {
            type Number = $type;
            fn number(&self) -> Option<$type> {
                Some(*self)
            }
        }
        impl Ranged for Option<$type> {
            type Number = $type;
            fn number(&self) -> Option<$type> {
                *self
            }
        }
    };
}

/// A value that a range applies to, unless there is no number in it.
pub(super) trait Ranged {
    type Number: Number;
    fn number(&self) -> Option<Self::Number>;
}

whole_numbers!(u32, usize);
ranged!(Duration);

impl Number for Duration {
    const MAX: Self = Self::MAX;
    fn text(self) -> String {
        format!("{} ms", millis(self))
    }
}

/// A range in words: `1 to 1000`, `at least 1 ms`.
pub(super) fn describe<N: Number>(range: &RangeInclusive<N>) -> String {
    match (range.start().text(), range.end()) {
        (least, most) if *most == N::MAX => format!("at least {least}"),
        (least, most) => format!("{least} to {}", most.text()),
    }
}

/// Milliseconds as properties have them, with fractions where there are some.
pub(in crate::config) fn millis(duration: Duration) -> String {
    match duration.subsec_nanos() % 1_000_000 {
        0 => duration.as_millis().to_string(),
        _ => (duration.as_secs_f64() * 1_000.0).to_string(),
    }
}

/// A text that may be a secret is hidden.
fn shown(text: &str) -> Option<String> {
    Some(if may_be_secret(text) { HIDDEN.to_owned() } else { text.to_owned() })
}

#[expect(clippy::unnecessary_wraps, reason = "every function that shows a value has this shape")]
fn some<T: ToString>(value: &T) -> Option<String> {
    Some(value.to_string())
}

/// -1 stands for no number, as in Java.
fn or_minus_one(number: Option<String>) -> Option<String> {
    number.or_else(|| Some("-1".to_owned()))
}

#[expect(clippy::unnecessary_wraps, reason = "every parser has this shape")]
fn text<T: From<String>>(text: &str) -> Result<T, Remedy> {
    Ok(text.to_owned().into())
}

pub(super) const SERVERS: Kind<Servers> =
    Kind::new("addresses", text, |servers| Some(servers.shown().to_owned()));
pub(super) const TEXT: Kind<Text> = Kind::new("text", text, |value| shown(value));
pub(super) const OPTIONAL_TEXT: Kind<Text> = TEXT.unset_by_empty_text();
pub(super) const PATH: Kind<FilePath> =
    Kind::new("file", text, |path: &FilePath| shown(&path.to_string_lossy())).unset_by_empty_text();
pub(super) const SECRET: Kind<SecretString> =
    Kind::new("secret", text, |_| Some(HIDDEN.to_owned())).unset_by_empty_text().secret();
pub(super) const SWITCH: Kind<bool> = Kind::new("boolean", value::switch, some);
/// sarama's period of keep-alive probes.
pub(super) const PROBES: Kind<bool> = Kind::new("duration", value::probes, some);
pub(super) const BYTES: Kind<usize> = Kind::new("bytes", value::bytes, some);
pub(super) const KIBIBYTES: Kind<usize> = Kind::new("KiB", value::kibibytes, some);
pub(super) const BUFFER: Kind<Option<usize>> =
    Kind::new("bytes", value::buffer, |size| or_minus_one(size.map(|size| size.to_string())));
pub(super) const NUMBER: Kind<usize> = Kind::new("number", value::number, some);
pub(super) const RETRIES: Kind<u32> = Kind::new("number", value::retries, some);
/// 0 stands for no number, as in sarama.
pub(super) const COUNT: Kind<Option<u32>> =
    Kind::new("number", value::count, |count| count.map(|count| count.to_string()));
pub(super) const SEED: Kind<Option<u64>> =
    Kind::new("number", |text| value::number(text).map(Some), |seed| seed.map(|seed| seed.to_string()));
pub(super) const TIME: Kind<Duration> =
    Kind::new("duration", value::time, |time| Some(millis(*time))).capped(|time| time.min(DURATION_MAX));
/// A time of which 0 stands for none: the longest one.
pub(super) const ZERO_IS_NEVER: Kind<Duration> = Kind { parse: value::zero_is_never, ..TIME };
/// A time of which -1 stands for none: the longest one.
pub(super) const NEGATIVE_IS_NEVER: Kind<Duration> = Kind { parse: value::negative_is_never, ..TIME };
pub(super) const OPTIONAL_TIME: Kind<Duration> = TIME.unset_by_empty_text();
pub(super) const TIME_OR_NEVER: Kind<Option<Duration>> =
    Kind::new("duration", value::time_or_never, |time| or_minus_one(time.map(millis)))
        .capped(|time| time.map(|time| time.min(DURATION_MAX)));
pub(super) const ACKS: Kind<Acks> =
    Kind::new("`all`, `1`, `0`", Acks::parse, |acks| Some(acks.name().to_owned()));
pub(super) const PARTITIONER: Kind<Partitioner> = Kind::new("partitioner", value::partitioner, some);
pub(super) const RECOVERY: Kind<MetadataRecovery> = Kind::new(
    "`rebootstrap`, `none`",
    |text| MetadataRecovery::parse(&text.to_ascii_lowercase()),
    |recovery| Some(recovery.name().to_owned()),
);
pub(super) const DRIVER: Kind<Driver> =
    Kind::new("`task`, `thread`", Driver::parse, |driver| Some(driver.name().to_owned()));

pub(super) const PROTOCOL: Kind<Protocol> =
    Kind::new("protocol", Protocol::parse, |protocol| Some(protocol.name().to_owned()));
pub(super) const VERSIONS: Kind<TlsVersions> = Kind::new("versions", value::versions, |versions| {
    let names = match versions {
        TlsVersions::Only12 => "TLSv1.2",
        TlsVersions::Only13 => "TLSv1.3",
        _ => "TLSv1.2,TLSv1.3",
    };
    Some(names.to_owned())
})
.unset_by_empty_text();
/// Whether host names go unchecked.
pub(super) const IDENTIFICATION: Kind<bool> =
    Kind::new("`https`, empty", value::identification, |unchecked| {
        Some(if *unchecked { "" } else { "https" }.to_owned())
    });
/// Whether tokens come from an identity provider.
pub(super) const METHOD: Kind<bool> = Kind::new("`default`, `oidc`", value::method, |oidc| {
    Some(if *oidc { "oidc" } else { "default" }.to_owned())
});
/// Whether tokens come from an identity provider.
pub(super) const HANDLER: Kind<bool> = Kind::new("Java class", value::handler, |oidc| {
    Some(if *oidc { value::HANDLER_OIDC } else { value::HANDLER_UNSECURED }.to_owned())
})
.unset_by_empty_text();
