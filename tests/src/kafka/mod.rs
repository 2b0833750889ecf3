//! A real Apache Kafka under test: brokers as processes, and Java's own tools as the judges of what was written.
//!
//! * [`Kafka`] is a cluster of one or three nodes on free ports. Nodes can be killed with SIGKILL and started again; none
//!   outlives the test.
//! * Its methods `create_topic`, `read`, `dump` and so on run Java's tools.
//! * [`judge`] compares what a producer reported with what the tools found, and knows no Kafka.
//! * [`golden`] writes files with Kafka's own classes, and needs no cluster.
//! * [`milena_binary`] is the command line under test.
//!
//! Java 17 or later and Maven are needed; the jars come from Maven Central once and stay in the target folder.

mod binary;
mod cluster;
mod dump;
pub mod golden;
mod jars;
pub mod judge;
mod layout;
mod librdkafka;
mod line_producer;
mod node;
mod program;
mod properties;
mod proxy;
mod read;
pub mod secured;
mod settings;
mod tap;
mod tools;

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

pub use binary::milena_binary;
pub use cluster::{Kafka, Shared};
pub use dump::{Batch, Replica};
pub use jars::Release;
pub use layout::{Layout, Listener};
pub use line_producer::{LineProducer, Reported};
pub use program::{Ended, Program};
pub use properties::Properties;
pub use proxy::Proxy;
pub use read::{Logged, escaped};
pub use tap::Tap;

/// Ends the test: what it needs is not there, or a tool did not do its work.
#[expect(clippy::panic, reason = "a harness has nobody else to tell")]
#[track_caller]
fn fail(what: impl std::fmt::Display) -> ! {
    panic!("{what}")
}

/// Waits until `holds` is true, and fails after about two minutes.
#[track_caller]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    const PAUSE: Duration = Duration::from_millis(100);
    const TRIES: u32 = 1_200;
    for _ in 0..TRIES {
        if holds() {
            return;
        }
        sleep(PAUSE);
    }
    fail(format_args!("not within two minutes: {what}"));
}

/// Cargo's target folder, in which everything is kept: test programs lie in `target/debug/deps`.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_else(|error| fail(error));
    program.ancestors().nth(3).map_or_else(std::env::temp_dir, Path::to_path_buf)
}
