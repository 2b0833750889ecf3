//! A node with many doors: each security protocol, each SASL mechanism, certificates that are right and some that are wrong,
//! and topics that not everybody may write to.
//!
//! | listener | what is special there |
//! |---|---|
//! | `PLAINTEXT` | for the tools: whoever comes by it may do everything |
//! | `SASL_PLAINTEXT`, `SASL_SSL` | all mechanisms |
//! | `SCRAM_ONLY` | SCRAM-SHA-512 and nothing else, without TLS |
//! | `EXPIRING` | as `SASL_SSL`, and who one is has to be proved anew every five seconds |
//! | `SSL`, `SSL_RSA` | TLS with a key by elliptic curve, and by RSA |
//! | `TLS_12`, `TLS_13` | one version of TLS alone |
//! | `SSL_MUTUAL` | a client needs a certificate |
//! | `EXPIRED`, `ELSEWHERE` | TLS with a certificate that has expired, and with that of another host |
//! | `UNRESOLVED`, `UNREACHABLE` | clients are sent to a name that is none, and to a port on which nobody listens |
//!
//! Everybody named here may write to topics that begin with [`OPEN`], and describe those that begin with [`READ_ONLY`];
//! of other topics they hear nothing.
//!
//! [`Kafka::shared_of`] is a smaller node, of any release: `PLAINTEXT`, and `SASL_SSL` with SCRAM-SHA-512.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::jars::PerRelease;
use super::tools::{run, tool};
use super::{Kafka, Layout, Listener, Program, Properties, Release, Shared};

/// Known by PLAIN.
pub const ALICE: &str = "alice";
/// Known by SCRAM.
pub const BOB: &str = "bob";
/// Known by OAUTHBEARER.
pub const CAROL: &str = "carol";
/// The password of everybody who has one. What is odd in it is odd in a `.properties` file, or in what JAAS takes.
pub const PASSWORD: &str = "p=ss;w#rd 73!91";
/// How topics begin that everybody may write to.
pub const OPEN: &str = "open-";
/// How topics begin that everybody may see and nobody may write to.
pub const READ_ONLY: &str = "read-only-";
/// The principals of the clients' certificates.
const CERTIFIED: [&str; 2] = ["CN=client-rsa", "CN=client-ec"];

/// A file of `tests/certificates`.
#[must_use]
pub fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates").join(name)
}

/// What a file of `tests/certificates` holds.
#[must_use]
pub fn pem(name: &str) -> String {
    let path = certificate(name);
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| super::fail(format_args!("{}: {error}", path.display())))
}

/// The node, for all tests of the process. It ends with the process.
#[must_use]
pub fn shared() -> Shared {
    static SHARED: OnceLock<Kafka> = OnceLock::new();
    Shared(SHARED.get_or_init(start))
}

fn start() -> Kafka {
    let kafka = Kafka::start_as(layout());
    kafka.allow(&["--producer"], OPEN);
    kafka.allow(&["--operation", "Describe"], READ_ONLY);
    kafka
}

/// The listeners of the head of this page.
fn layout() -> Layout {
    let mechanisms = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER";
    let everybody = accounts().with("sasl.enabled.mechanisms", mechanisms);
    let unreachable = "127.0.0.1:1";
    identified(Layout::nodes(1).steady())
        .listener(Listener::new("SASL_PLAINTEXT", "SASL_PLAINTEXT").with_all(&everybody))
        .listener(tls("SASL_SSL", "server").with_all(&everybody).protected_by("SASL_SSL"))
        .listener(
            Listener::new("SCRAM_ONLY", "SASL_PLAINTEXT")
                .with_all(&accounts())
                .with("sasl.enabled.mechanisms", "SCRAM-SHA-512"),
        )
        .listener(
            tls("EXPIRING", "server")
                .with_all(&everybody)
                .with("connections.max.reauth.ms", "10000")
                .protected_by("SASL_SSL"),
        )
        .listener(tls("SSL", "server"))
        .listener(tls("SSL_RSA", "server-rsa"))
        .listener(tls("TLS_12", "server").with("ssl.enabled.protocols", "TLSv1.2"))
        .listener(tls("TLS_13", "server").with("ssl.enabled.protocols", "TLSv1.3"))
        .listener(tls("SSL_MUTUAL", "server").with("ssl.client.auth", "required"))
        .listener(tls("EXPIRED", "server-expired"))
        .listener(tls("ELSEWHERE", "server-elsewhere"))
        .listener(Listener::new("UNRESOLVED", "PLAINTEXT").advertised_at("broker-7.invalid:9092"))
        .listener(Listener::new("UNREACHABLE", "PLAINTEXT").advertised_at(unreachable))
}

