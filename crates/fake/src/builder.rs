//! The settings of a cluster, before it starts.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use milena_codec::ids::BrokerId;
use milena_codec::message::ApiKey;

use crate::cluster::Cluster;
use crate::core::{Access, Broker, Core, DelegationToken, Keep, Settings, State, Telemetry, TopicConfig};
use crate::mechanism::Mechanism;
use crate::release::{Release, Versions};
use crate::shell::{self, Shared};
use crate::telemetry::TelemetrySubscription;

/// Settings of a [`Cluster`] that is to start.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing before `start`"]
pub struct Builder {
    brokers: usize,
    topics: Vec<(String, usize, TopicConfig)>,
    settings: Settings,
    listen: String,
    in_memory: bool,
    wall_clock_ms: Option<i64>,
    telemetry: Option<TelemetrySubscription>,
    #[cfg(feature = "tls")]
    tls: Option<Arc<rustls::ServerConfig>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            brokers: 3,
            topics: Vec::new(),
            settings: Settings {
                keep: Keep::All,
                versions: Versions::of(Release::default()),
                auto_create: true,
                default_partitions: 1,
                access: None,
            },
            listen: "127.0.0.1:0".to_owned(),
            in_memory: false,
            wall_clock_ms: None,
            telemetry: None,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

impl Builder {
    /// Count of brokers; their ids begin at 1. The default is 3.
    pub const fn brokers(mut self, count: usize) -> Self {
        self.brokers = count;
        self
    }

    /// A topic that is there from the start.
    pub fn topic(self, name: &str, partitions: usize) -> Self {
        self.topic_with(name, partitions, TopicConfig::default())
    }

    /// A topic with settings of its own.
    pub fn topic_with(mut self, name: &str, partitions: usize, config: TopicConfig) -> Self {
        self.topics.push((name.to_owned(), partitions, config));
        self
    }

    /// How much of what is produced is kept.
    pub const fn keep(mut self, keep: Keep) -> Self {
        self.settings.keep = keep;
        self
    }

    /// Whether Metadata creates topics for a client that allows it. The default is yes, as in Kafka.
    pub const fn auto_create(mut self, auto_create: bool) -> Self {
        self.settings.auto_create = auto_create;
        self
    }

    /// Count of partitions of a topic that is created without a count. The default is 1.
    pub const fn default_partitions(mut self, count: usize) -> Self {
        self.settings.default_partitions = count;
        self
    }

    /// Where the first broker listens; a port other than 0 is followed by the ports of the other brokers.
    pub fn listen(mut self, address: &str) -> Self {
        address.clone_into(&mut self.listen);
        self
    }

    /// No sockets: connections are made by [`Cluster::dial`] alone, and a paused clock may drive everything.
    pub const fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    /// Time of day at which the cluster starts, in milliseconds since 1970. The default is the machine's time of day.
    pub const fn wall_clock_ms(mut self, now: i64) -> Self {
        self.wall_clock_ms = Some(now);
        self
    }

    /// Offers the versions of a release of Kafka.
    pub fn look_like(mut self, release: Release) -> Self {
        self.settings.versions = Versions::of(release);
        self
    }

    /// Offers other versions of one API.
    pub fn versions(mut self, api: ApiKey, versions: RangeInclusive<i16>) -> Self {
        self.settings.versions.clamp(api, versions);
        self
    }

    /// Takes metrics from clients (KIP-714), as brokers with a receiver of metrics do: without, they do not offer the APIs. See
    /// [`Cluster::telemetry_pushes`].
    pub fn telemetry(mut self, subscription: TelemetrySubscription) -> Self {
        let apis = [ApiKey::GET_TELEMETRY_SUBSCRIPTIONS, ApiKey::PUSH_TELEMETRY];
        apis.into_iter().for_each(|api| self.settings.versions.clamp(api, 0..=0));
        self.telemetry = Some(subscription);
        self
    }

    /// Adds a user with a password. Every connection then requires SASL.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.access().users.insert(name.to_owned(), password.to_owned());
        self
    }

