//! Settings as Java reads them from a `.properties` file: those of a node, and those of a client.

use std::fmt;

/// Names and values, in order. A later value replaces an earlier one where they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(Vec<(String, String)>);

impl Properties {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.0.push((name.into(), value.to_string()));
        self
    }

    /// With all of `others`, their names behind a prefix.
    #[must_use]
    pub fn with_all(mut self, prefix: &str, others: &Self) -> Self {
        self.0.extend(others.0.iter().map(|(name, value)| (format!("{prefix}{name}"), value.clone())));
        self
    }
}

/// As the file has them: a line each, with lines in a value as `\n`.
impl fmt::Display for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            writeln!(f, "{name}={}", value.replace('\\', "\\\\").replace('\n', "\\n"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_lines_or_backslashes_is_one_line_of_the_file() {
        let inner = Properties::new().with("key", "a\nb\\").with("size", 5);
        let all = Properties::new().with("id", 1).with_all("listener.name.x.", &inner);
        assert_eq!(all.to_string(), "id=1\nlistener.name.x.key=a\\nb\\\\\nlistener.name.x.size=5\n");
    }
}
