//! The topics of a producer, by name: known, being looked up, or refused.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use milena_codec::ErrorCode;
use milena_partitioner::Strategy;
use milena_sender::accumulator::{Shared, Topic};
use milena_sender::compression::TopicCompression;

use crate::config::{Compression, ProducerConfig};

/// The topics in use.
#[derive(Debug)]
pub(crate) struct Registry {
    shared: Arc<Shared>,
    strategy: Strategy,
    compression: Compression,
    /// Of the topics that have their own.
    topic_compression: BTreeMap<String, Compression>,
    seed: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    topics: HashMap<Arc<str>, Slot>,
    closed: bool,
    /// How many places there ever were.
    places: u64,
    /// Why no broker describes the cluster, while none does.
    trouble: Option<Arc<str>>,
}

#[derive(Debug)]
struct Slot {
    topic: Arc<Topic>,
    state: State,
    /// Who waits for it, each with a place of its own: one task may wait twice.
    waiters: Vec<(Place, Waker)>,
    /// When somebody asked for it last.
    asked: Instant,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Asked for. What the brokers said last, if they said something.
    Wanted(Option<ErrorCode>),
    /// Its partitions are known.
    Known,
    /// The brokers refuse to tell.
    Refused(ErrorCode),
}

/// Somebody's place among those who wait for a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u64);

/// Why a topic is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The brokers refuse to tell about it.
    Refused(ErrorCode),
    /// The producer was closed.
    Closed,
}

/// Whether the driver has to hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tell {
    /// The topic is to be asked for, or not any more.
    Driver,
    /// Nothing has changed.
    Nobody,
}

impl Registry {
    pub(crate) fn new(shared: Arc<Shared>, config: &ProducerConfig, seed: u64) -> Self {
        Self {
            shared,
            strategy: config.partitioner,
            compression: config.compression,
            topic_compression: config.topic_compression.clone(),
            seed,
            inner: Mutex::default(),
        }
    }

    /// The topic, if it is known.
    pub(crate) fn known(&self, name: &str) -> Option<Arc<Topic>> {
        let inner = self.lock();
        let slot = inner.topics.get(name)?;
        matches!(slot.state, State::Known).then(|| Arc::clone(&slot.topic))
    }

    /// Whether no more records are taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The topic for who will not wait; none while it is being looked up. A refusal is told once: who asks again has it
    /// looked up again.
    pub(crate) fn ask(&self, name: &Arc<str>, now: Instant) -> (Result<Option<Arc<Topic>>, Missing>, Tell) {
        let mut inner = self.lock();
        if inner.closed {
            return (Err(Missing::Closed), Tell::Nobody);
        }
        let Some(slot) = inner.topics.get_mut(name) else {
            self.add(&mut inner, name, now);
            return (Ok(None), Tell::Driver);
        };
        slot.asked = now;
        match slot.state {
            State::Known => (Ok(Some(Arc::clone(&slot.topic))), Tell::Nobody),
            State::Wanted(_) => (Ok(None), Tell::Nobody),
            State::Refused(code) => {
                inner.topics.remove(name);
                (Err(Missing::Refused(code)), Tell::Nobody)
            }
        }
    }

    /// Waits for a topic, which is asked for if need be. `place` is kept from one poll to the next, and given back by
    /// [`leave`](Self::leave).
    pub(crate) fn poll(
        &self,
        name: &Arc<str>,
        place: &mut Option<Place>,
        now: Instant,
        waker: &Waker,
    ) -> (Poll<Result<Arc<Topic>, Missing>>, Tell) {
        let mut inner = self.lock();
        if inner.closed {
            return (Poll::Ready(Err(Missing::Closed)), Tell::Nobody);
        }
        let mut tell = Tell::Nobody;
        if !inner.topics.contains_key(name) {
            self.add(&mut inner, name, now);
            tell = Tell::Driver;
        }
        inner.places += 1;
        let fresh = Place(inner.places);
        let Some(slot) = inner.topics.get_mut(name) else { return (Poll::Pending, tell) };
        match (slot.state, &place) {
            (State::Known, _) => return (Poll::Ready(Ok(Arc::clone(&slot.topic))), tell),
            (State::Refused(code), Some(_)) => return (Poll::Ready(Err(Missing::Refused(code))), tell),
            // What others were refused may be allowed by now.
            (State::Refused(_), None) => {
                slot.state = State::Wanted(None);
                tell = Tell::Driver;
            }
            (State::Wanted(_), _) => {}
        }
        let place = *place.get_or_insert(fresh);
        slot.asked = now;
        slot.waiters.retain(|(other, _)| *other != place);
        slot.waiters.push((place, waker.clone()));
        (Poll::Pending, tell)
    }

