//! `fake`: serves an in-process cluster on sockets, for any client.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use milena_fake::{Cluster, Keep};
use serde::Serialize;
use tokio::runtime::Builder;

use crate::args::{ConnectionOptions, OutputOptions};
use crate::exit::{Exit, Failure};
use crate::runtime::runtime;
use crate::signals::Signals;
use crate::{output, terminal};

/// Serves a cluster that any client can produce to and read from; topics are created on request.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Address of the first broker; the others listen at the following ports
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    listen: String,
    /// Number of brokers
    #[arg(long, value_name = "N", default_value = "3", value_parser = clap::value_parser!(u16).range(1..=100))]
    brokers: u16,
    /// A topic to create at the start; may be repeated
    #[arg(long = "topic", value_name = "NAME:PARTITIONS", value_parser = topic)]
    topics: Vec<(String, usize)>,
    /// Which records to keep
    #[arg(long, value_enum, value_name = "WHAT", default_value = "all")]
    keep: Kept,
}

/// The records that a cluster keeps.
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
    runtime(&mut Builder::new_multi_thread())?.block_on(serve(options, out))
}

async fn serve(options: &Options, out: &OutputOptions) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
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
        .with_context(|| {
            format!(
                "listener: {} brokers cannot listen at {address} and the following ports",
                options.brokers
            )
        })
        .map_err(Failure::usage)?;
    output::print(&Serving { bootstrap_servers: cluster.bootstrap_servers() }, out.json)?;
    signals.next().await;
    for violation in cluster.violations() {
        let (broker, connection) = (violation.broker, violation.connection);
        terminal::say(&format!("protocol: broker {broker}, connection {connection}: {}", violation.what));
    }
    output::print(&Served { records: cluster.record_count() }, out.json)?;
    Ok(Exit::Delivered)
}

/// The addresses of the brokers, once they listen.
#[derive(Debug, Serialize)]
struct Serving {
    bootstrap_servers: String,
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "serving at {}; Ctrl-C ends it", self.bootstrap_servers)
    }
}

/// The summary.
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
        listen.to_socket_addrs().with_context(|| format!("config: --listen {listen}: write HOST:PORT"))?;
    addresses.next().ok_or_else(|| anyhow!("config: --listen {listen}: the host has no address"))
}

/// `NAME:PARTITIONS`.
fn topic(text: &str) -> Result<(String, usize), String> {
    let parts = text.rsplit_once(':').filter(|(name, _)| !name.is_empty());
    let partitions = parts.and_then(|(name, count)| Some((name, count.parse::<usize>().ok()?)));
    match partitions {
        Some((name, count)) if (1..=PARTITIONS_MAX).contains(&count) => Ok((name.to_owned(), count)),
        _ => Err(format!("write NAME:PARTITIONS, with 1 to {PARTITIONS_MAX} partitions")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_option_is_a_name_and_a_count() {
        assert_eq!(topic("orders:6"), Ok(("orders".to_owned(), 6)));
        for wrong in ["orders", "orders:", ":6", "orders:0", "orders:-1", "orders:100000"] {
            assert!(topic(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn listen_address_is_resolved_or_rejected() {
        assert_eq!(address("127.0.0.1:9092").unwrap().port(), 9092);
        assert!(address("localhost:9092").unwrap().ip().is_loopback());
        assert!(address("localhost").unwrap_err().to_string().contains("--listen localhost"));
    }
}
