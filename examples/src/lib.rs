//! The cluster of the examples: the one that `KAFKA` names, or one inside the program.

#![expect(clippy::print_stderr, reason = "it prints where the cluster is")]

use milena_fake::Cluster;

/// A cluster to produce to.
#[derive(Debug)]
pub struct Kafka {
    /// Its servers, as `bootstrap.servers` has them.
    pub servers: String,
    /// Ends with this.
    cluster: Option<Cluster>,
}

impl Kafka {
    /// The cluster that the environment variable `KAFKA` names, or else one with the topics of the examples inside this program.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn find() -> std::io::Result<Self> {
        if let Ok(servers) = std::env::var("KAFKA") {
            return Ok(Self { servers, cluster: None });
        }
        let cluster = Cluster::builder().topic("events", 3).topic("events.failed", 1).start().await?;
        let servers = cluster.bootstrap_servers();
        eprintln!("a cluster inside this program, at {servers}: set KAFKA for another one");
        Ok(Self { servers, cluster: Some(cluster) })
    }

    /// The cluster inside this program, if there is one.
    #[must_use]
    pub const fn fake(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }
}

/// The code of `docs/migration`, compiled.
#[doc = include_str!("../../docs/migration/sarama.md")]
#[cfg(doctest)]
#[derive(Debug)]
pub struct Sarama;
