//! The topics of a producer, by name: known, being looked up, or refused.
//!
//! A name that no topic can have never gets in. A refusal is returned from here during a growing backoff. A topic whose
//! partitions the driver makes stays until the driver forgets it, once nothing is left of it and no caller holds it: a second
//! one of the same name would have partition senders of its own for the same partitions.

mod abandoned;
mod growth;
mod idle;
mod refusals;
mod slot;
#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use milena_backoff::Backoff;
use milena_codec::ErrorCode;
use milena_partitioner::Partitioner;
use milena_sender::Obstacle;
use milena_sender::accumulator::{Shared, Topic};
use milena_sender::compression::TopicCompression;
use milena_sender::sync::wake_all;

pub(crate) use slot::{Place, Seen};

use abandoned::Abandoned;
use refusals::Refusals;
use slot::{Slot, State};

use crate::config::{Compression, ProducerConfig};
use crate::topic_name::{self, TopicNameFault};

/// The topics in use.
#[derive(Debug)]
pub(crate) struct Registry {
    shared: Arc<Shared>,
    partitioner: Partitioner,
    compression: Compression,
    /// Of the topics that have their own.
    topic_compression: BTreeMap<String, Compression>,
    seed: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    topics: HashMap<Arc<str>, Slot>,
    refusals: Refusals,
    abandoned: Abandoned,
    /// How many Metadata requests were sent.
    requests: u64,
    /// The last of them that has its response.
    answered: u64,
    closed: bool,
    /// How many places there ever were.
    places: u64,
    /// Why no broker describes the cluster, while none does.
    trouble: Option<Obstacle>,
}

/// Why a topic is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The brokers refuse to describe it.
    Refused(ErrorCode),
    /// No topic can have this name.
    Name(TopicNameFault),
    /// The producer was closed.
    Closed,
}

/// Whether the driver has to be notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tell {
    /// The topic's metadata is to be requested, or not any more.
    Driver,
    /// Nothing has changed.
    Nothing,
}

impl Registry {
    pub(crate) fn new(shared: Arc<Shared>, config: &ProducerConfig, seed: u64) -> Self {
        let backoff = Backoff::new(config.retry_backoff, config.retry_backoff_max, seed);
        let inner = Inner {
            topics: HashMap::new(),
            refusals: Refusals::new(backoff),
            abandoned: Abandoned::default(),
            requests: 0,
            answered: 0,
            closed: false,
            places: 0,
            trouble: None,
        };
        Self {
            shared,
            partitioner: config.partitioner,
            compression: config.compression,
            topic_compression: config.topic_compression.clone(),
            seed,
            inner: Mutex::new(inner),
        }
    }

    /// The topic, if it is known.
    pub(crate) fn known(&self, name: &str) -> Option<Arc<Topic>> {
        let inner = self.lock();
        let slot = inner.topics.get(name)?;
        matches!(slot.state, State::Known).then(|| Arc::clone(&slot.topic))
    }

    /// Closes the open batches of all topics: the next records begin others.
    pub(crate) fn close_batches(&self) {
        let topics: Vec<_> = self.lock().topics.values().map(|slot| Arc::clone(&slot.topic)).collect();
        for partition in topics.iter().flat_map(|topic| topic.partitions()) {
            partition.close_batch();
        }
    }

    /// Whether no more records are taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The topic for a caller that does not wait; none while it is being looked up. Each refusal is returned at least
    /// once, and again until its backoff is over; then the topic is looked up anew.
    pub(crate) fn ask(&self, name: &Arc<str>, now: Instant) -> (Result<Option<Arc<Topic>>, Missing>, Tell) {
        let mut inner = self.lock();
        if inner.closed {
            return (Err(Missing::Closed), Tell::Nothing);
        }
        match inner.topics.get_mut(name).map(|slot| (slot.state, slot)) {
            Some((State::Known, slot)) => {
                slot.used = now;
                return (Ok(Some(Arc::clone(&slot.topic))), Tell::Nothing);
            }
            Some((State::Wanted(_), slot)) => {
                slot.used = now;
                inner.abandoned.reclaim(name);
                return (Ok(None), Tell::Nothing);
            }
            Some((State::Refused(_), _)) | None => {}
        }
        if let Some(code) = inner.refusals.take_news(name, now) {
            return (Err(Missing::Refused(code)), Tell::Nothing);
        }
        match self.want(&mut inner, name, now) {
            Ok((_, tell)) => (Ok(None), tell),
            Err(fault) => (Err(Missing::Name(fault)), Tell::Nothing),
        }
    }

