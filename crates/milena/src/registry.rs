//! The topics of a producer, by name: known, being looked up, or refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use milena_codec::ErrorCode;
use milena_partitioner::Strategy;
use milena_sender::accumulator::{Shared, Topic};

/// All topics that were ever asked for.
#[derive(Debug)]
pub(crate) struct Registry {
    shared: Arc<Shared>,
    strategy: Strategy,
    seed: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    topics: HashMap<Arc<str>, Slot>,
    closed: bool,
}

#[derive(Debug)]
struct Slot {
    topic: Arc<Topic>,
    state: State,
    wakers: Vec<Waker>,
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

/// Why a topic is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The brokers refuse to tell about it.
    Refused(ErrorCode),
    /// The producer was closed.
    Closed,
}

impl Registry {
    pub(crate) fn new(shared: Arc<Shared>, strategy: Strategy, seed: u64) -> Self {
        Self { shared, strategy, seed, inner: Mutex::default() }
    }

    /// The topic, if it is known.
    pub(crate) fn known(&self, name: &str) -> Option<Arc<Topic>> {
        let inner = self.lock();
        let slot = inner.topics.get(name)?;
        matches!(slot.state, State::Known).then(|| Arc::clone(&slot.topic))
    }

    /// How a topic stands, for who will not wait: none when it is being looked up, or to be asked for. A refusal is
    /// told once; who asks again has it looked up again.
    pub(crate) fn peek(&self, name: &str) -> Result<Option<Arc<Topic>>, Missing> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(Missing::Closed);
        }
        let Some(slot) = inner.topics.get(name) else { return Ok(None) };
        match slot.state {
            State::Known => Ok(Some(Arc::clone(&slot.topic))),
            State::Wanted(_) => Ok(None),
            State::Refused(code) => {
                inner.topics.remove(name);
                Err(Missing::Refused(code))
            }
        }
    }

    /// Whether no more records are taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Asks for a topic. True when nobody had asked for it before: then the driver has to be told.
    pub(crate) fn want(&self, name: &Arc<str>) -> bool {
        let mut inner = self.lock();
        if inner.closed {
            return false;
        }
        if let Some(slot) = inner.topics.get_mut(name) {
            let refused = matches!(slot.state, State::Refused(_));
            if refused {
                slot.state = State::Wanted(None);
            }
            return refused;
        }
        let seed = self.seed.wrapping_add(inner.topics.len() as u64);
        let topic = Topic::new(Arc::clone(name), self.strategy, Arc::clone(&self.shared), seed);
        let slot = Slot { topic: Arc::new(topic), state: State::Wanted(None), wakers: Vec::new() };
        inner.topics.insert(Arc::clone(name), slot);
        true
    }

    /// Waits for a topic that was asked for.
    pub(crate) fn poll(&self, name: &str, waker: &Waker) -> Poll<Result<Arc<Topic>, Missing>> {
        let mut inner = self.lock();
        if inner.closed {
            return Poll::Ready(Err(Missing::Closed));
        }
        let Some(slot) = inner.topics.get_mut(name) else { return Poll::Ready(Err(Missing::Closed)) };
        match slot.state {
            State::Known => Poll::Ready(Ok(Arc::clone(&slot.topic))),
            State::Refused(code) => Poll::Ready(Err(Missing::Refused(code))),
            State::Wanted(_) => {
                slot.wakers.retain(|other| !other.will_wake(waker));
                slot.wakers.push(waker.clone());
                Poll::Pending
            }
        }
    }

    /// What the brokers said last about a topic that is not known.
    pub(crate) fn last_error(&self, name: &str) -> Option<ErrorCode> {
        match self.lock().topics.get(name)?.state {
            State::Wanted(code) => code,
            State::Known => None,
            State::Refused(code) => Some(code),
        }
    }

    /// A waiter for a topic went away. True when nobody waits for it any more, and it is forgotten.
    pub(crate) fn give_up(&self, name: &str, waker: &Waker) -> bool {
        let mut inner = self.lock();
        let forgotten = inner.topics.get_mut(name).is_some_and(|slot| {
            slot.wakers.retain(|other| !other.will_wake(waker));
            matches!(slot.state, State::Wanted(_)) && slot.wakers.is_empty()
        });
        if forgotten {
            inner.topics.remove(name);
        }
        forgotten
    }

    /// The topic of this name, for the driver.
    pub(crate) fn topic(&self, name: &str) -> Option<Arc<Topic>> {
        self.lock().topics.get(name).map(|slot| Arc::clone(&slot.topic))
    }

    /// The partitions of a topic are known now.
    pub(crate) fn found(&self, name: &str) {
        self.change(name, |slot| slot.state = State::Known);
    }

    /// The brokers said something about a topic. True when that is final, and the topic need not be asked for again.
    pub(crate) fn failed(&self, name: &str, code: ErrorCode) -> bool {
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
            return false;
        }
        slot.state = State::Refused(code);
        let wakers = std::mem::take(&mut slot.wakers);
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
        true
    }

    /// Takes no more records, in any topic.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let topics: Vec<_> = inner.topics.values().map(|slot| Arc::clone(&slot.topic)).collect();
        let wakers: Vec<_> =
            inner.topics.values_mut().flat_map(|slot| std::mem::take(&mut slot.wakers)).collect();
        drop(inner);
        topics.iter().flat_map(|topic| topic.partitions()).for_each(|partition| partition.shut());
        // Only now: who waited for room finds its partition shut.
        self.shared.memory.close();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Lets batches that brokers once found too large grow again.
    pub(crate) fn relax_limits(&self) {
        self.lock().topics.values().for_each(|slot| slot.topic.relax_limit());
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Slot)) {
        let mut inner = self.lock();
        let Some(slot) = inner.topics.get_mut(name) else { return };
        change(slot);
        let wakers = std::mem::take(&mut slot.wakers);
        drop(inner);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
