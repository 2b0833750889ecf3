//! Setting hooks: `cluster.on(api)`, filters, a count, and one action.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::ids::{BrokerId, PartitionId};
use milena_codec::message::{ApiKey, Message, header};

use crate::cluster::Cluster;
use crate::hook::{Action, Effect, Filter, Gate, Hook, MessageOf, Repeat};
use crate::shell::Shared;

/// A hook to be, for the requests of one API.
///
/// Filters narrow it down. It fires once, without [`times`](Self::times) and [`always`](Self::always). An action sets
/// it, behind those that were set before.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use milena_fake::{Action, ApiKey, Cluster, ErrorCode};
/// let cluster = Cluster::builder().topic("t", 3).in_memory().start().await?;
/// // The first two requests with partition 0 of `t` fail for that partition alone,
/// cluster.on(ApiKey::PRODUCE).topic("t").partition(0).times(2).error(ErrorCode::NOT_LEADER_OR_FOLLOWER);
/// // and the next one is appended, but its response is lost.
/// cluster.on(ApiKey::PRODUCE).topic("t").partition(0).apply_then(Action::Disconnect);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a hook is set by its action"]
pub struct On<'a> {
    cluster: &'a Cluster,
    filter: Filter,
    repeat: Repeat,
}

impl Cluster {
    /// Begins a hook for the requests of an API.
    pub const fn on(&self, api: ApiKey) -> On<'_> {
        On { cluster: self, filter: Filter::of(api), repeat: Repeat::Times(1) }
    }

    /// Forgets every hook that waits. Requests that are held stay so.
    pub fn clear_hooks(&self) {
        self.shared().core().hooks.clear();
    }
}

/// Filters.
impl On<'_> {
    /// Requests to this broker.
    pub fn node(mut self, broker: impl Into<BrokerId>) -> Self {
        self.filter.broker = Some(broker.into());
        self
    }

    /// Requests that name this topic; an error is for this topic alone.
    pub fn topic(mut self, name: &str) -> Self {
        self.filter.topic = Some(name.to_owned());
        self
    }

    /// Requests that name this partition; an error is for this partition alone.
    pub fn partition(mut self, number: impl Into<PartitionId>) -> Self {
        self.filter.partition = Some(number.into());
        self
    }

    /// Requests of the client with this name.
    pub fn client_id(mut self, id: &str) -> Self {
        self.filter.client_id = Some(id.to_owned());
        self
    }

    /// Fires so many times.
    pub const fn times(mut self, count: usize) -> Self {
        self.repeat = Repeat::Times(count);
        self
    }

    /// Fires until [`Cluster::clear_hooks`].
    pub const fn always(mut self) -> Self {
        self.repeat = Repeat::Always;
        self
    }
}

