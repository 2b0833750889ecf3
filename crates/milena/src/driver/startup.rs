//! The first questions: a producer is there once the cluster described itself, one of the brokers that it advertises
//! could be reached, and, if it is idempotent, has given it an identity.

use std::sync::Arc;
use std::time::{Duration, Instant};

use milena_backoff::Backoff;
use milena_codec::ErrorCode;
use milena_codec::ids::ProducerIdAndEpoch;
use milena_codec::message::{InitProducerIdRequest, InitProducerIdResponse, MetadataRequest};
use milena_connection::Endpoint;
use milena_connection::metadata::{Metadata, MetadataConfig};
use tokio::time::sleep;

use super::line::{Line, any};
use super::settings::Settings;
use super::trouble::Trouble;
use crate::clock;
use crate::config::MetadataRecovery;
use crate::error::{ConnectError, ConnectErrorKind};

/// What a driver begins with.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) line: Line,
    pub(super) metadata: Metadata,
    pub(super) identity: Option<ProducerIdAndEpoch>,
}

/// Asks until everything is there, or `connect_timeout` is over.
pub(super) async fn start(settings: &Arc<Settings>) -> Result<Started, ConnectError> {
    let config = &settings.core.config;
    let bootstrap = Endpoint::list(&config.bootstrap_servers).map_err(|error| {
        ConnectError::new(ConnectErrorKind::Config, format!("config: `bootstrap.servers`: {error}"))
    })?;
    let now = clock::now();
    let mut starting = Starting {
        deadline: now + config.connect_timeout,
        metadata: Metadata::new(bootstrap, metadata_of(settings), now),
        line: Line::new(Arc::clone(settings)),
        backoff: Backoff::new(config.reconnect_backoff, config.reconnect_backoff_max, settings.seed),
        trouble: Trouble::default(),
        found_at: None,
    };
    let advertised = starting.find_cluster().await?;
    let identity = starting.reach_broker(&advertised, config.idempotence).await?;
    Ok(Started { line: starting.line, metadata: starting.metadata, identity })
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
    line: Line,
    backoff: Backoff,
    /// What went wrong last.
    trouble: Trouble,
    /// Where the cluster was described, once it was.
    found_at: Option<Endpoint>,
}

impl Starting {
    /// Has the cluster describe itself; the brokers that it advertises.
    async fn find_cluster(&mut self) -> Result<Vec<Endpoint>, ConnectError> {
        for attempt in 0.. {
            let left = self.left()?;
            let (candidates, request) = self.metadata.next_request();
            match self.line.ask::<MetadataRequest>(&candidates, &request, left, any).await {
                Ok(response) => {
                    let code = response.error_code;
                    let brokers: Vec<_> = response.brokers.iter().map(|broker| broker.node_id).collect();
                    self.metadata.on_response(response, clock::now());
                    let advertised: Vec<_> =
                        brokers.iter().filter_map(|id| self.metadata.broker(*id).cloned()).collect();
                    if !advertised.is_empty() {
                        return Ok(advertised);
                    }
                    let trouble = no_cluster(code);
                    let trouble = match self.line.endpoint() {
                        Some(endpoint) => trouble.at(endpoint),
                        None => trouble,
                    };
                    self.note(trouble, left)?;
                }
                Err(trouble) => {
                    self.metadata.on_failure(clock::now());
                    self.note(trouble, left)?;
                }
            }
            self.pause(attempt).await;
        }
        unreachable_end()
    }

    /// Reaches one of the advertised brokers, and is given an identity by it.
    async fn reach_broker(
        &mut self,
        advertised: &[Endpoint],
        idempotent: bool,
    ) -> Result<Option<ProducerIdAndEpoch>, ConnectError> {
        // The bootstrap address may be another way to the cluster than the ones that it advertises.
        self.found_at = self.line.hang_up();
        self.trouble = Trouble::default();
        self.line.needs_produce = true;
        for attempt in 0.. {
            let left = self.left()?;
            let outcome = if idempotent {
                let answer = self.line.ask(advertised, &identity_request(), left, gives_identity).await;
                answer.and_then(|response| identity_of(&response)).map(Some)
            } else {
                let request = MetadataRequest { topics: Some(Vec::new()), ..MetadataRequest::default() };
                self.line.ask(advertised, &request, left, any).await.map(|_| None)
            };
            match outcome {
                Ok(identity) => {
                    self.line.needs_produce = false;
                    return Ok(identity);
                }
                Err(trouble) => self.note(trouble, left)?,
            }
            self.pause(attempt).await;
        }
        unreachable_end()
    }

