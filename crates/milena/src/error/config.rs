//! [`ConfigError`]: an invalid setting.

use std::fmt;
use std::path::{Path, PathBuf};

use milena_connection::Shown;

/// An invalid setting: the property, the fault and the remedy, with file and line where it came from a file.
///
/// ```
/// use milena::ProducerBuilder;
///
/// let error = ProducerBuilder::default().property("lingr.ms", "5").unwrap_err();
/// assert_eq!(error.to_string(), "config: there is no property `lingr.ms`: did you mean `linger.ms`?");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    property: String,
    message: String,
    place: Option<(PathBuf, usize)>,
}

impl ConfigError {
    /// About a property: the message names it, its value where that is no secret, and the remedy.
    pub(crate) fn new(property: impl Into<String>, message: impl Into<String>) -> Self {
        Self { property: property.into(), message: message.into(), place: None }
    }

    /// The same, with a line of a file. Line 0 stands for the whole file, an empty path for a text without a file.
    pub(crate) fn at(self, file: &Path, line: usize) -> Self {
        // A path that may be a secret is not shown.
        let hidden = Shown(&file.to_string_lossy()).is_hidden();
        let file = if hidden { Path::new("[hidden]") } else { file };
        Self { place: Some((file.to_owned(), line)), ..self }
    }

    /// The same, of a property that was set by another name.
    pub(crate) fn of(self, name: &str) -> Self {
        let is_named = self.message.starts_with(&format!("`{name}`"));
        let message = if is_named { self.message } else { format!("`{name}`: {}", self.message) };
        Self { property: name.to_owned(), message, ..self }
    }

    /// The property, by the name that was used; the name of the file if the file cannot be read.
    #[must_use]
    pub fn property(&self) -> &str {
        &self.property
    }

    /// The fault and the remedy, without file and line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("config: ")?;
        match &self.place {
            Some((file, 0)) => write!(f, "{}: {}", Shown(&file.to_string_lossy()), self.message),
            Some((file, line)) if file.as_os_str().is_empty() => write!(f, "line {line}: {}", self.message),
            Some((file, line)) => write!(f, "{}:{line}: {}", Shown(&file.to_string_lossy()), self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ConfigError {}
