//! Looking a topic up: the driver requests its metadata, and the caller waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::block_timeout::BlockTimeout;
use super::{Handle, Topic};
use crate::clock;
use crate::core::Core;
use crate::error::SendError;
use crate::outcome;
use crate::registry::{Missing, Place, Seen, Tell};

/// Waits for a topic. Dropped, the look-up goes on until its response.
#[derive(Debug)]
pub(super) struct LookUp<'a> {
    handle: &'a Arc<Handle>,
    name: &'a Arc<str>,
    block_timeout: &'a mut BlockTimeout,
    place: Option<Place>,
}

impl<'a> LookUp<'a> {
    pub(super) const fn new(
        handle: &'a Arc<Handle>,
        name: &'a Arc<str>,
        block_timeout: &'a mut BlockTimeout,
    ) -> Self {
        Self { handle, name, block_timeout, place: None }
    }
}

impl Future for LookUp<'_> {
    type Output = Result<Topic, SendError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { handle, name, block_timeout, place } = &mut *self;
        let core = &*handle.core;
        let (found, tell) = core.registry.poll(name, place, clock::now(), cx.waker());
        want(core, name, tell);
        Poll::Ready(match found {
            Poll::Ready(Ok(topic)) => Ok(Topic { handle: Arc::clone(handle), topic }),
            Poll::Ready(Err(reason)) => Err(missing(core, reason, name)),
            Poll::Pending => {
                ready!(block_timeout.poll(core, cx));
                let registry = &core.registry;
                Err(match (registry.last_seen(name), registry.trouble()) {
                    (None, Some(trouble)) => {
                        outcome::of_cluster(&trouble, Arc::clone(name), core.config.max_block)
                    }
                    (Some(Seen::Empty), _) => outcome::of_empty(Arc::clone(name), core.config.max_block),
                    (seen, _) => {
                        let code = seen.or_else(|| registry.last_response(name)).and_then(Seen::code);
                        outcome::of_topic(code, Arc::clone(name), core.config.max_block)
                    }
                })
            }
        })
    }
}

impl Drop for LookUp<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let core = &self.handle.core;
        if core.registry.leave(self.name, place) == Tell::Driver {
            core.tell(|inbox| inbox.given_up.push(Arc::clone(self.name)));
        }
    }
}

/// Has the driver request metadata of a topic.
pub(super) fn want(core: &Core, name: &Arc<str>, tell: Tell) {
    if tell == Tell::Driver {
        core.tell(|inbox| inbox.wanted.push(Arc::clone(name)));
    }
}

/// The error for a topic that cannot be used.
pub(super) fn missing(core: &Core, reason: Missing, topic: &Arc<str>) -> SendError {
    match reason {
        Missing::Closed => outcome::closed(Arc::clone(topic), core.shared.ending()),
        Missing::Name(fault) => outcome::of_name(fault, topic),
        Missing::Refused(code) => outcome::of_topic(Some(code), Arc::clone(topic), core.config.max_block),
    }
}
