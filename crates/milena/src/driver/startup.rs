//! The start of a producer: the cluster is described, one of the brokers that it advertises is reached, and the broker assigns a
//! producer id if the producer is idempotent.
//!
//! ```text
//!                 ┌──── failure, with a deadline ────┐
//!                 ▼                                  │
//!   ─▶ find_cluster ── advertised brokers ─▶ reach_broker ─▶ Started
//!       ▲   ▲ └ failure                          │
//!       └───┴────────── failure, without one ────┘
//! ```
//!
//! With a deadline ([`Until::Deadline`]) the start ends with an error when the time is over, or another attempt cannot succeed.
//! Without one ([`Until::Reached`]) it goes on for ever, with the backoff between connection attempts: a permanent failure is
//! tried again at the maximum of the backoff, because credentials and permissions are corrected at the brokers as well. Each
//! round begins at `bootstrap.servers`: the addresses of a cluster that was not reached yet may change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_backoff::Backoff;
use milena_codec::ErrorCode;
use milena_codec::ids::ProducerIdAndEpoch;
use milena_codec::message::{ApiKey, InitProducerIdRequest, InitProducerIdResponse, MetadataRequest};
use milena_connection::Endpoint;
use milena_connection::metadata::{Metadata, MetadataConfig};
use milena_connection::transport::{ConnectionError, Fault};
use milena_sender::Obstacle;
use tokio::time::sleep;

use super::control_client::ControlClient;
use super::failed_attempts::FailedAttempts;
use super::log_once::LogOnce;
use super::settings::Settings;
use crate::clock;
use crate::config::{MetadataRecovery, ProducerConfig};
use crate::error::{Cause, ConnectError, ConnectErrorKind};

/// The parts of a driver that is connected.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) control: ControlClient,
    pub(super) metadata: Metadata,
    pub(super) identity: Option<ProducerIdAndEpoch>,
}

/// When a start gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// When `connect.timeout.ms` is over, or another attempt cannot succeed.
    Deadline,
    /// Never.
    Reached,
}

/// The initial brokers.
///
/// # Errors
/// [`ConnectError`] if an address is invalid.
pub(super) fn bootstrap(config: &ProducerConfig) -> Result<Vec<Endpoint>, ConnectError> {
    Endpoint::list(&config.bootstrap_servers).map_err(|error| {
        ConnectError::new(ConnectErrorKind::Config, format!("config: `bootstrap.servers`: {error}"))
    })
}

/// Tries until everything is there, or gives up.
pub(super) async fn start(settings: &Arc<Settings>, until: Until) -> Result<Started, ConnectError> {
    let config = &settings.core.config;
    let bootstrap = bootstrap(config)?;
    let now = clock::now();
    let mut starting = Starting {
        deadline: (until == Until::Deadline).then_some(now + config.connect_timeout),
        metadata: Metadata::new(bootstrap.clone(), metadata_of(settings), now),
        control: ControlClient::new(Arc::clone(settings)),
        backoff: Backoff::new(config.reconnect_backoff, config.reconnect_backoff_max, settings.seed),
        attempts: 0,
        failed: FailedAttempts::default(),
        log_once: Default::default(),
        found_at: None,
        settings: Arc::clone(settings),
    };
    loop {
        let advertised = starting.find_cluster().await?;
        if let Reached::Yes(identity) = starting.reach_broker(&advertised, config.idempotence).await? {
            starting.note_reached();
            return Ok(Started { control: starting.control, metadata: starting.metadata, identity });
        }
        starting.metadata = Metadata::new(bootstrap.clone(), metadata_of(settings), clock::now());
    }
}

fn metadata_of(settings: &Settings) -> MetadataConfig {
    let config = &settings.core.config;
    let mut backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max, settings.seed);
    MetadataConfig {
        max_age: config.metadata_max_age,
        refresh_backoff: Box::new(move |attempts| backoff.after(attempts)),
        allow_auto_topic_creation: config.allow_auto_topic_creation,
        rebootstrap_after: match config.metadata_recovery {
            MetadataRecovery::Rebootstrap => Some(config.rebootstrap_trigger),
            MetadataRecovery::None => None,
        },
    }
}