    /// Remembers what went wrong. What a last attempt says that had hardly any time left tells less.
    ///
    /// # Errors
    /// What no further attempt would mend, though everybody was asked.
    fn note(&mut self, trouble: Trouble, left: Duration) -> Result<(), ConnectError> {
        const WORTH_A_WORD: Duration = Duration::from_secs(1);
        if self.trouble.is_none() || left >= WORTH_A_WORD {
            self.trouble = trouble;
        }
        match self.trouble.is_definite {
            true => Err(self.error()),
            false => Ok(()),
        }
    }

    /// What is left of the time, or the error that says what was tried.
    fn left(&self) -> Result<Duration, ConnectError> {
        let left = self.deadline.saturating_duration_since(clock::now());
        if left.is_zero() { Err(self.error()) } else { Ok(left) }
    }

    /// What was tried in vain, and what was said.
    fn error(&self) -> ConnectError {
        let Trouble { kind, cause, .. } = &self.trouble;
        // Where the cluster was described is named once.
        let said = self.trouble.to_string();
        let found_at = self.found_at.as_ref().map(|found_at| match said.contains(&found_at.to_string()) {
            true => "a broker".to_owned(),
            false => found_at.to_string(),
        });
        let message = match found_at {
            None => format!("connection: no broker of `bootstrap.servers` could be used: {said}"),
            Some(found_at) if self.trouble.is_reached => format!(
                "connection: {found_at} described the cluster, and its brokers were reached, but no producer could be \
                 started: {said}"
            ),
            Some(found_at) => format!(
                "connection: {found_at} described the cluster, but no broker could be used at the address that it \
                 advertises (see `advertised.listeners` of the brokers): {said}"
            ),
        };
        ConnectError::new(*kind, message).because_of(cause.clone())
    }

    async fn pause(&mut self, attempt: u32) {
        let left = self.deadline.saturating_duration_since(clock::now());
        sleep(self.backoff.after(attempt).min(left)).await;
    }
}

/// An answer without a broker that could be asked anything.
pub(super) fn no_cluster(code: ErrorCode) -> Trouble {
    let trouble = match code {
        ErrorCode::NONE => {
            Trouble::new(ConnectErrorKind::Timeout, "the cluster advertises no broker that could be reached")
        }
        ErrorCode::CLUSTER_AUTHORIZATION_FAILED => {
            let said = "a broker does not describe the cluster to this producer: allow DESCRIBE on it";
            Trouble::new(ConnectErrorKind::Authorization, said).definite()
        }
        code => {
            Trouble::new(ConnectErrorKind::Timeout, format_args!("a broker described no cluster: {code}"))
        }
    };
    trouble.with_code(Some(code).filter(|code| !code.is_ok()))
}

/// After as many attempts as there are numbers.
fn unreachable_end<T>() -> Result<T, ConnectError> {
    Err(ConnectError::new(ConnectErrorKind::Timeout, "connection: too many attempts"))
}

/// Asks for an identity without transactions.
pub(super) fn identity_request() -> InitProducerIdRequest {
    InitProducerIdRequest { transaction_timeout_ms: i32::MAX, ..InitProducerIdRequest::default() }
}

/// Answers that give an identity.
pub(super) fn gives_identity(endpoint: &Endpoint, response: &InitProducerIdResponse) -> Result<(), Trouble> {
    identity_of(response).map(drop).map_err(|trouble| trouble.at(endpoint))
}

/// The identity that a broker gave.
pub(super) fn identity_of(response: &InitProducerIdResponse) -> Result<ProducerIdAndEpoch, Trouble> {
    let trouble = match response.error_code {
        ErrorCode::NONE => {
            return Ok(ProducerIdAndEpoch {
                producer_id: response.producer_id,
                epoch: response.producer_epoch,
            });
        }
        ErrorCode::CLUSTER_AUTHORIZATION_FAILED | ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED => {
            let said = "the producer may not write idempotently: allow WRITE on a topic, or IDEMPOTENT_WRITE on the \
                        cluster, or set enable.idempotence=false";
            Trouble::new(ConnectErrorKind::Authorization, said).definite()
        }
        code => Trouble::new(ConnectErrorKind::Timeout, format_args!("a broker gave no producer id: {code}")),
    };
    Err(trouble.with_code(Some(response.error_code)))
}
