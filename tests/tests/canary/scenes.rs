//! Producers with secrets, before brokers that take them, refuse them, repeat them, or are none.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use milena::sasl::{Mechanism, Token, TokenError, TokenProvider};
use milena::{Producer, Sasl, Tls};
use milena_codec::message::SaslAuthenticateResponse;
use milena_fake::{Action, ApiKey, Builder, Cluster, ErrorCode};
use milena_tests::hostile::{CA, Side};
use milena_tests::within;

use crate::secret::token;
use crate::{CLIENT_KEY, KEY_PASSWORD, OTHER, PASSWORD, Printed};

/// Gives out a token, or none.
#[derive(Debug)]
enum Giver {
    Good,
    Late,
    Nothing,
}

impl TokenProvider for Giver {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        Box::pin(async move {
            let token =
                |is_good| Ok(Token { value: token(is_good).into(), lifetime: None, extensions: Vec::new() });
            match self {
                Self::Good => token(true),
                Self::Late => token(false),
                Self::Nothing => Err(TokenError::new("the giver of tokens is asleep")),
            }
        })
    }
}

fn credentials() -> Vec<(&'static str, Sasl, bool)> {
    vec![
        ("PLAIN", Sasl::plain("me", PASSWORD), true),
        ("SCRAM-SHA-256", Sasl::scram_sha_256("me", PASSWORD), true),
        ("SCRAM-SHA-512", Sasl::scram_sha_512("me", PASSWORD), true),
        ("a delegation token", Sasl::scram_sha_256("id", PASSWORD).delegated(), true),
        ("a good token", Sasl::oauthbearer(Arc::new(Giver::Good)), true),
        ("PLAIN with a mistake", Sasl::plain("me", OTHER), false),
        ("SCRAM-SHA-256 with a mistake", Sasl::scram_sha_256("me", OTHER), false),
        ("SCRAM-SHA-512 with a mistake", Sasl::scram_sha_512("me", OTHER), false),
        ("a token out of date", Sasl::oauthbearer(Arc::new(Giver::Late)), false),
        ("no token", Sasl::oauthbearer(Arc::new(Giver::Nothing)), false),
        ("a password that PLAIN cannot carry", Sasl::plain("me", format!("{PASSWORD}\0{OTHER}")), false),
    ]
}

fn guarded(builder: Builder) -> Builder {
    builder.brokers(1).topic("t", 1).user("me", PASSWORD).delegation_token("me", "id", PASSWORD)
}

/// Plays all scenes; how many there were.
pub(crate) async fn play_all(printed: &mut Printed) -> usize {
    by_mechanism(printed).await
        + refused_in_words(printed).await
        + by_certificate(printed).await
        + renewed(printed).await
}