/// With everybody's names, and with rules about who may do what.
fn identified(layout: Layout) -> Layout {
    layout
        .scram_user(BOB, PASSWORD)
        .with("delegation.token.secret.key", "the nodes sign tokens with this")
        .with("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
        .with("super.users", "User:ANONYMOUS")
        .with("early.start.listeners", "CONTROLLER")
}

/// Who is known at a listener with SASL.
fn accounts() -> Properties {
    let module = |name: &str, options: &str| {
        format!("org.apache.kafka.common.security.{name}LoginModule required {options};")
    };
    let scram = module("scram.Scram", "");
    Properties::new()
        .with("plain.sasl.jaas.config", module("plain.Plain", &format!("user_{ALICE}=\"{PASSWORD}\"")))
        .with("scram-sha-256.sasl.jaas.config", &scram)
        .with("scram-sha-512.sasl.jaas.config", &scram)
        .with(
            "oauthbearer.sasl.jaas.config",
            module("oauthbearer.OAuthBearer", "unsecuredLoginStringClaim_sub=\"broker\""),
        )
}

/// A listener with TLS, a certificate of `tests/certificates` and its key.
fn tls(name: &'static str, certificate: &str) -> Listener {
    let key = if certificate == "server-rsa" { "server-rsa-key.pem" } else { "server-key.pem" };
    let chain = pem(&format!("{certificate}.pem")) + &pem("ca.pem");
    Listener::new(name, "SSL")
        .with("ssl.keystore.type", "PEM")
        .with("ssl.keystore.key", &pem(key))
        .with("ssl.keystore.certificate.chain", &chain)
        .with("ssl.truststore.type", "PEM")
        .with("ssl.truststore.certificates", &pem("ca.pem"))
}

impl Kafka {
    /// One node of a release for all tests of the process: `PLAINTEXT`, and `SASL_SSL` with SCRAM-SHA-512, by which it
    /// knows [`BOB`]. The node ends with the process. The tools are those of the reference release.
    #[must_use]
    pub fn shared_of(release: Release) -> Shared {
        static NODES: PerRelease<Kafka> = PerRelease::new();
        Shared(NODES.get_or_init(release, || {
            let scram = tls("SASL_SSL", "server")
                .protected_by("SASL_SSL")
                .with_all(&accounts())
                .with("sasl.enabled.mechanisms", "SCRAM-SHA-512");
            Self::start_as(
                Layout::nodes(1).steady().release(release).scram_user(BOB, PASSWORD).listener(scram),
            )
        }))
    }

    /// Lets everybody do something with the topics that begin so.
    fn allow(&self, what: &[&str], topics: &str) {
        let mut tool = tool("org.apache.kafka.tools.AclCommand");
        tool.args(["--bootstrap-server", &self.bootstrap_servers(), "--add"]).args(what);
        tool.args(["--topic", topics, "--resource-pattern-type", "prefixed"]);
        for name in [ALICE, BOB, CAROL].iter().chain(&CERTIFIED) {
            tool.args(["--allow-principal", &format!("User:{name}")]);
        }
        run(tool);
    }

    /// Java's console producer, by a listener and with a client's settings; it reads lines of key, tab and value.
    #[must_use]
    pub fn java_producer(&self, listener: &str, settings: &Path, topic: &str) -> Program {
        let mut tool = tool("org.apache.kafka.tools.ConsoleProducer");
        tool.args(["--bootstrap-server", &self.servers(listener), "--topic", topic]);
        tool.args(["--reader-property", "parse.key=true", "--command-config"]).arg(settings);
        Program::new(tool)
    }

    /// A delegation token of who proves by these settings who they are: its id and its HMAC.
    #[must_use]
    pub fn delegation_token(&self, listener: &str, settings: &Path) -> (String, String) {
        let mut tool: Command = tool("org.apache.kafka.tools.DelegationTokenCommand");
        tool.args([
            "--bootstrap-server",
            &self.servers(listener),
            "--create",
            "--max-life-time-period",
            "-1",
        ]);
        tool.arg("--command-config").arg(settings);
        let said = run(tool);
        token(&said).unwrap_or_else(|| super::fail(format_args!("no token in {said}")))
    }
}

/// Finds a token below a heading such as `TOKENID  HMAC  OWNER …`.
fn token(said: &str) -> Option<(String, String)> {
    let lines = said.lines().filter(|line| !line.is_empty());
    let mut lines = lines.skip_while(|line| !line.starts_with("TOKENID"));
    let mut words = lines.nth(1)?.split_ascii_whitespace();
    Some((words.next()?.to_owned(), words.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_below_its_heading() {
        let said = "Calling create token operation\nTOKENID  HMAC  OWNER\n\nid-1  c2lnbmVk  User:bob\n";
        assert_eq!(token(said), Some(("id-1".to_owned(), "c2lnbmVk".to_owned())));
        assert_eq!(token("an error"), None);
    }
}
