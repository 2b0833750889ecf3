//! Push of metrics (KIP-714) over the control connection: requests and their responses. The decisions are in `telemetry`.

use std::time::{Duration, Instant};

use milena_codec::message::{
    GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse, PushTelemetryRequest,
    PushTelemetryResponse,
};
use milena_sender::accumulator::Clock;
use tokio::time::timeout;

use super::ClusterTask;
use super::requests::{PendingRequest, Reply};
use crate::clock;
use crate::driver::control_client::ControlClient;
use crate::driver::settings::Settings;
use crate::telemetry::{Telemetry, TelemetryRequest};

/// The time of a request about metrics, which may keep a request for metadata waiting.
const TELEMETRY_TIMEOUT: Duration = Duration::from_secs(2);

/// The decisions of a driver that begins.
pub(super) fn of(settings: &Settings) -> Telemetry {
    let core = &settings.core;
    let wall_ms = u64::try_from(core.clock.wall_ms()).unwrap_or_default();
    Telemetry::new(core.config.metrics_push, settings.seed, clock::now(), wall_ms.saturating_mul(1_000_000))
}

impl ClusterTask {
    /// Notes whether the broker of the control connection takes metrics.
    pub(super) fn note_telemetry_support(&mut self) {
        let control = self.control.as_ref();
        let offers = |control: &ControlClient| {
            let subscribe = control.offers::<GetTelemetrySubscriptionsRequest>()?;
            Some(subscribe && control.offers::<PushTelemetryRequest>()?)
        };
        if let Some(supported) = control.and_then(offers) {
            self.telemetry.set_supported(supported, clock::now());
        }
    }

    /// The next request about metrics, if one is due.
    pub(super) fn telemetry_request(&mut self, now: Instant) -> Option<TelemetryRequest> {
        let core = &self.settings.core;
        self.telemetry.next_request(now, || core.snapshot())
    }

    /// The terminating push, if a broker has subscribed: everything is settled, and the producer ends by `until`.
    pub(super) async fn push_last(&mut self, until: Instant) {
        let within = until.saturating_duration_since(clock::now()).min(TELEMETRY_TIMEOUT);
        if within.is_zero() {
            return;
        }
        // A request that is out has the connection.
        if let Some(pending) = self.pending_request.take() {
            let Ok((control, reply)) = timeout(within, pending).await else { return };
            self.control = Some(control);
            self.on_reply(reply);
        }
        let core = &self.settings.core;
        let request = self.telemetry.terminate(clock::now(), || core.snapshot());
        if let (Some(request), Some(control)) = (request, self.control.take()) {
            let sending = self.sending(control, TelemetryRequest::Push(request));
            if timeout(within, sending).await.is_err() {
                tracing::debug!("metrics: the last push got no response");
            }
        }
    }

    pub(super) fn take_subscription(&mut self, response: Option<GetTelemetrySubscriptionsResponse>) {
        self.telemetry.on_subscription(response, clock::now());
        self.settings.core.metrics.set_client_instance(self.telemetry.instance());
        tracing::debug!(due = ?self.telemetry.due(), "metrics: subscription of the cluster");
    }

    pub(super) fn take_pushed(&mut self, response: Option<PushTelemetryResponse>) {
        let code = response.map(|response| response.error_code);
        if code.is_none_or(|code| !code.is_ok()) {
            tracing::debug!(?code, "metrics: push failed");
        }
        self.telemetry.on_push(code, clock::now());
    }

    /// Sends a request to the broker of the control connection alone, or to one broker if there is no connection.
    pub(super) fn sending(
        &mut self,
        mut control: ControlClient,
        request: TelemetryRequest,
    ) -> PendingRequest {
        let candidates = match control.endpoint() {
            Some(_) => Vec::new(),
            None => self.metadata.candidates().into_iter().take(1).collect(),
        };
        Box::pin(async move {
            let reply = match request {
                TelemetryRequest::Subscribe(request) => {
                    let response = control.request(&candidates, &request, TELEMETRY_TIMEOUT, Ok).await;
                    Reply::Subscription(response.ok().map(|(_, response)| response))
                }
                TelemetryRequest::Push(request) => {
                    let response = control.request(&candidates, &request, TELEMETRY_TIMEOUT, Ok).await;
                    Reply::Pushed(response.ok().map(|(_, response)| response))
                }
            };
            (control, reply)
        })
    }
}
