//! [`DeadLetters`]: where records go that were accepted and could not be delivered.

mod file;
mod line;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use file::FileWriter;

use super::interceptor::isolated;
use crate::error::{ConnectError, SendError};
use crate::record::Record;
use crate::reports::Report;

/// A caller's function for a record that failed.
type Take = Arc<dyn Fn(Record, &SendError) + Send + Sync>;

/// A place for records that were accepted and failed: see [`ProducerBuilder::dead_letters`](crate::ProducerBuilder::dead_letters).
///
/// A record whose error says that it may have been written ([`Persisted::Maybe`](crate::Persisted)) is put aside as well. A record
/// that was refused is not: its caller has the error, and the record in it.
///
/// ```
/// use milena::{DeadLetters, ProducerBuilder};
///
/// let builder = ProducerBuilder::default()
///     .dead_letters(DeadLetters::topic("orders.failed"))
///     .dead_letters(DeadLetters::call(|record, error| eprintln!("{error}: {:?}", record.key)));
/// ```
#[derive(Clone)]
pub struct DeadLetters(Place);

#[derive(Clone)]
enum Place {
    Topic(Arc<str>),
    File(PathBuf),
    Call(Take),
}

impl DeadLetters {
    /// To a topic of the same cluster, with key, value and headers as they were, and the reason in more headers:
    /// `dead-letter.topic`, `dead-letter.partition`, `dead-letter.timestamp`, `dead-letter.error`, `dead-letter.persisted`.
    ///
    /// A producer of its own sends them, with the same settings, connections of its own and a `buffer.memory` of its own: so records
    /// that failed cannot take the room that their dead letters need. It connects with the first dead letter. A dead letter that
    /// fails is logged as an error.
    pub fn topic(name: impl Into<Arc<str>>) -> Self {
        Self(Place::Topic(name.into()))
    }

    /// To the end of a file, which is created if it is not there: a line of JSON a record, as `milena produce --format json` reads
    /// them, with the reason as `error`.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Place::File(path.into()))
    }

    /// To a function, which may block.
    pub fn call(take: impl Fn(Record, &SendError) + Send + Sync + 'static) -> Self {
        Self(Place::Call(Arc::new(take)))
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Topic(name) => f.debug_tuple("Topic").field(name).finish(),
            Place::File(path) => f.debug_tuple("File").field(path).finish(),
            Place::Call(_) => f.write_str("Call"),
        }
    }
}

/// An open place.
pub(crate) trait WriteLetters: Send {
    /// Puts a record aside.
    fn write(&mut self, record: &Record, error: &SendError);

    /// No more come: those on their way are waited for.
    fn end(&mut self);
}

/// The open places.
#[derive(Default)]
pub(super) struct Writers(Vec<Writer>);

enum Writer {
    Place(Box<dyn WriteLetters>),
    Call(Take),
}

impl fmt::Debug for Writers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writers").field("places", &self.0.len()).finish()
    }
}

impl Writers {
    /// Opens the files; `topic` makes the writers to topics.
    pub(super) fn open(
        places: &[DeadLetters],
        topic: impl Fn(&Arc<str>) -> Box<dyn WriteLetters>,
    ) -> Result<Self, ConnectError> {
        let open = |place: &DeadLetters| -> Result<Writer, ConnectError> {
            Ok(match &place.0 {
                Place::Topic(name) => Writer::Place(topic(name)),
                Place::File(path) => Writer::Place(Box::new(FileWriter::open(path)?)),
                Place::Call(take) => Writer::Call(Arc::clone(take)),
            })
        };
        Ok(Self(places.iter().map(open).collect::<Result<_, _>>()?))
    }

    /// Puts the record of a failure aside.
    pub(super) fn write(&mut self, report: &Report, panics: &AtomicU64) {
        let (false, Some(error)) = (self.0.is_empty(), report.error()) else { return };
        let Some(record) = report.record() else {
            // Its bytes were lost with the job that compressed it.
            tracing::error!(%error, "dead letters: a record failed whose bytes are lost: it is not put aside");
            return;
        };
        for writer in &mut self.0 {
            match writer {
                Writer::Place(place) => place.write(record, error),
                Writer::Call(take) => {
                    isolated(panics, "a function for dead letters", || take(record.clone(), error));
                }
            }
        }
    }

    pub(super) fn end(&mut self) {
        for writer in &mut self.0 {
            if let Writer::Place(place) = writer {
                place.end();
            }
        }
    }
}
