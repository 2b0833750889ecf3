//! `config`: every property, or what one of them is.

use std::fmt;

use clap::Args;
use milena::ProducerBuilder;
use milena::config::{PROPERTIES, Property, Support};
use serde::Serialize;

use crate::args::OutputOptions;
use crate::exit::{Exit, Failure};
use crate::output;

/// Lists the properties that can be set, each with its default; one that is named is told with all its names.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// A property, by any of its names
    name: Option<String>,
}

/// Prints the table, or a row of it.
pub(crate) fn run(options: &Options, out: &OutputOptions) -> Result<Exit, Failure> {
    match &options.name {
        None => output::print(&Table(PROPERTIES.iter().map(Row::of).collect()), out.json)?,
        Some(name) => output::print(&Row::of(find(name)?), out.json)?,
    }
    Ok(Exit::Delivered)
}

fn find(name: &str) -> Result<&'static Property, Failure> {
    match PROPERTIES.iter().find(|property| property.is_called(name)) {
        Some(property) => Ok(property),
        // Who sets it is told the nearest name; so is who asks.
        None => Err(ProducerBuilder::default()
            .property(name, "")
            .err()
            .map_or_else(|| Failure::usage(anyhow::anyhow!("there is no such property")), Failure::from)),
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Table(Vec<Row>);

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    also: &'static [&'static str],
    default: &'static str,
    meaning: &'static str,
    secret: bool,
    support: &'static str,
    values: Option<&'static [&'static str]>,
}

impl Row {
    fn of(property: &Property) -> Self {
        let (support, values) = match property.support() {
            Support::Full => (FULL, None),
            Support::RefusedUnless(values) => ("refused_unless", Some(values)),
            _ => ("without_effect", None),
        };
        let Property { name, also, default, meaning, .. } = *property;
        Self { name, also, default, meaning, secret: property.is_secret(), support, values }
    }
}

const FULL: &str = "full";

/// What can be set, a line each; what has no effect is found by its name.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = || self.0.iter().filter(|row| row.support == FULL);
        let width = rows().map(|row| row.name.len()).max().unwrap_or_default();
        rows().try_for_each(|row| {
            let default = if row.default.is_empty() { "-" } else { row.default };
            writeln!(f, "{:width$}  {default:15}  {}", row.name, row.meaning)
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n  {}", self.name, self.meaning)?;
        if !self.default.is_empty() {
            writeln!(f, "  default: {}", self.default)?;
        }
        if !self.also.is_empty() {
            writeln!(f, "  also called: {}", self.also.join(", "))?;
        }
        match self.values {
            Some([] | [""]) => writeln!(f, "  refused"),
            Some(values) => writeln!(f, "  refused, unless it is {}", values.join(" or ")),
            None if self.support == FULL => Ok(()),
            None => writeln!(f, "  taken, without effect"),
        }
    }
}
