//! Push of metrics to the cluster (KIP-714): decided without I/O.
//!
//! ```text
//!              supported            subscription               due
//!  Unsupported ────────▶ Subscribe ─────────────▶ Push ◀──────────────┐
//!        ▲                  ▲  ▲                    │  │               │
//!        │                  │  │ an error, or       │  └── success ────┘
//!        │                  │  │ another connection ▼
//!        └ not any more ────┘  └────────────── Push in progress
//!
//!  from everywhere: Off, where the broker rejects a request that no retry can mend
//! ```
//!
//! The rules are those of KIP-714 and of `ClientTelemetryReporter.java`:
//!
//! * The first push of a subscription comes after 0.5 to 1.5 of its interval, so that clients do not push in step.
//! * `UNKNOWN_SUBSCRIPTION_ID` and `UNSUPPORTED_COMPRESSION_TYPE`: the subscription is requested again at once.
//! * `TELEMETRY_TOO_LARGE`, `THROTTLING_QUOTA_EXCEEDED` and failed requests: it is requested again after the interval.
//! * `INVALID_REQUEST`, `INVALID_RECORD`, `UNSUPPORTED_VERSION`: the end.
//! * The last push, as the producer closes, is marked as terminating.
//!
//! A broker offers the two APIs only with a receiver of metrics. Nothing is sent to one that does not.

pub(crate) mod otlp;
mod payload;
mod subscription;

use std::time::{Duration, Instant};

use milena_backoff::Random;
use milena_codec::ErrorCode;
use milena_codec::ids::ClientInstanceId;
use milena_codec::message::{
    GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse, PushTelemetryRequest,
};

use crate::metrics::ProducerMetrics;
use payload::Source;
use subscription::Subscription;

/// The interval where the broker gives none (`ClientTelemetryReporter.DEFAULT_PUSH_INTERVAL_MS`).
const PUSH_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// The decisions about the push of one producer's metrics.
#[derive(Debug)]
pub(crate) struct Telemetry {
    state: State,
    /// The id of this client, which the first subscription assigns; zero before.
    instance: ClientInstanceId,
    subscription: Option<Subscription>,
    /// The codec that the broker found unsupported.
    rejected_codecs: Vec<i8>,
    random: Random,
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The broker does not offer the APIs.
    Unsupported,
    /// The subscription is to be requested from this time on.
    Subscribe(Instant),
    /// Metrics are to be pushed from this time on.
    Push(Instant),
    /// Nothing is sent any more.
    Off,
}

/// The next request.
#[derive(Debug)]
pub(crate) enum TelemetryRequest {
    /// Request the subscription.
    Subscribe(GetTelemetrySubscriptionsRequest),
    /// Push metrics.
    Push(PushTelemetryRequest),
}

impl Telemetry {
    /// `enabled`: `enable.metrics.push`. `wall_nanos`: the time of day, in nanoseconds since 1970.
    pub(crate) fn new(enabled: bool, seed: u64, now: Instant, wall_nanos: u64) -> Self {
        Self {
            state: if enabled { State::Unsupported } else { State::Off },
            instance: ClientInstanceId::ZERO,
            subscription: None,
            rejected_codecs: Vec::new(),
            random: Random::with_seed(seed),
            source: Source::new(now, wall_nanos),
        }
    }

    /// Whether the broker of the control connection offers the two APIs.
    pub(crate) fn set_supported(&mut self, supported: bool, now: Instant) {
        match (self.state, supported) {
            (State::Unsupported, true) => self.state = State::Subscribe(now),
            (State::Subscribe(_) | State::Push(_), false) => self.state = State::Unsupported,
            _ => {}
        }
    }

    /// When the next request is due.
    pub(crate) const fn due(&self) -> Option<Instant> {
        match self.state {
            State::Subscribe(at) | State::Push(at) => Some(at),
            State::Unsupported | State::Off => None,
        }
    }

    /// The id of this client at the brokers, once one assigned it.
    pub(crate) fn instance(&self) -> Option<ClientInstanceId> {
        (self.instance != ClientInstanceId::ZERO).then_some(self.instance)
    }

