//! Serves a cluster on fixed ports until Ctrl-C, for other clients to try:
//! `cargo run -p milena-fake --example serve -- --port 19092`.
//!
//! `--keep nothing` throws away what is produced, for measuring.

use std::io;

use milena_fake::{Cluster, Keep};

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = Options::of(std::env::args().skip(1))?;
    let address = format!("127.0.0.1:{}", options.port);
    let builder = Cluster::builder().brokers(options.brokers).default_partitions(6).keep(options.keep);
    let cluster = builder.topic("t", 6).listen(&address).start().await?;
    println!("serving topic t at {}; Ctrl-C ends it", cluster.bootstrap_servers());
    tokio::signal::ctrl_c().await?;
    println!("{} records were produced", cluster.record_count());
    for violation in cluster.violations() {
        println!("broker {}, connection {}: {}", violation.broker, violation.connection, violation.what);
    }
    Ok(())
}

struct Options {
    port: u16,
    brokers: usize,
    keep: Keep,
}

impl Options {
    fn of(mut arguments: impl Iterator<Item = String>) -> io::Result<Self> {
        let mut options = Self { port: 19092, brokers: 3, keep: Keep::All };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| wrong(&name))?;
            match (name.as_str(), value.as_str()) {
                ("--port", value) => options.port = value.parse().map_err(|_| wrong(value))?,
                ("--brokers", value) => options.brokers = value.parse().map_err(|_| wrong(value))?,
                ("--keep", "all") => options.keep = Keep::All,
                ("--keep", "nothing") => options.keep = Keep::Nothing,
                _ => return Err(wrong(&name)),
            }
        }
        Ok(options)
    }
}

fn wrong(argument: &str) -> io::Error {
    let what = format!("{argument}: expected --port N, --brokers N or --keep all|nothing");
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
