//! The settings of a node, as its `node.properties` has them.

use std::path::Path;

use super::Properties;
use super::layout::Layout;

/// What one node has for itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) id: usize,
    /// A port for each listener of the layout.
    pub(super) ports: &'a [u16],
    pub(super) controller_port: u16,
    /// All controllers: `ID@HOST:PORT,…`.
    pub(super) voters: &'a str,
    pub(super) data: &'a Path,
}

pub(super) fn settings(layout: &Layout, place: Place<'_>) -> Properties {
    let (replicas, in_sync) = if layout.nodes == 1 { (1, 1) } else { (3, 2) };
    let mut properties = listening(layout, place)
        .with("process.roles", "broker,controller")
        .with("node.id", place.id)
        .with("controller.quorum.voters", place.voters)
        .with("controller.listener.names", "CONTROLLER")
        .with("inter.broker.listener.name", "PLAINTEXT")
        .with("log.dirs", place.data.display())
        .with("default.replication.factor", replicas)
        .with("min.insync.replicas", in_sync)
        .with("offsets.topic.replication.factor", replicas)
        .with("transaction.state.log.replication.factor", replicas)
        .with("transaction.state.log.min.isr", in_sync);
    if layout.release.has_share_groups() {
        properties = properties
            .with("share.coordinator.state.topic.num.partitions", 1)
            .with("share.coordinator.state.topic.replication.factor", replicas)
            .with("share.coordinator.state.topic.min.isr", in_sync);
    }
    SETTINGS
        .iter()
        .fold(properties, |all, (name, value)| all.with(*name, value))
        .with_all("", &layout.properties)
}

fn listening(layout: &Layout, place: Place<'_>) -> Properties {
    let mut bound = vec![format!("CONTROLLER://127.0.0.1:{}", place.controller_port)];
    let (mut advertised, mut protocols) = (Vec::new(), vec!["CONTROLLER:PLAINTEXT".to_owned()]);
    let mut properties = Properties::new();
    for (listener, port) in layout.listeners.iter().zip(place.ports) {
        let (name, address) = (listener.name, format!("127.0.0.1:{port}"));
        bound.push(format!("{name}://{address}"));
        advertised.push(format!("{name}://{}", listener.advertised.as_ref().unwrap_or(&address)));
        protocols.push(format!("{name}:{}", listener.protocol));
        let prefix = format!("listener.name.{}.", name.to_lowercase());
        properties = properties.with_all(&prefix, &listener.properties);
    }
    properties
        .with("listeners", bound.join(","))
        .with("advertised.listeners", advertised.join(","))
        .with("listener.security.protocol.map", protocols.join(","))
}

/// The same for each node: small, quick to start, and quick to find out that another node is gone.
const SETTINGS: [(&str, &str); 17] = [
    ("auto.create.topics.enable", "false"),
    ("auto.leader.rebalance.enable", "false"),
    ("offsets.topic.num.partitions", "1"),
    ("transaction.state.log.num.partitions", "1"),
    ("num.network.threads", "2"),
    ("num.io.threads", "2"),
    ("num.replica.fetchers", "1"),
    ("log.segment.bytes", "16777216"),
    ("log.retention.bytes", "268435456"),
    ("log.retention.ms", "-1"),
    ("log.cleaner.threads", "1"),
    ("log.cleaner.dedupe.buffer.size", "2097152"),
    ("group.initial.rebalance.delay.ms", "0"),
    ("broker.session.timeout.ms", "3000"),
    ("broker.heartbeat.interval.ms", "500"),
    ("controller.quorum.election.timeout.ms", "500"),
    ("controller.quorum.fetch.timeout.ms", "1000"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Listener;

    #[test]
    fn a_listener_has_its_port_its_protocol_and_its_own_settings() {
        let layout = Layout::nodes(1)
            .listener(Listener::new("MINE", "SSL").with("ssl.client.auth", "required"))
            .listener(Listener::new("GONE", "PLAINTEXT").advertised_at("gone.invalid:9"));
        let place = Place { id: 1, ports: &[1, 2, 3], controller_port: 4, voters: "v", data: Path::new("d") };
        let settings = settings(&layout, place).to_string();
        for line in [
            "listeners=CONTROLLER://127.0.0.1:4,PLAINTEXT://127.0.0.1:1,MINE://127.0.0.1:2,GONE://127.0.0.1:3",
            "advertised.listeners=PLAINTEXT://127.0.0.1:1,MINE://127.0.0.1:2,GONE://gone.invalid:9",
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,MINE:SSL,GONE:PLAINTEXT",
            "listener.name.mine.ssl.client.auth=required",
        ] {
            assert!(settings.lines().any(|is| is == line), "{line} in {settings}");
        }
    }
}
