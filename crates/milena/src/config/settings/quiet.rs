//! Values of properties without effect that need no warning: the defaults of Java, librdkafka and sarama, and behaviour that
//! a producer has here anyway. Any other value of such a property has a warning.

use super::{PROPERTIES, Property};

/// Whether a value of a property without effect requests a behaviour that is not there.
pub(super) fn asks(name: &str, value: &str) -> bool {
    let is_quiet = |(known, values): &(&str, &[&str])| {
        *known == name && values.iter().any(|quiet| quiet.eq_ignore_ascii_case(value))
    };
    !value.is_empty() && !QUIET.iter().any(is_quiet)
}

/// Whether a value of a property that other settings leave unused is a default, here or in Java: a default needs no warning.
pub(in crate::config) fn is_default(name: &str, value: &str) -> bool {
    let listed = value.trim_matches(['[', ']']).replace(' ', "");
    let is = |default: &str| default.eq_ignore_ascii_case(&listed);
    let rows = PROPERTIES.iter().filter(|row| row.is_called(name));
    rows.map(|row| row.default).any(is)
        || DEFAULTS_OF_JAVA.iter().any(|(known, default)| *known == name && is(default))
}

/// Defaults of Java that are others here.
const DEFAULTS_OF_JAVA: [(&str, &str); 3] =
    [("sasl.mechanism", "GSSAPI"), ("ssl.truststore.type", "JKS"), ("ssl.keystore.type", "JKS")];

impl Property {
    /// The reason for a warning, if this property has no effect and the value requests one.
    pub(in crate::config) fn unmet(&self, name: &str, value: &str) -> Option<&'static str> {
        (matches!(self.effect, super::Effect::Ignored) && asks(name, value)).then_some(self.meaning)
    }
}

const BYTES: &[&str] = &[
    "org.apache.kafka.common.serialization.ByteArraySerializer",
    "org.apache.kafka.common.serialization.ByteBufferSerializer",
    "org.apache.kafka.common.serialization.BytesSerializer",
];

