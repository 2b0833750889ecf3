//! Where records wait for their broker: encoded straight into the open batch of their partition.
//!
//! ```text
//! caller ─▶ Topic::choose ─▶ Partition::append ─┬─▶ open batch (chunks of the one budget)
//!                                               └─▶ SenderMailbox: "opened", "ready"  ─▶ the broker sender that looks after the leader
//! broker sender   ─▶ Partition::poll (its status) ─▶ Partition::take (the next batch leaves)
//! ```
//!
//! A record costs one short lock of its partition and one comparison: whether it fits below the limit of the chunk
//! that is written to. All else is behind that comparison, in `make_room`: a batch is opened, gets a further chunk, is
//! offered to its broker sender, or is closed. A batch that reaches `batch.size` is *offered*, not closed: it goes on growing
//! until the broker sender takes it.
//!
//! A broker sender never waits for a partition: it tries the lock, and comes back if a caller holds it.

mod alone;
mod cells;
mod entering;
mod entry;
mod limit;
mod partition;
mod queue;
mod ratio;
mod sender_mailbox;
mod settings;
mod topic;

pub use entry::{AcceptedRecord, AppendOptions, RecordRef, Refusal};
pub use limit::TopicLimit;
pub use partition::{Partition, PartitionStatus};
pub use ratio::Ratio;
pub use sender_mailbox::{ReadyPartitions, SenderMailbox};
pub use settings::{AccumulatorConfig, Choices, Clock, Shared};
pub use topic::{ChooseError, Topic};
