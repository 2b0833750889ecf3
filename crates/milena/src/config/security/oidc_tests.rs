//! Files that name an identity provider, and the effective settings of them.

use crate::config::{ProducerBuilder, ProducerConfig};
use crate::error::ConfigError;

const SECRET: &str = "hunter2";
const BEARER: &str = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\n";
const ENDPOINT: &str = "sasl.oauthbearer.token.endpoint.url=https://id.example.com/token\n";
/// Java's properties: handler, endpoint, and the login module with the client's credentials.
const JAVA: &str = "sasl.login.callback.handler.class=\
    org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler\n\
    sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \\\n  \
    clientId=\"client\" clientSecret=\"hunter2\" scope=\"kafka\" extension_tenant=\"t1\";\n";
const LIBRDKAFKA: &str = "sasl.oauthbearer.method=oidc\nsasl.oauthbearer.client.id=client\n\
    sasl.oauthbearer.client.secret=hunter2\nsasl.oauthbearer.scope=kafka\n";
const KAFKA_4_1: &str = "sasl.oauthbearer.client.credentials.client.id=client\n\
    sasl.oauthbearer.client.credentials.client.secret=hunter2\nsasl.oauthbearer.header.urlencode=true\n\
    sasl.oauthbearer.grant.type=client_credentials\nsasl.login.connect.timeout.ms=0\n\
    sasl.login.read.timeout.ms=9223372036854775807\nsasl.login.retry.backoff.max.ms=5000\n";

fn read(text: &str) -> Result<ProducerConfig, ConfigError> {
    ProducerBuilder::default().bootstrap_servers("localhost:9092").properties(text)?.validate()
}

