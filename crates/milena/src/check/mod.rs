//! The preflight check: the way from a configuration to a delivered record, step by step, without writing anything.
//!
//! ```text
//!  bootstrap servers ─▶ server: name, tcp, tls, api_versions, sasl ─▶ cluster: id, advertised brokers
//!                                                                        │
//!              topic: partitions, acl ─▶ limits: replicas, sizes, timestamps, codec ◀── clock, broker settings
//! ```
//!
//! | file | has |
//! |---|---|
//! | `report`, `text` | the findings as data and as text |
//! | `context`, `client` | the settings of a check and its time; a connection that is opened again where needed |
//! | `server`, `tls`, `sasl`, `versions` | the steps at one address |
//! | `cluster`, `advertised`, `acl`, `clock_skew`, `broker` | the steps of the cluster |
//! | `settings` | settings of a topic or a broker |
//! | `topic`, `limits` | the steps of a topic |
//! | `remedy`, `side_by_side` | an error's text in two parts; futures that are polled together |
//!
//! Rules:
//! * Requests are ApiVersions, SaslHandshake, SaslAuthenticate, Metadata without auto-creation, DescribeCluster, DescribeConfigs and
//!   DescribeQuorum alone. The check never sends Produce or InitProducerId, and creates no topic.
//! * A step that fails ends the steps that need its result, and no others.
//! * A group of steps has `connect.timeout.ms`, all groups together have [`GROUPS_MAX`] times as much.
//! * The responses of servers are bounded ([`RESPONSE_BYTES_MAX`]), and the findings hold no more than [`SERVERS_MAX`],
//!   [`BROKERS_MAX`] and [`TOPICS_MAX`] of their subjects. All foreign text is escaped.

mod acl;
mod advertised;
mod broker;
mod client;
mod clock_skew;
mod cluster;
mod context;
mod limits;
mod remedy;
mod report;
mod sasl;
mod server;
mod settings;
mod side_by_side;
mod text;
mod tls;
mod topic;
mod versions;

use milena_connection::Endpoint;

use crate::config::{Config, ProducerBuilder};
use crate::error::ConfigError;
use context::Context;
use side_by_side::side_by_side;

pub use report::{CheckReport, CheckStep, Finding, Severity};

/// Most bytes of a server's response; the metadata of a topic with 30 000 partitions has below 2 MiB.
const RESPONSE_BYTES_MAX: usize = 2 << 20;
/// The time of a whole check, in multiples of `connect.timeout.ms`.
const GROUPS_MAX: u32 = 4;
/// Most bootstrap servers that are checked.
const SERVERS_MAX: usize = 64;
/// Most advertised brokers that are checked.
const BROKERS_MAX: usize = 256;
/// Most topics that are checked.
const TOPICS_MAX: usize = 256;
/// Most servers that are checked at a time.
const AT_A_TIME_MAX: usize = 16;

/// Settings that can be checked: a [`ProducerBuilder`] or a [`Config`].
pub trait CheckSettings: sealed::Sealed {
    /// The builder of the settings.
    ///
    /// # Errors
    /// Settings that contradict each other.
    #[doc(hidden)]
    fn to_builder(&self) -> Result<ProducerBuilder, ConfigError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::config::ProducerBuilder {}
    impl Sealed for crate::config::Config {}
}

impl CheckSettings for ProducerBuilder {
    fn to_builder(&self) -> Result<ProducerBuilder, ConfigError> {
        Ok(self.clone())
    }
}

impl CheckSettings for Config {
    fn to_builder(&self) -> Result<ProducerBuilder, ConfigError> {
        self.builder()
    }
}