    /// Supports these mechanisms; the default is all of them. Every connection then requires SASL.
    pub fn mechanisms(mut self, mechanisms: &[Mechanism]) -> Self {
        self.access().mechanisms = mechanisms.to_vec();
        self
    }

    /// Adds a delegation token of a user, for SCRAM alone (KIP-48): its id and its HMAC in base64.
    pub fn delegation_token(mut self, owner: &str, id: &str, hmac: &str) -> Self {
        let token = DelegationToken { owner: owner.to_owned(), hmac: hmac.to_owned() };
        self.access().delegations.insert(id.to_owned(), token);
        self
    }

    /// Lifetime of a session (`connections.max.reauth.ms`); the default is no end. Every connection then requires SASL.
    pub fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.access().session_lifetime = lifetime;
        self
    }

    /// Iterations of SCRAM; the default is 4096. Every connection then requires SASL.
    pub fn scram_iterations(mut self, iterations: u32) -> Self {
        self.access().scram_iterations = iterations;
        self
    }

    /// TLS for every connection, in memory as well.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    fn access(&mut self) -> &mut Access {
        self.settings.access.get_or_insert_default()
    }

    /// Starts the cluster on the runtime of the caller.
    ///
    /// # Errors
    /// When an address is none, or cannot be listened on.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[expect(
        clippy::unused_async,
        reason = "starting needs a runtime, and an async fn is where there is one"
    )]
    pub async fn start(self) -> io::Result<Cluster> {
        let skips_cross_check = self.settings.keep == Keep::Nothing;
        let mut state = State::new(self.settings.clone());
        state.telemetry = self.telemetry.clone().map(Telemetry::new);
        let core = Core::new(state);
        let runtime = tokio::runtime::Handle::current();
        #[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "only TLS is set"))]
        let mut shared = Shared::new(core, runtime, self.wall_clock_ms, skips_cross_check);
        #[cfg(feature = "tls")]
        shared.tls.clone_from(&self.tls);
        let shared = Arc::new(shared);
        let cluster = Cluster::new(shared, self.in_memory);
        for number in 0..self.brokers {
            self.start_broker(&cluster, number)?;
        }
        let mut core = cluster.shared().core();
        for (name, partitions, config) in &self.topics {
            core.state.create_topic(name, *partitions, *config);
        }
        drop(core);
        Ok(cluster)
    }

    fn start_broker(&self, cluster: &Cluster, number: usize) -> io::Result<()> {
        let id = BrokerId(i32::try_from(number + 1).map_err(io::Error::other)?);
        if self.in_memory {
            return cluster.open_in_memory(id);
        }
        let mut address: SocketAddr = self.listen.parse().map_err(|error| {
            let what = format!("{} is no address to listen on: {error}", self.listen);
            io::Error::new(io::ErrorKind::InvalidInput, what)
        })?;
        if address.port() != 0 {
            let port = usize::from(address.port()) + number;
            address.set_port(u16::try_from(port).map_err(io::Error::other)?);
        }
        cluster.open_tcp(id, address)
    }
}

impl Cluster {
    /// Three brokers on free ports of this machine.
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A cluster to be described first.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Opens a broker that is reached by `dial` alone.
    pub(crate) fn open_in_memory(&self, id: BrokerId) -> io::Result<()> {
        const PORT: u16 = 9092;
        self.shared().core().state.brokers.insert(id, Broker::new(format!("broker-{id}"), PORT));
        self.shared().open(id, None);
        Ok(())
    }

    /// Opens a broker that listens.
    pub(crate) fn open_tcp(&self, id: BrokerId, address: SocketAddr) -> io::Result<()> {
        let socket = shell::bind(address)?;
        let bound = socket.local_addr()?;
        let host = match bound.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        self.shared().core().state.brokers.insert(id, Broker::new(host.to_string(), bound.port()));
        let socket = shell::listen(self.shared(), id, socket)?;
        self.shared().open(id, Some(socket));
        Ok(())
    }
}
