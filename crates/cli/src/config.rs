//! `config`: the settings table with effective values, or one row of it.

use std::collections::HashMap;
use std::fmt;

use clap::Args;
use milena::ProducerBuilder;
use milena::config::{PROPERTIES, Property, Support};
use serde::Serialize;

use crate::args::{ConnectionOptions, OutputOptions};
use crate::exit::{Exit, Failure};
use crate::output;

/// Lists the supported properties, each with its effective value; with a name, shows one property with all its names
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// A property, by any of its names
    name: Option<String>,
}

/// Prints the table, or a row of it.
pub(crate) fn run(
    options: &Options,
    connection: &ConnectionOptions,
    out: &OutputOptions,
) -> Result<Exit, Failure> {
    let row = options.name.as_deref().map(find).transpose()?;
    let effective = connection.producer().and_then(effective);
    match row {
        None => {
            let effective = effective?;
            output::print(&Table(PROPERTIES.iter().map(|row| Row::of(row, &effective)).collect()), out.json)?;
        }
        // The description of a property is wanted most while the configuration is invalid.
        Some(row) => output::print(&Row::of(row, &effective.unwrap_or_default()), out.json)?,
    }
    Ok(Exit::Delivered)
}

fn find(name: &str) -> Result<&'static Property, Failure> {
    match PROPERTIES.iter().find(|property| property.is_called(name)) {
        Some(property) => Ok(property),
        // The error of the builder has the nearest name.
        None => Err(ProducerBuilder::default()
            .property(name, "")
            .err()
            .map_or_else(|| Failure::usage(anyhow::anyhow!("there is no such property")), Failure::from)),
    }
}

/// The effective values by name. Brokers are no condition here.
fn effective(builder: ProducerBuilder) -> Result<HashMap<&'static str, String>, Failure> {
    match builder.clone().validate() {
        Ok(config) => Ok(config.properties().into_iter().collect()),
        Err(error) if error.property() == SERVERS => {
            let config = builder.bootstrap_servers("localhost:9092").validate()?;
            Ok(config.properties().into_iter().filter(|(name, _)| *name != SERVERS).collect())
        }
        Err(error) => Err(error.into()),
    }
}

const SERVERS: &str = "bootstrap.servers";

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Table(Vec<Row>);

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    also: &'static [&'static str],
    #[serde(rename = "type")]
    kind: &'static str,
    default: &'static str,
    range: Option<String>,
    effective: Option<String>,
    meaning: &'static str,
    secret: bool,
    support: &'static str,
    values: Option<&'static [&'static str]>,
}

impl Row {
    fn of(property: &Property, effective: &HashMap<&'static str, String>) -> Self {
        let (support, values) = match property.support() {
            Support::Full => (FULL, None),
            Support::RefusedUnless(values) => ("refused_unless", Some(values)),
            _ => ("without_effect", None),
        };
        let Property { name, also, kind, default, meaning, .. } = *property;
        let (range, secret) = (property.range(), property.is_secret());
        let effective = effective.get(name).cloned();
        Self { name, also, kind, default, range, effective, meaning, secret, support, values }
    }
}

const FULL: &str = "full";

/// The supported properties, a line each: the name, the effective value or else the default, the meaning.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = || self.0.iter().filter(|row| row.support == FULL);
        let width = rows().map(|row| row.name.len()).max().unwrap_or_default();
        rows().try_for_each(|row| {
            let value = row.effective.as_deref().unwrap_or(row.default);
            let value = if value.is_empty() { "-" } else { value };
            writeln!(f, "{:width$}  {value:15}  {}", row.name, row.meaning)
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n  {}", self.name, self.meaning)?;
        let range = self.range.as_deref().unwrap_or_default();
        let effective = self.effective.as_deref().unwrap_or_default();
        let also = self.also.join(", ");
        for (label, text) in [
            ("type", self.kind),
            ("range", range),
            ("default", self.default),
            ("effective", effective),
            ("also called", &also),
        ] {
            if !text.is_empty() {
                writeln!(f, "  {label}: {text}")?;
            }
        }
        match self.values {
            Some([] | [""]) => writeln!(f, "  refused"),
            Some(values) => writeln!(f, "  refused, unless it is {}", values.join(" or ")),
            None if self.support == FULL => Ok(()),
            None => writeln!(f, "  accepted, without effect"),
        }
    }
}
