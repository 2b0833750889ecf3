//! Subscription, pushes and errors of KIP-714, on a clock that the test moves.

use super::*;
use crate::clock;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn broker_without_the_apis_gets_no_request() {
    let mut client = Client::new();
    assert!(client.next().is_none() && client.telemetry.due().is_none());
    client.telemetry.set_supported(true, client.now);
    assert!(matches!(client.next(), Some(TelemetryRequest::Subscribe(_))));
    client.telemetry.set_supported(false, client.now);
    client.now += MINUTE * 60;
    assert!(client.next().is_none());
}

#[test]
fn first_push_comes_after_half_to_one_and_a_half_intervals() {
    let pauses: Vec<Duration> = (0..50)
        .map(|seed| {
            let mut client = Client::with_seed(seed).subscribed();
            let due = client.telemetry.due().unwrap();
            client.now = due;
            assert!(matches!(client.next(), Some(TelemetryRequest::Push(_))));
            client.pushed(ErrorCode::NONE);
            assert_eq!(client.telemetry.due(), Some(due + MINUTE), "the later ones keep the interval");
            due - client.started
        })
        .collect();
    assert!(pauses.iter().all(|pause| (MINUTE / 2..MINUTE * 3 / 2).contains(pause)));
    assert!(pauses.iter().any(|pause| *pause < MINUTE * 3 / 4), "they differ");
    assert!(pauses.iter().any(|pause| *pause > MINUTE * 5 / 4), "they differ");
}

#[test]
fn each_error_of_a_push_has_its_consequence() {
    use ErrorCode as Code;
    let now = Some(Duration::ZERO);
    let cases = [
        (Some(Code::UNKNOWN_SUBSCRIPTION_ID), now),
        (Some(Code::UNSUPPORTED_COMPRESSION_TYPE), now),
        (Some(Code::TELEMETRY_TOO_LARGE), Some(MINUTE)),
        (Some(Code::THROTTLING_QUOTA_EXCEEDED), Some(MINUTE)),
        (Some(Code::UNKNOWN_SERVER_ERROR), Some(MINUTE)),
        (None, Some(MINUTE)),
        (Some(Code::INVALID_REQUEST), None),
        (Some(Code::INVALID_RECORD), None),
        (Some(Code::UNSUPPORTED_VERSION), None),
    ];
    for (code, again) in cases {
        let mut client = Client::new().subscribed();
        client.push();
        client.telemetry.on_push(code, client.now);
        let due = client.telemetry.due();
        assert_eq!(due, again.map(|pause| client.now + pause), "{code:?}");
        let Some(due) = due else { continue };
        client.now = due;
        let next = client.next();
        let Some(TelemetryRequest::Subscribe(request)) = next else { panic!("{code:?}: {next:?}") };
        assert_eq!(request.client_instance_id, INSTANCE, "{code:?}: the id is kept");
    }
}

