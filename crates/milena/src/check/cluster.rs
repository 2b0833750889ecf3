//! The cluster: its id, which all servers must share, and the connection for the requests that follow.

use milena_codec::ids::BrokerId;

use super::advertised;
use super::client::Client;
use super::context::Context;
use super::report::{CheckReport, CheckStep, Finding};
use super::server::Server;
use super::text::counted;

/// A cluster that a server described.
pub(super) struct Cluster<'a> {
    /// A connection to an advertised broker, or to a bootstrap server if no advertised broker was reached.
    pub(super) client: Client<'a>,
    /// The broker of the connection; none for a bootstrap server, which may be a load balancer.
    pub(super) broker: Option<BrokerId>,
    /// `auto.create.topics.enable` of the broker, where it is known.
    pub(super) auto_creates: Option<bool>,
}

/// Compares the ids, and reaches the advertised brokers. None if no server described a cluster.
pub(super) async fn check<'a>(
    cx: &'a Context,
    mut servers: Vec<Server<'a>>,
    report: &mut CheckReport,
) -> Option<Cluster<'a>> {
    let first = servers.iter().position(|server| server.described.is_some());
    let Some(first) = first else {
        let text = "no bootstrap server described the cluster";
        report.add(Finding::not_checked(CheckStep::Cluster, "cluster", text));
        return None;
    };
    let ids = servers.iter().filter_map(|server| {
        let (_, described) = server.described.as_ref()?;
        Some((server.endpoint.to_string(), described.cluster_id.clone()))
    });
    let ids: Vec<_> = ids.collect();
    let brokers = servers[first].described.as_ref().map(|(_, one)| one.brokers.clone()).unwrap_or_default();
    report.add(same_cluster(&ids, brokers.len()));
    let reached = advertised::check(cx, &mut servers, &brokers, ids.first(), report).await;
    if let Some((id, client)) = reached {
        return Some(Cluster { client, broker: Some(id), auto_creates: None });
    }
    let described = servers.into_iter().find_map(|server| server.described);
    described.map(|(client, _)| Cluster { client, broker: None, auto_creates: None })
}

/// Whether all servers described the same cluster.
fn same_cluster(ids: &[(String, Option<String>)], brokers: usize) -> Finding {
    let name = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".to_owned());
    let first = ids.first().map(|(_, id)| id.clone()).unwrap_or_default();
    match ids.iter().find(|(_, id)| *id != first) {
        None => {
            let text = format!("id {}, {}", name(&first), counted(brokers, "broker"));
            Finding::ok(CheckStep::Cluster, "cluster", text)
        }
        Some((other, id)) => {
            let server = ids.first().map(|(server, _)| server.clone()).unwrap_or_default();
            let text = format!(
                "the bootstrap servers belong to different clusters: {server} to {}, {other} to {}",
                name(&first),
                name(id)
            );
            Finding::error(CheckStep::Cluster, "cluster", text)
                .remedied("name servers of one cluster in `bootstrap.servers`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Severity;

    #[test]
    fn servers_of_two_clusters_are_an_error() {
        let server = |name: &str, id: &str| (name.to_owned(), Some(id.to_owned()));
        let one = same_cluster(&[server("a:1", "x"), server("b:1", "x")], 3);
        assert_eq!((one.severity(), one.text()), (Severity::Ok, "id x, 3 brokers"));
        let two = same_cluster(&[server("a:1", "x"), server("b:1", "y")], 3);
        assert_eq!(two.severity(), Severity::Error);
        assert!(two.text().ends_with("a:1 to x, b:1 to y"), "{}", two.text());
        let old = same_cluster(&[("a:1".to_owned(), None)], 1);
        assert_eq!(old.text(), "id none, 1 broker");
    }
}
