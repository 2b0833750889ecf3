//! The errors of a producer. Each states whether a retry may help, whether the producer has ended, and whether the record may
//! have been written all the same.
//!
//! | error | of | means |
//! |---|---|---|
//! | [`ConfigError`] | building | a property has a value that cannot be |
//! | [`ConnectError`] | connecting | no broker of the cluster could be used within the time given |
//! | [`SendError`] | one record | it was refused, or given up |
//! | [`TryEnqueueError`] | one record | it could not be taken at once; here it is again |
//! | [`FlushError`] | a flush or a close | some records before it failed |
//! | [`ScopeError`] | a scope | the producer of the scope could not be started, or its closure or its close failed |
//! | [`Error`] | anything | one of these |

mod any;
mod config;
mod connect;
mod failed;
mod flush;
mod scope;
mod send;
mod try_enqueue;

pub use any::Error;
pub use config::ConfigError;
pub(crate) use config::Written;
pub(crate) use connect::Cause;
pub use connect::{ConnectError, ConnectErrorKind};
pub(crate) use failed::{of_failed, of_failure, remedy};
pub use flush::FlushError;
pub use scope::ScopeError;
pub use send::{ErrorKind, Persisted, SendError};
pub use try_enqueue::{TryEnqueueError, TryEnqueueErrorKind};
