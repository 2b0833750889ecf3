//! Rows of properties that are refused, unless the value is one of those in the row: the first of them is the default. The
//! meaning is the reason, or the alternative.

use super::{Effect, Property};

macro_rules! refused {
    ($($name:literal [$($also:literal),*] = [$default:literal $(, $value:literal)*]: $meaning:literal;)*
     secret: $($s_name:literal [$($s_also:literal),*]: $s_meaning:literal;)*) => {
        &[
            $(Property::new($name, &[$($also),*], Effect::OnlyAs(&[$default $(, $value)*]), $meaning)
                .with_default($default),)*
            $(Property::new($s_name, &[$($s_also),*], Effect::OnlyAs(&[""]), $s_meaning).hidden(),)*
        ]
    };
}

pub(super) const ROWS: &[Property] = refused! {
    "transactional.id" ["Producer.Transaction.ID"] = [""]: "transactions are not supported";
    "broker.address.family" [] = ["any"]: "addresses of both families are tried";
    "plugin.library.paths" [] = [""]: "plug-ins are not supported";
    "enable.gapless.guarantee" [] = ["false"]: "a failed record does not fail those behind it";
    "transaction.two.phase.commit.enable" [] = ["false"]: "transactions are not supported";
    "compat" [] = [""]: "the defaults of another client cannot be chosen together; set each property";
    "proxy.url" [] = [""]: "a proxy is a `Connector`, given to `ProducerBuilder::connector`";
    "partitioner.ignore.keys" [] = ["false"]: "keys decide unless the partitioner is `random` or `round-robin`";
    "partitioner.rack.aware" [] = ["false"]: "partitions are chosen without racks";
    "interceptor.classes" ["Producer.Interceptors"] = [""]:
        "Java classes cannot be run, and a record that an interceptor would change must not be sent unchanged";
    "Producer.Retry.BackoffFunc" ["Metadata.Retry.BackoffFunc"] = ["", "nil"]:
        "functions of Go cannot be run; use retry.backoff.ms and retry.backoff.max.ms";
    "partitioner_cb" ["interceptors", "msg_order_cmp"] = [""]: "functions of C cannot be run";
    "config.providers" [] = [""]: "no value is looked up elsewhere";
    "ssl.protocol" [] = ["TLSv1.3", "TLSv1.2", "TLS"]: "versions are chosen with ssl.enabled.protocols";
    "ssl.cipher.suites" ["ssl.curves.list", "ssl.sigalgs.list"] = [""]:
        "only safe cipher suites are offered; others need `Tls::client_config`";
    "ssl.engine.factory.class" [] = ["", "org.apache.kafka.common.security.ssl.DefaultSslEngineFactory"]:
        "Java classes cannot be run";
    "ssl.engine.location" ["ssl.engine.id"] = [""]: "OpenSSL engines are not supported";
    "ssl.crl.location" [] = [""]: "certificate revocation lists are not supported";
    "enable.ssl.certificate.verification" [] = ["true"]:
        "the broker's certificate is always verified; name its authority with ssl.ca.location";
    "Net.TLS.Config" [] = ["", "nil"]: "values of Go cannot be read; use the properties that begin with `ssl.`";
    "sasl.login.class" ["sasl.client.callback.handler.class"] = [""]: "Java classes cannot be run";
    "Net.SASL.AuthIdentity" ["Net.SASL.SCRAMAuthzID"] = [""]: "acting for another user is not supported";
    "Net.SASL.TokenProvider" [] = ["", "nil"]: "values of Go cannot be read; use `ProducerBuilder::sasl`";
    "sasl.oauthbearer.jwt.retriever.class" ["sasl.oauthbearer.jwt.validator.class"] = [
        "", "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever",
        "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator"
    ]: "Java classes cannot be run";
    "sasl.oauthbearer.grant.type" [] = ["client_credentials"]: "client credentials are the only grant";
    "sasl.oauthbearer.metadata.authentication.type" [] = ["none"]: "client credentials are the only grant";
    "sasl.oauthbearer.extensions" [] = [""]: "write `extension_NAME` in sasl.jaas.config";
    "sasl.oauthbearer.assertion.file" [
        "sasl.oauthbearer.assertion.private.key.file", "sasl.oauthbearer.assertion.template.file",
        "sasl.oauthbearer.assertion.jwt.template.file", "sasl.oauthbearer.assertion.claim.aud",
        "sasl.oauthbearer.assertion.claim.iss", "sasl.oauthbearer.assertion.claim.sub"
    ] = [""]: "client credentials are the only grant";

    secret:
    "sasl.oauthbearer.assertion.private.key.passphrase" ["sasl.oauthbearer.assertion.private.key.pem"]:
        "client credentials are the only grant";
};
