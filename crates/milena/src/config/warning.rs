//! [`ConfigWarning`]: a setting that is valid and does not have the effect that its name promises.

use std::fmt;
use std::path::Path;

use milena_connection::Shown;

/// A valid setting that has no effect here, or another one than its value promises. Warnings do not stop a producer;
/// [`ProducerBuilder::build`](crate::ProducerBuilder::build) logs each of them once.
///
/// ```
/// use milena::ProducerBuilder;
///
/// let config = ProducerBuilder::default()
///     .bootstrap_servers("localhost:9092")
///     .property("transaction.timeout.ms", "5000")?
///     .validate()?;
/// let warning = &config.warnings()[0];
/// assert_eq!(warning.properties(), ["transaction.timeout.ms"]);
/// assert_eq!(
///     warning.to_string(),
///     "config: `transaction.timeout.ms` has no effect: transactions are not supported"
/// );
/// # Ok::<(), milena::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigWarning {
    properties: Vec<String>,
    message: String,
}

impl ConfigWarning {
    pub(super) fn new(property: impl Into<String>, message: impl Into<String>) -> Self {
        Self { properties: vec![property.into()], message: message.into() }
    }

    /// The same, of a setting that was set by another name.
    pub(super) fn of(mut self, name: &str) -> Self {
        if let Some(property) = self.properties.first_mut() {
            self.message = self.message.replacen(&format!("`{property}`"), &format!("`{name}`"), 1);
            name.clone_into(property);
        }
        self
    }

    /// Properties that have no effect, for one reason.
    pub(super) fn without_effect(properties: Vec<String>, reason: &str) -> Self {
        let have = if properties.len() == 1 { "has" } else { "have" };
        let message = format!("{} {have} no effect: {reason}", listed(&properties));
        Self { properties, message }
    }

    /// A line that is no property.
    pub(super) fn of_line(file: &Path, line: usize, reason: &str) -> Self {
        let file = file.to_string_lossy();
        let place = if file.is_empty() { format!("line {line}") } else { format!("{}:{line}", Shown(&file)) };
        Self { properties: Vec::new(), message: format!("{place}: {reason}") }
    }

    /// The properties, as they were written; empty for a line of a file that is no property.
    #[must_use]
    pub fn properties(&self) -> &[String] {
        &self.properties
    }

    /// The reason, with the names of the properties, and without a secret.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "config: {}", self.message)
    }
}

/// Names in backticks, of which only the first ones are listed.
fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(NAMES_LISTED_MAX).map(|name| format!("`{name}`")).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMES_LISTED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Names without effect that a warning lists for one reason; further ones are counted.
const NAMES_LISTED_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_of_names_is_bounded() {
        let names: Vec<_> = (0..20).map(|number| format!("n{number}")).collect();
        assert!(listed(&names).ends_with("`n7` and 12 more"));
    }
}