const QUIET: &[(&str, &[&str])] = &[
    ("key.serializer", BYTES),
    ("value.serializer", BYTES),
    ("client.dns.lookup", &["use_all_dns_ips", "default"]),
    ("buffer.memory.allocation.strategy", &["full", "incremental"]),
    ("sticky.partitioning.linger.ms", &["10"]),
    ("batch.num.messages", &["10000"]),
    ("Producer.Flush.MaxMessages", &["0"]),
    ("queue.buffering.max.messages", &["100000", "0"]),
    ("ChannelBufferSize", &["256"]),
    ("metadata.cluster.check.enable", &["true"]),
    ("topic.metadata.refresh.fast.interval.ms", &["100"]),
    ("topic.metadata.refresh.fast.cnt", &["10"]),
    ("topic.metadata.propagation.max.ms", &["30000"]),
    ("Metadata.Full", &["true", "false"]),
    ("Metadata.Retry.Max", &["3"]),
    ("Metadata.Retry.Backoff", &["250ms"]),
    ("bootstrap.resolve.timeout.ms", &["0"]),
    ("socket.nagle.disable", &["true"]),
    ("socket.blocking.max.ms", &["1000"]),
    ("api.version.request", &["true"]),
    ("ApiVersionsRequest", &["true"]),
    ("api.version.request.timeout.ms", &["10000"]),
    ("api.version.fallback.ms", &["0"]),
    ("Producer.Return.Errors", &["true", "false"]),
    ("Producer.Return.Successes", &["true", "false"]),
    ("Producer.Retry.MaxBufferBytes", &["0"]),
    ("Producer.Retry.MaxBufferLength", &["0"]),
    ("transaction.timeout.ms", &["60000"]),
    ("Producer.Transaction.Timeout", &["1m"]),
    ("Producer.Transaction.Retry.Max", &["50"]),
    ("Producer.Transaction.Retry.Backoff", &["100ms"]),
    ("log_level", &["6"]),
    ("log.queue", &["false"]),
    ("log.thread.name", &["true", "false"]),
    ("log.connection.close", &["true"]),
    ("enabled_events", &["0"]),
    ("internal.termination.signal", &["0"]),
    ("delivery.report.only.error", &["false"]),
    ("produce.offset.report", &["true", "false"]),
    ("broker.address.ttl", &["1000"]),
    ("socket.max.fails", &["1"]),
    ("reconnect.backoff.jitter.ms", &["0"]),
    ("enable.random.seed", &["true"]),
    ("topic.metadata.refresh.sparse", &["true"]),
    ("queue.buffering.backpressure.threshold", &["1"]),
    ("message.copy.max.bytes", &["65535"]),
    (
        "metric.reporters",
        &["org.apache.kafka.common.metrics.JmxReporter", "[org.apache.kafka.common.metrics.JmxReporter]"],
    ),
    ("auto.include.jmx.reporter", &["true", "false"]),
    ("statistics.interval.ms", &["0"]),
    ("metrics.sample.window.ms", &["30000"]),
    ("metrics.num.samples", &["2"]),
    ("metrics.recording.level", &["INFO"]),
    ("ssl.keymanager.algorithm", &["SunX509", "PKIX"]),
    ("ssl.trustmanager.algorithm", &["PKIX"]),
    ("ssl.ca.certificate.stores", &["Root"]),
    ("sasl.kerberos.service.name", &["kafka"]),
    ("sasl.kerberos.principal", &["kafkaclient"]),
    ("sasl.kerberos.kinit.cmd", &["/usr/bin/kinit"]),
    ("sasl.kerberos.min.time.before.relogin", &["60000"]),
    ("sasl.kerberos.ticket.renew.jitter", &["0.05"]),
    ("sasl.kerberos.ticket.renew.window.factor", &["0.8"]),
    ("Net.SASL.Version", &["0", "1"]),
    ("Net.SASL.Handshake", &["true"]),
    ("sasl.login.refresh.window.factor", &["0.8"]),
    ("sasl.login.refresh.window.jitter", &["0.05"]),
    ("sasl.login.refresh.min.period.seconds", &["60"]),
    ("sasl.login.refresh.buffer.seconds", &["300"]),
    ("sasl.oauthbearer.assertion.algorithm", &["RS256"]),
    ("sasl.oauthbearer.assertion.claim.exp.seconds", &["300"]),
    ("sasl.oauthbearer.assertion.claim.nbf.seconds", &["60"]),
    ("sasl.oauthbearer.assertion.claim.jti.include", &["false"]),
    ("sasl.oauthbearer.jwks.endpoint.refresh.ms", &["3600000"]),
    ("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", &["100"]),
    ("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", &["10000"]),
    ("sasl.oauthbearer.clock.skew.seconds", &["30"]),
    ("sasl.oauthbearer.allow.unverified.audience", &["false"]),
    ("sasl.oauthbearer.allow.unverified.issuer", &["false"]),
    ("sasl.oauthbearer.scope.claim.name", &["scope"]),
    ("sasl.oauthbearer.sub.claim.name", &["sub"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_values_belong_to_properties_without_effect() {
        for (name, _) in QUIET {
            let row = PROPERTIES.iter().find(|row| row.is_called(name));
            assert!(row.is_some_and(|row| matches!(row.effect, super::super::Effect::Ignored)), "{name}");
        }
    }

    #[test]
    fn defaults_of_an_unused_property_are_known() {
        assert!(is_default("sasl.mechanism", "GSSAPI") && is_default("compression.lz4.level", "9"));
        assert!(is_default("ssl.enabled.protocols", "[TLSv1.2, TLSv1.3]"));
        assert!(!is_default("sasl.mechanism", "PLAIN") && !is_default("sasl.password", "[hidden]"));
    }

    #[test]
    fn value_that_asks_for_something_has_a_reason() {
        let row = |name| PROPERTIES.iter().find(|row| row.is_called(name)).unwrap();
        assert_eq!(row("client.dns.lookup").unmet("client.dns.lookup", "use_all_dns_ips"), None);
        assert_eq!(row("client.rack").unmet("client.rack", ""), None);
        assert!(row("client.rack").unmet("client.rack", "eu-1a").is_some());
        assert_eq!(row("acks").unmet("acks", "1"), None, "its value takes effect");
    }
}
