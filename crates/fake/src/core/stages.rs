//! The stages of a request: each may wait, change the next one, or end the request.
//!
//! ```text
//! Start ─▶ Before ─▶ (Held) ─▶ Appending ─▶ Serving ─▶ After ─▶ (ResponseHeld) ─▶ Response
//! muted    hooks     a gate    append_delay  the API    hooks    a gate          link_delay
//! ```
//!
//! A waiting request keeps its stage and is resumed at its time, or whenever something in the cluster changed.

use std::time::Duration;

use bytes::Bytes;
use milena_codec::ids::BrokerId;

use super::api::{self, Context};
use super::effects::{Effect, twice, with_another_id};
use super::request::{Body, Call};
use super::response::Response;
use super::{ConnectionId, Core, Now};
use crate::hook::{Action, Plan, Request};

/// Progress of a request.
#[derive(Debug)]
pub(crate) enum Served {
    /// The request is served.
    Done(Vec<Effect>),
    /// The connection stands still. Resume at `until`, and whenever the cluster changed.
    Wait { until: Option<Duration>, pending: Box<Pending> },
}

impl Served {
    pub(crate) fn close() -> Self {
        Self::Done(vec![Effect::Close])
    }
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Pending {
    connection: ConnectionId,
    call: Call,
    plan: Plan,
    stage: Stage,
}

/// The stage of a request.
#[derive(Clone, Debug)]
enum Stage {
    Start,
    Before,
    Held { until: Option<Duration> },
    AppendDelay,
    Appending { until: Duration },
    Serving { wait_until: Duration },
    After(Option<Bytes>),
    ResponseHeld { response: Option<Bytes>, until: Option<Duration> },
    Response(Option<Bytes>),
}

/// The result of a stage.
enum Step {
    Next(Stage),
    Wait { stage: Stage, until: Option<Duration> },
    Done(Vec<Effect>),
}

impl Step {
    fn close() -> Self {
        Self::Done(vec![Effect::Close])
    }
}

impl Pending {
    pub(super) fn new(connection: ConnectionId, call: Call) -> Box<Self> {
        Box::new(Self { connection, call, plan: Plan::default(), stage: Stage::Start })
    }

    /// The action of a hook before serving, or on the response.
    fn action(&self, applied: bool) -> Option<&Action> {
        self.plan.effect.as_ref().filter(|effect| effect.applied == applied).map(|effect| &effect.action)
    }

    /// Whether the connection closes for the client before this request is served.
    pub(crate) fn disconnects_first(&self) -> bool {
        matches!(self.action(false), Some(Action::DisconnectThenApply(_) | Action::DisconnectThenHold(_)))
    }

    fn is_held(&self, now: Now, until: Option<Duration>) -> bool {
        match (until, self.plan.effect.as_ref().map(|effect| &effect.action)) {
            (Some(until), _) => now.elapsed < until,
            (None, Some(Action::Hold(gate) | Action::DisconnectThenHold(gate))) => !gate.is_open(),
            (None, _) => false,
        }
    }

    /// The bytes that a hook sends in the place of the response; none if it sends the response.
    fn replaced(&self, action: &Action) -> Option<Bytes> {
        match action {
            Action::Raw(bytes) => Some(bytes.clone()),
            Action::Message(message) => {
                Some((message.0)(self.call.head.version, self.call.head.correlation_id).unwrap_or_default())
            }
            _ => None,
        }
    }
}

impl Core {
    /// Goes on with a request, as far as it comes.
    pub(crate) fn resume(&mut self, now: Now, mut pending: Box<Pending>) -> Served {
        loop {
            let broker = self.connections.get(&pending.connection).map(|connection| connection.broker);
            let Some(broker) = broker.filter(|broker| self.state.is_alive(*broker)) else {
                return Served::close();
            };
            match self.step(now, broker, &mut pending) {
                Step::Next(stage) => pending.stage = stage,
                Step::Wait { stage, until } => {
                    pending.stage = stage;
                    return Served::Wait { until, pending };
                }
                Step::Done(effects) => return Served::Done(effects),
            }
        }
    }

    fn step(&mut self, now: Now, broker: BrokerId, pending: &mut Pending) -> Step {
        let stage = pending.stage.clone();
        match stage {
            Stage::Start => self.start(now, broker, pending),
            Stage::Before => self.before(now, broker, pending),
            Stage::Held { until } if pending.is_held(now, until) => Step::Wait { stage, until },
            Stage::Held { .. } => Step::Next(Stage::AppendDelay),
            Stage::AppendDelay => Step::Next(self.append_delay(now, broker, &pending.call)),
            Stage::Appending { until } if now.elapsed < until => Step::Wait { stage, until: Some(until) },
            Stage::Appending { .. } => {
                Step::Next(Stage::Serving { wait_until: max_wait(now, &pending.call) })
            }
            Stage::Serving { wait_until } => {
                match self.serve(now, broker, pending, now.elapsed < wait_until) {
                    Response::Frame(bytes) => Step::Next(Stage::After(Some(bytes))),
                    Response::None => Step::Next(Stage::After(None)),
                    Response::Close => Step::close(),
                    Response::NotYet => Step::Wait { stage, until: Some(wait_until) },
                }
            }
            Stage::After(response) => self.after(now, broker, pending, response),
            Stage::ResponseHeld { until, .. } if pending.is_held(now, until) => Step::Wait { stage, until },
            Stage::ResponseHeld { response, .. } => Step::Next(Stage::Response(response)),
            Stage::Response(response) => Step::Done(self.response(now, broker, pending, response)),
        }
    }