#[track_caller]
fn check_rejected(text: &str, property: &str, expected: &str) {
    let error = read(&format!("{BEARER}{text}")).unwrap_err();
    assert_eq!(error.property(), property, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
}

#[test]
fn grants_other_than_client_credentials_are_rejected() {
    let bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let grant = format!("{ENDPOINT}{KAFKA_4_1}sasl.oauthbearer.grant.type={bearer}");
    check_rejected(&grant, "sasl.oauthbearer.grant.type", "client credentials are the only grant");
    let assertion = format!("{ENDPOINT}{LIBRDKAFKA}sasl.oauthbearer.assertion.file=a");
    check_rejected(&assertion, "sasl.oauthbearer.assertion.file", "client credentials are the only grant");
}

#[cfg(not(feature = "oidc"))]
#[test]
fn identity_provider_is_rejected_without_the_feature_oidc() {
    for asks in [JAVA, LIBRDKAFKA, KAFKA_4_1, ENDPOINT] {
        check_rejected(asks, "sasl.mechanism", "the feature `oidc` of the crate `milena`");
    }
}

#[cfg(feature = "oidc")]
mod with_the_feature {
    use super::super::Security;
    use super::super::jaas;
    use super::*;

    /// The request for tokens.
    #[track_caller]
    fn request(text: &str) -> String {
        let builder = ProducerBuilder::default().properties(format!("{BEARER}{text}")).unwrap();
        let Security { sasl, oidc, .. } = builder.settings.security;
        let login =
            sasl.jaas.as_ref().map(|text| jaas::parse(secrecy::ExposeSecret::expose_secret(text)).unwrap());
        format!("{:?}", oidc.builder(login.as_ref()).unwrap())
    }

    #[track_caller]
    fn check_request(text: &str, parts: &[&str]) {
        let request = request(text);
        assert!(parts.iter().all(|part| request.contains(part)), "{request}");
        assert!(!request.contains(SECRET), "{request}");
    }

    #[test]
    fn files_of_java_and_librdkafka_are_accepted_unchanged() {
        for file in [JAVA, LIBRDKAFKA, KAFKA_4_1] {
            let config = read(&format!("{BEARER}{ENDPOINT}{file}")).unwrap();
            let shown = format!("{config:?} {:?}", config.properties());
            assert!(shown.contains("RefreshingTokens") && !shown.contains(SECRET), "{shown}");
        }
    }

    #[test]
    fn settings_reach_the_token_request() {
        let client = ["url: \"https://id.example.com/token\"", "client_id: \"client\""];
        check_request(&format!("{ENDPOINT}{JAVA}"), &client);
        check_request(
            &format!("{ENDPOINT}{JAVA}"),
            &["scope: Some(\"kafka\")", "extensions: [(\"tenant\", \"t1\")]", "url_encoded: false"],
        );
        check_request(&format!("{ENDPOINT}{LIBRDKAFKA}"), &client);
        check_request(&format!("{ENDPOINT}{LIBRDKAFKA}"), &["scope: Some(\"kafka\")"]);
        check_request(&format!("{ENDPOINT}{KAFKA_4_1}"), &client);
        check_request(
            &format!("{ENDPOINT}{KAFKA_4_1}"),
            &["url_encoded: true", "connect: 10s, read: 86400s, retry_backoff: 100ms, retry_backoff_max: 5s"],
        );
    }

    #[test]
    fn property_takes_precedence_over_an_option_of_the_login_module() {
        let both = format!("{ENDPOINT}{JAVA}sasl.oauthbearer.client.id=other\nsasl.oauthbearer.scope=else\n");
        check_request(&both, &["client_id: \"other\"", "scope: Some(\"else\")"]);
    }

    #[test]
    fn authorities_of_an_identity_provider_are_not_those_of_the_brokers() {
        let brokers = "ssl.truststore.location=brokers.pem\n";
        check_request(&format!("{ENDPOINT}{JAVA}{brokers}"), &["authorities: None"]);
        let java =
            JAVA.replace("scope=", "ssl.truststore.type=PEM ssl.truststore.location=\"id.pem\" scope=");
        check_request(&format!("{ENDPOINT}{java}{brokers}"), &["id.pem"]);
        check_request(&format!("{ENDPOINT}{LIBRDKAFKA}https.ca.location=id.pem"), &["id.pem"]);
        check_request(&format!("{ENDPOINT}{LIBRDKAFKA}https.ca.location=probe"), &["authorities: None"]);
        let java = JAVA.replace("scope=", "ssl.truststore.location=id.jks scope=");
        check_rejected(&format!("{ENDPOINT}{java}"), "sasl.jaas.config", "keytool -list -rfc");
        let twice = "https.ca.location=id.pem\nhttps.ca.pem=hunter2";
        check_rejected(&format!("{ENDPOINT}{LIBRDKAFKA}{twice}"), "https.ca.location", "both set");
    }

    #[test]
    fn token_endpoint_without_https_is_rejected() {
        for url in ["http://id.example.com/token", "file:///tmp/token", "id.example.com"] {
            let text = format!("{LIBRDKAFKA}sasl.oauthbearer.token.endpoint.url={url}");
            check_rejected(&text, "sasl.oauthbearer.token.endpoint.url", "write `https://host/path`");
        }
    }

    #[test]
    fn missing_settings_are_named() {
        check_rejected(JAVA, "sasl.oauthbearer.token.endpoint.url", "is not set");
        check_rejected("sasl.oauthbearer.method=oidc", "sasl.oauthbearer.token.endpoint.url", "is not set");
        let id = "sasl.oauthbearer.client.credentials.client.id";
        check_rejected(ENDPOINT, id, "`clientId` in `sasl.jaas.config`");
        let secret = "sasl.oauthbearer.client.credentials.client.secret";
        check_rejected(&format!("{ENDPOINT}{id}=client"), secret, "`clientSecret` in `sasl.jaas.config`");
        let colon = format!("{ENDPOINT}{LIBRDKAFKA}{id}=a:b\n");
        check_rejected(&colon, id, "sasl.oauthbearer.header.urlencode");
        assert!(read(&format!("{BEARER}{colon}sasl.oauthbearer.header.urlencode=true")).is_ok());
    }
}
