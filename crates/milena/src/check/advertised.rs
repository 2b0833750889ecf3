//! The addresses that brokers advertise. After the bootstrap a client uses these addresses alone, so that each of them has to lead
//! to its broker from this host.

use std::net::IpAddr;

use milena_codec::ids::BrokerId;
use milena_codec::message::{MetadataResponseBroker, ProduceRequest};
use milena_connection::Endpoint;

use super::client::Client;
use super::context::Context;
use super::report::{CheckReport, CheckStep, Finding};
use super::server::{self, Server};
use super::side_by_side::side_by_side;
use super::{AT_A_TIME_MAX, BROKERS_MAX, tls};

const SET_A_NAME: &str = "set `advertised.listeners` of the broker to a name and a port that clients reach, for the listener of \
     this port";

/// The outcome of one broker: findings, and the connection if it was reached.
type Outcome<'a> = (Vec<Finding>, Option<(BrokerId, Client<'a>)>);

/// Reaches each broker. Returns a connection to the first one that is reached.
pub(super) async fn check<'a>(
    cx: &'a Context,
    servers: &mut [Server<'a>],
    brokers: &[MetadataResponseBroker],
    cluster: Option<&(String, Option<String>)>,
    report: &mut CheckReport,
) -> Option<(BrokerId, Client<'a>)> {
    if brokers.is_empty() {
        let text = "the cluster advertises no broker";
        report.add(Finding::error(CheckStep::Advertised, "cluster", text).remedied(SET_A_NAME));
        return None;
    }
    let is_remote = servers.iter().any(|one| one.described.is_some() && !is_loopback(&one.endpoint.host));
    let cluster_id = cluster.and_then(|(_, id)| id.clone());
    let mut dialled = Vec::new();
    let mut outcomes = Vec::new();
    for broker in brokers.iter().take(BROKERS_MAX) {
        let id = broker.node_id;
        let subject = format!("broker {id}");
        let endpoint = match Endpoint::new(&broker.host, broker.port) {
            Ok(endpoint) if id.is_known() => endpoint,
            Ok(_) => {
                outcomes.push((vec![error(&subject, "the broker has an invalid id")], None));
                continue;
            }
            Err(invalid) => {
                let text = format!("advertises an address that cannot be dialled: {invalid}");
                outcomes.push((vec![error(&subject, &text)], None));
                continue;
            }
        };
        match servers.iter_mut().find(|server| server.endpoint == endpoint && server.described.is_some()) {
            Some(server) => {
                let text = format!("{endpoint} is a bootstrap server, and was reached");
                let client = server.described.take().map(|(client, _)| (id, client));
                outcomes.push((vec![Finding::ok(CheckStep::Advertised, &subject, text)], client));
            }
            None => dialled.push(reach(cx, id, endpoint, is_remote, cluster_id.clone())),
        }
    }
    outcomes.extend(side_by_side(dialled, AT_A_TIME_MAX).await);
    let mut first = None;
    for (findings, client) in outcomes {
        report.extend(findings);
        first = first.or(client);
    }
    if brokers.len() > BROKERS_MAX {
        let text = format!("only {BROKERS_MAX} of {} brokers are dialled", brokers.len());
        report.add(Finding::not_checked(CheckStep::Advertised, "cluster", text));
    }
    first
}

fn error(subject: &str, text: &str) -> Finding {
    Finding::error(CheckStep::Advertised, subject, text).remedied(SET_A_NAME)
}

/// Reaches a broker by the address that it advertises.
async fn reach<'a>(
    cx: &'a Context,
    id: BrokerId,
    endpoint: Endpoint,
    is_remote: bool,
    cluster_id: Option<String>,
) -> Outcome<'a> {
    let subject = format!("broker {id}");
    if is_remote && is_loopback(&endpoint.host) {
        let text = format!(
            "advertises {endpoint}, which is this host for a client, while the bootstrap server is another host"
        );
        return (vec![error(&subject, &text)], None);
    }
    if cx.is_over() {
        let text = format!("{endpoint}: the time of the check is over");
        return (vec![Finding::not_checked(CheckStep::Advertised, &subject, text)], None);
    }
    let opened = server::open(cx, &endpoint).await;
    let mut findings = match cx.config.tls {
        Some(_) => tls::findings(&cx.config, &endpoint, opened.tls.as_ref()),
        None => Vec::new(),
    };
    let (client, described) = match opened.described {
        Ok(described) => described,
        Err(failed) => {
            let failed = Finding::of_connection(CheckStep::Advertised, &subject, &failed);
            let text = format!("{endpoint}, which the broker advertises, cannot be used: {}", failed.text());
            let remedy = match failed.remedy() {
                Some(remedy) => format!("{remedy}; or {SET_A_NAME}"),
                None => SET_A_NAME.to_owned(),
            };
            findings.push(Finding::error(CheckStep::Advertised, &subject, text).remedied(remedy));
            return (findings, None);
        }
    };
    findings.push(if described.cluster_id != cluster_id {
        error(&subject, &format!("{endpoint} leads to another cluster than the bootstrap server"))
    } else if client.version::<ProduceRequest>().is_none() {
        error(&subject, &format!("{endpoint} leads to a server without a version of Produce in common"))
    } else {
        Finding::ok(CheckStep::Advertised, &subject, format!("{endpoint} was reached"))
    });
    (findings, Some((id, client)))
}

/// Whether a host is this host for each client: `localhost`, a loopback address, or an address that stands for all.
fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_name = name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost");
    is_name || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_are_this_host_for_each_client_are_recognized() {
        for host in
            ["localhost", "LOCALHOST.", "kafka.localhost", "127.0.0.1", "127.8.0.1", "::1", "0.0.0.0", "::"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["kafka-1", "localhost.example", "10.0.0.1", "fe80::1", "127.example"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