    /// Who waited for a topic goes away. A topic that is not known and that nobody waits for is forgotten.
    pub(crate) fn leave(&self, name: &str, place: Place) -> Tell {
        let mut inner = self.lock();
        let Some(slot) = inner.topics.get_mut(name) else { return Tell::Nobody };
        slot.waiters.retain(|(other, _)| *other != place);
        if matches!(slot.state, State::Known) || !slot.waiters.is_empty() {
            return Tell::Nobody;
        }
        inner.topics.remove(name);
        Tell::Driver
    }

    /// What the brokers said last about a topic that is not known.
    pub(crate) fn last_error(&self, name: &str) -> Option<ErrorCode> {
        match self.lock().topics.get(name)?.state {
            State::Wanted(code) => code,
            State::Known => None,
            State::Refused(code) => Some(code),
        }
    }

    /// Why no broker describes the cluster; none when one does.
    pub(crate) fn trouble(&self) -> Option<Arc<str>> {
        self.lock().trouble.clone()
    }

    /// No broker describes the cluster, for this reason, or one does again.
    pub(crate) fn set_trouble(&self, trouble: Option<Arc<str>>) {
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

    /// The partitions of a topic are known now.
    pub(crate) fn found(&self, name: &str) {
        let mut inner = self.lock();
        let Some(slot) = inner.topics.get_mut(name) else { return };
        slot.state = State::Known;
        let waiters = std::mem::take(&mut slot.waiters);
        drop(inner);
        waiters.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// The brokers said something about a topic. True when it need not be asked for again: because that is final, or
    /// because nobody waits for it or has asked for it since `asked_after`.
    pub(crate) fn failed(&self, name: &str, code: ErrorCode, asked_after: Option<Instant>) -> bool {
        let refused = matches!(
            code,
            ErrorCode::INVALID_TOPIC_EXCEPTION
                | ErrorCode::TOPIC_AUTHORIZATION_FAILED
                | ErrorCode::CLUSTER_AUTHORIZATION_FAILED
        );
        let mut inner = self.lock();
        let Some(slot) = inner.topics.get_mut(name) else { return false };
        if matches!(slot.state, State::Known) {
            return false;
        }
        if !refused {
            slot.state = State::Wanted(Some(code));
            let unwanted = slot.waiters.is_empty() && asked_after.is_some_and(|after| slot.asked < after);
            if unwanted {
                inner.topics.remove(name);
            }
            return unwanted;
        }
        slot.state = State::Refused(code);
        let wakers: Vec<_> = slot.waiters.iter().map(|(_, waker)| waker.clone()).collect();
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
        true
    }

    /// Takes no more records, in any topic.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let topics: Vec<_> = inner.topics.values().map(|slot| Arc::clone(&slot.topic)).collect();
        let waiters: Vec<_> =
            inner.topics.values_mut().flat_map(|slot| std::mem::take(&mut slot.waiters)).collect();
        drop(inner);
        topics.iter().flat_map(|topic| topic.partitions()).for_each(|partition| partition.shut());
        // Only now: who waited for room finds its partition shut.
        self.shared.memory.close();
        waiters.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Lets batches that brokers once found too large grow again.
    pub(crate) fn relax_limits(&self) {
        self.lock().topics.values().for_each(|slot| slot.topic.relax_limit());
    }

    fn add(&self, inner: &mut Inner, name: &Arc<str>, now: Instant) {
        let seed = self.seed.wrapping_add(inner.topics.len() as u64);
        let compression = self.topic_compression.get(&**name).copied().unwrap_or(self.compression);
        let compression = TopicCompression::new(compression.codec(), compression.level());
        let topic = Topic::new(Arc::clone(name), self.strategy, Arc::clone(&self.shared), seed);
        let topic = topic.compressed(compression);
        let slot =
            Slot { topic: Arc::new(topic), state: State::Wanted(None), waiters: Vec::new(), asked: now };
        inner.topics.insert(Arc::clone(name), slot);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
