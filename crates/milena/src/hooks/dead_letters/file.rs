//! Dead letters in a file.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::WriteLetters;
use super::line::line;
use crate::error::{ConnectError, ConnectErrorKind, SendError};
use crate::record::Record;

/// A file that lines are appended to.
#[derive(Debug)]
pub(super) struct FileWriter {
    path: PathBuf,
    file: File,
    /// Records that could not be written.
    failed: u64,
}

impl FileWriter {
    pub(super) fn open(path: &Path) -> Result<Self, ConnectError> {
        let opened = OpenOptions::new().append(true).create(true).open(path);
        let file = opened.map_err(|error| {
            let message =
                format!("config: the file of dead letters, {}, cannot be opened: {error}", path.display());
            ConnectError::new(ConnectErrorKind::Config, message)
        })?;
        Ok(Self { path: path.to_owned(), file, failed: 0 })
    }
}

impl WriteLetters for FileWriter {
    /// Appends a line, at once: the program may end at any time.
    fn write(&mut self, record: &Record, error: &SendError) {
        if let Err(fault) = self.file.write_all(line(record, error).as_bytes()) {
            self.failed += 1;
            tracing::error!(
                path = %self.path.display(), failed = self.failed,
                "dead letters: the file cannot be written to, a record is lost ({fault}): {error}"
            );
        }
    }

    fn end(&mut self) {
        if let Err(fault) = self.file.sync_all() {
            tracing::error!(path = %self.path.display(), "dead letters: the file cannot be written out: {fault}");
        }
    }
}
