//! Hooks: what is to go wrong, with which request, how often.
//!
//! Hooks are tried in the order in which they were set. A hook for the whole request takes it, and no other is tried;
//! an error for some partitions takes those, and later hooks may take the others. A hook fires once, unless it
//! has a count or `always`.

mod action;
mod filter;

pub use action::Action;
pub(crate) use action::{Gate, MessageOf};
pub(crate) use filter::{Filter, Request, Target};

use milena_codec::ErrorCode;
use milena_codec::ids::PartitionId;

/// Most hooks that wait for their turn.
const HOOKS_MAX: usize = 10_000;

/// How often a hook fires.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Repeat {
    Times(usize),
    Always,
}

#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) filter: Filter,
    pub(crate) repeat: Repeat,
    pub(crate) effect: Effect,
}

/// The action of a hook, and its time.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) action: Action,
    /// The request is served first; the action is on its response.
    pub(crate) applied: bool,
}

/// The hooks that wait.
#[derive(Debug, Default)]
pub(crate) struct Hooks(Vec<Hook>);

impl Hooks {
    /// Adds a hook behind the others; false when there are too many.
    pub(crate) fn add(&mut self, hook: Hook) -> bool {
        let fits = self.0.len() < HOOKS_MAX;
        if fits {
            self.0.push(hook);
        }
        fits
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the hooks that this request sets off.
    pub(crate) fn take(&mut self, request: &Request<'_>) -> Plan {
        let mut plan = Plan::default();
        for hook in &mut self.0 {
            if plan.effect.is_some() || !hook.filter.matches(request) {
                continue;
            }
            if !plan.leaves_something_for(&hook.filter, request) {
                continue;
            }
            hook.fire(&mut plan);
        }
        self.0.retain(|hook| !matches!(hook.repeat, Repeat::Times(0)));
        plan
    }
}

impl Hook {
    fn fire(&mut self, plan: &mut Plan) {
        if let Repeat::Times(left) = &mut self.repeat {
            *left -= 1;
        }
        let Effect { action, applied } = self.effect.clone();
        match action {
            Action::Error { .. } => plan.faults.push(Fault::new(&self.filter, action, applied)),
            action => plan.effect = Some(Effect { applied: applied || action.needs_a_response(), action }),
        }
    }
}

/// The actions of the hooks on one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    faults: Vec<Fault>,
    pub(crate) effect: Option<Effect>,
}

/// An error for a part of a request.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    topic: Option<String>,
    partition: Option<PartitionId>,
    pub(crate) code: ErrorCode,
    pub(crate) message: Option<String>,
    /// The records of a batch to blame.
    pub(crate) records: Vec<i32>,
    pub(crate) applied: bool,
}

impl Fault {
    fn new(filter: &Filter, action: Action, applied: bool) -> Self {
        let (code, message, records) = match action {
            Action::Error { code, message, records } => (code, message, records),
            _ => (ErrorCode::NONE, None, Vec::new()),
        };
        Self { topic: filter.topic.clone(), partition: filter.partition, code, message, records, applied }
    }

    fn covers(&self, topic: &str, partition: Option<PartitionId>) -> bool {
        self.topic.as_deref().is_none_or(|named| named == topic)
            && self.partition.is_none_or(|numbered| Some(numbered) == partition)
    }
}

impl Plan {
    /// The error for a partition, or for a topic as a whole.
    pub(crate) fn fault(&self, topic: &str, partition: Option<PartitionId>) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.covers(topic, partition))
    }

    /// The error for the request, of an API that names no topics.
    pub(crate) fn request_fault(&self) -> Option<&Fault> {
        self.faults.first()
    }

    fn leaves_something_for(&self, filter: &Filter, request: &Request<'_>) -> bool {
        match request.targets {
            [] => self.faults.is_empty(),
            targets => targets.iter().any(|(topic, partition)| {
                filter.covers(topic, *partition) && self.fault(topic, *partition).is_none()
            }),
        }
    }
}
