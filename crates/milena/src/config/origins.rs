//! Where settings came from: the name and the value as they were written, with file and line, so that an error of
//! [`validate`](super::validate) names them; and the names without effect, for warnings.

use std::path::PathBuf;

use milena_connection::Shown;

use super::settings::Property;
use super::warning::ConfigWarning;
use crate::error::{ConfigError, Written};

/// The origins of the settings of a builder. Secrets are not kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    /// By the first name of the row, in the order of setting; one for a row.
    settings: Vec<(&'static str, Written)>,
    /// Names that were set and have no effect, each with the reason.
    without_effect: Vec<(String, &'static str)>,
    /// Names of which the value has another effect than its text suggests, each with the warning.
    notes: Vec<(String, String)>,
    /// Lines that are no property, with the reason.
    lines: Vec<(PathBuf, usize, &'static str)>,
}

/// Rows that set the field of another row, in another unit.
const SAME_SETTING: [(&str, &str); 6] = [
    ("queue.buffering.max.kbytes", "buffer.memory"),
    ("Net.KeepAlive", "socket.keepalive.enable"),
    ("message.timeout.ms", "delivery.timeout.ms"),
    ("topic.metadata.refresh.interval.ms", "metadata.max.age.ms"),
    ("Metadata.RefreshFrequency", "metadata.max.age.ms"),
    ("compression", "compression.type"),
];

impl Origins {
    /// A setting was set by name.
    pub(super) fn set(&mut self, row: &Property, written: Written) {
        let setting = setting_of(row.name);
        self.forget(setting);
        self.settings.push((setting, written));
    }

    /// A setting was set by a field of [`Config`](super::Config).
    pub(super) fn field(&mut self, setting: &'static str, name: &str, value: &str) {
        self.forget(setting);
        let value = Shown(value).to_string();
        self.settings.push((setting, Written { name: name.to_owned(), value, place: None }));
    }

    /// The name of a setting stood elsewhere as another one, such as an environment variable.
    pub(super) fn rename(&mut self, name: &str, written: &str) {
        let named = self.settings.iter_mut().map(|(_, origin)| origin).filter(|origin| origin.name == name);
        named.for_each(|origin| written.clone_into(&mut origin.name));
        let names = self.without_effect.iter_mut().map(|(known, _)| known).filter(|known| *known == name);
        names.for_each(|known| written.clone_into(known));
    }

    /// A setting was set by type.
    pub(super) fn forget(&mut self, setting: &str) {
        self.settings.retain(|(known, _)| *known != setting);
    }

    /// A name was set that has no effect, or none any longer.
    pub(super) fn without_effect(&mut self, name: &str, reason: Option<&'static str>) {
        self.without_effect.retain(|(known, _)| known != name);
        self.without_effect.extend(reason.map(|reason| (name.to_owned(), reason)));
    }

    /// A name was set to a value that is worth a warning, or to another one.
    pub(super) fn note(&mut self, name: &str, warning: Option<String>) {
        self.notes.retain(|(known, _)| known != name);
        self.notes.extend(warning.map(|warning| (name.to_owned(), warning)));
    }

    /// A line is no property.
    pub(super) fn line(&mut self, file: PathBuf, line: usize, reason: &'static str) {
        self.lines.push((file, line, reason));
    }

    /// The setting as it was written, if it was set by name.
    pub(super) fn written(&self, setting: &str) -> Option<&Written> {
        self.settings.iter().find(|(known, _)| *known == setting).map(|(_, written)| written)
    }

    /// The error with the name, the value and the place of the setting as it was written.
    ///
    /// A setting that is missing has no place: the error names the line of the setting that needs it.
    pub(super) fn place(&self, error: ConfigError) -> ConfigError {
        if let Some(written) = self.written(error.property()) {
            return error.written_as(written);
        }
        let of_sasl =
            error.property().starts_with("sasl.").then_some(["sasl.mechanism", "security.protocol"]);
        let needed_by = of_sasl.into_iter().flatten().find_map(|name| self.written(name)?.place.as_ref());
        match needed_by {
            Some((file, line)) => error.at(file, *line),
            None => error,
        }
    }

    /// The warning with the name of its setting as it was written.
    pub(super) fn named(&self, warning: ConfigWarning) -> ConfigWarning {
        let written = warning.properties().first().and_then(|name| self.written(name));
        match written {
            Some(written) => warning.of(&written.name),
            None => warning,
        }
    }

    /// A warning for each reason, with the names that it holds for.
    pub(super) fn warnings(&self) -> Vec<ConfigWarning> {
        let mut reasons: Vec<&'static str> = Vec::new();
        for (_, reason) in &self.without_effect {
            if !reasons.contains(reason) {
                reasons.push(reason);
            }
        }
        let names = |reason| {
            self.without_effect
                .iter()
                .filter(move |(_, other)| *other == reason)
                .map(|(name, _)| name.clone())
        };
        let by_reason =
            reasons.into_iter().map(|reason| ConfigWarning::without_effect(names(reason).collect(), reason));
        let by_line =
            self.lines.iter().map(|(file, line, reason)| ConfigWarning::of_line(file, *line, reason));
        let by_name = self.notes.iter().map(|(name, warning)| ConfigWarning::new(name, warning));
        by_reason.chain(by_name).chain(by_line).collect()
    }
}

/// The setting of a row.
fn setting_of(row: &'static str) -> &'static str {
    SAME_SETTING.iter().find(|(other, _)| *other == row).map_or(row, |(_, setting)| setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_one_reason_are_one_warning() {
        let mut origins = Origins::default();
        for name in ["a.b", "c", "a.b"] {
            origins.without_effect(name, Some("no plug-in is loaded"));
        }
        origins.without_effect("d", Some("values are bytes"));
        origins.without_effect("e", Some("values are bytes"));
        origins.without_effect("e", None);
        let warnings: Vec<_> = origins.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                "config: `c`, `a.b` have no effect: no plug-in is loaded",
                "config: `d` has no effect: values are bytes"
            ]
        );
    }
}
