//! The requests of the cluster task, one at a time, and the use of their responses.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_codec::ids::ProducerIdAndEpoch;
use milena_codec::message::{
    GetTelemetrySubscriptionsResponse, MetadataRequest, MetadataResponse, PushTelemetryResponse,
};
use milena_connection::Endpoint;
use milena_connection::transport::ConnectionError;

use super::ClusterTask;
use crate::clock;
use crate::driver::control_client::{ControlClient, of_cluster};
use crate::driver::failed_attempts::FailedAttempts;
use crate::driver::startup::{identity_of, identity_request, no_cluster};

/// The result of a request.
pub(super) enum Reply {
    Metadata(Result<(Endpoint, MetadataResponse), FailedAttempts>),
    ProducerId(Result<ProducerIdAndEpoch, FailedAttempts>),
    Subscription(Option<GetTelemetrySubscriptionsResponse>),
    Pushed(Option<PushTelemetryResponse>),
}

/// A request that is out.
pub(super) type PendingRequest = Pin<Box<dyn Future<Output = (ControlClient, Reply)> + Send>>;

/// How long all candidates together have for a response.
const CONTROL_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

impl ClusterTask {
    /// Sends the next request that is due, one at a time.
    pub(super) fn send_next_request(&mut self) {
        let now = clock::now();
        if now >= self.relax_at {
            self.settings.core.registry.relax_limits();
            self.relax_at = now + self.settings.core.config.metadata_max_age;
        }
        let identity_is_due = self.identity_not_before.is_none_or(|not_before| now >= not_before);
        let metadata_is_due = self.metadata.due().is_some_and(|due| now >= due);
        let push_is_due = self.telemetry.due().is_some_and(|due| now >= due);
        if !metadata_is_due && !identity_is_due && !push_is_due {
            return;
        }
        let Some(mut control) = self.control.take() else { return };
        if metadata_is_due {
            self.settings.core.registry.metadata_request_sent();
            let (candidates, request) = self.metadata.next_request();
            let accept = of_cluster(self.metadata.cluster_id().clone());
            self.pending_request = Some(Box::pin(async move {
                let answer = control
                    .request::<MetadataRequest, _>(&candidates, &request, CONTROL_REQUEST_TIMEOUT, accept)
                    .await;
                (control, Reply::Metadata(answer))
            }));
        } else if identity_is_due && self.assignment.take_producer_id_request() {
            let candidates = self.metadata.candidates();
            self.pending_request = Some(Box::pin(async move {
                let answer = control
                    .request(&candidates, &identity_request(), CONTROL_REQUEST_TIMEOUT, identity_of)
                    .await;
                (control, Reply::ProducerId(answer.map(|(_, identity)| identity)))
            }));
        } else if let Some(request) = self.telemetry_request(now) {
            self.pending_request = Some(self.sending(control, request));
        } else {
            self.control = Some(control);
        }
    }

    /// Applies the result of a request.
    pub(super) fn on_reply(&mut self, reply: Reply) {
        let now = clock::now();
        match reply {
            Reply::Metadata(answer) => self.take_metadata(answer, now),
            Reply::ProducerId(answer) => self.take_identity(answer, now),
            Reply::Subscription(response) => self.take_subscription(response),
            Reply::Pushed(response) => self.take_pushed(response),
        }
    }

    fn take_metadata(&mut self, answer: Result<(Endpoint, MetadataResponse), FailedAttempts>, now: Instant) {
        let described = answer.and_then(|(endpoint, response)| described(endpoint, response));
        if let Err(reason) = &described {
            self.note_failure(reason, now);
        }
        let is_answered = described.is_ok();
        match described {
            Ok(response) => {
                if self.log_once[0].is_over() {
                    tracing::info!("metadata: the cluster is described again");
                }
                self.settings.core.registry.set_trouble(None);
                self.settings.core.metrics.note_described(now);
                let changes = self.metadata.on_response(response, now);
                self.take_in(changes);
            }
            Err(reason) => {
                match self.log_once[0].is_new(reason.step()) {
                    true => tracing::warn!(%reason, "metadata: no broker described the cluster, retrying"),
                    false => tracing::debug!(%reason, "metadata: no broker described the cluster, retrying"),
                }
                self.settings.core.registry.set_trouble(Some(reason.obstacle()));
                let changes = self.metadata.on_failure(now);
                self.take_in(changes);
            }
        }
        self.note_cluster();
        let over = self.settings.core.registry.metadata_request_over(is_answered);
        over.iter().for_each(|name| self.metadata.forget(name));
    }

    fn take_identity(&mut self, answer: Result<ProducerIdAndEpoch, FailedAttempts>, now: Instant) {
        let shared = &self.settings.core.shared;
        match answer {
            Ok(identity) => {
                self.identity_failures = 0;
                self.log_once[1].is_over();
                shared.set_no_identity(None);
                self.assignment.identity(identity);
            }
            Err(reason) => {
                self.note_failure(&reason, now);
                match self.log_once[1].is_new(reason.step()) {
                    true => tracing::warn!(%reason, "produce: no broker returned a producer id, retrying"),
                    false => tracing::debug!(%reason, "produce: no broker returned a producer id, retrying"),
                }
                shared.set_no_identity(Some(reason.obstacle()));
                self.identity_not_before = Some(now + self.backoff.after(self.identity_failures));
                self.identity_failures = self.identity_failures.saturating_add(1);
                self.assignment.request_producer_id_again();
            }
        }
        self.note_cluster();
    }

    /// The brokers, for the status of the producer.
    pub(super) fn note_cluster(&self) {
        let control = self.control.as_ref().and_then(ControlClient::endpoint).cloned();
        self.settings.core.connectivity.set_cluster(self.metadata.broker_count(), control);
    }

    fn note_failure(&self, reason: &FailedAttempts, now: Instant) {
        let connectivity = &self.settings.core.connectivity;
        connectivity.note_failure(reason.step().into(), reason.to_string().into(), now);
    }
}

/// A response with an error code instead of a description is a failure. After REBOOTSTRAP_REQUIRED there is more to do.
fn described(endpoint: Endpoint, response: MetadataResponse) -> Result<MetadataResponse, FailedAttempts> {
    match response.error_code {
        ErrorCode::NONE | ErrorCode::REBOOTSTRAP_REQUIRED => Ok(response),
        code => Err(ConnectionError::new(endpoint, no_cluster(code)).into()),
    }
}
