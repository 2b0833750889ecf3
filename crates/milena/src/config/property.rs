//! What a row of the table of properties says.

use super::builder::ProducerBuilder;

/// A property, with every name it goes by.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Property {
    /// Java's name, or ours where Java has none.
    pub name: &'static str,
    /// librdkafka's and sarama's names for the same.
    pub also: &'static [&'static str],
    /// What it is unless it is set; empty where that is nothing.
    pub default: &'static str,
    /// What it means, in one sentence; of one that has no effect, why nothing is missing.
    pub meaning: &'static str,
    pub(super) effect: Effect,
    pub(super) secret: bool,
}

/// What comes of setting a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Support {
    /// It is put into force.
    Full,
    /// It is taken and has no effect; the meaning says why nothing is missing.
    WithoutEffect,
    /// It is refused unless it has one of these values; the meaning says why.
    RefusedUnless(&'static [&'static str]),
}

/// What setting a property does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// It is put into force.
    Set(Setter),
    /// It is checked and remembered, and has no effect.
    Checked(Setter),
    /// Nothing.
    Ignored,
    /// It is refused unless it has one of these values, which ask for nothing.
    OnlyAs(&'static [&'static str]),
}

/// Reads the value and puts it into the builder, or says what to write instead.
pub(super) type Setter = fn(ProducerBuilder, &str) -> Result<ProducerBuilder, String>;

impl Property {
    /// Whether setting it changes anything.
    #[must_use]
    pub const fn is_supported(&self) -> bool {
        matches!(self.effect, Effect::Set(_))
    }

    /// Every name it goes by.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.also.iter().copied())
    }

    /// Whether its value is never shown.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.secret
    }

    /// The same, with a value that is never shown.
    pub(super) const fn hidden(self) -> Self {
        Self { secret: true, ..self }
    }

    /// What comes of setting it.
    #[must_use]
    pub const fn support(&self) -> Support {
        match self.effect {
            Effect::Set(_) => Support::Full,
            Effect::Checked(_) | Effect::Ignored => Support::WithoutEffect,
            Effect::OnlyAs(values) => Support::RefusedUnless(values),
        }
    }

    /// Whether it goes by this name.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.also.contains(&name)
    }
}
