//! From the options of OAUTHBEARER to the source of its tokens.
//!
//! Sources by name: unsecured tokens, which Java's login module and librdkafka make for tests, and identity providers. Any
//! other [`TokenProvider`](milena_connection::sasl::TokenProvider) is set by type.

use std::sync::Arc;
use std::time::Duration;

use milena_connection::sasl::{Sasl, UnsecuredTokens};
use secrecy::ExposeSecret;

use super::jaas::Login;
use crate::config::settings::{OidcSettings, SaslSettings};
use crate::error::ConfigError;

impl SaslSettings {
    /// OAUTHBEARER with its source of tokens; `login` has the options of Java's login module, if it is set.
    pub(super) fn effective_oauthbearer(
        &self,
        oidc: &OidcSettings,
        login: Option<&Login>,
    ) -> Result<Sasl, ConfigError> {
        if oidc.is_requested(login) {
            return oidc.effective(login);
        }
        let (property, tokens) = match (login, &self.unsecured_options) {
            (Some(login), _) => ("sasl.jaas.config", of_java(login)),
            (None, Some(options)) if self.unsecured == Some(true) => {
                ("sasl.oauthbearer.config", of_librdkafka(options.expose_secret()))
            }
            (None, _) => ("sasl.mechanism", Err("there are no tokens: set `sasl.jaas.config`, or for librdkafka's \
                unsecured tokens `enable.sasl.oauthbearer.unsecure.jwt` and `sasl.oauthbearer.config`, or give a \
                `TokenProvider` to `ProducerBuilder::sasl`".to_owned())),
        };
        let refused =
            |remedy| ConfigError::new(property, format!("`{property}` for `OAUTHBEARER`: {remedy}"));
        tokens.map(|tokens| Sasl::oauthbearer(Arc::new(tokens))).map_err(refused)
    }
}

/// Java's options of unsecured tokens (`OAuthBearerUnsecuredLoginCallbackHandler`).
fn of_java(login: &Login) -> Result<UnsecuredTokens, String> {
    let mut claims = Claims::default();
    for (name, value) in login.options() {
        let value = value.expose_secret();
        match name.strip_prefix("unsecuredLogin") {
            Some("StringClaim_sub") => claims.subject = Some(value.to_owned()),
            Some("StringClaim_scope") => claims.scopes = vec![value.to_owned()],
            // The first letter is the separator of the parts.
            Some("ListClaim_scope") => claims.scopes = list(value),
            Some("LifetimeSeconds") => claims.lifetime = Some(seconds(value)?),
            Some("PrincipalClaimName") if value == "sub" => {}
            Some("ScopeClaimName") if value == "scope" => {}
            Some(other) => match other.strip_prefix("Extension_") {
                Some(extension) => claims.extensions.push((extension.to_owned(), value.to_owned())),
                None => {
                    return Err(
                        "of unsecured claims only `sub` and `scope` are supported: leave the others out"
                            .to_owned(),
                    );
                }
            },
            None => {}
        }
    }
    claims.tokens().ok_or_else(|| {
        "write the subject of the token as `unsecuredLoginStringClaim_sub=\"name\"`, or give a `TokenProvider` to \
         `ProducerBuilder::sasl`"
            .to_owned()
    })
}

/// librdkafka's `name=value` between blanks (`rd_kafka_oauthbearer_unsecured_token`).
fn of_librdkafka(options: &str) -> Result<UnsecuredTokens, String> {
    let mut claims = Claims::default();
    for option in options.split_ascii_whitespace() {
        match option.split_once('=') {
            Some(("principal", value)) => claims.subject = Some(value.to_owned()),
            Some(("scope", value)) => claims.scopes = value.split(',').map(str::to_owned).collect(),
            Some(("lifeSeconds", value)) => claims.lifetime = Some(seconds(value)?),
            Some(("principalClaimName", "sub") | ("scopeClaimName", "scope")) => {}
            Some((name, value)) if name.starts_with("extension_") => {
                let name = name.trim_start_matches("extension_");
                claims.extensions.push((name.to_owned(), value.to_owned()));
            }
            _ => {
                return Err("write `principal=name`, and `scope=`, `lifeSeconds=` or `extension_NAME=` between blanks"
                    .to_owned());
            }
        }
    }
    claims.tokens().ok_or_else(|| "write the subject of the token as `principal=name`".to_owned())
}

