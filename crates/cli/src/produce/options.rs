//! The options of `produce`, and their valid combinations.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use milena::{ConfigError, ProducerBuilder};

use crate::args::{CompressionOption, pair};

/// Sends records from standard input or from files, and reports their outcomes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Files to read, in this order; `-`, or no file, is standard input
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Topic of records that have none
    #[arg(short, long)]
    pub(crate) topic: Option<String>,
    /// Partition of records that have none; without it the partitioner chooses
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub(crate) partition: Option<i32>,
    /// Key of records that have none
    #[arg(short, long)]
    pub(crate) key: Option<String>,
    /// A header of every record, before its own; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) headers: Vec<(String, String)>,
    /// Format of the input
    #[arg(long, value_enum, default_value = "lines")]
    pub(crate) format: Format,
    /// Split each line into key and value at the first occurrence of this text
    #[arg(long, value_name = "S")]
    pub(crate) key_separator: Option<String>,
    /// The value that stands for a null, which deletes the key from a compacted topic
    #[arg(long, value_name = "S")]
    pub(crate) null_value: Option<String>,
    /// Partitioner, by its name in Java's client, librdkafka or sarama
    #[arg(long, value_name = "NAME")]
    pub(crate) partitioner: Option<String>,
    /// Acknowledgements of a record: `all` for all replicas in sync, `1` for the leader alone, `0` for none
    #[arg(long)]
    pub(crate) acks: Option<String>,
    #[command(flatten)]
    pub(crate) compression: CompressionOption,
    /// Report of each record on standard output, in the order of the input; records are counted from 0, without skipped
    /// input. Errors of raw input count the values of a file from 0, errors of lines count its lines from 1
    #[arg(long, value_enum, default_value = "none")]
    pub(crate) report: Reports,
    /// Append records that failed to this file, as lines that `--format json` reads
    #[arg(long, value_name = "FILE")]
    pub(crate) dead_letter: Option<PathBuf>,
    /// Skip and count input that cannot be parsed
    #[arg(long)]
    pub(crate) skip_bad_input: bool,
}

/// Format of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Each line is a value; the end of the line, LF or CR LF, is not part of it
    Lines,
    /// Each line is an object: topic, key, value, headers, partition, timestamp
    Json,
    /// Each value follows its length in 4 bytes, big-endian; -1 is a null
    Raw,
}

/// Report of each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reports {
    /// An object a line
    Json,
    /// A line of text
    Text,
    /// No reports, only a summary at the end
    None,
}

impl Options {
    /// Rejects options that exclude each other, and files that cannot be read.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let lines = self.format == Format::Lines;
        ensure!(lines || self.key_separator.is_none(), "config: --key-separator needs --format lines");
        ensure!(lines || self.null_value.is_none(), "config: --null-value needs --format lines");
        ensure!(self.key_separator.as_deref() != Some(""), "config: --key-separator is empty: leave it out");
        ensure!(
            self.format == Format::Json || self.topic.is_some(),
            "config: --topic is missing: only lines of --format json may name their topic"
        );
        for file in self.files.iter().filter(|file| file.as_os_str() != "-") {
            let found = std::fs::metadata(file)
                .with_context(|| format!("input: {} cannot be read", file.display()))?;
            ensure!(!found.is_dir(), "input: {} is a folder", file.display());
            ensure!(
                !self.is_dead_letter(file),
                "input: {} is also the file of --dead-letter, and would grow while it is read",
                file.display()
            );
        }
        Ok(())
    }

    /// Whether this is the file that failed records go to.
    fn is_dead_letter(&self, file: &std::path::Path) -> bool {
        let Some(dead_letter) = &self.dead_letter else { return false };
        let (Ok(one), Ok(other)) = (file.canonicalize(), dead_letter.canonicalize()) else { return false };
        one == other
    }

    /// Puts the command's own flags on top of the connection's settings.
    pub(crate) fn over(&self, builder: ProducerBuilder) -> Result<ProducerBuilder, ConfigError> {
        let mut builder = builder;
        if let Some(name) = &self.partitioner {
            builder = builder.property("partitioner", name)?;
        }
        if let Some(acks) = &self.acks {
            builder = builder.property("acks", acks)?;
        }
        self.compression.over(builder)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn options(line: &str) -> Options {
        Line::parse_from(std::iter::once("produce").chain(line.split_whitespace())).options
    }

    #[track_caller]
    fn check_refused(line: &str, said: &str) {
        let error = options(line).check().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }

    #[test]
    fn conflicting_options_are_rejected() {
        check_refused("--format lines", "--topic is missing");
        check_refused("--format raw", "--topic is missing");
        check_refused("-t t --format json --key-separator :", "--key-separator needs");
        check_refused("-t t --format raw --null-value x", "--null-value needs");
        check_refused("-t t no-such-file", "no-such-file cannot be read");
        check_refused("-t t /", "is a folder");
        assert!(options("--format json").check().is_ok());
    }

    #[test]
    fn dead_letter_file_cannot_be_read_as_input() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dead");
        std::fs::write(&file, "").unwrap();
        let name = file.display();
        check_refused(&format!("-t t --dead-letter {name} {name}"), "would grow while it is read");
    }

    #[test]
    fn unknown_names_are_rejected() {
        let refused = options("-t t --compression zst").over(ProducerBuilder::default()).unwrap_err();
        assert!(refused.to_string().contains("write one of none, gzip, snappy, lz4, zstd"), "{refused}");
        assert!(options("-t t --compression zstd:3").over(ProducerBuilder::default()).is_ok());
        assert!(options("-t t --acks 2").over(ProducerBuilder::default()).is_err());
        assert!(options("-t t --partitioner nobody").over(ProducerBuilder::default()).is_err());
    }
}
