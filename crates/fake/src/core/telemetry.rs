//! The subscription to metrics, and the pushes of clients (KIP-714).

use std::collections::VecDeque;

use crate::telemetry::{TelemetryPush, TelemetrySubscription};

/// The oldest pushes go beyond so many.
const PUSHES_MAX: usize = 1_000;

/// The receiver of metrics of a cluster.
#[derive(Debug)]
pub(crate) struct Telemetry {
    pub(crate) subscription: TelemetrySubscription,
    pub(crate) subscription_id: i32,
    /// How many clients were assigned an id.
    pub(crate) clients: u64,
    pushes: VecDeque<TelemetryPush>,
}

impl Telemetry {
    pub(crate) const fn new(subscription: TelemetrySubscription) -> Self {
        Self { subscription, subscription_id: 1, clients: 0, pushes: VecDeque::new() }
    }

    /// Another subscription: pushes of the one before are rejected.
    pub(crate) fn change(&mut self, subscription: TelemetrySubscription) {
        self.subscription = subscription;
        self.subscription_id += 1;
    }

    pub(crate) fn add(&mut self, push: TelemetryPush) {
        if self.pushes.len() == PUSHES_MAX {
            self.pushes.pop_front();
        }
        self.pushes.push_back(push);
    }

    pub(crate) fn pushes(&self) -> Vec<TelemetryPush> {
        self.pushes.iter().cloned().collect()
    }
}
