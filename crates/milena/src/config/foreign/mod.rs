//! Lines of properties files that other programs read, or write.
//!
//! ```text
//!  name ── of ──▶ Family   serializers, registries, plug-ins, other programs   accepted, one warning for each family
//!             ╰─▶ Prefix   `producer.linger.ms`, `spring.kafka.acks`, …        refused: the prefix has to go
//!  value ─▶ instead   plug-ins by name: accepted with a warning, or refused with the way that works here
//! ```
//!
//! Quotes, separators, and values of listings are in `signs` and `listing` beside this folder.
//!
//! Java's tools accept any name (`AbstractConfig.logUnused` warns). A name is accepted here if its program is known; any
//! other unknown name is refused, because it may be a typo of a property that matters.

mod families;
mod instead;
mod prefix;

pub(super) use instead::{instead_of, is_harmless, may_be_quoted, note};

use super::nearest::is_like_a_name;

/// A name that is no property, and is known all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// A property of another program: accepted, without effect, for this reason.
    Family(&'static str),
    /// A property behind the prefix of another program.
    Prefix {
        /// The prefix, with its last dot.
        prefix: String,
        /// The property without the prefix.
        property: &'static str,
    },
}

/// Classifies a name that is no property. A text without the shape of a name is not classified: it may be a secret.
pub(super) fn of(name: &str) -> Option<Foreign> {
    if !is_like_a_name(name) && !families::is_named(name) {
        return None;
    }
    let family = families::of(name).map(Foreign::Family);
    family.or_else(|| prefix::of(name)).or_else(|| families::of_spring(name).map(Foreign::Family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_of_other_programs_are_in_a_family() {
        for (name, word) in [
            ("value.serializer.encoding", "serializer"),
            ("avro.use.logical.type.converters", "serializer"),
            ("schema.registry.ssl.truststore.location", "registry"),
            ("bearer.auth.token", "registry"),
            ("apicurio.registry.url", "registry"),
            ("confluent.monitoring.interceptor.bootstrap.servers", "plug-in"),
            ("consumer.bootstrap.servers", "other program"),
            ("producer.confluent.monitoring.interceptor.topic", "plug-in"),
            ("log4j.rootLogger", "other program"),
            ("log.dirs", "broker"),
            ("spring.kafka.template.default-topic", "other program"),
            ("spring.kafka.consumer.group-id", "other program"),
        ] {
            let found = of(name);
            let Some(Foreign::Family(reason)) = found else { panic!("{name}: {found:?}") };
            assert!(reason.contains(word), "{name}: {reason}");
        }
    }

    #[test]
    fn property_behind_a_prefix_is_found_with_the_prefix() {
        for (name, prefix, property) in [
            ("producer.linger.ms", "producer.", "linger.ms"),
            ("topic.request.required.acks", "topic.", "request.required.acks"),
            ("kafka.bootstrap.servers", "kafka.", "bootstrap.servers"),
            ("spring.kafka.bootstrap-servers", "spring.kafka.", "bootstrap.servers"),
            ("spring.kafka.producer.batch-size", "spring.kafka.producer.", "batch.size"),
            ("spring.kafka.producer.properties.linger.ms", "spring.kafka.producer.properties.", "linger.ms"),
            ("mp.messaging.outgoing.orders.acks", "mp.messaging.outgoing.orders.", "acks"),
        ] {
            let expected = Foreign::Prefix { prefix: prefix.to_owned(), property };
            assert_eq!(of(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn unknown_name_and_secret_are_not_classified() {
        for name in
            ["lingr.ms", "frobnicate", "ssl.trustore.location", "schema.registry.MIGHAgEAMBMGByqGSM49AgEG"]
        {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
