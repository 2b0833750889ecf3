//! How the values of security are read. An error is the remedy in words; the caller adds the name.

use std::time::Duration;

use milena_connection::tls::TlsVersions;
use milena_connection::{FilePath, Text};

use super::protocol::Protocol;
use crate::config::value::time;

/// Any text; an empty one is none.
#[expect(clippy::unnecessary_wraps, reason = "every reader of a value has this shape")]
pub(in crate::config) fn text(text: &str) -> Result<Option<Text>, String> {
    Ok((!text.is_empty()).then(|| text.into()))
}

/// The name of a file; an empty one is none.
#[expect(clippy::unnecessary_wraps, reason = "every reader of a value has this shape")]
pub(in crate::config) fn path(text: &str) -> Result<Option<FilePath>, String> {
    Ok((!text.is_empty()).then(|| text.into()))
}

/// How long to wait; an empty text is none.
pub(in crate::config) fn wait(text: &str) -> Result<Option<Duration>, String> {
    if text.is_empty() { Ok(None) } else { time(text).map(Some) }
}

/// The name of a protocol.
pub(in crate::config) fn protocol(text: &str) -> Result<Option<Protocol>, String> {
    Protocol::parse(text).map(Some)
}

/// Java's list of versions, of which those before 1.2 are left out.
pub(in crate::config) fn versions(text: &str) -> Result<Option<TlsVersions>, String> {
    let has = |version: &str| text.split(',').any(|name| name.trim().eq_ignore_ascii_case(version));
    match (has("TLSv1.2"), has("TLSv1.3")) {
        _ if text.is_empty() => Ok(None),
        (true, true) => Ok(Some(TlsVersions::Both)),
        (true, false) => Ok(Some(TlsVersions::Only12)),
        (false, true) => Ok(Some(TlsVersions::Only13)),
        (false, false) => Err("write `TLSv1.2`, `TLSv1.3` or both between commas".to_owned()),
    }
}

/// Whether the names of brokers are left unchecked: Java says it with nothing, librdkafka with `none`.
pub(in crate::config) fn identification(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "https" => Ok(false),
        "" | "none" => Ok(true),
        _ => Err("write `https`".to_owned()),
    }
}

/// librdkafka's way to come by tokens: whether it is an identity provider.
pub(in crate::config) fn method(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "default" => Ok(false),
        "oidc" => Ok(true),
        _ => Err("write `default` or `oidc`".to_owned()),
    }
}

/// Java's class that gives out tokens: whether it asks an identity provider.
pub(in crate::config) fn handler(text: &str) -> Result<bool, String> {
    const PACKAGE: &str = "org.apache.kafka.common.security.oauthbearer.";
    match text.strip_prefix(PACKAGE).unwrap_or(text) {
        "" | "internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler" => Ok(false),
        "OAuthBearerLoginCallbackHandler" | "secured.OAuthBearerLoginCallbackHandler" => Ok(true),
        _ => Err("classes of a Java machine cannot be run: leave it out".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_before_1_2_are_left_out() {
        assert_eq!(versions("TLSv1.2, TLSv1.1,TLSv1"), Ok(Some(TlsVersions::Only12)));
        assert_eq!(versions("TLSv1.3"), Ok(Some(TlsVersions::Only13)));
        assert_eq!(versions("TLSv1.3,tlsv1.2"), Ok(Some(TlsVersions::Both)));
        assert!(versions("TLSv1.1").is_err());
    }

    #[test]
    fn of_javas_classes_those_of_kafka_are_known() {
        let package = "org.apache.kafka.common.security.oauthbearer";
        assert_eq!(
            handler(&format!("{package}.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler")),
            Ok(false)
        );
        assert_eq!(handler(&format!("{package}.secured.OAuthBearerLoginCallbackHandler")), Ok(true));
        assert!(handler("com.example.Handler").is_err());
        assert_eq!((method("OIDC"), method("default")), (Ok(true), Ok(false)));
    }

    #[test]
    fn names_are_checked_unless_the_value_is_empty() {
        assert_eq!(
            (identification("HTTPS"), identification(""), identification("none")),
            (Ok(false), Ok(true), Ok(true))
        );
        assert!(identification("ldaps").is_err());
    }
}
