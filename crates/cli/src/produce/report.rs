//! The reports of records on standard output, and the file of dead letters.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::path::Path;

use anyhow::Context;
use milena::{Record, SendError};
use serde::Serialize;

use super::input::Written;
use super::options::Reports;
use super::unsettled::{Place, Settled};
use crate::escape::escaped;

/// Bytes of reports that are written at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Reports on standard output.
#[derive(Debug)]
pub(super) struct Reporter<W: Write = StdoutLock<'static>> {
    kind: Reports,
    out: BufWriter<W>,
    /// Reports are buffered.
    behind: bool,
}

impl Reporter {
    pub(super) fn new(kind: Reports) -> Self {
        Self::to(kind, io::stdout().lock())
    }
}

impl<W: Write> Reporter<W> {
    fn to(kind: Reports, out: W) -> Self {
        Self { kind, out: BufWriter::with_capacity(BUFFER_BYTES, out), behind: false }
    }

    /// Whether each record is reported.
    pub(super) fn reports(&self) -> bool {
        self.kind != Reports::None
    }

    /// Whether reports are buffered.
    pub(super) fn is_behind(&self) -> bool {
        self.behind
    }

    /// Reports one record. A closed standard output ends the reports; records are still sent.
    ///
    /// # Errors
    /// When standard output cannot be written to for another reason.
    pub(super) fn report(&mut self, settled: &Settled) -> anyhow::Result<()> {
        let written = match self.kind {
            Reports::None => return Ok(()),
            Reports::Json => self.json(settled),
            Reports::Text => self.text(settled),
        };
        self.behind = true;
        self.check(written)
    }

    /// Writes the buffered reports.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.behind = false;
        let flushed = if self.reports() { self.out.flush() } else { Ok(()) };
        self.check(flushed)
    }

    fn check(&mut self, written: io::Result<()>) -> anyhow::Result<()> {
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.kind = Reports::None;
                tracing::warn!("output: standard output is closed; records are still sent, without reports");
                Ok(())
            }
            written => written.context("output: cannot write the reports"),
        }
    }

    fn json(&mut self, settled: &Settled) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &Line::of(settled))?;
        self.out.write_all(b"\n")
    }

    fn text(&mut self, settled: &Settled) -> io::Result<()> {
        let Settled { record, topic, outcome, .. } = settled;
        let topic = escaped(topic);
        match outcome {
            Ok(Place { partition, offset: Some(offset), .. }) => {
                writeln!(self.out, "record {record}: topic {topic}, partition {partition}, offset {offset}")
            }
            Ok(Place { partition, offset: None, .. }) => {
                writeln!(self.out, "record {record}: topic {topic}, partition {partition}")
            }
            Err(error) => {
                writeln!(self.out, "record {record} failed: {}", escaped(&error.to_string()))
            }
        }
    }
}

/// A report as JSON.
#[derive(Debug, Serialize)]
struct Line<'a> {
    record: u64,
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<i32>,
    /// Null if the acknowledgement has no offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<Option<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failed<'a>>,
}

#[derive(Debug, Serialize)]
struct Failed<'a> {
    kind: &'static str,
    code: Option<i16>,
    persisted: &'static str,
    retriable: bool,
    message: &'a str,
}

impl<'a> Line<'a> {
    fn of(settled: &'a Settled) -> Self {
        let Settled { record, topic, outcome, .. } = settled;
        let blank =
            Self { record: *record, topic, partition: None, offset: None, timestamp: None, error: None };
        match outcome {
            Ok(place) => Self {
                partition: Some(place.partition),
                offset: Some(place.offset),
                timestamp: Some(place.timestamp_ms),
                ..blank
            },
            Err(error) => Self { partition: error.partition(), error: Some(Failed::of(error)), ..blank },
        }
    }
}

impl<'a> Failed<'a> {
    fn of(error: &'a SendError) -> Self {
        Self {
            kind: error.kind().name(),
            code: error.code().map(|code| code.0),
            persisted: error.persisted().name(),
            retriable: error.is_retriable(),
            message: error.message(),
        }
    }
}

/// The file of records that failed.
#[derive(Debug)]
pub(super) struct DeadLetters(File);

impl DeadLetters {
    /// # Errors
    /// When the file cannot be appended to.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path);
        Ok(Self(file.with_context(|| format!("config: --dead-letter {}", path.display()))?))
    }

    /// Appends a record.
    ///
    /// # Errors
    /// When that is not possible: then the record is nowhere.
    pub(super) fn keep(&mut self, record: &Record) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(&Written(record)).context("output: cannot encode a dead letter")?;
        line.push(b'\n');
        self.0.write_all(&line).context("output: cannot write a dead letter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn delivered(offset: Option<i64>) -> Settled {
        let place = Place { partition: 3, offset, timestamp_ms: 1_795_361_904_511 };
        Settled { record: 0, topic: "t".into(), bytes: 1, outcome: Ok(place), kept: None }
    }

    fn told(kind: Reports, settled: &Settled) -> String {
        let mut reporter = Reporter::to(kind, Vec::new());
        reporter.report(settled).unwrap();
        String::from_utf8(reporter.out.into_inner().unwrap()).unwrap()
    }

    #[test]
    fn report_has_partition_and_offset() {
        let json = r#"{"record":0,"topic":"t","partition":3,"offset":17,"timestamp":1795361904511}"#;
        assert_eq!(told(Reports::Json, &delivered(Some(17))).trim_end(), json);
        assert_eq!(told(Reports::Text, &delivered(Some(17))), "record 0: topic t, partition 3, offset 17\n");
    }

    #[test]
    fn unknown_offset_is_null() {
        assert!(told(Reports::Json, &delivered(None)).contains(r#""offset":null"#));
    }

    #[test]
    fn closed_output_ends_the_reports() {
        let mut reporter = Reporter::to(Reports::Json, Closed);
        reporter.report(&delivered(Some(1))).unwrap();
        reporter.flush().unwrap();
        assert!(!reporter.reports());
    }

    #[test]
    fn dead_letters_are_appended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead");
        for value in ["a", "b"] {
            DeadLetters::open(&path).unwrap().keep(&Record::to("t").key("k").value(value)).unwrap();
        }
        let lines = std::fs::read_to_string(path).unwrap();
        assert_eq!(
            lines,
            "{\"topic\":\"t\",\"key\":\"k\",\"value\":\"a\"}\n{\"topic\":\"t\",\"key\":\"k\",\"value\":\"b\"}\n"
        );
    }
}
