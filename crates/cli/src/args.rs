//! The options that all commands take.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Args, ColorChoice, Command};
use milena::{ConfigError, ProducerBuilder};

use crate::exit::Failure;

/// The cluster, and the settings of its connections. Flags beat `-X`, which beats `--config`, which beats the environment.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionOptions {
    /// Bootstrap servers, separated by commas [env: KAFKA_BOOTSTRAP_SERVERS]
    #[arg(short, long, value_name = "HOST:PORT,…", global = true)]
    pub(crate) bootstrap_server: Option<String>,
    /// Properties in Java's syntax, as Java's tools take them
    #[arg(short, long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// A property by its Java, librdkafka or sarama name; may be repeated
    #[arg(short = 'X', long = "property", value_name = "NAME=VALUE", global = true, value_parser = Pairs)]
    pub(crate) properties: Vec<(String, String)>,
    /// Wait for brokers that are starting: retry until connect.timeout.ms is over while all addresses refuse connections
    #[arg(long, global = true)]
    pub(crate) wait: bool,
}

impl ConnectionOptions {
    /// Rejects `--bootstrap-server` for a command that starts its own brokers.
    pub(crate) fn refuse_cluster(&self, command: &str) -> Result<(), Failure> {
        match &self.bootstrap_server {
            None => Ok(()),
            Some(_) => Err(Failure::usage(anyhow::anyhow!(
                "config: --bootstrap-server: `{command}` starts its own brokers; leave the option out"
            ))),
        }
    }
}

/// How batches are compressed, in commands that send records.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct CompressionOption {
    /// How batches are compressed: none, gzip, snappy, lz4 or zstd, as in `lz4` or `zstd:7`. Without a level, the level that
    /// the properties set, or else the codec's default
    #[arg(long, value_name = "CODEC[:LEVEL]")]
    compression: Option<String>,
}

impl CompressionOption {
    /// Puts the flag on top of the connection's settings.
    pub(crate) fn over(&self, builder: ProducerBuilder) -> Result<ProducerBuilder, ConfigError> {
        match &self.compression {
            Some(compression) => builder.property("compression", compression),
            None => Ok(builder),
        }
    }
}

/// How results and messages look.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// Print the result as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log more on standard error; repeat for more detail
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// Write errors alone to standard error
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// When to colour messages
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(crate) color: ColorChoice,
}

/// Parses `NAME=VALUE` without repeating the text in the error, as clap does: it may be a secret.
#[derive(Clone, Copy, Debug)]
struct Pairs;

impl TypedValueParser for Pairs {
    type Value = (String, String);

    fn parse_ref(
        &self,
        command: &Command,
        _: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let text = value.to_str().ok_or_else(|| "write UTF-8".to_owned());
        text.and_then(pair).map_err(|remedy| {
            let message = format!("config: --property: {remedy}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

/// `NAME=VALUE`, split at the first `=`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pair_is_split_at_the_first_equals_sign() {
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(pair("a="), Ok(("a".to_owned(), String::new())));
        assert!(pair("a").is_err());
        assert!(pair("=b").is_err());
    }
}