/// Sessions that end, and are begun again on the same connection.
async fn renewed(printed: &mut Printed) -> usize {
    let cluster = guarded(Cluster::builder()).session_lifetime(Duration::from_secs(1)).start().await.unwrap();
    let producer = Producer::builder().bootstrap_servers(cluster.bootstrap_servers());
    let producer = producer.sasl(Sasl::scram_sha_256("me", PASSWORD)).build().await.unwrap();
    // Who is idle has nothing to prove.
    within(async {
        while !cluster.authentications().iter().any(|entry| entry.again) {
            producer.send(("t", "v")).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    printed.debug("a session that was renewed", &producer);
    1
}

/// A producer that writes a record, or does not come about.
async fn play(printed: &mut Printed, scene: &str, cluster: &Cluster, change: Change<'_>) -> bool {
    let builder = Producer::builder()
        .bootstrap_servers(cluster.bootstrap_servers())
        .connect_timeout(Duration::from_millis(500));
    let builder = change(builder);
    printed.debug(scene, &builder);
    match builder.build().await {
        Ok(producer) => {
            printed.debug(scene, &producer);
            printed.debug(scene, &producer.metrics());
            if let Err(error) = producer.send(("t", "v")).await {
                printed.error(scene, &error);
            }
            true
        }
        Err(error) => {
            printed.error(scene, &error);
            false
        }
    }
}

type Change<'a> = Box<dyn FnOnce(milena::ProducerBuilder) -> milena::ProducerBuilder + 'a>;

/// Every mechanism, with and without TLS.
async fn by_mechanism(printed: &mut Printed) -> usize {
    let mut scenes = 0;
    for tls in [false, true] {
        let builder = guarded(Cluster::builder());
        let builder = if tls { builder.tls(Side::Good.config()) } else { builder };
        let cluster = builder.start().await.unwrap();
        for (scene, sasl, is_let_in) in credentials() {
            printed.debug(scene, &sasl);
            let change = |builder: milena::ProducerBuilder| {
                let builder = builder.sasl(sasl);
                let builder = if tls { builder.tls(Tls::new().ca_file(CA)) } else { builder };
                // An unoptimised key derivation takes its time on a busy machine.
                if is_let_in { builder.connect_timeout(Duration::from_secs(60)) } else { builder }
            };
            let came_in = play(printed, scene, &cluster, Box::new(change)).await;
            assert_eq!(came_in, is_let_in, "{scene}, TLS {tls}");
            scenes += 1;
        }
    }
    scenes
}

/// Brokers that repeat what they heard, or answer nonsense to it.
async fn refused_in_words(printed: &mut Printed) -> usize {
    let cluster = guarded(Cluster::builder()).start().await.unwrap();
    let refusal = |words: String| SaslAuthenticateResponse {
        error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
        error_message: Some(words),
        ..SaslAuthenticateResponse::default()
    };
    let of_password = [format!("no user me with password {PASSWORD}"), format!("\0me\0{PASSWORD}")];
    let of_token = [format!("no user {}", token(true)), format!("n,,\u{1}auth=Bearer {}\u{1}", token(true))];
    let mut scenes = 0;
    for (scene, sasl, _) in credentials().into_iter().filter(|(_, _, is_let_in)| *is_let_in) {
        let has_token = sasl.mechanism() == Mechanism::OAuthBearer;
        for echo in if has_token { &of_token } else { &of_password } {
            let sasl = sasl.clone();
            cluster.clear_hooks();
            cluster.on(ApiKey::SASL_AUTHENTICATE).always().message(refusal(echo.clone()));
            assert!(!play(printed, scene, &cluster, Box::new(|builder| builder.sasl(sasl))).await);
            scenes += 1;
        }
    }
    cluster.clear_hooks();
    for action in [Action::Raw(vec![0, 0, 0, 2, 9, 9].into()), Action::Truncate(9), Action::Disconnect] {
        cluster.on(ApiKey::SASL_AUTHENTICATE).always().apply_then(action);
        let sasl = Sasl::plain("me", PASSWORD);
        play(printed, "nonsense", &cluster, Box::new(|builder| builder.sasl(sasl))).await;
        cluster.clear_hooks();
        scenes += 1;
    }
    scenes
}

/// Certificates and keys, in good order and not.
async fn by_certificate(printed: &mut Printed) -> usize {
    const CHAIN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/certificates/client-ec.pem"));
    const ENCRYPTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/certificates/client-rsa-encrypted.pem");
    const RSA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/certificates/client-rsa.pem");
    let cluster =
        Cluster::builder().brokers(1).topic("t", 1).tls(Side::Mutual.config()).start().await.unwrap();
    let trusting = || Tls::new().ca_file(CA);
    let inline = || trusting().certificate_pem(CHAIN);
    let encrypted = || trusting().certificate_file(RSA).key_file(ENCRYPTED);
    let scenes = [
        ("a key as text", inline().key_pem(CLIENT_KEY), true),
        ("an encrypted key", encrypted().key_password(KEY_PASSWORD), true),
        ("an encrypted key and a mistake", encrypted().key_password(OTHER), false),
        ("an encrypted key and no password", encrypted(), false),
        ("a key that is cut off", inline().key_pem(CLIENT_KEY[..100].to_owned()), false),
        ("a key that is a password", inline().key_pem(PASSWORD), false),
        ("a password in a key", inline().key_pem(CLIENT_KEY.replace("\n", PASSWORD)), false),
        ("a key in the place of a certificate", trusting().certificate_pem(CLIENT_KEY), false),
        ("a key in the place of an authority", Tls::new().ca_pem(CLIENT_KEY), false),
        ("a key of another certificate", trusting().certificate_file(RSA).key_pem(CLIENT_KEY), false),
    ];
    let count = scenes.len();
    for (scene, tls, is_let_in) in scenes {
        printed.debug(scene, &tls);
        let change = |builder: milena::ProducerBuilder| {
            let builder = builder.tls(tls);
            if is_let_in { builder.connect_timeout(Duration::from_secs(60)) } else { builder }
        };
        let came_in = play(printed, scene, &cluster, Box::new(change)).await;
        assert_eq!(came_in, is_let_in, "{scene}");
    }
    count
}
