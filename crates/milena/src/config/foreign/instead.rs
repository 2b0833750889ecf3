//! Values of other clients that are accepted with a warning, and the ways that work here in the place of plug-ins.

use crate::config::settings::{Effect, Property};
use crate::config::{listing, signs};

/// The remedy for a value that names a refused plug-in.
pub(in crate::config) fn instead_of(value: &str) -> Option<&'static str> {
    let is_iam = value.eq_ignore_ascii_case("AWS_MSK_IAM")
        || value.eq_ignore_ascii_case("aws_iam")
        || value.starts_with("software.amazon.msk.");
    is_iam.then_some(IAM)
}

const IAM: &str = "write `sasl.mechanism` = `OAUTHBEARER` and give `ProducerBuilder::sasl` a `TokenProvider` that signs \
     tokens with the AWS credentials, or use `SCRAM-SHA-512` with a user of Amazon MSK";

/// Whether a value of a refused property changes no record: interceptors that only measure.
pub(in crate::config) fn is_harmless(row: &Property, value: &str) -> bool {
    row.name == INTERCEPTORS
        && !value.is_empty()
        && value.split(',').all(|class| MEASURING.contains(&class.trim()))
}

const INTERCEPTORS: &str = "interceptor.classes";

/// Interceptors that leave records as they are.
const MEASURING: [&str; 3] = [
    "io.confluent.monitoring.clients.interceptor.MonitoringProducerInterceptor",
    "io.opentelemetry.instrumentation.kafkaclients.v2_6.TracingProducerInterceptor",
    "io.opentelemetry.instrumentation.kafkaclients.TracingProducerInterceptor",
];

/// Whether quotes may be a part of the value of a row: names and secrets.
pub(in crate::config) fn may_be_quoted(row: &Property) -> bool {
    row.is_secret() || FREE_TEXTS.contains(&row.name)
}

/// Rows whose value is any text.
const FREE_TEXTS: [&str; 4] =
    ["client.id", "sasl.username", "sasl.oauthbearer.scope", "sasl.oauthbearer.client.credentials.client.id"];

/// The warning for a value that is accepted and may not mean what it seems to.
pub(in crate::config) fn note(row: &Property, name: &str, value: &str) -> Option<String> {
    if matches!(row.effect, Effect::Ignored) {
        return None;
    }
    if let Some(quote) = signs::quote(value).filter(|_| row.name != JAAS) {
        return Some(format!(
            "`{name}` begins or ends with a quote: {}, unless it belongs there",
            signs::without_quote(quote)
        ));
    }
    if row.kind == "versions" && listing::list(value).split(',').any(|version| !is_current(version.trim())) {
        return Some(format!(
            "`{name}` names versions of TLS that are not offered: `TLSv1.2` and `TLSv1.3` are"
        ));
    }
    is_harmless(row, value).then(|| format!("`{name}` has no effect: no plug-in of Java's is loaded"))
}

/// Quotes of this property are part of its own syntax.
const JAAS: &str = "sasl.jaas.config";

/// Whether a version of TLS is offered; an empty list means all of them.
fn is_current(version: &str) -> bool {
    ["TLSv1.2", "TLSv1.3", ""].iter().any(|known| known.eq_ignore_ascii_case(version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::by_name::named;

    #[test]
    fn plug_ins_of_amazon_have_a_remedy() {
        for value in ["AWS_MSK_IAM", "aws_iam", "software.amazon.msk.auth.iam.IAMClientCallbackHandler"] {
            assert!(instead_of(value).is_some_and(|remedy| remedy.contains("OAUTHBEARER")), "{value}");
        }
        assert_eq!(instead_of("GSSAPI"), None);
    }

    #[test]
    fn interceptors_that_measure_are_harmless() {
        let row = named(INTERCEPTORS).unwrap();
        assert!(is_harmless(row, &format!("{}, {}", MEASURING[0], MEASURING[1])));
        assert!(!is_harmless(row, &format!("{},com.example.Redact", MEASURING[0])) && !is_harmless(row, ""));
    }

    #[test]
    fn doubtful_value_has_a_warning() {
        assert!(note(named("client.id").unwrap(), "client.id", "\"a\"").unwrap().contains("U+0022"));
        assert!(note(named("ssl.enabled.protocols").unwrap(), "x", "TLSv1.1,TLSv1.2").is_some());
        assert_eq!(note(named("ssl.enabled.protocols").unwrap(), "x", "TLSv1.2, TLSv1.3"), None);
    }
}