    fn start(&mut self, now: Now, broker: BrokerId, pending: &mut Pending) -> Step {
        let muted_until = self.connections.get(&pending.connection).map_or(Duration::ZERO, |c| c.muted_until);
        if now.elapsed < muted_until {
            return Step::Wait { stage: Stage::Start, until: Some(muted_until) };
        }
        if !self.hooks.is_empty() {
            let targets = api::targets(&self.state, &pending.call);
            let head = &pending.call.head;
            pending.plan = self.hooks.take(&Request {
                api: head.api,
                broker,
                client_id: head.client_id.as_deref(),
                targets: &targets,
            });
        }
        Step::Next(Stage::Before)
    }

    /// The action of a hook in the place of serving.
    fn before(&mut self, now: Now, broker: BrokerId, pending: &Pending) -> Step {
        let Some(action) = pending.action(false) else { return Step::Next(Stage::AppendDelay) };
        match action {
            Action::Delay(delay) => Step::Next(Stage::Held { until: Some(now.elapsed + *delay) }),
            Action::Hold(gate) => {
                gate.arrive();
                Step::Next(Stage::Held { until: None })
            }
            // Waits in any case, for the connection to be closed first.
            Action::DisconnectThenApply(delay) => {
                let until = Some(now.elapsed + *delay);
                Step::Wait { stage: Stage::Held { until }, until }
            }
            Action::DisconnectThenHold(gate) => {
                gate.arrive();
                Step::Wait { stage: Stage::Held { until: None }, until: None }
            }
            Action::Silence => self.fall_silent(pending.connection),
            Action::Disconnect => Step::close(),
            action => Step::Done(
                pending
                    .replaced(action)
                    .map_or_else(Vec::new, |bytes| self.response(now, broker, pending, Some(bytes))),
            ),
        }
    }

    /// The action of a hook on the response.
    fn after(&mut self, now: Now, broker: BrokerId, pending: &Pending, response: Option<Bytes>) -> Step {
        let Some(action) = pending.action(true) else { return Step::Next(Stage::Response(response)) };
        let answered = |bytes: Option<Bytes>| Step::Next(Stage::Response(bytes));
        match (action, &response) {
            (Action::Delay(delay), _) => {
                Step::Next(Stage::ResponseHeld { response, until: Some(now.elapsed + *delay) })
            }
            (Action::Hold(gate), _) => {
                gate.arrive();
                Step::Next(Stage::ResponseHeld { response, until: None })
            }
            (Action::Silence, _) => self.fall_silent(pending.connection),
            (Action::Disconnect | Action::DisconnectThenApply(_) | Action::DisconnectThenHold(_), _) => {
                Step::close()
            }
            (Action::Raw(_) | Action::Message(_), _) => answered(pending.replaced(action)),
            (Action::Truncate(bytes), Some(frame)) => {
                let cut = frame.slice(..frame.len().min(*bytes));
                let mut effects = self.response(now, broker, pending, Some(cut));
                effects.push(Effect::Close);
                Step::Done(effects)
            }
            (Action::WrongCorrelationId, Some(frame)) => answered(Some(with_another_id(frame))),
            (Action::DuplicateResponse, Some(frame)) => answered(Some(twice(frame))),
            _ => answered(response),
        }
    }

    fn append_delay(&self, now: Now, broker: BrokerId, call: &Call) -> Stage {
        let delay = match call.body {
            Body::Produce(_) => self.state.brokers.get(&broker).map_or(Duration::ZERO, |b| b.append_delay),
            _ => Duration::ZERO,
        };
        Stage::Appending { until: now.elapsed + delay }
    }

    fn serve(&mut self, now: Now, broker: BrokerId, pending: &Pending, may_wait: bool) -> Response {
        let Pending { connection, call: Call { head, body, .. }, plan, .. } = pending;
        let cx = Context { head, plan, broker, connection: *connection, now, may_wait };
        api::serve(self, &cx, body)
    }

    /// Sends a response over the link, and mutes the connection for the throttle time.
    fn response(
        &mut self,
        now: Now,
        broker: BrokerId,
        pending: &Pending,
        response: Option<Bytes>,
    ) -> Vec<Effect> {
        let Some(state) = self.state.brokers.get(&broker) else { return Vec::new() };
        let (at, throttle) = (now.elapsed + state.link_delay, state.throttle);
        let Some(connection) = self.connections.get_mut(&pending.connection) else { return Vec::new() };
        if let Body::Produce(_) = &pending.call.body {
            connection.muted_until = now.elapsed + throttle;
        }
        connection.reply(&pending.call, pending.action(true), response, at)
    }

    fn fall_silent(&mut self, connection: ConnectionId) -> Step {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.silent = true;
        }
        Step::Done(Vec::new())
    }
}

/// End of the time that a Fetch may wait for records.
fn max_wait(now: Now, call: &Call) -> Duration {
    let millis = match &call.body {
        Body::Fetch(request) => u64::try_from(request.max_wait_ms).unwrap_or_default(),
        _ => 0,
    };
    now.elapsed + Duration::from_millis(millis)
}
