//! The rows of TLS, SASL and identity providers.

use std::time::Duration;

use milena_connection::tls::TlsVersions;
use milena_connection::{FilePath, Text};
use secrecy::SecretString;

use super::group::Group;
use super::kind::{
    HANDLER, IDENTIFICATION, METHOD, OPTIONAL_TEXT, OPTIONAL_TIME, PATH, PROTOCOL, SECRET, SWITCH, VERSIONS,
};
use super::{Effect, Property, Setter};
use crate::config::protocol::Protocol;

/// Properties of security, as they were set.
#[derive(Clone, Debug, Default)]
pub(in crate::config) struct Security {
    pub(in crate::config) listener: ListenerSettings,
    pub(in crate::config) tls: TlsSettings,
    pub(in crate::config) sasl: SaslSettings,
    pub(in crate::config) oidc: OidcSettings,
}

group! {
    /// The protocol of the listener.
    ListenerSettings at listener {
        protocol: Protocol, "security.protocol" [],
            PROTOCOL = "PLAINTEXT", "protocol of the listener: `PLAINTEXT`, `SSL` (TLS), `SASL_PLAINTEXT` or `SASL_SSL`";
        tls: bool, "Net.TLS.Enable" [], SWITCH, "sarama's switch for TLS";
        sasl: bool, "Net.SASL.Enable" [], SWITCH, "sarama's switch for SASL: PLAIN unless a mechanism is named";
    }
}

group! {
    /// TLS by name.
    TlsSettings at tls {
        authorities_file: FilePath, "ssl.truststore.location" ["ssl.ca.location"],
            PATH, "PEM file with the trusted authorities, instead of the system's; `probe` is the system's";
        authorities_pem: SecretString, "ssl.truststore.certificates" ["ssl.ca.pem"],
            SECRET, "trusted authorities as PEM text, instead of the system's";
        truststore_type: Text, "ssl.truststore.type" [], OPTIONAL_TEXT = "PEM", "`PEM`; other stores are refused";
        truststore_password: SecretString, "ssl.truststore.password" [],
            SECRET, "refused beside a file: PEM files have no password";
        certificate_file: FilePath, "ssl.keystore.location" ["ssl.certificate.location"],
            PATH, "PEM file with the client's certificate, its chain, and its key unless the key is named";
        certificate_pem: SecretString, "ssl.keystore.certificate.chain" ["ssl.certificate.pem"],
            SECRET, "client's certificate and its chain as PEM text";
        keystore_type: Text, "ssl.keystore.type" [], OPTIONAL_TEXT = "PEM", "`PEM`; other stores are refused";
        keystore_password: SecretString, "ssl.keystore.password" [],
            SECRET, "refused beside a file: PEM files have no password";
        key_file: FilePath, "ssl.key.location" [], PATH, "PEM file with the key of the client's certificate";
        key_pem: SecretString, "ssl.keystore.key" ["ssl.key.pem"],
            SECRET, "key of the client's certificate as PEM text";
        key_password: SecretString, "ssl.key.password" [], SECRET, "password of an encrypted key; with the feature `encrypted-keys`";
        versions: TlsVersions, "ssl.enabled.protocols" [],
            VERSIONS = "TLSv1.2,TLSv1.3", "versions of TLS; versions before 1.2 are ignored";
        names_unchecked: bool, "ssl.endpoint.identification.algorithm" [],
            IDENTIFICATION = "https",
            "`https` checks that a broker's certificate is for its host name; empty or `none` needs danger.accept.any.host.name";
        any_host_name: bool, "danger.accept.any.host.name" [],
            SWITCH = "false", "accepts a trusted certificate for any host name: its owner can pose as a broker";
    }
}

group! {
    /// SASL by name.
    SaslSettings at sasl {
        mechanism: Text, "sasl.mechanism" ["sasl.mechanisms", "Net.SASL.Mechanism"],
            OPTIONAL_TEXT,
            "`PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`, in any case of letters; required with SASL";
        jaas: SecretString, "sasl.jaas.config" [],
            SECRET, "Java's login module for PLAIN, SCRAM or OAUTHBEARER, with its options; no class is loaded";
        username: Text, "sasl.username" ["Net.SASL.User"], OPTIONAL_TEXT, "user name for PLAIN and SCRAM";
        password: SecretString, "sasl.password" ["Net.SASL.Password"], SECRET, "password for PLAIN and SCRAM";
        unsecured: bool, "enable.sasl.oauthbearer.unsecure.jwt" [],
            SWITCH = "false", "unsecured tokens from sasl.oauthbearer.config, for tests";
        unsecured_options: SecretString, "sasl.oauthbearer.config" [],
            SECRET, "claims of unsecured tokens: `principal=name scope=a,b lifeSeconds=60`";
    }
}

group! {
    /// Tokens of an identity provider by name (KIP-768).
    OidcSettings at oidc {
        endpoint: Text, "sasl.oauthbearer.token.endpoint.url" [],
            OPTIONAL_TEXT, "token endpoint of an identity provider, `https` only; needs the feature `oidc`";
        by_method: bool, "sasl.oauthbearer.method" [], METHOD = "default", "`default`, or `oidc` for an identity provider";
        by_handler: bool, "sasl.login.callback.handler.class" [],
            HANDLER, "Kafka's own handlers of unsecured tokens and of identity providers";
        client_id: Text, "sasl.oauthbearer.client.credentials.client.id" ["sasl.oauthbearer.client.id"],
            OPTIONAL_TEXT, "client id at an identity provider";
        client_secret: SecretString, "sasl.oauthbearer.client.credentials.client.secret" ["sasl.oauthbearer.client.secret"],
            SECRET, "client secret at an identity provider";
        scope: Text, "sasl.oauthbearer.scope" [], OPTIONAL_TEXT, "scope of the tokens of an identity provider";
        url_encoded: bool, "sasl.oauthbearer.header.urlencode" [],
            SWITCH = "false", "URL-encodes client id and client secret for identity providers that require it";
        authorities_file: FilePath, "https.ca.location" [],
            PATH, "PEM file with the authorities of an identity provider, instead of the system's";
        authorities_pem: SecretString, "https.ca.pem" [],
            SECRET, "authorities of an identity provider as PEM text";
        connect_timeout: Duration, "sasl.login.connect.timeout.ms" [],
            OPTIONAL_TIME, "timeout of a connection to an identity provider; 10 s unless set, or if 0";
        read_timeout: Duration, "sasl.login.read.timeout.ms" [],
            OPTIONAL_TIME, "timeout of an identity provider's response; 10 s unless set, or if 0";
        retry_backoff: Duration, "sasl.login.retry.backoff.ms" [],
            OPTIONAL_TIME = "100", "backoff before the next request to an identity provider; it doubles with each";
        retry_backoff_max: Duration, "sasl.login.retry.backoff.max.ms" [],
            OPTIONAL_TIME = "10000", "time after which requests to an identity provider end without a token";
    }
}
