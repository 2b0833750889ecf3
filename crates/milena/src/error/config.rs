//! [`ConfigError`]: an invalid setting, or all invalid lines of a file.

use std::fmt;
use std::path::{Path, PathBuf};

use milena_connection::Shown;

/// Invalid lines of one file that an error describes; further ones are counted. An error has to fit a terminal.
const FAULTS_DESCRIBED_MAX: usize = 20;

/// An invalid setting: the property as it was written, its value unless that is a secret, the rule, and the remedy, with
/// file and line where the setting came from a file.
///
/// A file with several invalid lines makes one error with all of them: see [`faults`](Self::faults).
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
    /// Bytes at the begin of the message that name the property and its value.
    head: usize,
    place: Option<(PathBuf, usize)>,
    /// Further faults of the same file, each without further ones.
    further: Vec<Self>,
    /// Faults that are counted and not kept.
    counted: usize,
}

/// The origin of a setting: the name and the value as they were written, and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) name: String,
    /// The value as an error may show it; `[hidden]` for a secret.
    pub(crate) value: String,
    pub(crate) place: Option<(PathBuf, usize)>,
}

impl ConfigError {
    /// About a property: the message names the property, its value where that is no secret, and the remedy.
    pub(crate) fn new(property: impl Into<String>, message: impl Into<String>) -> Self {
        let (property, message) = (property.into(), message.into());
        let head = if message.starts_with(&format!("`{property}`")) { property.len() + 2 } else { 0 };
        Self { property, message, head, place: None, further: Vec::new(), counted: 0 }
    }

    /// The same, of which the message begins with the property and its value.
    pub(crate) fn of_value(property: &str, value: impl fmt::Display, fault: &str) -> Self {
        let head = format!("`{property}` = `{value}`");
        let message = format!("{head}{fault}");
        Self { head: head.len(), ..Self::new(property, message) }
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

    /// The same, with name, value and place as the setting was written.
    pub(crate) fn written_as(self, written: &Written) -> Self {
        let (head, fault) = self.message.split_at(self.head);
        let has_value = head.len() > self.property.len() + 2;
        let head = match (head.is_empty(), has_value) {
            (true, _) => String::new(),
            (false, false) => format!("`{}`", written.name),
            (false, true) => format!("`{}` = `{}`", written.name, written.value),
        };
        Self {
            message: format!("{head}{fault}"),
            head: head.len(),
            property: written.name.clone(),
            place: self.place.or_else(|| written.place.clone()),
            ..self
        }
    }

    /// Adds a further fault of the same file.
    pub(crate) fn and(mut self, fault: Self) -> Self {
        if self.further.len() + 1 < FAULTS_DESCRIBED_MAX {
            self.further.push(fault);
        } else {
            self.counted += 1;
        }
        self
    }

    /// The property, by the name that was used; the name of the file if the file cannot be read. Of several faults: the first.
    #[must_use]
    pub fn property(&self) -> &str {
        &self.property
    }

    /// The fault and the remedy, without file and line. Of several faults: the first.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file of the setting; none if it came from no file.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.place.as_ref().map(|(file, _)| file.as_path()).filter(|file| !file.as_os_str().is_empty())
    }

    /// The line of the setting in its file or text, counted from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|(_, line)| *line).filter(|line| *line > 0)
    }

    /// Each fault as an error of its own, in the order of the file: one, unless several lines of a file are invalid.
    ///
    /// ```
    /// use milena::ProducerBuilder;
    ///
    /// let error = ProducerBuilder::default().properties("lingr.ms=5\nacks=some\n").unwrap_err();
    /// let lines: Vec<_> = error.faults().iter().map(|fault| fault.line()).collect();
    /// assert_eq!(lines, [Some(1), Some(2)]);
    /// ```
    #[must_use]
    pub fn faults(&self) -> Vec<Self> {
        let first = Self { further: Vec::new(), counted: 0, ..self.clone() };
        std::iter::once(first).chain(self.further.iter().cloned()).collect()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some((file, 0)) => write!(f, "{}: {}", Shown(&file.to_string_lossy()), self.message),
            Some((file, line)) if file.as_os_str().is_empty() => write!(f, "line {line}: {}", self.message),
            Some((file, line)) => write!(f, "{}:{line}: {}", Shown(&file.to_string_lossy()), self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("config: ")?;
        if !self.further.is_empty() {
            write!(f, "{} lines are invalid: ", 1 + self.further.len() + self.counted)?;
        }
        self.write(f)?;
        for fault in &self.further {
            f.write_str("; ")?;
            fault.write(f)?;
        }
        if self.counted > 0 { write!(f, "; and {} more", self.counted) } else { Ok(()) }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_names_the_setting_as_it_wwritten_as() {
        let error = ConfigError::of_value("linger.ms", "2000", " is too long: lower it");
        let written = Written {
            name: "Producer.Flush.Frequency".to_owned(),
            value: "2s".to_owned(),
            place: Some((PathBuf::from("a.properties"), 7)),
        };
        let error = error.written_as(&written);
        assert_eq!(
            error.to_string(),
            "config: a.properties:7: `Producer.Flush.Frequency` = `2s` is too long: lower it"
        );
        assert_eq!((error.property(), error.line()), ("Producer.Flush.Frequency", Some(7)));
        assert_eq!(error.file(), Some(Path::new("a.properties")));
    }

    #[test]
    fn error_counts_the_faults_that_it_does_not_describe() {
        let fault = |line| ConfigError::new("x", "there is no property `x`").at(Path::new(""), line);
        let error = (1..=25).map(fault).reduce(ConfigError::and).unwrap();
        let text = error.to_string();
        assert!(
            text.starts_with("config: 25 lines are invalid: line 1: there is no property `x`; line 2: "),
            "{text}"
        );
        assert!(text.ends_with("; line 20: there is no property `x`; and 5 more"), "{text}");
        assert_eq!(error.faults().len(), 20);
    }
}