/// Whether an advertised broker was reached.
enum Reached {
    /// One was, with the producer id and epoch that it assigned if the producer is idempotent.
    Yes(Option<ProducerIdAndEpoch>),
    /// None was, and the cluster is to be found again.
    NotYet,
}

struct Starting {
    settings: Arc<Settings>,
    /// None for a start that never gives up.
    deadline: Option<Instant>,
    metadata: Metadata,
    control: ControlClient,
    backoff: Backoff,
    /// The failed rounds in a row.
    attempts: u32,
    /// The errors of the last round.
    failed: FailedAttempts,
    /// The failures that were logged of a start that never gives up: those that pass, and permanent ones.
    log_once: [LogOnce; 2],
    /// The endpoint that described the cluster, once one did.
    found_at: Option<Endpoint>,
}

impl Starting {
    /// Returns the brokers that the cluster advertises.
    async fn find_cluster(&mut self) -> Result<Vec<Endpoint>, ConnectError> {
        self.found_at = None;
        self.control.needs_produce = false;
        loop {
            let left = self.left()?;
            let (candidates, request) = self.metadata.next_request();
            match self.control.request::<MetadataRequest, _>(&candidates, &request, left, Ok).await {
                Ok((endpoint, response)) => {
                    let code = response.error_code;
                    let brokers: Vec<_> = response.brokers.iter().map(|broker| broker.node_id).collect();
                    self.metadata.on_response(response, clock::now());
                    let advertised: Vec<_> =
                        brokers.iter().filter_map(|id| self.metadata.broker(*id).cloned()).collect();
                    if !advertised.is_empty() {
                        return Ok(advertised);
                    }
                    self.note(ConnectionError::new(endpoint, no_cluster(code)).into(), left)?;
                }
                Err(failed) => {
                    self.metadata.on_failure(clock::now());
                    self.note(failed, left)?;
                }
            }
            self.pause().await;
        }
    }

    /// Reaches one of the advertised brokers.
    async fn reach_broker(
        &mut self,
        advertised: &[Endpoint],
        idempotent: bool,
    ) -> Result<Reached, ConnectError> {
        // The bootstrap address may be another way to the cluster than the advertised ones.
        self.found_at = self.control.disconnect();
        self.failed = FailedAttempts::default();
        self.control.needs_produce = true;
        if self.deadline.is_some() {
            self.attempts = 0;
        }
        loop {
            let left = self.left()?;
            let outcome = if idempotent {
                let response = self.control.request(advertised, &identity_request(), left, identity_of).await;
                response.map(|(_, identity)| Some(identity))
            } else {
                let request = MetadataRequest { topics: Some(Vec::new()), ..MetadataRequest::default() };
                self.control.request::<MetadataRequest, _>(advertised, &request, left, Ok).await.map(|_| None)
            };
            match outcome {
                Ok(identity) => {
                    self.control.needs_produce = false;
                    return Ok(Reached::Yes(identity));
                }
                Err(failed) => self.note(failed, left)?,
            }
            self.pause().await;
            if self.deadline.is_none() {
                return Ok(Reached::NotYet);
            }
        }
    }

    /// Keeps the errors of a round. Those of a last round that had hardly any time are less useful than the ones before.
    ///
    /// # Errors
    /// [`ConnectError`] if no further round can succeed, and the start gives up.
    fn note(&mut self, failed: FailedAttempts, left: Duration) -> Result<(), ConnectError> {
        const LEFT_MIN: Duration = Duration::from_secs(1);
        if self.failed.is_empty() || left >= LEFT_MIN {
            self.failed = failed;
        }
        match self.deadline {
            Some(_) if self.failed.is_permanent() => Err(self.error()),
            Some(_) => Ok(()),
            None => {
                self.note_unreached();
                Ok(())
            }
        }
    }

