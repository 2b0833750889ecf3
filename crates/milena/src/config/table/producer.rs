//! The rows of everything but security.

use super::super::compression::word;
use super::super::property::Property;
use super::super::value::{
    acks, buffer, bytes, count, driver, kibibytes, number, partitioner, probes, recovery, retries, switch,
    text, time, time_or_never,
};

pub(super) const ROWS: &[Property] = properties! {
set {
    "bootstrap.servers" ["metadata.broker.list", "Addrs"] = "", bootstrap_servers(text):
        "brokers to ask first, `host:port` between commas";
    "client.id" ["ClientID"] = "milena", client_id(text):
        "the name in brokers' logs, quotas and metrics";
    "acks" ["request.required.acks", "Producer.RequiredAcks"] = "all", acks(acks):
        "whose word makes a record delivered: `all` replicas in sync, `1` the leader, `0` nobody";
    "enable.idempotence" ["Producer.Idempotent"] = "true", idempotence(switch):
        "brokers drop the copies that retries make, and keep the order";
    "linger.ms" ["queue.buffering.max.ms", "Producer.Flush.Frequency"] = "5", linger(time):
        "how long a batch waits for more records";
    "batch.size" ["Producer.Flush.Bytes"] = "16384", batch_size(bytes):
        "how many bytes of a partition are worth a request before the linger is over";
    "flush.messages" ["Producer.Flush.Messages"] = "", flush_messages(count):
        "how many records of a partition are worth a request before the linger is over; 0 counts bytes alone";
    "max.request.size" ["message.max.bytes", "Producer.MaxMessageBytes"] = "1048576", max_request_size(bytes):
        "the most bytes of one record";
    "request.bytes.max" ["MaxRequestSize"] = "8388608", request_bytes_max(bytes):
        "the most bytes of one request, over all its partitions";
    "buffer.memory" [] = "33554432", buffer_memory(bytes):
        "what all records together may hold that are not settled";
    "queue.buffering.max.kbytes" [] = "", buffer_memory(kibibytes): "buffer.memory in KiB";
    "max.block.ms" [] = "60000", max_block(time):
        "how long a record waits for its topic and for room together";
    "delivery.timeout.ms" ["message.timeout.ms"] = "120000", delivery_timeout(time):
        "by when an accepted record is delivered or reported";
    "request.timeout.ms" ["socket.timeout.ms", "Net.ReadTimeout", "Producer.Timeout"]
        = "30000", request_timeout(time): "how long a request waits for its answer, and a broker for its replicas";
    "write.timeout.ms" ["Net.WriteTimeout"] = "", write_timeout(time):
        "how long the writing of a request may stand still; request.timeout.ms unless set";
    "max.in.flight.requests.per.connection" ["max.in.flight", "Net.MaxOpenRequests"]
        = "5", max_in_flight(number): "requests without an answer, per broker";
    "retries" ["message.send.max.retries", "Producer.Retry.Max"] = "2147483647", retries(retries):
        "how often a record may be tried again";
    "retry.backoff.ms" ["Producer.Retry.Backoff"] = "100", retry_backoff(time):
        "the wait before the first retry; it doubles with each";
    "retry.backoff.max.ms" [] = "1000", retry_backoff_max(time): "the most that retry.backoff.ms grows to";
    "reconnect.backoff.ms" [] = "50", reconnect_backoff(time):
        "the wait before a broker is dialled again; it doubles with each";
    "reconnect.backoff.max.ms" [] = "1000", reconnect_backoff_max(time):
        "the most that reconnect.backoff.ms grows to";
    "partitioner" ["partitioner.class", "Producer.Partitioner"] = "default", partitioner(partitioner):
        "where a record goes that names no partition";
    "partitioner.adaptive.partitioning.enable" [] = "true", adaptive_partitioning(switch):
        "whether records without a key go less often where more waits; off gives each partition the same";
    "partitioner.availability.timeout.ms" [] = "0", partitioner_availability_timeout(time):
        "after which time without an acknowledgement records without a key pass a partition over; 0 never does";
    "metadata.max.age.ms" ["topic.metadata.refresh.interval.ms", "Metadata.RefreshFrequency"]
        = "300000", metadata_max_age(time): "after which time brokers and leaders are asked for even if nothing failed";
    "metadata.max.idle.ms" [] = "300000", metadata_max_idle(time):
        "after which time without a record a topic is forgotten; the next record looks it up again";
    "connect.timeout.ms" [] = "14000", connect_timeout(time):
        "how long building a producer may take, all brokers tried together";
    "socket.connection.setup.timeout.ms" ["Net.DialTimeout"] = "10000", socket_setup_timeout(time):
        "how long the first attempt to reach a broker may take";
    "socket.connection.setup.timeout.max.ms" [] = "30000", socket_setup_timeout_max(time):
        "the most that socket.connection.setup.timeout.ms grows to with each attempt that fails";
    "metadata.recovery.strategy" [] = "rebootstrap", metadata_recovery(recovery):
        "when no known broker answers: `rebootstrap` asks bootstrap.servers again, `none` goes on";
    "metadata.recovery.rebootstrap.trigger.ms" [] = "300000", rebootstrap_trigger(time):
        "after which time without an answer about the cluster bootstrap.servers are asked again";
    "connections.max.idle.ms" [] = "225000", connections_max_idle(time_or_never):
        "after which time without a word a connection is closed; -1 keeps it";
    "send.buffer.bytes" ["socket.send.buffer.bytes"] = "-1", send_buffer(buffer):
        "the socket's buffer for what is sent; -1 leaves its size to the operating system, which adapts it";
    "receive.buffer.bytes" ["socket.receive.buffer.bytes"] = "-1", receive_buffer(buffer):
        "the socket's buffer for what comes in; -1 leaves its size to the operating system, which adapts it";
    "socket.keepalive.enable" [] = "true", socket_keepalive(switch):
        "the operating system probes connections that are silent";
    "Net.KeepAlive" [] = "", socket_keepalive(probes): "socket.keepalive.enable, on unless negative";
    "receive.message.max.bytes" ["MaxResponseSize"] = "100000000", receive_message_max(bytes):
        "the most bytes of one answer; a broker that announces more is hung up on";
    "close.timeout.ms" [] = "120000", close_timeout(time):
        "how long close waits for what was accepted; unless set, delivery.timeout.ms, at most this";
    "allow.auto.create.topics" ["Metadata.AllowAutoTopicCreation"] = "true", allow_auto_topic_creation(switch):
        "whether asking for a topic may create it";
    "driver" [] = "task", driver(driver):
        "what runs input and output: a `task` on the caller's runtime, or a `thread` of its own";
    "seed" [] = "", seed(number): "where the dice of jitter and of random partitions start";
}

compression {
    "compression.type" ["compression.codec", "Producer.Compression"] = "none", codec(word::codec):
        "how batches are compressed: `none`, `gzip`, `snappy`, `lz4` or `zstd`";
    "compression" [] = "", codec_and_level(word::codec_and_level):
        "compression.type and, if given, the level of that codec in one: `zstd`, `zstd:7`";
    "compression.level" ["Producer.CompressionLevel"] = "-1", level(word::level):
        "the level of compression.type's codec unless its own is set; -1 is the codec's default";
    "compression.gzip.level" [] = "-1", gzip_level(word::gzip_level):
        "the level of gzip: 1, the fastest, to 9, the smallest; -1 is its default, which is 6";
    "compression.zstd.level" [] = "3", zstd_level(word::zstd_level):
        "the level of zstd: -131072, the fastest, to 22, the smallest";
    "compression.topics" [] = "", topics(word::topics):
        "topics with a compression of their own, between commas: `orders=zstd:7, logs=lz4`";
}

compression_checked {
    "compression.lz4.level" [] = "9", lz4_level(word::lz4_level):
        "lz4 has one speed here, so that a level from 1 to 17 changes nothing";
}

// Refused, unless they ask for what is the case anyway.
only_as {
    "transactional.id" ["Producer.Transaction.ID"] = "", [""]: "this version has no transactions";
    "broker.address.family" [] = "any", ["any"]: "addresses of both families are tried";
    "plugin.library.paths" [] = "", [""]: "nothing is loaded while the program runs";
    "enable.gapless.guarantee" [] = "false", ["false"]: "a failed record does not fail those behind it";
    "partitioner.ignore.keys" [] = "false", ["false"]:
        "keys decide unless the partitioner is `random` or `round-robin`";
    "partitioner.rack.aware" [] = "false", ["false"]: "partitions are chosen without regard to racks";
    "interceptor.classes" ["Producer.Interceptors"] = "", [""]: "classes of a Java machine cannot be run";
    "config.providers" [] = "", [""]: "no value is looked up anywhere";
}

// Taken, and without effect; the meaning says why nothing is missing.
ignored {
    "key.serializer" [] = "": "keys are bytes already";
    "value.serializer" [] = "": "values are bytes already";
    "client.dns.lookup" [] = "use_all_dns_ips": "all addresses of a name are tried";
    "client.rack" ["RackID"] = "": "a producer writes to leaders, wherever they are";
    "buffer.memory.allocation.strategy" [] = "": "memory is taken in chunks, as records come";
    "sticky.partitioning.linger.ms" [] = "":
        "the partition changes with the bytes written, whatever the time";
    "batch.num.messages" ["Producer.Flush.MaxMessages"] = "": "batches are bounded by bytes";
    "queue.buffering.max.messages" ["ChannelBufferSize"] = "": "memory is bounded by buffer.memory";
    "metadata.cluster.check.enable" [] = "": "brokers are known by what they advertise";
    "topic.metadata.refresh.fast.interval.ms" [] = "": "unknown leaders are asked for with retry.backoff.ms";
    "topic.metadata.propagation.max.ms" [] = "": "a topic is waited for until max.block.ms";
    "Metadata.Full" [] = "": "only topics that are written to are asked for";
    "Metadata.Retry.Max" ["Metadata.Retry.Backoff"] = "":
        "metadata is asked for until the record's time is up";
    "bootstrap.resolve.timeout.ms" [] = "": "names are resolved within the time to connect";
    "socket.nagle.disable" [] = "true": "nothing waits in the socket";
    "Version" [
        "ApiVersionsRequest", "api.version.request", "api.version.request.timeout.ms", "api.version.fallback.ms",
        "broker.version.fallback"
    ] = "":
        "versions are negotiated with each broker";
    "Producer.Return.Successes" ["Producer.Return.Errors"] = "": "every delivery can be awaited, or dropped";
    "Producer.Retry.MaxBufferBytes" ["Producer.Retry.MaxBufferLength"] = "":
        "retries hold the same buffer.memory";
    "transaction.timeout.ms" ["Producer.Transaction.Timeout"] = "": "there are no transactions";
    "transaction.two.phase.commit.enable" [] = "": "there are no transactions";
    "debug" [
        "log_level", "log.queue", "log.thread.name", "log.connection.close", "enabled_events",
        "internal.termination.signal"
    ] = "": "the log is that of the program, by `tracing`";
    "delivery.report.only.error" ["produce.offset.report"] = "": "every delivery can be awaited, or dropped";
    "broker.address.ttl" [] = "": "a name is resolved for each attempt to reach it";
    "socket.max.fails" [] = "": "a connection whose request is late is given up at once";
    "reconnect.backoff.jitter.ms" ["enable.random.seed"] = "": "waits have jitter";
    "topic.metadata.refresh.sparse" ["topic.blacklist"] = "": "only topics that are written to are asked for";
    "queue.buffering.backpressure.threshold" ["message.copy.max.bytes"] = "": "batches grow until they can leave";
    "enable.metrics.push" [] = "": "metrics are read from the producer";
    "metric.reporters" ["statistics.interval.ms", "MetricRegistry"] = "":
        "metrics are read from the producer";
    "metrics.sample.window.ms" ["metrics.num.samples", "metrics.recording.level"] = "":
        "metrics are counters";
    "group.id" [
        "group.instance.id", "group.protocol", "group.remote.assignor", "auto.offset.reset", "enable.auto.commit",
        "auto.commit.interval.ms", "isolation.level", "session.timeout.ms", "heartbeat.interval.ms",
        "max.poll.records", "max.poll.interval.ms", "fetch.min.bytes", "fetch.max.bytes", "fetch.max.wait.ms",
        "max.partition.fetch.bytes", "partition.assignment.strategy", "check.crcs", "exclude.internal.topics",
        "key.deserializer", "value.deserializer", "default.api.timeout.ms"
    ] = "": "a property of consumers or of administration";
    "schema.registry.url" [
        "basic.auth.credentials.source", "auto.register.schemas", "use.latest.version"
    ] = "": "values are bytes already, no serializer asks a registry of schemas";
}

ignored_secret {
    "basic.auth.user.info" ["schema.registry.basic.auth.user.info"]:
        "values are bytes already, no serializer asks a registry of schemas";
}
};
