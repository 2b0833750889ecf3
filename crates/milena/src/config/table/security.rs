//! The rows of TLS and SASL.

use super::super::property::Property;
use super::super::security::read::{handler, identification, method, path, protocol, text, versions, wait};
use super::super::value::{switch, switch_some};

pub(super) const ROWS: &[Property] = properties! {
security {
    "security.protocol" [] = "PLAINTEXT", protocol(protocol):
        "what the listener speaks: `PLAINTEXT`, `SSL` (TLS), `SASL_PLAINTEXT` or `SASL_SSL`";
    "ssl.truststore.location" ["ssl.ca.location"] = "", tls.authorities_file(path):
        "a PEM file with the authorities to trust, instead of those of the system";
    "ssl.truststore.type" [] = "PEM", tls.truststore_type(text): "`PEM`; other stores are refused";
    "ssl.keystore.location" ["ssl.certificate.location"] = "", tls.certificate_file(path):
        "a PEM file with our certificate, its chain, and its key unless that is named";
    "ssl.keystore.type" [] = "PEM", tls.keystore_type(text): "`PEM`; other stores are refused";
    "ssl.key.location" [] = "", tls.key_file(path): "a PEM file with the key of our certificate";
    "ssl.enabled.protocols" [] = "TLSv1.2,TLSv1.3", tls.versions(versions):
        "versions of TLS that may be spoken; older ones than 1.2 never are";
    "ssl.endpoint.identification.algorithm" [] = "https", tls.names_unchecked(identification):
        "`https` checks that a broker's certificate is for its name; empty needs danger.accept.any.host.name";
    "danger.accept.any.host.name" [] = "false", tls.any_host_name(switch):
        "takes a trusted certificate for any name: whoever has one can pose as a broker";
    "sasl.mechanism" ["sasl.mechanisms", "Net.SASL.Mechanism"] = "", sasl.mechanism(text):
        "`PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`; has to be named where SASL is spoken";
    "sasl.username" ["Net.SASL.User"] = "", sasl.username(text): "the name for PLAIN and SCRAM";
    "sasl.oauthbearer.token.endpoint.url" [] = "", sasl.oauth.oidc.endpoint(text):
        "where an identity provider gives out tokens, by https; with the feature `oidc`, as all that goes with it";
    "sasl.oauthbearer.client.credentials.client.id" ["sasl.oauthbearer.client.id"] = "",
        sasl.oauth.oidc.client_id(text): "our name at an identity provider";
    "sasl.oauthbearer.scope" [] = "", sasl.oauth.oidc.scope(text): "what an identity provider is asked for";
    "sasl.oauthbearer.header.urlencode" [] = "false", sasl.oauth.oidc.url_encoded(switch):
        "encodes our name and password for an identity provider that asks for it";
    "sasl.oauthbearer.method" [] = "default", sasl.oauth.oidc.by_method(method):
        "`default`, or `oidc` for an identity provider";
    "sasl.login.callback.handler.class" [] = "", sasl.oauth.oidc.by_handler(handler):
        "who gives out tokens in Java; those of unsecured tokens and of identity providers are known";
    "https.ca.location" [] = "", sasl.oauth.oidc.authorities_file(path):
        "a PEM file with the authorities of an identity provider, instead of those of the system";
    "sasl.login.connect.timeout.ms" [] = "", sasl.oauth.oidc.connect_timeout(wait):
        "how long opening a connection to an identity provider may take; 10 s unless set";
    "sasl.login.read.timeout.ms" [] = "", sasl.oauth.oidc.read_timeout(wait):
        "how long an identity provider's answer may take; 10 s unless set";
    "sasl.login.retry.backoff.ms" [] = "100", sasl.oauth.oidc.retry_backoff(wait):
        "how long to wait before an identity provider is asked again, doubled each time";
    "sasl.login.retry.backoff.max.ms" [] = "10000", sasl.oauth.oidc.retry_backoff_max(wait):
        "how long an identity provider is asked in all before it is given up";
    "enable.sasl.oauthbearer.unsecure.jwt" [] = "false", sasl.oauth.unsecured(switch):
        "makes unsecured tokens of sasl.oauthbearer.config, for tests";
    "Net.TLS.Enable" [] = "", switch_tls(switch_some): "TLS, in sarama's words";
    "Net.SASL.Enable" [] = "", switch_sasl(switch_some):
        "SASL, in sarama's words: PLAIN unless a mechanism is named";
}

secret {
    "ssl.truststore.certificates" ["ssl.ca.pem"], tls.authorities_pem:
        "the authorities to trust as PEM text, instead of those of the system";
    "ssl.truststore.password" [], tls.truststore_password: "PEM files have none: refused beside a file";
    "ssl.keystore.certificate.chain" ["ssl.certificate.pem"], tls.certificate_pem:
        "our certificate and its chain as PEM text";
    "ssl.keystore.key" ["ssl.key.pem"], tls.key_pem: "the key of our certificate as PEM text";
    "ssl.keystore.password" [], tls.keystore_password: "PEM files have none: refused beside a file";
    "ssl.key.password" [], tls.key_password: "the password of an encrypted key; with the feature `encrypted-keys`";
    "sasl.jaas.config" [], sasl.jaas:
        "one of Java's login modules for PLAIN, SCRAM or OAUTHBEARER, with its options; nothing is loaded";
    "sasl.oauthbearer.config" [], sasl.oauth.options:
        "what is in an unsecured token: `principal=name scope=a,b lifeSeconds=60`";
    "sasl.password" ["Net.SASL.Password"], sasl.password: "the password for PLAIN and SCRAM";
    "sasl.oauthbearer.client.credentials.client.secret" ["sasl.oauthbearer.client.secret"],
        sasl.oauth.oidc.client_secret: "our password at an identity provider";
    "https.ca.pem" [], sasl.oauth.oidc.authorities_pem: "the authorities of an identity provider as PEM text";
}

// Refused, unless they ask for what is the case anyway.
only_as {
    "ssl.protocol" [] = "TLSv1.3", ["TLSv1.3", "TLSv1.2", "TLS"]:
        "versions are chosen with ssl.enabled.protocols";
    "ssl.cipher.suites" ["ssl.curves.list", "ssl.sigalgs.list"] = "", [""]:
        "a list that is not kept to would be worse than none, and only suites that are safe are offered; a choice of \
         your own goes with `Tls::client_config`";
    "ssl.engine.factory.class" [] = "", ["", "org.apache.kafka.common.security.ssl.DefaultSslEngineFactory"]:
        "classes of a Java machine cannot be run";
    "ssl.engine.location" ["ssl.engine.id"] = "", [""]: "there is no OpenSSL to load an engine into";
    "ssl.crl.location" [] = "", [""]: "lists of revoked certificates are not read";
    "enable.ssl.certificate.verification" [] = "true", ["true"]:
        "a broker that is not verified could be anybody; name its authority with ssl.ca.location";
    "Net.TLS.Config" [] = "", ["", "nil"]: "a value of Go cannot be read; use the properties that begin with `ssl.`";
    "sasl.login.class" ["sasl.client.callback.handler.class"] = "", [""]:
        "classes of a Java machine cannot be run";
    "Net.SASL.AuthIdentity" ["Net.SASL.SCRAMAuthzID"] = "", [""]: "one acts for oneself";
    "Net.SASL.TokenProvider" [] = "", ["", "nil"]: "a value of Go cannot be read; use `ProducerBuilder::sasl`";
    "sasl.oauthbearer.jwt.retriever.class" ["sasl.oauthbearer.jwt.validator.class"] = "", [
        "",
        "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever",
        "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator"
    ]: "classes of a Java machine cannot be run";
    "sasl.oauthbearer.grant.type" [] = "client_credentials", ["client_credentials"]:
        "tokens are asked for with client credentials alone";
    "sasl.oauthbearer.metadata.authentication.type" [] = "none", ["none"]:
        "tokens are asked for with client credentials alone";
    "sasl.oauthbearer.extensions" [] = "", [""]: "write `extension_NAME` in sasl.jaas.config instead";
    "sasl.oauthbearer.assertion.file" [
        "sasl.oauthbearer.assertion.private.key.file", "sasl.oauthbearer.assertion.template.file",
        "sasl.oauthbearer.assertion.jwt.template.file", "sasl.oauthbearer.assertion.claim.aud",
        "sasl.oauthbearer.assertion.claim.iss", "sasl.oauthbearer.assertion.claim.sub"
    ] = "", [""]: "tokens are asked for with client credentials alone";
}

only_as_secret {
    "sasl.oauthbearer.assertion.private.key.passphrase" ["sasl.oauthbearer.assertion.private.key.pem"]:
        "tokens are asked for with client credentials alone";
}

// Taken, and without effect; the meaning says why nothing is missing.
ignored {
    "security.providers" ["ssl.provider", "ssl.providers", "ssl.secure.random.implementation"] = "":
        "the cryptography is chosen when the program is built";
    "ssl.keymanager.algorithm" ["ssl.trustmanager.algorithm"] = "": "there is no Java machine to choose from";
    "ssl.ca.certificate.stores" [] = "": "the system's authorities are trusted unless others are named";
    "sasl.kerberos.service.name" [
        "sasl.kerberos.principal", "sasl.kerberos.keytab", "sasl.kerberos.kinit.cmd",
        "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.ticket.renew.jitter",
        "sasl.kerberos.ticket.renew.window.factor"
    ] = "": "Kerberos is refused where it is chosen, as sasl.mechanism";
    "Net.SASL.Version" ["Net.SASL.Handshake"] = "": "versions are negotiated with each broker";
    "Net.SASL.SCRAMClientGeneratorFunc" [] = "": "SCRAM is built in";
    "sasl.login.refresh.window.factor" [
        "sasl.login.refresh.window.jitter", "sasl.login.refresh.min.period.seconds",
        "sasl.login.refresh.buffer.seconds"
    ] = "": "a token is renewed before its time is over";
    "sasl.oauthbearer.assertion.algorithm" [
        "sasl.oauthbearer.assertion.claim.exp.seconds", "sasl.oauthbearer.assertion.claim.nbf.seconds",
        "sasl.oauthbearer.assertion.claim.jti.include"
    ] = "": "tokens are asked for with client credentials alone";
    "sasl.oauthbearer.jwks.endpoint.url" [
        "sasl.oauthbearer.jwks.endpoint.refresh.ms", "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
        "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", "sasl.oauthbearer.clock.skew.seconds",
        "sasl.oauthbearer.expected.audience", "sasl.oauthbearer.expected.issuer",
        "sasl.oauthbearer.allow.unverified.audience", "sasl.oauthbearer.allow.unverified.issuer",
        "sasl.oauthbearer.scope.claim.name", "sasl.oauthbearer.sub.claim.name"
    ] = "": "brokers check tokens, clients do not";
}
};