    /// The next request, if one is due. `metrics` is called for a push alone.
    pub(crate) fn next_request(
        &mut self,
        now: Instant,
        metrics: impl FnOnce() -> ProducerMetrics,
    ) -> Option<TelemetryRequest> {
        match self.state {
            State::Subscribe(at) if now >= at => {
                // Until the response comes.
                self.state = State::Subscribe(now + PUSH_INTERVAL);
                let client_instance_id = self.instance;
                Some(TelemetryRequest::Subscribe(GetTelemetrySubscriptionsRequest { client_instance_id }))
            }
            State::Push(at) if now >= at => {
                let interval = self.subscription.as_ref().map_or(PUSH_INTERVAL, |wanted| wanted.interval);
                self.state = State::Push(now + interval);
                self.push(now, metrics, false).map(TelemetryRequest::Push)
            }
            _ => None,
        }
    }

    /// The last push, as the producer closes; none without a subscription.
    pub(crate) fn terminate(
        &mut self,
        now: Instant,
        metrics: impl FnOnce() -> ProducerMetrics,
    ) -> Option<PushTelemetryRequest> {
        let is_subscribed = matches!(self.state, State::Push(_));
        self.state = State::Off;
        if is_subscribed { self.push(now, metrics, true) } else { None }
    }

    /// The response to a request for the subscription; none where the request failed.
    pub(crate) fn on_subscription(
        &mut self,
        response: Option<GetTelemetrySubscriptionsResponse>,
        now: Instant,
    ) {
        if matches!(self.state, State::Off) {
            return;
        }
        let Some(response) = response else { return self.subscribe_after(PUSH_INTERVAL, now) };
        match response.error_code {
            ErrorCode::NONE => {}
            code if is_permanent(code) => return self.state = State::Off,
            _ => return self.subscribe_after(PUSH_INTERVAL, now),
        }
        if response.client_instance_id != ClientInstanceId::ZERO {
            self.instance = response.client_instance_id;
        }
        let subscription = Subscription::of(response, &self.rejected_codecs);
        self.state = match subscription.wants_any() {
            true => State::Push(now + subscription.interval.mul_f64(0.5 + self.random.fraction())),
            // No metrics are wanted: the subscription is requested again after its interval.
            false => State::Subscribe(now + subscription.interval),
        };
        self.subscription = Some(subscription);
    }

    /// The code of the response to a push; none where the push failed.
    pub(crate) fn on_push(&mut self, code: Option<ErrorCode>, now: Instant) {
        let Some(subscription) = &self.subscription else { return };
        if matches!(self.state, State::Off) {
            return;
        }
        let interval = subscription.interval;
        match code {
            Some(ErrorCode::NONE) => self.source.delivered(),
            Some(code) if is_permanent(code) => self.state = State::Off,
            Some(ErrorCode::UNKNOWN_SUBSCRIPTION_ID) => self.subscribe_after(Duration::ZERO, now),
            Some(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE) => {
                self.rejected_codecs.push(subscription.codec_id());
                self.subscribe_after(Duration::ZERO, now);
            }
            _ => self.subscribe_after(interval, now),
        }
    }

    fn subscribe_after(&mut self, pause: Duration, now: Instant) {
        self.state = State::Subscribe(now + pause);
    }

    fn push(
        &mut self,
        now: Instant,
        metrics: impl FnOnce() -> ProducerMetrics,
        terminating: bool,
    ) -> Option<PushTelemetryRequest> {
        let subscription = self.subscription.as_ref()?;
        let data = self.source.data(metrics(), subscription, now);
        let (compression_type, metrics) = subscription.compress(data);
        Some(PushTelemetryRequest {
            client_instance_id: self.instance,
            subscription_id: subscription.id,
            terminating,
            compression_type,
            metrics,
        })
    }
}

/// Whether no retry can succeed (`ClientTelemetryUtils.maybeFetchErrorIntervalMs`).
const fn is_permanent(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::INVALID_REQUEST | ErrorCode::INVALID_RECORD | ErrorCode::UNSUPPORTED_VERSION)
}

#[cfg(test)]
mod tests;
