//! A topic that the client forgets, as the driver does.

use super::{SenderHarness, topic};
use crate::broker_sender::SenderEvent;

impl SenderHarness {
    /// Forgets the topic, if nothing is left of it. It has no partitions afterwards.
    pub(crate) fn forget(&mut self) -> bool {
        let asked = self.topic.partitions().len();
        if !self.assignment.request_rest_reports(&self.topic) {
            return false;
        }
        self.obey();
        let (at_rest, others): (Vec<_>, Vec<_>) =
            self.events.drain(..).partition(|event| matches!(event, SenderEvent::AtRest(..)));
        self.events = others;
        if at_rest.len() < asked {
            return false;
        }
        self.assignment.forget(&self.topic);
        self.topic = topic(&self.shared, self.compression.as_ref());
        self.obey();
        true
    }
}
