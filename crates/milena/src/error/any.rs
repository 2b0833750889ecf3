//! [`Error`]: any error of a producer, for functions that return several of them, such as `main`.

use std::fmt;

use super::{ConfigError, ConnectError, FlushError, ScopeError, SendError, TryEnqueueError};

/// Any error of a producer: `?` turns each of the others into it.
///
/// ```no_run
/// use milena::{Producer, Record};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), milena::Error> {
///     let producer = Producer::connect("localhost:9092").await?;
///     producer.send(Record::to("orders").value("3 apples")).await?;
///     producer.close().await?;
///     Ok(())
/// }
/// ```
///
/// A program that ends with such an error prints `Error: ` and one line with the fault and the remedy: [`Debug`](fmt::Debug) has
/// the text of [`Display`](fmt::Display). `{:#?}` prints the fields.
///
/// The text already quotes the causes that explain it, so that [`source`](std::error::Error::source) begins behind these: a
/// program that prints a chain of causes prints no text twice. The variant has the error with its own `source`.
///
/// ```
/// use milena::{Error, Producer};
///
/// let wrong: Error = Producer::builder().property("lingr.ms", "5").unwrap_err().into();
/// assert_eq!(format!("{wrong:?}"), "config: there is no property `lingr.ms`: did you mean `linger.ms`?");
/// assert!(matches!(wrong, Error::Config(error) if error.property() == "lingr.ms"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// An invalid setting.
    Config(ConfigError),
    /// The producer could not be started, or was closed before it could be used.
    Connect(ConnectError),
    /// A record was not accepted, or was not delivered.
    Send(SendError),
    /// A record was not accepted at once. The error has the record.
    TryEnqueue(TryEnqueueError),
    /// Records before a flush or a close failed.
    Flush(FlushError),
    /// The closure of a scope returned an error, and records that it had enqueued failed.
    Scope(Box<ScopeError<Self>>),
}

impl Error {
    /// The error of the variant.
    #[must_use]
    pub fn inner(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        match self {
            Self::Config(error) => error,
            Self::Connect(error) => error,
            Self::Send(error) => error,
            Self::TryEnqueue(error) => error,
            Self::Flush(error) => error,
            Self::Scope(error) => error,
        }
    }
}

macro_rules! from {
    ($($variant:ident($error:ty)),*) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from!(
    Config(ConfigError),
    Connect(ConnectError),
    Send(SendError),
    TryEnqueue(TryEnqueueError),
    Flush(FlushError)
);

/// A scope that failed for one reason is an error of that reason.
impl<E: Into<Self>> From<ScopeError<E>> for Error {
    fn from(error: ScopeError<E>) -> Self {
        match error {
            ScopeError::Connect(error) => error.into(),
            ScopeError::Close(error) => error.into(),
            ScopeError::Body { error, close: None } => error.into(),
            ScopeError::Body { error, close } => {
                Self::Scope(Box::new(ScopeError::Body { error: error.into(), close }))
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.inner(), f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() { fmt::Debug::fmt(self.inner(), f) } else { fmt::Display::fmt(self, f) }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let text = self.to_string();
        let mut source = self.inner().source();
        while let Some(quoted) = source.filter(|source| text.contains(&source.to_string())) {
            source = quoted.source();
        }
        source
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;
    use std::sync::Arc;

    use super::super::{ConnectErrorKind, ErrorKind};
    use super::*;
    use crate::record::Record;

    #[test]
    fn every_error_becomes_one_with_the_same_text() {
        for (error, text) in [
            (config().into(), config().to_string()),
            (refused().into(), refused().to_string()),
            (no_room().into(), no_room().to_string()),
            (full().into(), full().to_string()),
            (failed().into(), failed().to_string()),
        ] {
            let error: Error = error;
            assert_eq!(
                [error.to_string(), format!("{error:?}"), error.inner().to_string()],
                [(); 3].map(|()| text.clone())
            );
            assert!(format!("{error:#?}").contains('{'), "{error:#?}");
        }
    }

    #[test]
    fn question_mark_converts_in_a_function_that_returns_several_errors() {
        fn main(step: u32) -> Result<(), Error> {
            match step {
                0 => Err(config())?,
                1 => Err(refused())?,
                2 => Err(no_room())?,
                3 => Err(full())?,
                _ => Err(failed())?,
            }
        }
        assert!(matches!(main(0), Err(Error::Config(_))));
        assert!(matches!(main(1), Err(Error::Connect(_))));
        assert!(matches!(main(2), Err(Error::Send(_))));
        assert!(
            matches!(main(3), Err(Error::TryEnqueue(error)) if error.clone().into_record() == Record::to("t"))
        );
        assert!(matches!(main(4), Err(Error::Flush(_))));
    }

    #[test]
    fn chain_of_sources_has_no_text_twice() {
        for error in [Error::from(refused()), failed().into(), full().into()] {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                assert!(!text.contains(&cause.to_string()), "{text} / {cause}");
                text.push_str(&cause.to_string());
                source = cause.source();
            }
        }
        let hidden = ConnectError::new(ConnectErrorKind::Tls, "connection: TLS failed")
            .because_of(Some(Arc::new(io::Error::other("bad record"))));
        assert_eq!(Error::from(hidden).source().unwrap().to_string(), "bad record");
    }

    #[test]
    fn scope_that_failed_for_one_reason_is_an_error_of_that_reason() {
        let body = |close| ScopeError::Body { error: no_room(), close };
        assert!(matches!(Error::from(ScopeError::<SendError>::Connect(refused())), Error::Connect(_)));
        assert!(matches!(Error::from(ScopeError::<SendError>::Close(failed())), Error::Flush(_)));
        assert!(matches!(Error::from(body(None)), Error::Send(_)));
        let both = Error::from(body(Some(failed())));
        assert!(matches!(&both, Error::Scope(scope) if scope.close() == Some(&failed())));
        let expected =
            "topic t: no room (not written); and when the producer was closed: flush: 1 record failed";
        assert!(both.to_string().starts_with(expected), "{both}");
    }

    fn config() -> ConfigError {
        ConfigError::new("acks", "`acks` = `2`: write `all`, `1` or `0`")
    }

    fn refused() -> ConnectError {
        ConnectError::new(ConnectErrorKind::Unreachable, "connection: a:1: connection refused")
            .because_of(Some(Arc::new(io::Error::other("connection refused"))))
    }

    fn no_room() -> SendError {
        SendError::new(ErrorKind::BufferFull, "t", "no room")
    }

    fn full() -> TryEnqueueError {
        TryEnqueueError::refused(Record::to("t"), no_room())
    }

    fn failed() -> FlushError {
        FlushError::new(1, vec![no_room()])
    }
}