#[test]
fn codec_that_the_broker_rejects_is_not_used_again() {
    let mut client = Client::new();
    client.response.accepted_compression_types = vec![3, 1];
    client.response.requested_metrics = vec![String::new()];
    let mut client = client.subscribed();
    assert_eq!(client.push().compression_type, 3);
    client.pushed(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    assert!(client.next().is_some());
    let response = client.response.clone();
    client.telemetry.on_subscription(Some(response), client.now);
    assert_eq!(client.push().compression_type, 1);
}

#[test]
fn subscription_without_metrics_is_requested_again_after_its_interval() {
    let mut client = Client::new();
    client.response.requested_metrics = Vec::new();
    let client = client.subscribed();
    assert_eq!(client.telemetry.due(), Some(client.now + MINUTE));
}

#[test]
fn hostile_subscription_is_kept_within_bounds() {
    let mut client = Client::new();
    client.response.push_interval_ms = 1;
    client.response.telemetry_max_bytes = i32::MIN;
    client.response.accepted_compression_types = (i8::MIN..=i8::MAX).rev().collect();
    client.response.requested_metrics = vec!["x".repeat(30_000); 3_000];
    let mut client = client.subscribed();
    let due = client.telemetry.due().unwrap();
    assert!(due >= client.now + Duration::from_millis(50), "a hundred milliseconds, with jitter");
    client.now = due;
    assert!(matches!(client.next(), Some(TelemetryRequest::Subscribe(_))), "no such name is one of ours");
}

#[test]
fn closing_producer_pushes_once_more_if_it_is_subscribed() {
    let mut client = Client::new();
    assert!(client.telemetry.terminate(client.now, ProducerMetrics::default).is_none());
    let mut client = Client::new().subscribed();
    let last = client.telemetry.terminate(client.now, ProducerMetrics::default).unwrap();
    assert!(last.terminating && last.client_instance_id == INSTANCE && last.subscription_id == 9);
    assert!(client.telemetry.due().is_none());
}

#[test]
fn push_that_failed_is_part_of_the_next_one() {
    let mut client = Client::new().subscribed();
    client.metrics.failed = 5;
    assert_eq!(failed_in(&client.push().metrics), 5.0);
    client.pushed(ErrorCode::NONE);
    client.metrics.failed = 7;
    assert_eq!(failed_in(&client.push().metrics), 2.0);
    client.pushed(ErrorCode::TELEMETRY_TOO_LARGE);
    client.metrics.failed = 8;
    let last = client.resubscribed().push();
    assert_eq!(failed_in(&last.metrics), 3.0);
}

#[test]
fn cumulative_sums_go_on() {
    let mut client = Client::new();
    client.response.delta_temporality = false;
    let mut client = client.subscribed();
    client.metrics.failed = 5;
    client.push();
    client.pushed(ErrorCode::NONE);
    client.metrics.failed = 7;
    assert_eq!(failed_in(&client.push().metrics), 7.0);
}

const INSTANCE: ClientInstanceId = ClientInstanceId([7; 16]);

struct Client {
    telemetry: Telemetry,
    started: Instant,
    now: Instant,
    metrics: ProducerMetrics,
    /// Of the broker, to a request for the subscription.
    response: GetTelemetrySubscriptionsResponse,
}

impl Client {
    fn new() -> Self {
        Self::with_seed(1)
    }

    fn with_seed(seed: u64) -> Self {
        let now = clock::now();
        let response = GetTelemetrySubscriptionsResponse {
            client_instance_id: INSTANCE,
            subscription_id: 9,
            push_interval_ms: 60_000,
            telemetry_max_bytes: 1 << 20,
            delta_temporality: true,
            requested_metrics: vec!["org.apache.kafka.producer.record.error".to_owned()],
            ..GetTelemetrySubscriptionsResponse::default()
        };
        let telemetry = Telemetry::new(true, seed, now, 0);
        Self { telemetry, started: now, now, metrics: ProducerMetrics::default(), response }
    }

    fn subscribed(mut self) -> Self {
        self.telemetry.set_supported(true, self.now);
        self.resubscribed()
    }

    fn resubscribed(mut self) -> Self {
        self.now = self.telemetry.due().unwrap();
        assert!(matches!(self.next(), Some(TelemetryRequest::Subscribe(_))));
        self.telemetry.on_subscription(Some(self.response.clone()), self.now);
        self
    }

    fn next(&mut self) -> Option<TelemetryRequest> {
        self.telemetry.next_request(self.now, || self.metrics.clone())
    }

    /// The next push, when it is due.
    fn push(&mut self) -> PushTelemetryRequest {
        self.now = self.telemetry.due().unwrap();
        match self.next() {
            Some(TelemetryRequest::Push(push)) => push,
            other => panic!("no push: {other:?}"),
        }
    }

    fn pushed(&mut self, code: ErrorCode) {
        self.telemetry.on_push(Some(code), self.now);
    }
}

/// The value of `record.error.total`: behind the name stand two tags with lengths, two times with tags, and the tag of `as_double`.
fn failed_in(data: &[u8]) -> f64 {
    let name = b"org.apache.kafka.producer.record.error.total";
    let at = data.windows(name.len()).position(|window| window == name).unwrap() + name.len() + 23;
    f64::from_le_bytes(data[at..at + 8].try_into().unwrap())
}