    /// A round failed of a start that never gives up: log, callers that wait, and the producer's status get the reason.
    fn note_unreached(&mut self) {
        let (obstacle, step, is_permanent) =
            (self.failed.obstacle(), self.failed.step(), self.failed.is_permanent());
        let error = self.error();
        let step_name = error.kind().name();
        let [passing, permanent] = &mut self.log_once;
        let (this, other) = if is_permanent { (permanent, passing) } else { (passing, permanent) };
        other.is_over();
        match (this.is_new(step), is_permanent) {
            (true, true) => tracing::error!(
                reason = %error,
                step = step_name,
                "connection: the cluster cannot be used with these settings, retrying until it can"
            ),
            (true, false) => tracing::warn!(
                reason = %error,
                step = step_name,
                "connection: the cluster cannot be used yet, retrying until it can"
            ),
            (false, _) => {
                tracing::debug!(reason = %error, step = step_name, "connection: the cluster cannot be used yet");
            }
        }
        let (core, message) = (&self.settings.core, Arc::from(error.to_string()));
        core.connectivity.note_failure(error.kind(), Arc::clone(&message), clock::now());
        core.registry.set_trouble(Some(Obstacle { message, ..obstacle }));
        if is_permanent {
            // The pause is the longest.
            self.attempts = u32::MAX;
        }
    }

    /// The cluster can be used.
    fn note_reached(&mut self) {
        let core = &self.settings.core;
        core.registry.set_trouble(None);
        core.reached.send_replace(true);
        if self.log_once.iter_mut().any(LogOnce::is_over) {
            tracing::info!("connection: the cluster can be used");
        }
    }

    /// The rest of the time; without a deadline the time of a round.
    ///
    /// # Errors
    /// [`ConnectError`] if the time is over.
    fn left(&mut self) -> Result<Duration, ConnectError> {
        let Some(deadline) = self.deadline else { return Ok(self.settings.core.config.connect_timeout) };
        let left = deadline.saturating_duration_since(clock::now());
        if left.is_zero() { Err(self.error()) } else { Ok(left) }
    }

    fn error(&mut self) -> ConnectError {
        let failed = std::mem::take(&mut self.failed);
        let said = failed.to_string();
        // An endpoint is named once.
        let found_at = self.found_at.as_ref().map(|found_at| match said.contains(&found_at.to_string()) {
            true => "a broker".to_owned(),
            false => found_at.to_string(),
        });
        let message = match found_at {
            None => format!("connection: no broker of `bootstrap.servers` could be used: {said}"),
            Some(found_at) if failed.was_open() => format!(
                "connection: {found_at} described the cluster, and its brokers were reached, but no producer could be \
                 started: {said}"
            ),
            Some(found_at) => format!(
                "connection: {found_at} described the cluster, but no broker could be used at the address that it \
                 advertises (see `advertised.listeners` of the brokers): {said}"
            ),
        };
        let kind = failed.step().into();
        ConnectError::new(kind, message)
            .because_of(failed.into_furthest().map(|error| Arc::new(error) as Cause))
    }

    async fn pause(&mut self) {
        let pause = self.backoff.after(self.attempts);
        self.attempts = self.attempts.saturating_add(1);
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(clock::now()));
        sleep(left.map_or(pause, |left| pause.min(left))).await;
    }
}

/// The fault of a Metadata response without a usable broker.
pub(super) const fn no_cluster(code: ErrorCode) -> Fault {
    match code {
        ErrorCode::NONE => Fault::NoBrokers,
        code => Fault::Rejected { api: ApiKey::METADATA, code },
    }
}

/// The request for a producer id without transactions.
pub(super) fn identity_request() -> InitProducerIdRequest {
    InitProducerIdRequest { transaction_timeout_ms: i32::MAX, ..InitProducerIdRequest::default() }
}

/// The producer id and epoch that a broker assigned.
pub(super) fn identity_of(response: InitProducerIdResponse) -> Result<ProducerIdAndEpoch, Fault> {
    match response.error_code {
        ErrorCode::NONE => {
            Ok(ProducerIdAndEpoch { producer_id: response.producer_id, epoch: response.producer_epoch })
        }
        code => Err(Fault::Rejected { api: ApiKey::INIT_PRODUCER_ID, code }),
    }
}
