//! [`ProducerStatus`]: the present state of a producer, for a health endpoint.

use std::fmt;
use std::time::Duration;

use super::{Producer, no_room};
use crate::clock;
use crate::connectivity::{Connections, LastFailure};
use crate::error::ConnectErrorKind;

/// The state of a producer at one time: for readiness and liveness endpoints, and for people who look for the reason of a delay.
///
/// ```no_run
/// # async fn example() -> Result<(), milena::Error> {
/// let producer = milena::Producer::connect("localhost:9092").await?;
/// let status = producer.status();
/// match status.not_ready() {
///     None => println!("200 ready, {} brokers connected", status.brokers_connected),
///     Some(reason) => println!("503 {reason}"),
/// }
/// # producer.close().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerStatus {
    /// The producer was closed or has ended: it takes no more records.
    pub is_closed: bool,
    /// Whether the cluster could ever be used. True from the beginning unless the producer was
    /// [built lazily](crate::ProducerBuilder::build_lazy).
    pub was_reached: bool,
    /// Brokers of the last metadata.
    pub brokers_known: usize,
    /// Brokers with an open connection. A producer opens connections to the brokers that lead the partitions of its records, and one
    /// to any broker, for metadata: that one counts until a request on it fails.
    pub brokers_connected: usize,
    /// Brokers whose connection was closed because it was unused (`connections.max.idle.ms`). The next record opens it again.
    pub brokers_idle: usize,
    /// The last failure to connect or to get metadata, or the last loss of a connection, however long ago it was.
    pub last_failure: Option<ConnectionFailure>,
    /// `buffer.memory`, in bytes.
    pub buffer_total_bytes: usize,
    /// Bytes of it that are in use.
    pub buffer_held_bytes: usize,
    /// The partitions that hold the most of it, at most [`HOLDERS_MAX`](Self::HOLDERS_MAX), those with the most bytes first.
    pub holders: Vec<BufferHolder>,
    /// Batches that were opened and have no outcome yet.
    pub unsettled_batches: u64,
    /// How long ago the oldest of their records was accepted, right to a quarter of a second or a 256th, never too short. None
    /// without such a batch.
    pub oldest_unsettled: Option<Duration>,
    not_ready: Option<String>,
}

/// A failure to connect, or of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionFailure {
    /// The step that failed.
    pub step: ConnectErrorKind,
    /// The address, the fault and the remedy.
    pub message: String,
    /// How long ago it was.
    pub ago: Duration,
}

/// A partition that holds bytes of `buffer.memory`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BufferHolder {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The bytes that it holds.
    pub bytes: usize,
    /// How long it has held bytes of which none was acknowledged.
    pub without_progress: Duration,
    /// Why it does not give them back, such as a missing leader, a broker that cannot be used, or the error code of the broker. None
    /// while it makes progress.
    pub reason: Option<String>,
}

impl ProducerStatus {
    /// The most partitions in [`holders`](Self::holders).
    pub const HOLDERS_MAX: usize = 8;

    /// Whether records can be expected to be delivered: see [`not_ready`](Self::not_ready).
    #[must_use]
    pub const fn is_ready(&self) -> bool {
        self.not_ready.is_none()
    }

    /// The reason why the producer is not ready; none when it is. It is not ready
    ///
    /// * when it was closed;
    /// * before the cluster could be used for the first time;
    /// * while no broker is connected. A connection that was closed because it was unused counts as one, unless the last request for
    ///   metadata failed;
    /// * while a record has been without an outcome for longer than `ready.unsettled.max.ms`.
    #[must_use]
    pub fn not_ready(&self) -> Option<&str> {
        self.not_ready.as_deref()
    }
}

/// One line, as a health endpoint may return it.
impl fmt::Display for ProducerStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.not_ready {
            None => f.write_str("ready: ")?,
            Some(reason) => write!(f, "not ready: {reason}: ")?,
        }
        write!(
            f,
            "{} of {} brokers connected, {} of {} bytes held, {} batches without an outcome",
            self.brokers_connected,
            self.brokers_known,
            self.buffer_held_bytes,
            self.buffer_total_bytes,
            self.unsettled_batches
        )
    }
}

