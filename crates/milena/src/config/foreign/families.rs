//! Properties of other programs in a producer's file: by their prefixes and by their names.

/// Properties of one kind of program, with the reason why nothing is missing here.
struct Family {
    reason: &'static str,
    prefixes: &'static [&'static str],
    names: &'static [&'static str],
}

/// The reason of the family of a name.
pub(super) fn of(name: &str) -> Option<&'static str> {
    let inner = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper));
    let by_name = |name: &str| FAMILIES.iter().find(|family| family.names.contains(&name));
    let by_prefix = |name: &str| {
        FAMILIES.iter().find(|family| family.prefixes.iter().any(|prefix| name.starts_with(prefix)))
    };
    let found = |name: &str| by_name(name).or_else(|| by_prefix(name));
    found(name).or_else(|| inner.and_then(found)).map(|family| family.reason)
}

/// Whether the name as a whole stands in a family: such a name is no secret, whatever its shape.
pub(super) fn is_named(name: &str) -> bool {
    FAMILIES.iter().any(|family| family.names.contains(&name))
}

/// The reason for a property of Spring that no other rule knows.
pub(super) fn of_spring(name: &str) -> Option<&'static str> {
    name.starts_with("spring.").then_some(OTHER_PROGRAM)
}

/// Prefixes of a producer in a file of another program.
const WRAPPERS: [&str; 3] = ["producer.", "spring.kafka.producer.properties.", "spring.kafka.properties."];

const OTHER_PROGRAM: &str = "it is read by other programs than a producer";

const FAMILIES: &[Family] = &[
    Family {
        reason: "keys and values are bytes: no serializer runs",
        prefixes: &[
            "key.serializer.",
            "value.serializer.",
            "serializer.",
            "avro.",
            "json.",
            "protobuf.",
            "spring.json.",
        ],
        names: &[
            "key.subject.name.strategy",
            "value.subject.name.strategy",
            "reference.subject.name.strategy",
            "context.name.strategy",
            "normalize.schemas",
            "latest.compatibility.strict",
            "id.compatibility.strict",
            "use.schema.id",
            "use.latest.with.metadata",
            "schema.reflection",
            "schema.format",
            "skip.known.types",
            "max.schemas.per.subject",
            "propagate.schema.tags",
            "simple.avro.schema.resolver",
            "dataFormat",
            "avroRecordType",
            "protobufMessageType",
            "secondaryDeserializer",
            "specific.avro.reader",
        ],
    },
    Family {
        reason: "values are bytes: no serializer uses a schema registry",
        prefixes: &["schema.registry.", "basic.auth.", "bearer.auth.", "apicurio.", "latest.cache.", "rule."],
        names: &[
            "registry.url",
            "registry.name",
            "region",
            "schemaName",
            "schemaAutoRegistrationEnabled",
            "cacheSize",
            "timeToLiveMillis",
            "userAgentApp",
            "proxy.host",
            "proxy.port",
        ],
    },
    Family {
        reason: "no plug-in of Java's is loaded",
        prefixes: &[
            "confluent.monitoring.",
            "confluent.metrics.",
            "confluent.telemetry.",
            "opentelemetry.",
            "otel.",
        ],
        names: &[],
    },
    Family {
        reason: "it is a property of a broker",
        prefixes: &[
            "broker.",
            "controller.",
            "listener.",
            "log.",
            "zookeeper.",
            "num.",
            "offsets.topic.",
            "transaction.state.log.",
            "replica.",
            "group.coordinator.",
            "share.coordinator.",
            "remote.log.",
        ],
        names: &[
            "node.id",
            "process.roles",
            "listeners",
            "advertised.listeners",
            "inter.broker.listener.name",
            "default.replication.factor",
            "min.insync.replicas",
            "auto.create.topics.enable",
            "super.users",
            "authorizer.class.name",
            "delete.topic.enable",
            "security.inter.broker.protocol",
            "sasl.enabled.mechanisms",
            "sasl.mechanism.inter.broker.protocol",
            "ssl.client.auth",
            "group.initial.rebalance.delay.ms",
        ],
    },
    Family {
        reason: OTHER_PROGRAM,
        prefixes: &[
            "consumer.",
            "admin.",
            "streams.",
            "main.consumer.",
            "restore.consumer.",
            "global.consumer.",
            "connect.",
            "connector.",
            "offset.storage.",
            "config.storage.",
            "status.storage.",
            "rest.",
            "ksql.",
            "confluent.",
            "log4j.",
            "log4j2.",
            "logging.",
            "logger.",
            "management.",
            "source.cluster.",
            "target.cluster.",
            "kafkastore.",
            "spring.kafka.consumer.",
            "spring.kafka.admin.",
            "spring.kafka.streams.",
            "spring.kafka.listener.",
        ],
        names: &[
            "plugin.path",
            "application.id",
            "num.stream.threads",
            "state.dir",
            "processing.guarantee",
            "default.key.serde",
            "default.value.serde",
            "key.converter",
            "value.converter",
            "tasks.max",
            "topics",
            "connector.class",
        ],
    },
];