/// Checks whether a producer with these settings can deliver records to these topics, and writes nothing.
///
/// The report has a [`Finding`] for each step and subject: what was found, how severe it is, and a remedy. In order:
///
/// | step | finding |
/// |---|---|
/// | `config` | the settings are valid; files of certificates and keys can be read |
/// | `name`, `tcp` | each bootstrap server is resolved, and each of its addresses accepts connections; a server that fails is a warning while another one describes the cluster |
/// | `tls` | chain and host name are verified; protocol, cipher suite; days left of each certificate |
/// | `sasl` | the broker accepts the credentials; the mechanisms that it has enabled |
/// | `api_versions` | each needed API has a version in common, or which side is too old |
/// | `cluster` | all servers belong to one cluster, by its id |
/// | `advertised` | each advertised broker is reached, from this host |
/// | `broker` | size limits of a broker against `request.bytes.max` and `max.request.size` |
/// | `clock` | the difference between this host's clock and that of the active controller |
/// | `topic` | the topic exists, and each partition has a leader |
/// | `acl` | WRITE on each topic, and the permission to write idempotently |
/// | `replicas` | in-sync replicas against `min.insync.replicas`, with `acks=all` |
/// | `size` | `max.message.bytes` of the topic against `max.request.size` and `batch.size` |
/// | `timestamps` | `message.timestamp.type` and its bounds against the difference of the clocks |
/// | `codec` | the broker takes the codec, and keeps batches as they are |
///
/// **The clock.** The only request that returns a broker's time of day and writes nothing is DescribeQuorum 1 (Kafka 3.3 with
/// KRaft; DESCRIBE on the cluster): the active controller returns its own time. The difference is exact to half of the round trip, plus
/// 10 ms of this host's coarse clock; the finding states this uncertainty. The clocks of the other brokers are not compared, and
/// nothing is compared where the request is missing or denied: then the finding is [`Severity::NotChecked`].
///
/// **Permissions** are those that the brokers return for the user (KIP-430). A broker that hides the settings of a topic or of
/// itself (DESCRIBE_CONFIGS) makes findings [`Severity::NotChecked`], and no error.
///
/// **Time.** A group of steps (the bootstrap servers, the advertised brokers, a request) takes at most `connect.timeout.ms`, and
/// everything together four times as much. Subjects that are left then are [`Severity::NotChecked`].
///
/// No finding contains a secret of the settings. A report is data, and its `Display` a text with a finding a line; with the
/// feature `serde` it is `Serialize`.
///
/// # Errors
/// There is no error: invalid settings, and the lack of a tokio runtime, are findings as well.
///
/// # Cancel safety
/// Dropping the future closes the connections. Nothing was written in any case.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use milena::{Producer, Severity};
///
/// let builder = Producer::builder().bootstrap_servers("kafka-1:9092,kafka-2:9092");
/// let report = milena::check(&builder, ["orders"]).await;
/// println!("{report}");
/// for finding in report.findings().iter().filter(|finding| finding.severity() == Severity::Error) {
///     eprintln!("{} {}: {}", finding.step().name(), finding.subject(), finding.text());
/// }
/// if report.is_usable() {
///     let producer = builder.build().await?;
/// }
/// # Ok(()) }
/// ```
pub async fn check<S, T>(settings: &S, topics: T) -> CheckReport
where
    S: CheckSettings + ?Sized,
    T: IntoIterator,
    T::Item: Into<String>,
{
    let mut names: Vec<String> = Vec::new();
    for topic in topics {
        let topic = topic.into();
        if !names.contains(&topic) {
            names.push(topic);
        }
    }
    let mut report = CheckReport::default();
    match Context::new(settings.to_builder()) {
        Ok((context, servers)) => {
            report.add(Finding::ok(CheckStep::Config, "settings", "valid"));
            check_all(&context, servers, &names, &mut report).await;
        }
        Err(finding) => report.add(*finding),
    }
    report
}

async fn check_all(cx: &Context, mut servers: Vec<Endpoint>, topics: &[String], report: &mut CheckReport) {
    for left in servers.drain(SERVERS_MAX.min(servers.len())..) {
        report.add(Finding::not_checked(
            CheckStep::Name,
            left,
            format!("only {SERVERS_MAX} servers are checked"),
        ));
    }
    let checks = servers.into_iter().map(|endpoint| server::check(cx, endpoint));
    let mut servers = side_by_side(checks.collect(), AT_A_TIME_MAX).await;
    // One server that describes the cluster is enough for a producer.
    let is_enough = servers.iter().any(|server| server.described.is_some());
    for server in &mut servers {
        let findings = std::mem::take(&mut server.findings).into_iter();
        let is_spare = is_enough && server.described.is_none();
        report.extend(findings.map(|one| if is_spare { one.at_most_a_warning() } else { one }).collect());
    }
    let Some(mut cluster) = cluster::check(cx, servers, report).await else {
        let unreached = topics.iter().take(TOPICS_MAX);
        unreached.for_each(|topic| report.add(Finding::not_checked(CheckStep::Topic, topic, NO_SERVER)));
        return;
    };
    broker::check(cx, &mut cluster, report).await;
    let skew = clock_skew::check(&mut cluster, report).await;
    let mut may_write = Vec::with_capacity(topics.len().min(TOPICS_MAX));
    for (index, topic) in topics.iter().enumerate() {
        if index >= TOPICS_MAX {
            let text = format!("only {TOPICS_MAX} topics are checked");
            report.add(Finding::not_checked(CheckStep::Topic, topic, text));
            break;
        }
        may_write.push(topic::check(cx, &mut cluster, topic, skew, report).await);
    }
    acl::check_idempotence(cx, &mut cluster, &may_write, report).await;
}

const NO_SERVER: &str = "no bootstrap server described the cluster";
