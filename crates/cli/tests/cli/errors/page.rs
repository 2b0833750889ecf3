//! The page: rows of failures, the addresses and paths in them replaced, compared with the file or written to it.

#![expect(clippy::unwrap_used, reason = "a page that cannot be read fails its test")]

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::world::{Running, command};

/// Set to `write`, the test writes the page instead of comparing with it.
const MODE: &str = "MILENA_ERRORS";
/// The line of the page behind which the tables stand.
const MARK: &str = "<!-- Below this line the page is written by `just errors`. -->";

/// The tables of the page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    tables: String,
    failures: usize,
}

/// A command that fails.
#[derive(Debug)]
pub(crate) struct Failing<'a> {
    /// Condition that the user is in.
    pub(crate) when: &'a str,
    /// The command, with `BROKER` in the place of the address and `DIR` in the place of a folder.
    pub(crate) command: &'a str,
    pub(crate) broker: &'a str,
    pub(crate) folder: &'a str,
    /// Standard input.
    pub(crate) input: &'a str,
    pub(crate) exit: i32,
    pub(crate) remedy: &'a str,
}

impl Page {
    /// Begins a table.
    pub(crate) fn table(&mut self, title: &str) {
        let head = "| failure | command | exit code | standard error | remedy |\n|---|---|---|---|---|\n";
        write!(self.tables, "\n## {title}\n\n{head}").unwrap();
    }

    /// Runs a command, and adds its row.
    #[track_caller]
    pub(crate) fn add(&mut self, failing: &Failing<'_>) {
        let running = failing.start();
        running.write(failing.input);
        self.add_started(failing, running);
    }

    /// Adds the row of a command that the caller started, and waits for its end.
    #[track_caller]
    pub(crate) fn add_started(&mut self, failing: &Failing<'_>, running: Running) {
        let ended = running.end().expect(failing.exit);
        let text = failing.without_places(&errors(&ended.stderr));
        let Failing { when, command, exit, remedy, .. } = failing;
        let command = command.replace("BROKER", "HOST:PORT");
        assert!(!text.is_empty(), "{when}: {ended:#?}");
        writeln!(self.tables, "| {when} | {} | {exit} | {} | {remedy} |", code(&command), code(&text))
            .unwrap();
        self.failures += 1;
    }

    /// How many rows there are.
    pub(crate) const fn failures(&self) -> usize {
        self.failures
    }

    /// Compares the tables with the page, row by row; writes the page if that was asked for.
    pub(crate) fn compare(&self) {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md"));
        let page = std::fs::read_to_string(&path).unwrap();
        let (head, documented) = page.split_once(MARK).unwrap();
        let tables = format!("\n{}", self.tables);
        if std::env::var(MODE).is_ok_and(|mode| mode == "write") {
            return std::fs::write(path, format!("{head}{MARK}{tables}")).unwrap();
        }
        let found: Vec<_> =
            tables.lines().filter(|row| !documented.lines().any(|other| other == *row)).collect();
        assert!(found.is_empty(), "docs/errors.md differs; `just errors` writes it: {found:#?}");
        assert_eq!(documented, tables, "docs/errors.md has other rows; `just errors` writes it");
    }
}

impl Failing<'_> {
    /// Starts the command.
    pub(crate) fn start(&self) -> Running {
        let line = self.command.replace("BROKER", self.broker).replace("DIR", self.folder);
        Running::start(&mut command(line.trim_start_matches("milena ")))
    }

    /// The text without the addresses, paths and times of this run, and without the texts of this operating system.
    fn without_places(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for broker in self.broker.split(',').filter(|broker| !broker.is_empty()) {
            text = text.replace(broker, "HOST:PORT");
            let (host, _) = broker.rsplit_once(':').unwrap();
            text = text.replace(&format!("`{host}`"), "`HOST`");
        }
        if !self.folder.is_empty() {
            text = text.replace(self.folder, "DIR");
        }
        let text = without_reason(&text, "failed to lookup address information: ", ')', "REASON");
        let text = without_reason(&text, "os error ", ')', "N");
        let text = without_times(&text);
        self.without_measured(&text)
    }

    /// The text with `N` for each count of milliseconds that is not of the command.
    fn without_measured(&self, text: &str) -> String {
        let words = text.split(' ').map(|word| {
            let end = word.find(|character: char| !character.is_ascii_digit()).unwrap_or(0);
            let (count, unit) = word.split_at(end);
            let is_measured = !count.is_empty() && unit.starts_with("ms");
            match is_measured && !self.command.contains(&format!("={count}")) {
                true => format!("N{unit}"),
                false => word.to_owned(),
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The text with `replacement` in the place of the words behind `mark`, up to `end`.
fn without_reason(text: &str, mark: &str, end: char, replacement: &str) -> String {
    let mut parts = text.split(mark);
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.find(end).map_or("", |at| &part[at..]);
        without.extend([mark, replacement, rest]);
    }
    without
}

/// The text with `TIME` for each `2026-01-31 12:00:00 UTC`.
fn without_times(text: &str) -> String {
    let Some((head, last)) = text.rsplit_once(" UTC") else { return text.to_owned() };
    let cut = head.split(" UTC").map(|part| {
        let start = part.len().saturating_sub("2026-01-31 12:00:00".len());
        format!("{}TIME", part.get(..start).unwrap_or(part))
    });
    cut.collect::<String>() + last
}

/// The lines of errors: those of the log without the time and the name of the crate.
fn errors(stderr: &str) -> String {
    let lines = stderr.lines().filter_map(|line| {
        let logged = line.split_once(" ERROR ").and_then(|(_, event)| event.split_once(": "));
        match logged {
            Some((_, text)) => Some(text),
            None => line.starts_with("error: ").then_some(line),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Text as code in a cell of a table.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| match line.contains('`') {
        true => format!("`` {} ``", line.replace('|', "\\|")),
        false => format!("`{}`", line.replace('|', "\\|")),
    });
    lines.collect::<Vec<_>>().join("<br>")
}
