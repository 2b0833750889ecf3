//! The error of a record that found no room within `max.block.ms`. It names the partition that holds the most of
//! `buffer.memory`, and why that makes no progress.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use milena_codec::ids::BrokerId;
use milena_sender::OngoingRejection;
use milena_sender::sync::Holder;

use crate::clock;
use crate::core::Core;
use crate::error::{ErrorKind, SendError, remedy};

/// Below this a partition counts as one that makes progress.
const PROGRESS_MAX: Duration = Duration::from_secs(1);

/// No room for a record of `bytes`, which is counted.
pub(super) fn error(core: &Core, topic: &Arc<str>, bytes: usize) -> SendError {
    core.metrics.add_buffer_exhausted();
    let (block, budget) = (core.config.max_block, core.config.buffer_memory);
    let mut said =
        format!("no room for {bytes} bytes within max.block.ms = {block:?}; buffer.memory is {budget}");
    if let Some(holder) = core.shared.memory.largest_holder(clock::now()) {
        let Holder { topic, partition, bytes, .. } = &holder;
        let reason = reason(core, &holder);
        // Writing to a string does not fail.
        let _ = write!(
            said,
            ", of which topic {topic}, partition {partition} holds the most: {bytes} bytes ({reason})"
        );
    }
    SendError::new(ErrorKind::BufferFull, Arc::clone(topic), said).with_retriable(true)
}

/// Why a holder does not give its bytes back. The nearest reason counts: the brokers do not know the topic, the partition
/// has no leader, its broker cannot be used (it is away, silent, or refuses the connection), or rejects the batches.
fn reason(core: &Core, holder: &Holder) -> String {
    obstacle(core, holder).unwrap_or_else(|broker| format!("broker {broker} takes less than is sent"))
}

/// The same.
///
/// # Errors
/// The broker, if the partition makes progress.
pub(super) fn obstacle(core: &Core, holder: &Holder) -> Result<String, BrokerId> {
    let topic = core.registry.topic(&holder.topic);
    let index = usize::try_from(holder.partition.0).unwrap_or(usize::MAX);
    let partition = topic.as_ref().and_then(|topic| topic.partitions().get(index));
    let Some(partition) = partition else {
        return Ok("the topic has no such partition any more".to_owned());
    };
    if partition.is_unknown() {
        return Ok("the brokers do not know the topic".to_owned());
    }
    let (broker, trouble) = partition.broker();
    let Some(broker) = broker else { return Ok("no leader".to_owned()) };
    if let Some(trouble) = trouble {
        return Ok(format!("broker {broker} cannot be used: {trouble}"));
    }
    if let Some(OngoingRejection { code, since }) = partition.rejection() {
        let seconds = clock::now().saturating_duration_since(since).as_secs();
        let remedy = remedy(code).map(|remedy| format!(": {remedy}")).unwrap_or_default();
        return Ok(format!("broker {broker} has rejected its batches with {code} for {seconds} s{remedy}"));
    }
    if holder.without_progress > PROGRESS_MAX {
        // Others of the same broker may make progress.
        let seconds = holder.without_progress.as_secs();
        return Ok(format!("broker {broker} has acknowledged nothing of it for {seconds} s"));
    }
    Err(broker)
}
