//! Why the records of a broker sender wait, for the errors of those that expire.
//!
//! The nearest reason counts: the partition has no leader, the producer has no id, the broker cannot be used, or it is
//! being connected to, or it is silent. Where none of them holds, the partition sender knows whether the broker rejects the batches of the
//! partition.

use std::fmt;
use std::sync::Arc as StdArc;
use std::time::{Duration, Instant};

use super::BrokerSender;
use super::schedule::Scheduled;
use crate::ids::PartitionSerial;
use crate::outcome::Obstacle;

/// A broker is silent in the errors of records that expire when it has owed a response for this share of
/// `delivery.timeout.ms`: one half.
const SILENT_SHARE: u32 = 2;

/// A connection that is being opened, of which no attempt has failed.
#[derive(Clone, Debug)]
pub(super) struct Connecting {
    /// The address of the broker.
    address: StdArc<str>,
    since: Instant,
}

impl BrokerSender {
    /// Notes the trouble with the broker, for the errors of records that expire.
    pub(super) fn on_unusable(&mut self, trouble: Obstacle) {
        self.mailbox.set_trouble(Some(StdArc::clone(&trouble.message)));
        self.trouble = Some(trouble);
        self.connecting = None;
    }

    /// A connection to the broker at `address` is being opened.
    pub(super) fn on_connecting(&mut self, now: Instant, address: fmt::Arguments<'_>) {
        if self.version.is_none() && self.trouble.is_none() && self.connecting.is_none() {
            self.connecting = Some(Connecting { address: address.to_string().into(), since: now });
        }
    }

    /// Fails the records of a partition that waited for too long.
    pub(super) fn expire(&mut self, serial: PartitionSerial, now: Instant) {
        let Some(Scheduled { sender: partition_sender, .. }) = self.partition_senders.get(&serial) else {
            return;
        };
        let lacks_identity = partition_sender.lacks_identity(self.identity, &self.config.partition_sender);
        let no_identity = || self.completer.shared().no_identity().filter(|_| lacks_identity);
        let obstacle = partition_sender.partition().leaderless().or_else(no_identity);
        let obstacle = obstacle.or_else(|| self.trouble.clone()).or_else(|| self.unconnected(now));
        // A loaded broker owes responses at any time. One that is silent for half of the time that a record has is the reason.
        let silent_min = self.config.partition_sender.delivery_timeout / SILENT_SHARE;
        let is_silent = self.silent_since.is_some_and(|since| now >= since + silent_min);
        let Some(Scheduled { sender, .. }) = self.partition_senders.get_mut(&serial) else { return };
        // A caller that holds the partition has the broker sender come back.
        let _ = sender.expire(
            now,
            &self.config.partition_sender,
            obstacle.as_ref(),
            is_silent,
            &mut self.completer,
        );
    }

    /// The reason of a broker sender that never had a connection, or not since the last one ended in order.
    fn unconnected(&self, now: Instant) -> Option<Obstacle> {
        if self.version.is_some() {
            return None;
        }
        let Some(broker) = self.mailbox.broker() else {
            return Some("metadata: no broker leads the partition: start the brokers of its replicas".into());
        };
        let text = match &self.connecting {
            Some(Connecting { address, since }) => format!(
                "connection: broker {} at {address}: not connected yet, connecting for {:?}",
                broker.0,
                rounded(now.saturating_duration_since(*since))
            ),
            None => format!("connection: broker {} is not connected", broker.0),
        };
        Some(text.into())
    }
}

/// Whole milliseconds, and whole seconds from ten on.
fn rounded(time: Duration) -> Duration {
    match time.as_secs() {
        0..10 => Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        seconds => Duration::from_secs(seconds),
    }
}
