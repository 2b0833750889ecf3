//! Connecting: attempts are shown on a terminal, and a cluster whose addresses all refuse connections is given up at once.
//!
//! The producer retries until `connect.timeout.ms` is over, because brokers may be starting. On a terminal that is a silence of
//! 14 seconds, mostly for a wrong port or a broker that does not run. `--wait` retries all the same.
//!
//! A [`Connector`] around that of plain TCP counts the dials; TLS, if it is set, goes through it.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use milena::transport::{BoxStream, ConnectionError, Connector, Dial, Fault, Tcp, TcpOptions};
use milena::{Endpoint, Producer, ProducerBuilder, ProducerConfig};
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use crate::exit::Failure;
use crate::{clock, terminal};

/// Interval of the reminders of a pending attempt.
const REMINDER: Duration = Duration::from_secs(2);

/// The attempts to connect, until there is a producer.
#[derive(Debug)]
pub(crate) struct Attempts {
    tcp: Tcp,
    /// Whether to retry while every address refuses connections.
    wait: bool,
    /// Whether standard error is a terminal, and `--quiet` is not set.
    watched: bool,
    state: Mutex<State>,
    all_refuse: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The bootstrap servers that did not refuse when they were last dialled, or were not dialled yet.
    open: Vec<Endpoint>,
    /// Why each server refused, in the order of the dials.
    refusals: Vec<(Endpoint, String)>,
    dials: u32,
    /// The pending attempt, and its start.
    pending: Option<(String, Instant)>,
    /// There is a producer, or an error: later dials are not shown.
    is_over: bool,
}

impl Attempts {
    /// Attempts with the socket options of the settings.
    pub(crate) fn new(config: &ProducerConfig, wait: bool, quiet: bool) -> Arc<Self> {
        let properties = config.properties();
        let value = |name| properties.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value);
        let options = TcpOptions {
            send_buffer_bytes: value("send.buffer.bytes").parse().ok(),
            receive_buffer_bytes: value("receive.buffer.bytes").parse().ok(),
            keep_alive: value("socket.keepalive.enable") != "false",
        };
        let state = State {
            open: Endpoint::list(value("bootstrap.servers")).unwrap_or_default(),
            ..State::default()
        };
        Arc::new(Self {
            tcp: Tcp::new(options),
            wait,
            watched: !quiet && terminal::is_watched(),
            state: Mutex::new(state),
            all_refuse: Notify::new(),
        })
    }

    /// Connects.
    ///
    /// # Errors
    /// Why there is no producer.
    pub(crate) async fn connect(self: &Arc<Self>, builder: ProducerBuilder) -> Result<Producer, Failure> {
        let mut building = pin!(builder.connector(Arc::clone(self) as Arc<dyn Connector>).build());
        let mut reminders = interval(REMINDER);
        reminders.set_missed_tick_behavior(MissedTickBehavior::Delay);
        reminders.tick().await;
        loop {
            tokio::select! {
                biased;
                built = &mut building => {
                    self.lock().is_over = true;
                    return Ok(built?);
                }
                () = self.all_refuse.notified(), if !self.wait => return Err(self.refused()),
                _ = reminders.tick() => self.remind(),
            }
        }
    }

    fn dialling(&self, endpoint: &Endpoint) {
        let mut state = self.lock();
        state.dials += 1;
        state.pending = Some((format!("a TCP connection to {endpoint}"), clock::now()));
    }

    fn connected(&self, endpoint: &Endpoint) {
        let mut state = self.lock();
        state.refusals.clear();
        state.pending =
            Some((format!("a response from {endpoint}, which accepted the connection"), clock::now()));
    }

    fn failed(&self, endpoint: &Endpoint, error: &ConnectionError) {
        let mut state = self.lock();
        state.pending = None;
        if state.is_over {
            return;
        }
        let brief = brief(error);
        if self.watched {
            terminal::say(&format!("connection: attempt {}: {endpoint}: {brief}", state.dials));
        }
        state.refusals.retain(|(other, _)| other != endpoint);
        if !is_refusal(error) {
            return;
        }
        state.refusals.push((endpoint.clone(), brief));
        if state.open.iter().all(|server| state.refusals.iter().any(|(other, _)| other == server)) {
            self.all_refuse.notify_one();
        }
    }

    fn remind(&self) {
        let state = self.lock();
        if let Some((pending, since)) = &state.pending
            && self.watched
        {
            let waited = (clock::now() - *since).as_secs();
            terminal::say(&format!("connection: waiting for {pending}, since {waited} s"));
        }
    }

    fn refused(&self) -> Failure {
        let mut state = self.lock();
        state.is_over = true;
        let refusals = state.refusals.iter().map(|(endpoint, brief)| format!("{endpoint}: {brief}"));
        Failure::no_connection(anyhow!(
            "connection: no broker of `bootstrap.servers` could be used: {}; start a broker at the address, or correct the address; \
             --wait retries until connect.timeout.ms is over",
            refusals.collect::<Vec<_>>().join("; ")
        ))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connector for Attempts {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint, within: Duration) -> Dial<'a> {
        Box::pin(async move {
            self.dialling(endpoint);
            let dialled: Result<BoxStream, ConnectionError> = self.tcp.connect(endpoint, within).await;
            match &dialled {
                Ok(_) => self.connected(endpoint),
                Err(error) => self.failed(endpoint, error),
            }
            dialled
        })
    }
}

/// Why a dial failed, without what its error advises.
fn brief(error: &ConnectionError) -> String {
    match error.fault() {
        Fault::Tcp { attempts } => {
            let attempts = attempts.iter().map(|attempt| format!("{} ({})", attempt.error, attempt.address));
            attempts.collect::<Vec<_>>().join(", ")
        }
        _ => error.to_string(),
    }
}

/// Whether every address of the name refused.
fn is_refusal(error: &ConnectionError) -> bool {
    let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    matches!(error.fault(), Fault::Tcp { attempts } if attempts.iter().all(|attempt| refused(&attempt.error)))
}
