//! SASL as Kafka 4.3.1 was seen to have it: the order of requests, who gets in, and for how long.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use milena_codec::ErrorCode;
use milena_codec::message::{
    ApiKey, ApiVersionsRequest, SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest,
};
use milena_fake::{Builder, Cluster, Mechanism};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

use crate::client::*;
use crate::scram;

const SECOND: Duration = Duration::from_secs(1);

/// One broker that lets `me` in by the password `secret`.
async fn guarded(change: impl FnOnce(Builder) -> Builder) -> Cluster {
    small(|builder| change(builder.user("me", "secret"))).await
}

async fn handshake(wire: &mut Wire, mechanism: &str) -> ErrorCode {
    let request = SaslHandshakeRequest { mechanism: mechanism.to_owned() };
    wire.call(&request, 1).await.error_code
}

async fn say(wire: &mut Wire, bytes: impl AsRef<[u8]>) -> SaslAuthenticateResponse {
    let request = SaslAuthenticateRequest { auth_bytes: bytes.as_ref().to_vec().into() };
    wire.call(&request, 2).await
}

async fn plain(wire: &mut Wire, user: &str, password: &str) -> SaslAuthenticateResponse {
    assert_eq!(handshake(wire, "PLAIN").await, ErrorCode::NONE);
    say(wire, format!("\0{user}\0{password}")).await
}