    /// Waits for a topic, whose metadata is requested if need be. `place` is kept from one poll to the next, and given back by
    /// [`leave`](Self::leave).
    pub(crate) fn poll(
        &self,
        name: &Arc<str>,
        place: &mut Option<Place>,
        now: Instant,
        waker: &Waker,
    ) -> (Poll<Result<Arc<Topic>, Missing>>, Tell) {
        let ready = |result| (Poll::Ready(result), Tell::Nothing);
        let mut inner = self.lock();
        if inner.closed {
            return ready(Err(Missing::Closed));
        }
        if let Some(slot) = inner.topics.get(name) {
            if matches!(slot.state, State::Known) {
                return ready(Ok(Arc::clone(&slot.topic)));
            }
            if let Some(code) = slot.refusal_for(*place) {
                return ready(Err(Missing::Refused(code)));
            }
        }
        if let (None, Some(code)) = (&place, inner.refusals.get(name, now)) {
            return ready(Err(Missing::Refused(code)));
        }
        let mut places = inner.places;
        let tell = match self.want(&mut inner, name, now) {
            Ok((slot, tell)) => {
                slot.wait(place, &mut places, waker, 0);
                tell
            }
            Err(fault) => return ready(Err(Missing::Name(fault))),
        };
        inner.places = places;
        (Poll::Pending, tell)
    }

    /// A caller that waited for a topic goes away. A look-up that no caller waits for goes on until its response, see
    /// [`abandoned`].
    pub(crate) fn leave(&self, name: &Arc<str>, place: Place) -> Tell {
        let mut inner = self.lock();
        let Inner { topics, abandoned, requests, .. } = &mut *inner;
        let Some(slot) = topics.get_mut(name) else { return Tell::Nothing };
        let wanted = slot.partitions_wanted();
        slot.leave(place);
        if slot.is_placed {
            return if slot.partitions_wanted() == wanted { Tell::Nothing } else { Tell::Driver };
        }
        if slot.has_waiters() || matches!(slot.state, State::Wanted(_)) && abandoned.keep(name, *requests) {
            return Tell::Nothing;
        }
        topics.remove(name);
        Tell::Driver
    }

    /// The last response about a topic that is not known.
    pub(crate) fn last_seen(&self, name: &str) -> Option<Seen> {
        match self.lock().topics.get(name)?.state {
            State::Wanted(seen) => seen,
            State::Known => None,
            State::Refused(code) => Some(Seen::Failed(code)),
        }
    }

    /// Why no broker describes the cluster; none when one does.
    pub(crate) fn trouble(&self) -> Option<Obstacle> {
        self.lock().trouble.clone()
    }

    /// No broker describes the cluster, for this reason, or one does again.
    pub(crate) fn set_trouble(&self, trouble: Option<Obstacle>) {
        self.lock().trouble = trouble;
    }

    /// The topic of this name, for the driver.
    pub(crate) fn topic(&self, name: &str) -> Option<Arc<Topic>> {
        self.lock().topics.get(name).map(|slot| Arc::clone(&slot.topic))
    }

    /// The topics whose partitions are known.
    pub(crate) fn all_known(&self) -> Vec<Arc<Topic>> {
        let inner = self.lock();
        let known = inner.topics.values().filter(|slot| matches!(slot.state, State::Known));
        known.map(|slot| Arc::clone(&slot.topic)).collect()
    }

    /// The topic of this name, for the driver, which makes its partitions: it stays from now on, even if the last caller
    /// that waits for it leaves before it is [`found`](Self::found).
    pub(crate) fn place(&self, name: &str) -> Option<Arc<Topic>> {
        let mut inner = self.lock();
        let slot = inner.topics.get_mut(name)?;
        slot.is_placed = true;
        Some(Arc::clone(&slot.topic))
    }

    /// Whether the driver made the partitions of a topic of this name.
    pub(crate) fn is_placed(&self, name: &str) -> bool {
        self.lock().topics.get(name).is_some_and(|slot| slot.is_placed)
    }

