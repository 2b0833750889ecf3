//! Connection errors: one type for everything that can fail between an address and a response.
//!
//! A [`ConnectionError`] has the endpoint, and a [`Fault`] with the facts. The layers keep fault types of their own for what
//! they alone know ([`TlsFault`], [`SessionFault`], [`SaslError`]). `step` is the one table that maps a fault to the [`Step`]
//! that failed, and to whether another attempt can succeed.

mod fault;
mod sasl;
mod scram;
mod session;
mod step;
mod tls;

use std::error::Error;
use std::fmt;

use milena_codec::ErrorCode;
use milena_codec::message::ApiKey;

pub use fault::{Attempt, Fault};
pub use sasl::{CredentialError, SaslError, TokenError};
pub use scram::ScramError;
pub use session::{SessionFault, VersionMismatch};
pub use step::Step;
pub use tls::TlsFault;
pub(crate) use tls::Utc;

use crate::endpoint::Endpoint;

/// A connection that could not be opened, or that failed.
///
/// ```
/// use milena_connection::transport::{ConnectionError, Fault, Step};
///
/// let error = ConnectionError::new("broker:9092".parse()?, Fault::NoAddress);
/// assert_eq!(error.step(), Step::Name);
/// assert!(!error.is_permanent());
/// assert_eq!(error.to_string(), "broker:9092: the host name has no address: check its DNS entry");
/// # Ok::<(), milena_connection::EndpointError>(())
/// ```
#[derive(Debug)]
pub struct ConnectionError {
    endpoint: Endpoint,
    /// The request that was on its way.
    api: Option<ApiKey>,
    fault: Fault,
}

impl ConnectionError {
    /// A fault at an endpoint.
    #[must_use]
    pub const fn new(endpoint: Endpoint, fault: Fault) -> Self {
        Self { endpoint, api: None, fault }
    }

    /// The same, with the request that was on its way.
    pub(crate) fn during(self, api: ApiKey) -> Self {
        Self { api: Some(api), ..self }
    }

    /// The endpoint that was dialled.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The facts.
    #[must_use]
    pub const fn fault(&self) -> &Fault {
        &self.fault
    }

    /// The step that failed.
    #[must_use]
    pub fn step(&self) -> Step {
        self.fault.step()
    }

    /// Whether each further attempt fails as well, until a setting, a certificate or the broker changes. In TLS 1.3 a broker
    /// rejects a client certificate, or the lack of one, only when the first request is on its way.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.fault.is_permanent()
    }

    /// The error code that the broker returned, if there is one.
    #[must_use]
    pub const fn code(&self) -> Option<ErrorCode> {
        self.fault.code()
    }
}

impl fmt::Display for ConnectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, api, fault } = self;
        write!(f, "{endpoint}: ")?;
        match (api, fault) {
            (Some(api), Fault::Io(_)) => write!(f, "{api}: ")?,
            (Some(api), Fault::Session(fault)) if !fault.names_request() => write!(f, "{api}: ")?,
            _ => {}
        }
        fault.write(f, Some(endpoint))
    }
}

impl Error for ConnectionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}