fn token(subject: &str, expires_ms: i64) -> String {
    let part = |json: String| BASE64_URL_SAFE_NO_PAD.encode(json);
    let claims = format!(r#"{{"sub":"{subject}","iat":1,"exp":{}}}"#, expires_ms / 1000);
    format!("n,,\u{1}auth=Bearer {}.{}.\u{1}\u{1}", part(r#"{"alg":"none"}"#.to_owned()), part(claims))
}

#[tokio::test]
async fn connection_admits_only_api_versions_before_the_handshake() {
    let cluster = guarded(|builder| builder).await;
    let mut wire = Wire::to(&cluster, 1);
    wire.send_raw(&raw_header(ApiKey::API_VERSIONS, 99)).await;
    assert!(wire.frame().await.is_some());
    assert_eq!(wire.call(&ApiVersionsRequest::default(), 2).await.error_code, ErrorCode::NONE);
    assert_eq!(plain(&mut wire, "me", "secret").await.error_code, ErrorCode::NONE);
    assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NONE);
    assert!(cluster.violations().is_empty());

    let mut again = Wire::to(&cluster, 1);
    again.call(&ApiVersionsRequest::default(), 2).await;
    again.send(&ApiVersionsRequest::default(), 2).await;
    assert!(again.is_closed().await, "the versions were told already");
    let mut stranger = Wire::to(&cluster, 1);
    stranger.send(&to_t(-1, batch(&["a"])), 9).await;
    assert!(stranger.is_closed().await);
    let mut hasty = Wire::to(&cluster, 1);
    let request = SaslAuthenticateRequest { auth_bytes: b"\0me\0secret".to_vec().into() };
    hasty.send(&request, 2).await;
    assert!(hasty.is_closed().await, "no mechanism was named");
    assert_eq!(cluster.record_count(), 1);
}

#[tokio::test]
async fn connection_admits_only_sasl_authenticate_after_the_handshake() {
    let cluster = guarded(|builder| builder).await;
    for versions in [true, false] {
        let mut wire = Wire::to(&cluster, 1);
        assert_eq!(handshake(&mut wire, "PLAIN").await, ErrorCode::NONE);
        match versions {
            true => wire.send(&ApiVersionsRequest::default(), 2).await,
            false => wire.send(&SaslHandshakeRequest { mechanism: "PLAIN".to_owned() }, 1).await,
        };
        assert!(wire.is_closed().await);
    }
}

#[tokio::test]
async fn unknown_mechanism_gets_the_list_and_closes_the_connection() {
    let cluster = guarded(|builder| builder.mechanisms(&[Mechanism::ScramSha512, Mechanism::Plain])).await;
    for mechanism in ["SCRAM-SHA-256", "GSSAPI", ""] {
        let mut wire = Wire::to(&cluster, 1);
        let request = SaslHandshakeRequest { mechanism: mechanism.to_owned() };
        let answer = wire.call(&request, 1).await;
        assert_eq!(answer.error_code, ErrorCode::UNSUPPORTED_SASL_MECHANISM);
        assert_eq!(answer.mechanisms, ["SCRAM-SHA-512", "PLAIN"]);
        assert!(wire.is_closed().await);
    }
}

#[tokio::test]
async fn plain_accepts_name_and_password_alone() {
    let cluster = guarded(|builder| builder).await;
    for said in
        ["\0me\0wrong", "\0you\0secret", "\0me\0", "me\0secret", "", "\0me\0secret\0", "you\0me\0secret"]
    {
        let mut wire = Wire::to(&cluster, 1);
        handshake(&mut wire, "PLAIN").await;
        let answer = say(&mut wire, said).await;
        assert_eq!(answer.error_code, ErrorCode::SASL_AUTHENTICATION_FAILED, "{said:?}");
        assert!(answer.error_message.unwrap().starts_with("Authentication failed"));
        assert!(wire.is_closed().await);
    }
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(plain(&mut wire, "me", "secret").await.session_lifetime_ms, 0);
    let users: Vec<_> = cluster.authentications().into_iter().map(|entry| entry.user).collect();
    assert_eq!(users.iter().flatten().collect::<Vec<_>>(), ["me"]);
    assert_eq!(users.len(), 8);
}

#[tokio::test]
async fn scram_verifies_the_client_and_signs_for_the_server() {
    let cluster =
        guarded(|builder| builder.user("a,b=c", "pass").delegation_token("me", "id", "aG1hYw==")).await;
    for mechanism in [Mechanism::ScramSha256, Mechanism::ScramSha512] {
        for (user, password, extension) in
            [("me", "secret", ""), ("a=2Cb=3Dc", "pass", ""), ("id", "aG1hYw==", ",tokenauth=true")]
        {
            let mut wire = Wire::to(&cluster, 1);
            let answer = scram_exchange(&mut wire, mechanism, user, password, extension).await;
            assert_eq!(answer.error_code, ErrorCode::NONE, "{user}");
            assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NONE);
        }
        for (user, password, extension) in [("me", "Secret", ""), ("id", "aG1hYw==", "")] {
            let mut wire = Wire::to(&cluster, 1);
            let answer = scram_exchange(&mut wire, mechanism, user, password, extension).await;
            assert_eq!(answer.error_code, ErrorCode::SASL_AUTHENTICATION_FAILED, "{user}");
            assert!(answer.error_message.unwrap().contains(mechanism.name()));
            assert!(wire.is_closed().await);
        }
    }
}

async fn scram_exchange(
    wire: &mut Wire,
    mechanism: Mechanism,
    user: &str,
    password: &str,
    extension: &str,
) -> SaslAuthenticateResponse {
    assert_eq!(handshake(wire, mechanism.name()).await, ErrorCode::NONE);
    let bare = format!("n={user},r=nonce{extension}");
    let first = say(wire, format!("n,,{bare}")).await;
    if first.error_code != ErrorCode::NONE {
        return first;
    }
    let first = String::from_utf8(first.auth_bytes.0.to_vec()).unwrap();
    let finished = scram::last(mechanism, password, &bare, &first);
    let answer = say(wire, &finished.message).await;
    if answer.error_code == ErrorCode::NONE {
        assert_eq!(answer.auth_bytes.0.to_vec(), finished.verifier.into_bytes());
    }
    answer
}

#[tokio::test]
async fn scram_rejects_another_nonce_and_another_channel_binding() {
    let cluster = guarded(|builder| builder).await;
    let binding = BASE64_STANDARD.encode("n,,");
    let other = BASE64_STANDARD.encode("y,,");
    for (binding, nonce) in [(&binding, "nonce"), (&other, "")] {
        let mut wire = Wire::to(&cluster, 1);
        handshake(&mut wire, "SCRAM-SHA-256").await;
        let first = say(&mut wire, "n,,n=me,r=nonce").await.auth_bytes;
        let first = String::from_utf8(first.0.to_vec()).unwrap();
        let offered = first.split(',').next().unwrap().trim_start_matches("r=").to_owned();
        let nonce = if nonce.is_empty() { &offered } else { nonce };
        let bare = format!("c={binding},r={nonce}");
        let finished = scram::last_as(Mechanism::ScramSha256, "secret", "n=me,r=nonce", &first, &bare);
        let answer = say(&mut wire, finished.message).await;
        assert_eq!(answer.error_code, ErrorCode::SASL_AUTHENTICATION_FAILED, "{bare}");
    }
}

#[tokio::test(start_paused = true)]
async fn token_authenticates_until_it_expires() {
    let cluster = guarded(|builder| builder).await;
    let mut wire = Wire::to(&cluster, 1);
    handshake(&mut wire, "OAUTHBEARER").await;
    let answer = say(&mut wire, token("me", NOW_MS + 10_000)).await;
    assert_eq!((answer.error_code, answer.session_lifetime_ms), (ErrorCode::NONE, 10_000));
    sleep(9 * SECOND).await;
    assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NONE);
    sleep(2 * SECOND).await;
    wire.send(&to_t(-1, batch(&["b"])), 9).await;
    assert!(wire.is_closed().await);

    let mut late = Wire::to(&cluster, 1);
    handshake(&mut late, "OAUTHBEARER").await;
    let answer = say(&mut late, token("me", NOW_MS + 10_000)).await;
    assert_eq!(answer.error_code, ErrorCode::NONE, "first the reason, in the mechanism's own words");
    assert_eq!(answer.auth_bytes.0.to_vec(), br#"{"status":"invalid_token"}"#);
    assert_eq!(say(&mut late, "\u{1}").await.error_code, ErrorCode::SASL_AUTHENTICATION_FAILED);
    assert!(late.is_closed().await);
}

#[tokio::test(start_paused = true)]
async fn expired_session_admits_only_reauthentication() {
    let cluster = guarded(|builder| builder.session_lifetime(10 * SECOND)).await;
    let (mut renewed, mut forgotten) = (Wire::to(&cluster, 1), Wire::to(&cluster, 1));
    for wire in [&mut renewed, &mut forgotten] {
        assert_eq!(plain(wire, "me", "secret").await.session_lifetime_ms, 10_000);
    }
    sleep(11 * SECOND).await;
    assert_eq!(plain(&mut renewed, "me", "secret").await.session_lifetime_ms, 10_000);
    assert_eq!(renewed.code(batch(&["a"])).await, ErrorCode::NONE);
    forgotten.send(&to_t(-1, batch(&["b"])), 9).await;
    assert!(forgotten.is_closed().await);
    let again: Vec<_> = cluster.authentications().into_iter().map(|entry| entry.again).collect();
    assert_eq!(again, [false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn reauthentication_admits_no_other_request_and_no_other_user() {
    let cluster = guarded(|builder| builder.user("you", "other").session_lifetime(10 * SECOND)).await;
    let mut wire = Wire::to(&cluster, 1);
    plain(&mut wire, "me", "secret").await;
    handshake(&mut wire, "PLAIN").await;
    wire.send(&to_t(-1, batch(&["a"])), 9).await;
    assert!(wire.is_closed().await);
    let mut wire = Wire::to(&cluster, 1);
    plain(&mut wire, "me", "secret").await;
    let answer = plain(&mut wire, "you", "other").await;
    assert_eq!(answer.error_code, ErrorCode::SASL_AUTHENTICATION_FAILED);
    assert!(wire.is_closed().await);
    let mut wire = Wire::to(&cluster, 1);
    plain(&mut wire, "me", "secret").await;
    wire.send(&SaslHandshakeRequest { mechanism: "OAUTHBEARER".to_owned() }, 1).await;
    assert!(wire.is_closed().await, "another mechanism");
    assert_eq!(cluster.record_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn session_without_an_end_or_just_renewed_rejects_reauthentication() {
    let endless = guarded(|builder| builder).await;
    let mut wire = Wire::to(&endless, 1);
    plain(&mut wire, "me", "secret").await;
    assert_eq!(handshake(&mut wire, "PLAIN").await, ErrorCode::ILLEGAL_SASL_STATE);
    assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NONE);
    let cluster = guarded(|builder| builder.session_lifetime(10 * SECOND)).await;
    let mut wire = Wire::to(&cluster, 1);
    plain(&mut wire, "me", "secret").await;
    plain(&mut wire, "me", "secret").await;
    assert_eq!(handshake(&mut wire, "PLAIN").await, ErrorCode::ILLEGAL_SASL_STATE, "less than a second ago");
    sleep(SECOND).await;
    assert_eq!(plain(&mut wire, "me", "secret").await.error_code, ErrorCode::NONE);
}

#[tokio::test]
async fn listener_without_sasl_returns_illegal_sasl_state() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(handshake(&mut wire, "PLAIN").await, ErrorCode::ILLEGAL_SASL_STATE);
    assert_eq!(say(&mut wire, "\0me\0secret").await.error_code, ErrorCode::ILLEGAL_SASL_STATE);
    assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NONE);
}

#[tokio::test]
async fn handshake_version_0_continues_without_headers() {
    let cluster = guarded(|builder| builder).await;
    for (said, is_let_in) in [(b"\0me\0secret", true), (b"\0me\0Secret", false)] {
        let mut wire = Wire::to(&cluster, 1);
        wire.call(&SaslHandshakeRequest { mechanism: "PLAIN".to_owned() }, 0).await;
        wire.send_raw(said).await;
        let answer = wire.frame().await;
        assert_eq!(answer.is_some_and(|answer| answer.is_empty()), is_let_in);
        if is_let_in {
            assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NONE);
        }
    }
}

#[tokio::test]
async fn users_are_added_and_removed_and_sessions_expired() {
    let cluster = guarded(|builder| builder).await;
    let mut wire = Wire::to(&cluster, 1);
    plain(&mut wire, "me", "secret").await;
    cluster.set_user("me", "changed");
    cluster.set_user("you", "new");
    assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NONE, "who is in stays in");
    let failed = ErrorCode::SASL_AUTHENTICATION_FAILED;
    assert_eq!(plain(&mut Wire::to(&cluster, 1), "me", "secret").await.error_code, failed);
    assert_eq!(plain(&mut Wire::to(&cluster, 1), "you", "new").await.error_code, ErrorCode::NONE);
    cluster.remove_user("you");
    assert_eq!(plain(&mut Wire::to(&cluster, 1), "you", "new").await.error_code, failed);
    cluster.expire_sessions();
    wire.send(&to_t(-1, batch(&["b"])), 9).await;
    assert!(wire.is_closed().await);
    assert_eq!(cluster.record_count(), 1);
}

#[tokio::test]
async fn credentials_are_not_in_the_journal_or_in_debug() {
    let cluster = guarded(|builder| builder).await;
    let mut wire = Wire::to(&cluster, 1);
    plain(&mut wire, "me", "secret").await;
    let all = format!("{:?} {cluster:?}", cluster.journal());
    assert!(!all.contains("secret"), "{all}");
    assert!(cluster.journal().iter().all(|entry| !entry.bytes.windows(6).any(|bytes| bytes == b"secret")));
}

#[tokio::test]
async fn malformed_credentials_close_the_connection() {
    let cluster = guarded(|builder| builder).await;
    for mechanism in Mechanism::ALL {
        let mut wire = Wire::to(&cluster, 1);
        handshake(&mut wire, mechanism.name()).await;
        let answer = say(&mut wire, [0xff, 0, 0xc3, 0x28]).await;
        assert_eq!(answer.error_code, ErrorCode::SASL_AUTHENTICATION_FAILED, "{mechanism:?}");
        assert!(wire.is_closed().await);
        let mut wire = Wire::to(&cluster, 1);
        handshake(&mut wire, mechanism.name()).await;
        wire.stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(wire.stream.read(&mut [0]).await.unwrap(), 0);
    }
}
