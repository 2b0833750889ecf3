//! From settings to a producer.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use milena_connection::tls::TlsConnector;
use milena_connection::transport::{Connector, Tcp, TcpOptions};

use super::dead_letter_topic::TopicWriter;
use super::{Handle, Producer};
use crate::config::{ProducerBuilder, ProducerConfig};
use crate::core::Core;
use crate::dispatcher::Dispatcher;
use crate::driver;
use crate::error::{ConnectError, ConnectErrorKind};

impl ProducerBuilder {
    /// Checks the settings, connects, and starts the driver on the current tokio runtime, or on a thread of its own.
    ///
    /// # Errors
    /// [`ConnectError`] when a setting is wrong, or the cluster cannot be used, with the reason, within the connect
    /// timeout.
    ///
    /// With [`Driver::Thread`](crate::Driver::Thread) neither this nor any other future of a producer needs a runtime: any
    /// executor will do, because the driver keeps all times. With [`Driver::Task`](crate::Driver::Task) there is an error
    /// outside of a tokio runtime.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, everything that was begun ends.
    pub async fn build(self) -> Result<Producer, ConnectError> {
        let Parts { core, connector, seed } = self.into_parts()?;
        let handle = Handle { core: Arc::clone(&core) };
        let started = driver::start(&core, connector, seed, handle).await;
        // No driver, which would do so at its end: the thread of the hooks ends.
        let handle = started.inspect_err(|_| core.shared.reports.close())?;
        Ok(Producer { handle: Arc::new(handle), seen: AtomicU64::new(0) })
    }

    /// Checks the settings, and starts the thread of the hooks if there are any.
    pub(super) fn into_parts(mut self) -> Result<Parts, ConnectError> {
        let hooks = self.hooks.clone();
        let calls = hooks.open(|topic| Box::new(TopicWriter::new(Arc::clone(topic), &self)))?;
        let connector = self.take_connector();
        let config = self.validate()?;
        warn(&config);
        let connector = connector.unwrap_or_else(|| tcp(&config));
        let connector = with_tls(connector, &config)?;
        let seed = config.seed.unwrap_or_else(milena_backoff::new_seed);
        let core = Core::new(config, seed, &hooks);
        if !hooks.is_empty() {
            Dispatcher::subscribe(&core, calls).start()?;
        }
        Ok(Parts { core, connector, seed })
    }
}

/// A producer without its driver.
pub(super) struct Parts {
    pub(super) core: Arc<Core>,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) seed: u64,
}

/// Logs the warnings about valid settings.
fn warn(config: &ProducerConfig) {
    for warning in config.warnings() {
        tracing::warn!(properties = warning.properties().join(","), "{warning}");
    }
}

/// Wraps the connector in TLS, if it is configured: connections of a custom connector as well.
pub(crate) fn with_tls(
    connector: Arc<dyn Connector>,
    config: &ProducerConfig,
) -> Result<Arc<dyn Connector>, ConnectError> {
    let Some(tls) = &config.tls else { return Ok(connector) };
    // Each dial has its own deadline; the handshake has the rest of it.
    let tls = TlsConnector::new(connector, tls, config.socket_setup_timeout_max)
        .map_err(|error| ConnectError::new(ConnectErrorKind::Config, error.to_string()))?;
    Ok(Arc::new(tls))
}

fn tcp(config: &ProducerConfig) -> Arc<dyn Connector> {
    Arc::new(Tcp::new(tcp_options(config)))
}

/// The options of all sockets.
pub(crate) fn tcp_options(config: &ProducerConfig) -> TcpOptions {
    let bytes = |size: Option<usize>| size.map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX));
    TcpOptions {
        send_buffer_bytes: bytes(config.send_buffer),
        receive_buffer_bytes: bytes(config.receive_buffer),
        keep_alive: config.socket_keepalive,
    }
}