#[derive(Debug, Default)]
struct Claims {
    subject: Option<String>,
    scopes: Vec<String>,
    lifetime: Option<Duration>,
    extensions: Vec<(String, String)>,
}

impl Claims {
    /// None without a subject.
    fn tokens(self) -> Option<UnsecuredTokens> {
        let mut tokens = UnsecuredTokens::new(self.subject.filter(|subject| !subject.is_empty())?);
        for scope in self.scopes {
            tokens = tokens.scope(scope);
        }
        for (name, value) in self.extensions {
            tokens = tokens.extension(name, value);
        }
        Some(match self.lifetime {
            Some(lifetime) => tokens.lifetime(lifetime),
            None => tokens,
        })
    }
}

fn list(value: &str) -> Vec<String> {
    let mut letters = value.chars();
    let Some(separator) = letters.next() else { return Vec::new() };
    letters.as_str().split(separator).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// A lifetime of a token; 30 years are more than any token has.
fn seconds(text: &str) -> Result<Duration, String> {
    const MOST: u64 = 1_000_000_000;
    let seconds = text.parse().ok().filter(|seconds| (1..=MOST).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| format!("write a lifetime of 1 to {MOST} seconds"))
}

#[cfg(test)]
mod tests {
    use super::super::jaas::{self, Module};
    use super::*;

    #[track_caller]
    fn check(tokens: Result<UnsecuredTokens, String>, expected: UnsecuredTokens) {
        assert_eq!(format!("{:?}", tokens.unwrap()), format!("{expected:?}"));
    }

    fn java(options: &str) -> Result<UnsecuredTokens, String> {
        of_java(&jaas::parse(&format!("{} required {options};", Module::OAuthBearer.class())).unwrap())
    }

    #[test]
    fn javas_unsecured_tokens_have_their_claims_and_extensions() {
        check(java("unsecuredLoginStringClaim_sub=\"alice\""), UnsecuredTokens::new("alice"));
        check(
            java(
                "unsecuredLoginStringClaim_sub=alice unsecuredLoginListClaim_scope=\"|a|b c\" \
                 unsecuredLoginLifetimeSeconds=\"60\" unsecuredLoginExtension_tenant=\"t 1\" other=x \
                 unsecuredLoginPrincipalClaimName=sub",
            ),
            UnsecuredTokens::new("alice")
                .scope("a")
                .scope("b c")
                .lifetime(Duration::from_secs(60))
                .extension("tenant", "t 1"),
        );
    }

    #[test]
    fn librdkafkas_unsecured_tokens_are_the_same() {
        check(
            of_librdkafka("principal=alice  scope=a,b lifeSeconds=60 extension_tenant=t"),
            UnsecuredTokens::new("alice")
                .scope("a")
                .scope("b")
                .lifetime(Duration::from_secs(60))
                .extension("tenant", "t"),
        );
    }

    #[test]
    fn a_token_for_nobody_or_with_what_is_not_known_is_refused() {
        for options in [
            "",
            "unsecuredLoginStringClaim_sub=\"\"",
            "unsecuredLoginStringClaim_sub=a unsecuredLoginNumberClaim_x=\"1\"",
            "unsecuredLoginStringClaim_sub=a unsecuredLoginPrincipalClaimName=name",
            "unsecuredLoginStringClaim_sub=a unsecuredLoginLifetimeSeconds=\"0\"",
        ] {
            assert!(java(options).is_err(), "{options}");
        }
        for options in ["", "scope=a", "alice", "principal=a lifeSeconds=x", "principal=a aud=b"] {
            assert!(of_librdkafka(options).is_err(), "{options}");
        }
    }
}
