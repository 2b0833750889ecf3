//! What a cluster is made of, before there is one: the release, how many nodes, where they listen, and who is known there.

use super::Properties;
use super::jars::Release;

/// A cluster that is to be started. A listener named `PLAINTEXT` is always there: the nodes speak by it among themselves,
/// and so do the tools that judge.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(super) release: Release,
    pub(super) nodes: usize,
    pub(super) listeners: Vec<Listener>,
    pub(super) properties: Properties,
    pub(super) scram: Vec<String>,
}

/// A door of each node, on a port of its own.
#[derive(Clone, Debug)]
pub struct Listener {
    pub(super) name: &'static str,
    pub(super) protocol: &'static str,
    pub(super) advertised: Option<String>,
    pub(super) properties: Properties,
}

impl Layout {
    /// One node or three of the reference release, plain.
    #[must_use]
    pub fn nodes(nodes: usize) -> Self {
        Self {
            release: Release::REFERENCE,
            nodes,
            listeners: vec![Listener::new("PLAINTEXT", "PLAINTEXT")],
            properties: Properties::new(),
            scram: Vec::new(),
        }
    }

    /// Of another release.
    #[must_use]
    pub fn release(self, release: Release) -> Self {
        Self { release, ..self }
    }

    /// With one more listener.
    #[must_use]
    pub fn listener(mut self, listener: Listener) -> Self {
        self.listeners.push(listener);
        self
    }

    /// With a setting of each node.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.properties = self.properties.with(name, value);
        self
    }

    /// With a controller that waits for a minute before it takes the leadership from a node: a node that tests share must not
    /// lose it to a machine that stalls.
    #[must_use]
    pub fn steady(self) -> Self {
        self.with("broker.session.timeout.ms", "60000")
    }

    /// With a user who is known by both kinds of SCRAM from the start on.
    #[must_use]
    pub fn scram_user(mut self, name: &str, password: &str) -> Self {
        for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
            self.scram.push(format!("{mechanism}=[name={name},password={password}]"));
        }
        self
    }
}

impl Listener {
    /// A listener by its own name, for one of the four security protocols.
    #[must_use]
    pub fn new(name: &'static str, protocol: &'static str) -> Self {
        Self { name, protocol, advertised: None, properties: Properties::new() }
    }

    /// With a setting of its own: `listener.name.NAME.…` is put before it.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.properties = self.properties.with(name, value);
        self
    }

    /// With several settings of its own.
    #[must_use]
    pub fn with_all(mut self, properties: &Properties) -> Self {
        self.properties = self.properties.with_all("", properties);
        self
    }

    /// By another security protocol.
    #[must_use]
    pub fn protected_by(self, protocol: &'static str) -> Self {
        Self { protocol, ..self }
    }

    /// Tells clients that it is at another address, `HOST:PORT`.
    #[must_use]
    pub fn advertised_at(self, address: &str) -> Self {
        Self { advertised: Some(address.to_owned()), ..self }
    }
}