/// Actions.
impl On<'_> {
    /// Lets requests pass: the hooks set after it have to wait for the next ones.
    pub fn pass(self) {
        self.set(Action::Pass, false);
    }

    /// Returns an error for the partitions, topics or request that the filters match, and does not apply them.
    pub fn error(self, code: ErrorCode) {
        self.set(Action::error(code), false);
    }

    /// The same with an error message of the broker.
    pub fn error_with(self, code: ErrorCode, message: &str) {
        self.set(Action::Error { code, message: Some(message.to_owned()), records: Vec::new() }, false);
    }

    /// Rejects batches with record errors, by the place of each record in the batch (KIP-467).
    pub fn record_errors(self, code: ErrorCode, records: &[i32]) {
        self.set(Action::Error { code, message: None, records: records.to_vec() }, false);
    }

    /// Sends no response, neither to this request nor to a later one of the same connection, which stays open.
    pub fn silence(self) {
        self.set(Action::Silence, false);
    }

    /// Closes the connection.
    pub fn disconnect(self) {
        self.set(Action::Disconnect, false);
    }

    /// Closes the connection, and serves the request so much later, without a response; those that the client sent behind
    /// it on the connection, too. A proxy, the broker's own queue or the client's kernel held it: a request without a
    /// response may be appended after the client sent it again. It is lost if the broker ends before.
    pub fn disconnect_then_apply(self, after: Duration) {
        self.set(Action::DisconnectThenApply(after), false);
    }

    /// The same when the hold is released.
    pub fn disconnect_then_hold(self) -> Hold {
        self.set_hold(Action::DisconnectThenHold, false)
    }

    /// Lets the connection stand still for so long, then serves the request.
    pub fn delay(self, delay: Duration) {
        self.set(Action::Delay(delay), false);
    }

    /// Lets the connection stand still until the hold is released, then serves the request, though the client may have
    /// gone meanwhile.
    pub fn hold(self) -> Hold {
        self.set_hold(Action::Hold, false)
    }

    /// Serves the request, and holds its response until the hold is released.
    pub fn apply_then_hold(self) -> Hold {
        self.set_hold(Action::Hold, true)
    }

    /// Serves the request, and then does this: "appended, but the response was lost".
    pub fn apply_then(self, action: Action) {
        self.set(action, true);
    }

    /// Sends exactly these bytes in the place of the response.
    pub fn raw(self, bytes: impl Into<Bytes>) {
        self.set(Action::Raw(bytes.into()), false);
    }

    /// Sends a message of the test in the place of the response, in the version of the request.
    pub fn message<M: Message + Send + Sync + 'static>(self, message: M) {
        self.set(Self::written(message), false);
    }

    fn written<M: Message + Send + Sync + 'static>(message: M) -> Action {
        let write = move |version, correlation_id| {
            let mut frame = vec![0; 4];
            header::put_response(&mut frame, &message, version, correlation_id).ok()?;
            let length = u32::try_from(frame.len() - 4).ok()?;
            frame[..4].copy_from_slice(&length.to_be_bytes());
            Some(Bytes::from(frame))
        };
        Action::Message(MessageOf(Arc::new(write)))
    }

    /// Serves the request, sends the first bytes of the response frame, its length counted, and closes.
    pub fn truncate(self, bytes: usize) {
        self.set(Action::Truncate(bytes), true);
    }

    /// Serves the request, and sends the response with another correlation id.
    pub fn wrong_correlation_id(self) {
        self.set(Action::WrongCorrelationId, true);
    }

    /// Serves the request, and sends the response twice.
    pub fn duplicate_response(self) {
        self.set(Action::DuplicateResponse, true);
    }

    /// Serves the request, and sends the response behind the next one of the connection.
    pub fn overtaken(self) {
        self.set(Action::Overtaken, true);
    }

    /// Serves the request, and sends the response in pieces of so many bytes, at an interval.
    pub fn drip(self, bytes: usize, every: Duration) {
        self.set(Action::Drip { bytes, every }, true);
    }

    fn set_hold(self, action: impl FnOnce(Gate) -> Action, applied: bool) -> Hold {
        let gate = Gate::default();
        let shared = Arc::clone(self.cluster.shared());
        self.set(action(gate.clone()), applied);
        Hold { gate, shared }
    }

    fn set(self, action: Action, applied: bool) {
        let Self { cluster, filter, repeat } = self;
        let effect = Effect { action, applied };
        let fits = cluster.shared().core().hooks.add(Hook { filter, repeat, effect });
        debug_assert!(fits, "more hooks wait than a cluster holds");
    }
}

/// Requests that are held, now and later. They stay held when the handle is dropped.
#[derive(Debug)]
#[must_use = "a held request stays held until it is released"]
pub struct Hold {
    gate: Gate,
    shared: Arc<Shared>,
}

impl Hold {
    /// Lets them go on; later ones are not held any more.
    pub fn release(&self) {
        self.gate.open();
        self.shared.changed();
    }

    /// How many requests came to be held so far.
    #[must_use]
    pub fn arrived(&self) -> usize {
        self.gate.arrived()
    }

    /// Waits until so many requests came to be held.
    ///
    /// # Cancel safety
    /// Nothing is lost when this is dropped.
    pub async fn reached(&self, count: usize) {
        let mut changes = self.shared.changes();
        // The sender lives as long as `shared`.
        let _ = changes.wait_for(|_| self.gate.arrived() >= count).await;
    }
}
