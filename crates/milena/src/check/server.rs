//! The steps at one bootstrap server: name, each address, TLS, versions, credentials, and the description of the cluster.

use std::net::SocketAddr;

use milena_codec::message::{MetadataRequest, MetadataResponse};
use milena_connection::Endpoint;
use milena_connection::tls::TlsSession;
use milena_connection::transport::{ConnectionError, dial};

use super::client::Client;
use super::context::Context;
use super::report::{CheckStep, Finding, Severity};
use super::side_by_side::side_by_side;
use super::{AT_A_TIME_MAX, sasl, tls, versions};

/// A server and its findings.
pub(super) struct Server<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) findings: Vec<Finding>,
    /// A connection to the server, and its description of the cluster.
    pub(super) described: Option<(Client<'a>, MetadataResponse)>,
}

/// Checks a bootstrap server.
pub(super) async fn check(cx: &Context, endpoint: Endpoint) -> Server<'_> {
    let mut server = Server { endpoint, findings: Vec::new(), described: None };
    if cx.is_over() {
        let text = "the time of the check is over";
        server.findings.push(Finding::not_checked(CheckStep::Name, &server.endpoint, text));
    } else if server.reach(cx).await {
        server.describe(cx).await;
    }
    server
}

impl<'a> Server<'a> {
    /// Resolves the name, and connects to each address. Returns whether one of them accepts connections.
    async fn reach(&mut self, cx: &Context) -> bool {
        let Some(tcp) = &cx.tcp else { return self.reach_by_connector(cx).await };
        let addresses = match tcp.resolve(&self.endpoint, cx.within()).await {
            Ok(addresses) => addresses,
            Err(error) => {
                self.findings.push(Finding::of_connection(CheckStep::Name, &self.endpoint, &error));
                return false;
            }
        };
        let listed: Vec<_> = addresses.iter().map(|address| address.ip().to_string()).collect();
        self.findings.push(match listed == [self.endpoint.host.clone()] {
            true => Finding::ok(CheckStep::Name, &self.endpoint, "an IP address"),
            false => Finding::ok(CheckStep::Name, &self.endpoint, listed.join(", ")),
        });
        let dials: Vec<_> = addresses.iter().map(|address| cx.connect(*address)).collect();
        let results = side_by_side(dials, AT_A_TIME_MAX).await;
        let is_reached = results.iter().any(Result::is_ok);
        for (address, result) in addresses.iter().zip(results) {
            self.findings.push(self.address(*address, result, is_reached));
        }
        is_reached
    }

    /// An address that refuses connections is a warning while another one accepts them: each connection tries all addresses.
    fn address(&self, address: SocketAddr, result: Result<(), ConnectionError>, is_reached: bool) -> Finding {
        match result {
            Ok(()) => Finding::ok(CheckStep::Tcp, &self.endpoint, format!("{address} accepts connections")),
            Err(error) => {
                let finding = Finding::of_connection(CheckStep::Tcp, &self.endpoint, &error);
                let text = match finding.text().contains(&address.to_string()) {
                    true => finding.text().to_owned(),
                    false => format!("{address}: {}", finding.text()),
                };
                let severity = if is_reached { Severity::Warning } else { Severity::Error };
                let named = Finding::error(finding.step(), &self.endpoint, text).with_severity(severity);
                match finding.remedy() {
                    Some(remedy) => named.remedied(remedy),
                    None => named,
                }
            }
        }
    }

    /// Connects by the connector of the application, which resolves names itself.
    async fn reach_by_connector(&mut self, cx: &Context) -> bool {
        const BY_CONNECTOR: &str = "the connector of the application resolves names";
        self.findings.push(Finding::not_checked(CheckStep::Name, &self.endpoint, BY_CONNECTOR));
        match dial(&*cx.transport, &self.endpoint, cx.within()).await {
            Ok(_) => {
                self.findings.push(Finding::ok(CheckStep::Tcp, &self.endpoint, "accepts connections"));
                true
            }
            Err(error) => {
                self.findings.push(Finding::of_connection(CheckStep::Tcp, &self.endpoint, &error));
                false
            }
        }
    }

    /// Opens a session, and requests the description of the cluster.
    async fn describe(&mut self, cx: &'a Context) {
        let opened = open(cx, &self.endpoint).await;
        self.findings.extend(tls::findings(&cx.config, &self.endpoint, opened.tls.as_ref()));
        let described = opened.described;
        if let Some(versions) = &opened.versions {
            self.findings.extend(versions::findings(&cx.config, &self.endpoint, versions));
        }
        self.findings.extend(sasl::findings(cx, &self.endpoint, described.as_ref().err()).await);
        match described {
            Ok(described) => self.described = Some(described),
            // Errors of SASL have their own finding.
            Err(error) if sasl::is_of_sasl(&error) => {}
            Err(error) => {
                self.findings.push(Finding::of_connection(during(&opened.versions), &self.endpoint, &error))
            }
        }
    }
}

/// The step of an error without a step of its own: the negotiation of versions comes before the description of the cluster.
const fn during(versions: &Option<milena_connection::session::Versions>) -> CheckStep {
    match versions {
        Some(_) => CheckStep::Cluster,
        None => CheckStep::ApiVersions,
    }
}

/// The outcome of opening a session.
pub(super) struct Opened<'a> {
    pub(super) tls: Option<TlsSession>,
    /// Once they are negotiated and the client is authenticated.
    pub(super) versions: Option<milena_connection::session::Versions>,
    pub(super) described: Result<(Client<'a>, MetadataResponse), ConnectionError>,
}

/// Opens a session, and requests the brokers of the cluster, without topics.
pub(super) async fn open<'a>(cx: &'a Context, endpoint: &Endpoint) -> Opened<'a> {
    let (tls, connection) = cx.open(endpoint, true).await;
    let connection = match connection {
        Ok(connection) => connection,
        Err(error) => return Opened { tls, versions: None, described: Err(error) },
    };
    let mut client = Client::new(cx, connection);
    let versions = client.versions().clone();
    let request = MetadataRequest {
        topics: Some(Vec::new()),
        // Before version 4 a broker may create topics that are named; none is.
        allow_auto_topic_creation: true,
        ..MetadataRequest::default()
    };
    let described = client.call(&request).await.map(|response| (client, response));
    Opened { tls, versions: Some(versions), described }
}
