//! Rows of properties that are accepted and have no effect. The meaning is the reason why nothing is missing.

use super::{Effect, Property};

macro_rules! ignored {
    ($($name:literal [$($also:literal),*] $(= $default:literal)?: $meaning:literal;)*
     secret: $($s_name:literal [$($s_also:literal),*]: $s_meaning:literal;)*) => {
        &[
            $(Property::new($name, &[$($also),*], Effect::Ignored, $meaning).with_default(concat!($($default)?)),)*
            $(Property::new($s_name, &[$($s_also),*], Effect::Ignored, $s_meaning).hidden(),)*
        ]
    };
}

pub(super) const ROWS: &[Property] = ignored! {
    "key.serializer" []: "keys are bytes";
    "value.serializer" []: "values are bytes";
    "client.dns.lookup" [] = "use_all_dns_ips": "all addresses of a host name are tried";
    "client.rack" ["RackID"]: "a producer sends to leaders, in any rack";
    "buffer.memory.allocation.strategy" []: "memory is allocated in chunks, on demand";
    "sticky.partitioning.linger.ms" []: "a sticky partition changes after batch.size bytes";
    "batch.num.messages" ["Producer.Flush.MaxMessages"]: "batches are bounded by bytes";
    "queue.buffering.max.messages" ["ChannelBufferSize"]: "memory is bounded by buffer.memory";
    "metadata.cluster.check.enable" []: "the cluster id is always checked";
    "topic.metadata.refresh.fast.interval.ms" ["topic.metadata.refresh.fast.cnt"]:
        "metadata of leaderless partitions is requested with retry.backoff.ms";
    "topic.metadata.propagation.max.ms" []: "a record waits for its topic until max.block.ms";
    "Metadata.Full" []: "metadata of used topics alone is requested";
    "Metadata.Retry.Max" ["Metadata.Retry.Backoff"]: "metadata is requested until the deadline of the record";
    "bootstrap.resolve.timeout.ms" []: "host names are resolved within the connection timeout";
    "socket.nagle.disable" [] = "true": "Nagle's algorithm is always off";
    "Version" [
        "ApiVersionsRequest", "api.version.request", "api.version.request.timeout.ms",
        "api.version.fallback.ms", "broker.version.fallback"
    ]: "API versions are negotiated with each broker";
    "Producer.Return.Successes" ["Producer.Return.Errors"]: "a delivery can be awaited or dropped";
    "Producer.Retry.MaxBufferBytes" ["Producer.Retry.MaxBufferLength"]: "retries share buffer.memory";
    "transaction.timeout.ms" [
        "Producer.Transaction.Timeout", "Producer.Transaction.Retry.Max", "Producer.Transaction.Retry.Backoff",
        "Producer.Transaction.Retry.BackoffFunc"
    ]: "transactions are not supported";
    "debug" [
        "log_level", "log.queue", "log.thread.name", "log.connection.close", "enabled_events",
        "internal.termination.signal"
    ]: "the log is the program's own, by `tracing`";
    "error_cb" [
        "throttle_cb", "stats_cb", "log_cb", "background_event_cb", "dr_cb", "dr_msg_cb", "opaque",
        "default_topic_conf", "socket_cb", "connect_cb", "closesocket_cb", "open_cb", "resolve_cb",
        "oauthbearer_token_refresh_cb", "ssl.certificate.verify_cb", "ssl_engine_callback_data",
        "ssl_certificate", "ssl_key", "ssl_ca"
    ]: "pointers and functions of C have no text";
    "client.software.name" ["client.software.version", "builtin.features", "queuing.strategy"]:
        "internal to librdkafka";
    "delivery.report.only.error" ["produce.offset.report"]: "a delivery can be awaited or dropped";
    "broker.address.ttl" []: "a host name is resolved for each connection";
    "socket.max.fails" ["socket.blocking.max.ms"]: "a connection with a late request is closed at once";
    "reconnect.backoff.jitter.ms" ["enable.random.seed"]: "backoffs have jitter";
    "topic.metadata.refresh.sparse" ["topic.blacklist"]: "metadata of used topics alone is requested";
    "queue.buffering.backpressure.threshold" ["message.copy.max.bytes"]: "batches grow until they can be sent";
    "metric.reporters" ["statistics.interval.ms", "MetricRegistry", "auto.include.jmx.reporter"]: "metrics are read from the producer";
    "metrics.sample.window.ms" ["metrics.num.samples", "metrics.recording.level"]: "metrics are counters";
    "group.id" [
        "group.instance.id", "group.protocol", "group.remote.assignor", "auto.offset.reset",
        "enable.auto.commit", "auto.commit.interval.ms", "isolation.level", "session.timeout.ms",
        "heartbeat.interval.ms", "max.poll.records", "max.poll.interval.ms", "fetch.min.bytes",
        "fetch.max.bytes", "fetch.max.wait.ms", "max.partition.fetch.bytes", "partition.assignment.strategy",
        "check.crcs", "exclude.internal.topics", "key.deserializer", "value.deserializer",
        "default.api.timeout.ms", "group.protocol.type", "coordinator.query.interval.ms", "auto.commit.enable",
        "enable.auto.offset.store", "enable.partition.eof", "queued.min.messages",
        "queued.max.messages.kbytes", "fetch.wait.max.ms", "fetch.queue.backoff.ms",
        "fetch.message.max.bytes", "fetch.error.backoff.ms", "fetch.error.backoff.max.ms",
        "offset.store.method", "offset.store.path", "offset.store.sync.interval.ms",
        "consume.callback.max.messages", "consume_cb", "rebalance_cb", "offset_commit_cb",
        "share.acknowledgement.mode", "share.acquire.mode"
    ]: "property of consumers or of administration";
    "schema.registry.url" ["basic.auth.credentials.source", "auto.register.schemas", "use.latest.version"]:
        "values are bytes; no serializer uses a schema registry";
    "security.providers" ["ssl.provider", "ssl.providers", "ssl.secure.random.implementation"]:
        "the cryptography provider is chosen at build time";
    "ssl.keymanager.algorithm" ["ssl.trustmanager.algorithm"]: "Java providers cannot be chosen";
    "ssl.ca.certificate.stores" []: "the system's authorities are trusted unless others are named";
    "sasl.kerberos.service.name" [
        "sasl.kerberos.principal", "sasl.kerberos.keytab", "sasl.kerberos.kinit.cmd",
        "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.ticket.renew.jitter",
        "sasl.kerberos.ticket.renew.window.factor"
    ]: "Kerberos is refused as sasl.mechanism";
    "Net.SASL.Version" ["Net.SASL.Handshake"]: "API versions are negotiated with each broker";
    "Net.SASL.SCRAMClientGeneratorFunc" []: "SCRAM is built in";
    "sasl.login.refresh.window.factor" [
        "sasl.login.refresh.window.jitter", "sasl.login.refresh.min.period.seconds",
        "sasl.login.refresh.buffer.seconds"
    ]: "tokens are refreshed before they expire, with the defaults of Java";
    "sasl.oauthbearer.assertion.algorithm" [
        "sasl.oauthbearer.assertion.claim.exp.seconds", "sasl.oauthbearer.assertion.claim.nbf.seconds",
        "sasl.oauthbearer.assertion.claim.jti.include"
    ]: "part of assertions, which are refused: client credentials are the only grant";
    "sasl.oauthbearer.jwks.endpoint.url" [
        "sasl.oauthbearer.jwks.endpoint.refresh.ms", "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
        "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", "sasl.oauthbearer.clock.skew.seconds",
        "sasl.oauthbearer.expected.audience", "sasl.oauthbearer.expected.issuer",
        "sasl.oauthbearer.allow.unverified.audience", "sasl.oauthbearer.allow.unverified.issuer",
        "sasl.oauthbearer.scope.claim.name", "sasl.oauthbearer.sub.claim.name"
    ]: "brokers validate tokens, clients do not";

    secret:
    "basic.auth.user.info" ["schema.registry.basic.auth.user.info"]:
        "values are bytes; no serializer uses a schema registry";
};
