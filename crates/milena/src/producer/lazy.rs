//! A producer that is there before its cluster: [`ProducerBuilder::build_lazy`] and [`Producer::ready`].

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::build::Parts;
use super::{Handle, Producer};
use crate::config::ProducerBuilder;
use crate::driver;
use crate::error::ConnectError;
use crate::outcome;

impl ProducerBuilder {
    /// Returns a producer at once, which connects in the background: for a service that may start before Kafka does.
    ///
    /// The producer tries to connect until it succeeds or is closed, with the backoff of `reconnect.backoff.ms`. A failure is logged
    /// once, and again when another step fails. One that needs a correction, such as wrong credentials, is logged as an error and
    /// tried again at the maximum of the backoff, because credentials are corrected at the brokers as well. `connect.timeout.ms`
    /// bounds a single round.
    ///
    /// [`Producer::ready`] waits for the cluster. **No record is accepted before its topic is known**, because the number of
    /// partitions decides where the record goes: until then [`enqueue`](Producer::enqueue) and [`send`](Producer::send) wait, for
    /// `max.block.ms` at most, and return an error with the last failure to connect;
    /// [`try_enqueue`](Producer::try_enqueue) returns `NotReady` with the record.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), milena::Error> {
    /// use std::time::Duration;
    /// use milena::Producer;
    ///
    /// let producer = Producer::builder().bootstrap_servers("kafka:9092").build_lazy()?;
    /// match tokio::time::timeout(Duration::from_secs(5), producer.ready()).await {
    ///     Ok(ready) => ready?,
    ///     Err(_) => println!("no cluster yet, going on without it"),
    /// }
    /// producer.close().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ConnectError`] when a setting is wrong; when there is no tokio runtime here for
    /// [`Driver::Task`](crate::Driver::Task); when the thread of [`Driver::Thread`](crate::Driver::Thread) cannot be started. A runtime
    /// without timers or I/O ends the producer in the background: build it with `enable_all()`.
    pub fn build_lazy(self) -> Result<Producer, ConnectError> {
        let Parts { core, connector, seed } = self.into_parts()?;
        let started = driver::start_lazily(&core, connector, seed);
        // No driver, which would do so at its end: the thread of the hooks ends.
        started.inspect_err(|_| core.shared.reports.close())?;
        Ok(Producer { handle: Arc::new(Handle { core }), seen: AtomicU64::new(0) })
    }
}

impl Producer {
    /// Waits until the cluster could be used for the first time: it was described, one of its brokers was reached, and the broker
    /// assigned a producer id if the producer is idempotent. Ready at once for a producer that was
    /// [built](ProducerBuilder::build) with a connection. For the present state see [`status`](Self::status).
    ///
    /// The wait has no bound of its own: use the timeout of the caller's runtime.
    ///
    /// # Errors
    /// [`ConnectError`] of the kind [`Closed`](crate::ConnectErrorKind::Closed), with the last failure, when the producer is closed
    /// or the runtime of its driver ends.
    ///
    /// # Cancel safety
    /// Dropping it has no effect: the producer goes on connecting.
    pub async fn ready(&self) -> Result<(), ConnectError> {
        let core = &self.handle.core;
        let (mut reached, mut ended) = (core.reached.subscribe(), core.ended.subscribe());
        if !core.registry.is_closed() {
            tokio::select! {
                biased;
                _ = ended.wait_for(|ended| *ended) => {}
                // The core has both senders, so that neither wait fails.
                _ = reached.wait_for(|reached| *reached) => return Ok(()),
            }
        }
        let was_reached = *core.reached.borrow();
        Err(outcome::not_ready(core.shared.ending(), was_reached, core.registry.trouble().as_ref()))
    }
}
