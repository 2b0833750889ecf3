//! Topics that nobody has written to for long are not asked for any more (KIP-526). They keep their partitions, and the
//! sequences of these; the next record has them asked for again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::Director;

/// By topic, how many batches it had when it was looked at, and since when they are that many.
#[derive(Debug, Default)]
pub(super) struct Idleness(BTreeMap<Arc<str>, (u64, Instant)>);

impl Director {
    /// Stops asking for what has been idle for too long. Looked at before a question alone: until then it costs nothing.
    pub(super) fn let_idle_topics_be(&mut self, now: Instant) {
        let core = Arc::clone(&self.settings.core);
        for topic in core.registry.all_known() {
            let batches = topic.batches();
            let (before, since) = self.idleness.0.entry(Arc::clone(topic.name())).or_insert((batches, now));
            if *before != batches {
                (*before, *since) = (batches, now);
            } else if now.duration_since(*since) >= core.config.metadata_max_idle
                && self.metadata.topic(topic.name()).is_some()
                && topic.let_be(batches)
            {
                self.metadata.forget(topic.name());
                self.forget_unknown(topic.name());
            }
        }
    }

    /// A topic is written to: it is asked for, if it was not.
    pub(super) fn follow(&mut self, name: &Arc<str>, now: Instant) {
        if let Some(topic) = self.settings.core.registry.topic(name) {
            topic.awake();
            self.metadata.want(name, now);
        }
    }
}
