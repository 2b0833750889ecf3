//! The start of a producer: the cluster is described, one of the brokers that it advertises is reached, and the broker assigns a
//! producer id if the producer is idempotent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_backoff::Backoff;
use milena_codec::ErrorCode;
use milena_codec::ids::ProducerIdAndEpoch;
use milena_codec::message::{ApiKey, InitProducerIdRequest, InitProducerIdResponse, MetadataRequest};
use milena_connection::Endpoint;
use milena_connection::metadata::{Metadata, MetadataConfig};
use milena_connection::transport::{ConnectionError, Fault};
use tokio::time::sleep;

use super::control_client::ControlClient;
use super::failed_attempts::FailedAttempts;
use super::settings::Settings;
use crate::clock;
use crate::config::MetadataRecovery;
use crate::error::{Cause, ConnectError, ConnectErrorKind};

/// The parts of a driver that is connected.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) control: ControlClient,
    pub(super) metadata: Metadata,
    pub(super) identity: Option<ProducerIdAndEpoch>,
}

/// Tries until everything is there, or `connect_timeout` is over.
pub(super) async fn start(settings: &Arc<Settings>) -> Result<Started, ConnectError> {
    let config = &settings.core.config;
    let bootstrap = Endpoint::list(&config.bootstrap_servers).map_err(|error| {
        ConnectError::new(ConnectErrorKind::Config, format!("config: `bootstrap.servers`: {error}"))
    })?;
    let now = clock::now();
    let mut starting = Starting {
        deadline: now + config.connect_timeout,
        metadata: Metadata::new(bootstrap, metadata_of(settings), now),
        control: ControlClient::new(Arc::clone(settings)),
        backoff: Backoff::new(config.reconnect_backoff, config.reconnect_backoff_max, settings.seed),
        failed: FailedAttempts::default(),
        found_at: None,
    };
    let advertised = starting.find_cluster().await?;
    let identity = starting.reach_broker(&advertised, config.idempotence).await?;
    Ok(Started { control: starting.control, metadata: starting.metadata, identity })
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

struct Starting {
    deadline: Instant,
    metadata: Metadata,
    control: ControlClient,
    backoff: Backoff,
    /// The errors of the last round.
    failed: FailedAttempts,
    /// The endpoint that described the cluster, once one did.
    found_at: Option<Endpoint>,
}

impl Starting {
    /// Returns the brokers that the cluster advertises.
    async fn find_cluster(&mut self) -> Result<Vec<Endpoint>, ConnectError> {
        for attempt in 0.. {
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
            self.pause(attempt).await;
        }
        unreachable_end()
    }

    /// Reaches one of the advertised brokers. Returns the producer id and epoch that it assigns, if the producer is idempotent.
    async fn reach_broker(
        &mut self,
        advertised: &[Endpoint],
        idempotent: bool,
    ) -> Result<Option<ProducerIdAndEpoch>, ConnectError> {
        // The bootstrap address may be another way to the cluster than the advertised ones.
        self.found_at = self.control.disconnect();
        self.failed = FailedAttempts::default();
        self.control.needs_produce = true;
        for attempt in 0.. {
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
                    return Ok(identity);
                }
                Err(failed) => self.note(failed, left)?,
            }
            self.pause(attempt).await;
        }
        unreachable_end()
    }

    /// Keeps the errors of a round. Those of a last round that had hardly any time are less useful than the ones before.
    ///
    /// # Errors
    /// [`ConnectError`] if no further round can succeed.
    fn note(&mut self, failed: FailedAttempts, left: Duration) -> Result<(), ConnectError> {
        const LEFT_MIN: Duration = Duration::from_secs(1);
        if self.failed.is_empty() || left >= LEFT_MIN {
            self.failed = failed;
        }
        match self.failed.is_permanent() {
            true => Err(self.error()),
            false => Ok(()),
        }
    }

    /// The rest of the time.
    ///
    /// # Errors
    /// [`ConnectError`] if the time is over.
    fn left(&mut self) -> Result<Duration, ConnectError> {
        let left = self.deadline.saturating_duration_since(clock::now());
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

    async fn pause(&mut self, attempt: u32) {
        let left = self.deadline.saturating_duration_since(clock::now());
        sleep(self.backoff.after(attempt).min(left)).await;
    }
}

/// The fault of a Metadata response without a usable broker.
pub(super) const fn no_cluster(code: ErrorCode) -> Fault {
    match code {
        ErrorCode::NONE => Fault::NoBrokers,
        code => Fault::Rejected { api: ApiKey::METADATA, code },
    }
}

/// After as many attempts as there are numbers.
fn unreachable_end<T>() -> Result<T, ConnectError> {
    Err(ConnectError::new(ConnectErrorKind::Timeout, "connection: too many attempts"))
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