impl Producer {
    /// The present state of the producer. It takes no part in sending: no record waits for it, and it costs nothing between calls.
    #[must_use]
    pub fn status(&self) -> ProducerStatus {
        let (core, now) = (&*self.handle.core, clock::now());
        let memory = &core.shared.memory;
        let Connections { known, connected, idle, last_failure } = core.connectivity.read();
        let last_failure = last_failure.map(|LastFailure { step, message, at }| ConnectionFailure {
            step,
            message: message.to_string(),
            ago: now.saturating_duration_since(at),
        });
        let holders = memory.largest_holders(now, ProducerStatus::HOLDERS_MAX).into_iter();
        let holders = holders.map(|holder| BufferHolder {
            reason: no_room::obstacle(core, &holder).ok(),
            topic: holder.topic.to_string(),
            partition: holder.partition.0,
            bytes: holder.bytes,
            without_progress: holder.without_progress,
        });
        let mut status = ProducerStatus {
            is_closed: core.registry.is_closed(),
            was_reached: *core.reached.borrow(),
            brokers_known: known,
            brokers_connected: connected,
            brokers_idle: idle,
            last_failure,
            buffer_total_bytes: memory.budget(),
            buffer_held_bytes: memory.budget().saturating_sub(memory.free()),
            holders: holders.collect(),
            unsettled_batches: core.shared.outstanding.unsettled(),
            oldest_unsettled: core.shared.outstanding.oldest_age(now),
            not_ready: None,
        };
        let is_described = core.registry.trouble().is_none();
        status.not_ready = reason(&status, is_described, core.config.ready_unsettled_max);
        status
    }
}

/// Why a producer with this status is not ready.
fn reason(status: &ProducerStatus, is_described: bool, unsettled_max: Duration) -> Option<String> {
    let failure = || match &status.last_failure {
        Some(failure) => format!(": {}", failure.message),
        None => String::new(),
    };
    if status.is_closed {
        return Some("the producer was closed".to_owned());
    }
    if !status.was_reached {
        return Some(format!("the cluster could not be used yet{}", failure()));
    }
    let may_connect = status.brokers_idle > 0 && is_described;
    if status.brokers_connected == 0 && !may_connect {
        return Some(format!("no broker is connected{}", failure()));
    }
    let age = status.oldest_unsettled.filter(|age| *age > unsettled_max)?;
    let stuck = status.holders.iter().filter_map(|holder| Some((holder, holder.reason.as_ref()?)));
    let stuck = stuck.max_by_key(|(holder, _)| holder.without_progress);
    let stuck = stuck.map(|(BufferHolder { topic, partition, .. }, reason)| {
        format!("; topic {topic}, partition {partition}: {reason}")
    });
    Some(format!(
        "a record has been without an outcome for {} s, longer than ready.unsettled.max.ms = {} ms{}",
        age.as_secs(),
        unsettled_max.as_millis(),
        stuck.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn reason_is_the_nearest_one() {
        let check = |change: fn(&mut ProducerStatus), is_described: bool, expected: Option<&str>| {
            let mut status = ready();
            change(&mut status);
            assert_eq!(reason(&status, is_described, MINUTE).as_deref(), expected);
        };
        check(|_| (), true, None);
        check(|status| status.is_closed = true, true, Some("the producer was closed"));
        check(
            |status| (status.was_reached, status.brokers_connected) = (false, 0),
            false,
            Some("the cluster could not be used yet: a:1: refused"),
        );
        check(|status| status.brokers_connected = 0, true, Some("no broker is connected: a:1: refused"));
        check(|status| (status.brokers_connected, status.brokers_idle) = (0, 1), true, None);
        check(
            |status| (status.brokers_connected, status.brokers_idle) = (0, 1),
            false,
            Some("no broker is connected: a:1: refused"),
        );
        check(|status| status.oldest_unsettled = Some(MINUTE), true, None);
        check(
            |status| status.oldest_unsettled = Some(2 * MINUTE),
            true,
            Some(
                "a record has been without an outcome for 120 s, longer than ready.unsettled.max.ms = 60000 ms; \
                 topic t, partition 1: no leader",
            ),
        );
    }

    fn ready() -> ProducerStatus {
        let failure = ConnectionFailure {
            step: ConnectErrorKind::Unreachable,
            message: "a:1: refused".into(),
            ago: MINUTE,
        };
        let holder = |partition, seconds| BufferHolder {
            topic: "t".into(),
            partition,
            bytes: 10,
            without_progress: Duration::from_secs(seconds),
            reason: Some("no leader".into()),
        };
        ProducerStatus {
            is_closed: false,
            was_reached: true,
            brokers_known: 3,
            brokers_connected: 1,
            brokers_idle: 0,
            last_failure: Some(failure),
            buffer_total_bytes: 100,
            buffer_held_bytes: 20,
            holders: vec![holder(0, 1), holder(1, 60)],
            unsettled_batches: 2,
            oldest_unsettled: Some(Duration::from_secs(1)),
            not_ready: None,
        }
    }
}
