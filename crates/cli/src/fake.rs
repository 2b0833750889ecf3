//! `fake`: serves an in-process cluster on sockets, for anybody's client to try.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use milena_fake::{Cluster, Keep};
use serde::Serialize;

use crate::args::{ConnectionOptions, OutputOptions};
use crate::exit::{Exit, Failure};
use crate::signals::Signals;
use crate::{output, terminal};

/// Serves a cluster that any client can produce to and read from; topics are created as they are asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Where the first broker listens; the others take the ports behind it
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    listen: String,
    /// How many brokers there are
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(1..=100))]
    brokers: u16,
    /// A topic that is there from the start; may be repeated
    #[arg(long = "topic", value_name = "NAME:PARTITIONS", value_parser = topic)]
    topics: Vec<(String, usize)>,
    /// What is kept of what is produced
    #[arg(long, value_enum, value_name = "WHAT", default_value = "all")]
    keep: Kept,
}

/// What a cluster keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kept {
    /// Every record, in memory
    All,
    /// Nothing: batches are checked and dropped
    None,
}

/// Most partitions of a topic.
const PARTITIONS_MAX: usize = 10_000;

/// Runs the command.
pub(crate) fn run(
    options: &Options,
    connection: &ConnectionOptions,
    out: &OutputOptions,
) -> Result<Exit, Failure> {
    connection.refuse_cluster("fake")?;
    let runtime = tokio::runtime::Runtime::new().context("no runtime could be started");
    runtime.map_err(Failure::failed)?.block_on(serve(options, out))
}

async fn serve(options: &Options, out: &OutputOptions) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().context("signals cannot be listened to").map_err(Failure::failed)?;
    let address = address(&options.listen).map_err(Failure::usage)?;
    let keep = match options.keep {
        Kept::All => Keep::All,
        Kept::None => Keep::Nothing,
    };
    let mut builder =
        Cluster::builder().brokers(options.brokers.into()).listen(&address.to_string()).keep(keep);
    for (name, partitions) in &options.topics {
        builder = builder.topic(name, *partitions);
    }
    let cluster = builder.start().await;
    let cluster = cluster
        .with_context(|| format!("{} brokers cannot listen from {address} on", options.brokers))
        .map_err(Failure::usage)?;
    output::print(&Serving { bootstrap_servers: cluster.bootstrap_servers() }, out.json)?;
    // That is how it is meant to end.
    signals.next().await;
    for violation in cluster.violations() {
        let (broker, connection) = (violation.broker, violation.connection);
        terminal::say(&format!("broker {broker}, connection {connection}: {}", violation.what));
    }
    output::print(&Served { records: cluster.record_count() }, out.json)?;
    Ok(Exit::Delivered)
}

/// What is told when the brokers listen.
#[derive(Debug, Serialize)]
struct Serving {
    bootstrap_servers: String,
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "serving at {}; Ctrl-C ends it", self.bootstrap_servers)
    }
}

/// What is told in the end.
#[derive(Debug, Serialize)]
struct Served {
    records: u64,
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records were produced", self.records)
    }
}

fn address(listen: &str) -> anyhow::Result<SocketAddr> {
    let mut addresses =
        listen.to_socket_addrs().with_context(|| format!("--listen {listen} is no HOST:PORT"))?;
    addresses.next().ok_or_else(|| anyhow!("--listen {listen}: the host has no address"))
}

/// `NAME:PARTITIONS`.
fn topic(text: &str) -> Result<(String, usize), String> {
    let parts = text.rsplit_once(':').filter(|(name, _)| !name.is_empty());
    let partitions = parts.and_then(|(name, count)| Some((name, count.parse::<usize>().ok()?)));
    match partitions {
        Some((name, count)) if (1..=PARTITIONS_MAX).contains(&count) => Ok((name.to_owned(), count)),
        _ => Err(format!("write it as NAME:PARTITIONS, with 1 to {PARTITIONS_MAX} partitions")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_name_and_a_count() {
        assert_eq!(topic("orders:6"), Ok(("orders".to_owned(), 6)));
        for wrong in ["orders", "orders:", ":6", "orders:0", "orders:-1", "orders:100000"] {
            assert!(topic(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_name_is_resolved_and_what_is_no_address_is_named() {
        assert_eq!(address("127.0.0.1:9092").unwrap().port(), 9092);
        assert!(address("localhost:9092").unwrap().ip().is_loopback());
        assert!(address("localhost").unwrap_err().to_string().contains("--listen localhost"));
    }
}
