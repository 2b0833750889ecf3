//! Properties from files and texts in Java's `.properties` syntax. Every invalid line is part of one error.

use std::path::Path;

use milena_connection::Shown;

use super::by_name::{named, names};
use super::nearest::near;
use super::settings::Property;
use super::{HIDDEN, ProducerBuilder, file, foreign, listing};
use crate::error::ConfigError;

impl ProducerBuilder {
    /// Sets every property of a file in Java's `.properties` syntax.
    ///
    /// # Errors
    /// A file that cannot be read, and the errors of [`Self::property`], with file and line: one error with all invalid lines.
    ///
    /// ```
    /// # let folder = std::env::temp_dir();
    /// # let path = folder.join("milena-client.properties");
    /// # std::fs::write(&path, "bootstrap.servers=localhost:9092\n")?;
    /// use milena::ProducerBuilder;
    ///
    /// let builder = ProducerBuilder::default().properties_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn properties_file(self, path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| {
            let message = format!("the file cannot be read: {error}");
            ConfigError::new(Shown(&path.to_string_lossy()).to_string(), message).at(path, 0)
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
    fn entries(mut self, text: Vec<u8>, path: &Path) -> Result<Self, ConfigError> {
        let mut faults: Option<ConfigError> = None;
        let mut add = |fault: ConfigError| {
            faults = Some(match faults.take() {
                Some(faults) => faults.and(fault),
                None => fault,
            });
        };
        let mut lines = Lines::default();
        for entry in file::parse(&file::text(text)) {
            let entry = match entry {
                Ok(entry) => entry,
                Err((line, remedy)) => {
                    add(ConfigError::new("", remedy).at(path, line));
                    continue;
                }
            };
            match lines.kind(&entry) {
                Line::Property => {
                    if let Err(error) = self.set_by_name(&entry.name, &entry.value, (path, entry.line)) {
                        add(error.at(path, entry.line));
                    }
                }
                Line::Head => self.origins.line(path.to_owned(), entry.line, HEAD),
                Line::OfSecret { is_first: true } => {
                    add(ConfigError::new(HIDDEN, GOES_ON).at(path, entry.line))
                }
                Line::OfSecret { is_first: false } => {}
            }
        }
        faults.map_or(Ok(self), Err)
    }
}

/// The lines before: whether a secret may go on.
#[derive(Debug, Default)]
struct Lines {
    /// The last line of a secret.
    secret_end: Option<usize>,
    /// The last line that was no property after a secret.
    hidden: Option<usize>,
}

/// A line of a file.
enum Line {
    Property,
    /// The head of a section or of a listing.
    Head,
    /// No property, and not shown. The lines behind the first one belong to the same error.
    OfSecret {
        is_first: bool,
    },
}

impl Lines {
    fn kind(&mut self, entry: &file::Entry) -> Line {
        if listing::is_head(&entry.name, &entry.value) {
            return Line::Head;
        }
        let property = named(&entry.name);
        let is_behind = self.secret_end == Some(entry.line - 1);
        let is_known = property.is_some() || foreign::of(&entry.name).is_some();
        if !is_known && (entry.is_bare || is_behind) && near(&entry.name, names()).is_none() {
            let is_first = self.hidden != Some(entry.line - 1);
            (self.hidden, self.secret_end) = (Some(entry.end), Some(entry.end));
            return Line::OfSecret { is_first };
        }
        self.secret_end = property.is_some_and(Property::is_secret).then_some(entry.end);
        Line::Property
    }
}

/// The message for a line that may be the second one of a secret.
const GOES_ON: &str = "this line is no property, and is not shown, because it may be part of a secret: if the value of \
     the line before goes on here, end that line with a backslash";

/// The warning for a line that is no property.
const HEAD: &str = "this line is no property and has no effect: a properties file has no sections";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invalid_line_is_in_one_error() {
        let text = "acks=some\nlinger.ms=5\nlingr.ms=5\nproducer.acks=1\nsasl.password=${file:hunter2}\n";
        let error = ProducerBuilder::default().properties(text).unwrap_err();
        let lines: Vec<_> = error.faults().iter().filter_map(ConfigError::line).collect();
        assert_eq!(lines, [1, 3, 4, 5]);
        let text = error.to_string();
        assert!(text.starts_with("config: 4 lines are invalid: line 1: `acks` = `some`: write"), "{text}");
        assert!(
            text.contains("; line 3: there is no property `lingr.ms`: did you mean `linger.ms`?; line 4: ")
        );
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn lines_of_a_secret_are_one_fault_and_hidden() {
        let text = "ssl.keystore.key=-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\nAgEGCCqGSM49\n-----END KEY-----\nack=1\n";
        let error = ProducerBuilder::default().properties(text).unwrap_err();
        let lines: Vec<_> = error.faults().iter().filter_map(ConfigError::line).collect();
        assert_eq!(lines, [2, 5]);
        assert!(!error.to_string().contains("MIGH"), "{error}");
    }

    #[test]
    fn head_of_a_section_is_a_warning_with_its_line() {
        let text = "[kafka]\nbootstrap.servers=a:1\n";
        let config = ProducerBuilder::default().properties(text).unwrap().validate().unwrap();
        let warnings: Vec<_> = config.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings, [format!("config: line 1: {HEAD}")]);
    }
}