    /// The partitions of a topic are known now.
    pub(crate) fn found(&self, name: &str) {
        let mut inner = self.lock();
        inner.refusals.remove(name);
        inner.abandoned.found(name);
        let Some(slot) = inner.topics.get_mut(name) else { return };
        slot.state = State::Known;
        slot.is_placed = true;
        let mut wakers = slot.release();
        drop(inner);
        wake_all(&mut wakers);
    }

    /// The brokers described a topic without partitions.
    pub(crate) fn is_empty(&self, name: &str) {
        let mut inner = self.lock();
        if let Some(slot) = inner.topics.get_mut(name)
            && matches!(slot.state, State::Wanted(_))
        {
            slot.state = State::Wanted(Some(Seen::Empty));
        }
    }

    /// The brokers returned an error for a topic. True when its metadata need not be requested again: because the error
    /// is final until a caller uses the topic again, or because no caller waits for it: all of them have left, or the last one that
    /// does not wait used it before `used_after`.
    pub(crate) fn failed(
        &self,
        name: &Arc<str>,
        code: ErrorCode,
        used_after: Option<Instant>,
        now: Instant,
    ) -> bool {
        let is_refusal = matches!(
            code,
            ErrorCode::INVALID_TOPIC_EXCEPTION
                | ErrorCode::TOPIC_AUTHORIZATION_FAILED
                | ErrorCode::CLUSTER_AUTHORIZATION_FAILED
        );
        let mut inner = self.lock();
        let Inner { topics, refusals, abandoned, .. } = &mut *inner;
        let Some(slot) = topics.get_mut(name) else { return false };
        if slot.is_placed {
            return false;
        }
        if !is_refusal {
            slot.state = State::Wanted(Some(Seen::Failed(code)));
            let is_old = used_after.is_some_and(|after| slot.used < after);
            let is_unwanted = !slot.has_waiters() && (is_old || abandoned.contains(name));
            if is_unwanted {
                topics.remove(name);
                abandoned.note(name, Seen::Failed(code));
            }
            return is_unwanted;
        }
        abandoned.reclaim(name);
        refusals.insert(Arc::clone(name), code, now);
        slot.refuse(code);
        let mut wakers = slot.wakers();
        if wakers.is_empty() {
            topics.remove(name);
        }
        drop(inner);
        wake_all(&mut wakers);
        true
    }

    /// Takes no more records, in any topic.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let topics: Vec<_> = inner.topics.values().map(|slot| Arc::clone(&slot.topic)).collect();
        let mut waiters: Vec<_> = inner.topics.values().flat_map(Slot::wakers).collect();
        drop(inner);
        topics.iter().flat_map(|topic| topic.partitions()).for_each(|partition| partition.shut());
        // Last: a caller that waited for room finds its partition shut.
        self.shared.memory.close();
        wake_all(&mut waiters);
    }

    /// Lets batches that brokers once found too large grow again.
    pub(crate) fn relax_limits(&self) {
        self.lock().topics.values().for_each(|slot| slot.topic.relax_limit());
    }

    /// Wants metadata of a topic that is not known; a new topic is put in if its name is valid.
    fn want<'a>(
        &self,
        inner: &'a mut Inner,
        name: &Arc<str>,
        now: Instant,
    ) -> Result<(&'a mut Slot, Tell), TopicNameFault> {
        inner.abandoned.reclaim(name);
        let seed = self.seed.wrapping_add(inner.topics.len() as u64);
        let (slot, is_new) = match inner.topics.entry(Arc::clone(name)) {
            Entry::Occupied(slot) => (slot.into_mut(), false),
            Entry::Vacant(room) => {
                topic_name::check(name)?;
                (room.insert(Slot::new(self.make(name, seed), now)), true)
            }
        };
        slot.used = now;
        let is_refused = matches!(slot.state, State::Refused(_));
        if is_refused {
            slot.ask_again();
        }
        Ok((slot, if is_new || is_refused { Tell::Driver } else { Tell::Nothing }))
    }

    fn make(&self, name: &Arc<str>, seed: u64) -> Arc<Topic> {
        let compression = self.topic_compression.get(&**name).copied().unwrap_or(self.compression);
        let compression = TopicCompression::new(compression.codec(), compression.level());
        let topic = Topic::new(Arc::clone(name), self.partitioner, Arc::clone(&self.shared), seed);
        Arc::new(topic.compressed(compression))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
