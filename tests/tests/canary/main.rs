//! Secrets that are easy to recognise, in every place that takes one, while everything is logged: none of them is in a
//! line of the log, in an error, or in anything that can be printed.
//!
//! Looked for are the secrets as they are, in base64 at every alignment, in hexadecimal digits, and as lists of numbers.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod every_property;
mod log;
mod properties;
mod scenes;
mod secret;

use std::fmt::Debug;

pub(crate) use secret::{CLIENT_KEY, KEY_PASSWORD, OTHER, PASSWORD, Secrets};

/// What was printed besides the log.
#[derive(Default)]
pub(crate) struct Printed(Vec<(String, String)>);

impl Printed {
    /// Whatever `{:?}` and `{:#?}` make of it.
    pub(crate) fn debug(&mut self, what: &str, value: &impl Debug) {
        self.0.push((what.to_owned(), format!("{value:?} {value:#?}")));
    }

    /// An error in every form, with what is behind it.
    pub(crate) fn error(&mut self, what: &str, error: &impl std::error::Error) {
        self.debug(what, error);
        self.0.push((what.to_owned(), error.to_string()));
        let mut source = error.source();
        while let Some(behind) = source {
            self.0.push((format!("{what}, behind it"), format!("{behind} {behind:?}")));
            source = behind.source();
        }
    }
}

#[tokio::test]
async fn no_secret_is_in_any_line_error_or_debug() {
    log::collect();
    let mut printed = Printed::default();
    let scenes = scenes::play_all(&mut printed).await
        + properties::try_all(&mut printed)
        + properties::try_addresses(&mut printed).await
        + every_property::try_all(&mut printed).await;
    let lines = log::lines();
    assert!(scenes >= 30 && printed.0.len() > 60, "{scenes} scenes, {} texts", printed.0.len());
    for target in ["milena", "rustls"] {
        let said = lines.iter().filter(|line| line.contains(target)).count();
        assert!(said > 0, "{target} logged nothing: it is not listened to");
    }
    let secrets = Secrets::all();
    let told = lines.iter().map(|line| ("a line of the log", line.as_str()));
    let shown = printed.0.iter().map(|(what, text)| (what.as_str(), text.as_str()));
    let found: Vec<_> = told
        .chain(shown)
        .filter_map(|(what, text)| Some(format!("{what}: {}", secrets.find(text)?)))
        .collect();
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
    println!("{scenes} scenes, {} lines, {} texts", lines.len(), printed.0.len());
}
