//! The input, read and parsed on a thread of its own, and handed over in chunks.
//!
//! A few chunks wait at most, so that reading pauses when records are not taken. A chunk is handed over when it is
//! full, and when the next frame would have to be waited for: what is typed goes at once. [`Input::rest`] stops the reading and
//! gives out what was read before.

mod frames;
mod gate;
mod json;
mod parser;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use milena::Record;
use tokio::sync::mpsc;

use super::options::{Format, Options};
use frames::{Broken, Frames};
use gate::Gate;
pub(super) use json::Written;
use parser::Parser;

/// Records of a chunk.
const CHUNK_RECORDS: usize = 256;
/// Bytes of a chunk's keys and values, but for its last record.
const CHUNK_BYTES: usize = 256 << 10;
/// Chunks that wait.
const CHUNKS_WAITING: usize = 4;

/// A part of the input.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) records: Vec<Record>,
    /// Input that could not be read, and was passed over.
    pub(super) skipped: Vec<String>,
    /// Why nothing is read behind the records.
    pub(super) broken: Option<String>,
    /// Bytes of keys and values.
    bytes: usize,
}

/// The reading end of the input: no chunk any more is the end. Dropping it ends the reading.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) chunks: mpsc::Receiver<Chunk>,
    /// Bytes that were read so far.
    pub(super) bytes: Arc<AtomicU64>,
    gate: Gate,
}

impl Input {
    /// Starts to read. A frame has at most `frame_bytes_max`.
    ///
    /// # Errors
    /// When there is no thread to read on.
    pub(super) fn start(options: &Options, frame_bytes_max: usize) -> io::Result<Self> {
        let (sender, chunks) = mpsc::channel(CHUNKS_WAITING);
        let (bytes, gate) = (Arc::new(AtomicU64::new(0)), Gate::default());
        let stdin = vec![PathBuf::from(STDIN)];
        let files = if options.files.is_empty() { stdin } else { options.files.clone() };
        let reading = Reading {
            parser: Parser::new(options),
            skip_bad_input: options.skip_bad_input,
            frame_bytes_max,
            bytes: Arc::clone(&bytes),
            sender,
            chunk: Chunk::default(),
            gate: gate.clone(),
        };
        std::thread::Builder::new().name("input".to_owned()).spawn(move || reading.all(&files))?;
        Ok(Self { chunks, bytes, gate })
    }

    /// The next chunk of what was read before the first call; then none. Nothing is read any more.
    ///
    /// # Cancel safety
    /// Nothing gets lost.
    pub(super) async fn rest(&mut self) -> Option<Chunk> {
        match self.gate.stop() {
            // The thread hands over all that it has before it reads: nothing else will come.
            true => self.chunks.try_recv().ok(),
            // It hands over what it has, and ends where it would read.
            false => self.chunks.recv().await,
        }
    }
}

const STDIN: &str = "-";

struct Reading {
    parser: Parser,
    skip_bad_input: bool,
    frame_bytes_max: usize,
    bytes: Arc<AtomicU64>,
    sender: mpsc::Sender<Chunk>,
    chunk: Chunk,
    gate: Gate,
}

/// The end of the reading: the input is wrong, or the pump has ended.
struct Ended;

impl Reading {
    fn all(mut self, files: &[PathBuf]) {
        for file in files {
            if self.one(file).is_err() {
                break;
            }
        }
        // A pump that has ended needs no chunk.
        let _ = self.hand_over();
    }

    fn one(&mut self, file: &Path) -> Result<(), Ended> {
        let (name, reader): (String, Box<dyn Read>) = match file.to_str() {
            Some(STDIN) => ("stdin".to_owned(), Box::new(io::stdin())),
            _ => match File::open(file) {
                Ok(opened) => (file.display().to_string(), Box::new(opened)),
                Err(error) => {
                    self.chunk.broken = Some(format!("{}: cannot be read: {error}", file.display()));
                    return Err(Ended);
                }
            },
        };
        let counted = Counted { reader, bytes: Arc::clone(&self.bytes) };
        let mut frames = Frames::new(counted, self.frame_bytes_max);
        for number in 1u64.. {
            let may_wait = match self.parser.format {
                Format::Lines | Format::Json => frames.line_may_wait(),
                Format::Raw => frames.value_may_wait(),
            };
            if may_wait || self.chunk.is_full() {
                self.hand_over()?;
            }
            if may_wait && !self.gate.enter() {
                return Err(Ended);
            }
            let next = self.next(&mut frames);
            if may_wait {
                self.gate.leave();
            }
            match next {
                Ok(Next::Record(record)) => self.chunk.push(record),
                Ok(Next::Blank) => {}
                Ok(Next::End) => break,
                Err(broken) => {
                    let goes_on = broken.goes_on;
                    self.broken(&name, number, broken)?;
                    if !goes_on {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    fn next(&mut self, frames: &mut Frames<impl Read>) -> Result<Next, Broken> {
        let record = match self.parser.format {
            Format::Lines => match frames.line()? {
                None => return Ok(Next::End),
                Some(line) => self.parser.line(line).map(Some),
            },
            Format::Json => match frames.line()? {
                None => return Ok(Next::End),
                Some(line) => self.parser.json(line),
            },
            Format::Raw => match frames.value()? {
                None => return Ok(Next::End),
                Some(value) => self.parser.raw(value).map(Some),
            },
        };
        match record {
            Ok(record) => Ok(record.map_or(Next::Blank, Next::Record)),
            Err(what) => Err(Broken { what, goes_on: true }),
        }
    }

    /// Skips bad input with `--skip-bad-input`, and ends the reading without it.
    fn broken(&mut self, name: &str, number: u64, broken: Broken) -> Result<(), Ended> {
        let what = match self.parser.format {
            // Values have no lines: they are counted from 0, as in reports.
            Format::Raw => format!("{name}, record {}: {}", number - 1, broken.what),
            _ => format!("{name}:{number}: {}", broken.what),
        };
        if !self.skip_bad_input {
            self.chunk.broken = Some(what);
            return Err(Ended);
        }
        self.chunk.skipped.push(what);
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), Ended> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(std::mem::take(&mut self.chunk)).map_err(|_| Ended)
    }
}

enum Next {
    Record(Record),
    Blank,
    End,
}

impl Chunk {
    fn push(&mut self, record: Record) {
        self.bytes += bytes_of(&record);
        self.records.push(record);
    }

    fn is_full(&self) -> bool {
        self.records.len() + self.skipped.len() >= CHUNK_RECORDS || self.bytes >= CHUNK_BYTES
    }

    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.skipped.is_empty() && self.broken.is_none()
    }
}

/// Bytes of a record's key, value and headers.
pub(super) fn bytes_of(record: &Record) -> usize {
    let len = |part: &Option<bytes::Bytes>| part.as_ref().map_or(0, bytes::Bytes::len);
    let headers = record.headers.iter().map(|header| header.name.len() + len(&header.value));
    len(&record.key) + len(&record.value) + headers.sum::<usize>()
}

/// Counts what is read.
struct Counted {
    reader: Box<dyn Read>,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
