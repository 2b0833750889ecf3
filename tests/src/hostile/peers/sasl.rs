//! SASL: missing mechanisms, false SCRAM servers, malformed responses, and sessions of any lifetime.

use milena::ConnectErrorKind::{Authentication, Timeout, Unsupported};
use milena::Sasl;
use milena_codec::ErrorCode;
use milena_codec::message::{SaslAuthenticateResponse, SaslHandshakeResponse};
use milena_fake::ApiKey;

use crate::hostile::honest::Honest;
use crate::hostile::script::{Act, At, Peer};

const HANDSHAKE: At = At::Asked(ApiKey::SASL_HANDSHAKE);
const AUTHENTICATE: At = At::Asked(ApiKey::SASL_AUTHENTICATE);
const FIFTY_MEGABYTES: &[u8] = &50_000_000_u32.to_be_bytes();
/// Clears a screen and ends a line.
const ESCAPES: &str = "\u{1b}[2J\u{7}red\r\n";

fn plain() -> Sasl {
    Sasl::plain("me", "pencil")
}

fn scram() -> Sasl {
    Sasl::scram_sha_256("me", "pencil")
}

/// What a server says in SCRAM, changed: its first message where it begins with `r=`, its last where with `v=`.
fn said(honest: &Honest, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    honest.changed(|answer: &mut SaslAuthenticateResponse| {
        let said = String::from_utf8_lossy(&answer.auth_bytes.0).into_owned();
        answer.auth_bytes = change(&said).into_bytes().into();
    })
}

/// Its first message with other fields behind the nonce.
fn first(honest: &Honest, change: impl FnOnce(&str, &str, &str) -> String) -> Vec<u8> {
    said(honest, |said| {
        let fields: Vec<_> = said.splitn(3, ',').collect();
        match &fields[..] {
            [nonce, salt, iterations] if said.starts_with("r=") => change(nonce, salt, iterations),
            _ => said.to_owned(),
        }
    })
}

/// Its last message.
fn last(honest: &Honest, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    said(honest, |said| if said.starts_with("v=") { change(said) } else { said.to_owned() })
}

/// Peers that ask who is there.
#[must_use]
pub fn sasl() -> Vec<Peer> {
    [of_the_handshake(), of_the_exchange(), of_scram(), of_sessions()].concat()
}

fn of_the_handshake() -> Vec<Peer> {
    let lies = |name, lie| Peer::new(name, HANDSHAKE, Act::Lie(lie)).asking(scram);
    vec![
        lies("a broker that would rather have the password", |honest| {
            honest.instead(&SaslHandshakeResponse {
                error_code: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
                mechanisms: vec!["PLAIN".to_owned()],
            })
        })
        .refused(Authentication, &["SCRAM-SHA-256", "PLAIN"]),
        lies("ten thousand mechanisms that clear the screen", |honest| {
            honest.instead(&SaslHandshakeResponse {
                error_code: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
                mechanisms: vec![ESCAPES.repeat(2); 10_000],
            })
        })
        .refused(Authentication, &["SCRAM-SHA-256"]),
        lies("more mechanisms than a mebibyte holds", |honest| {
            honest.instead(&SaslHandshakeResponse {
                error_code: ErrorCode::UNSUPPORTED_SASL_MECHANISM,
                mechanisms: vec!["MECHANISM".to_owned(); 100_000],
            })
        })
        .refused(Authentication, &["1048576"]),
        lies("two billion mechanisms", |honest| honest.body(&[0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 1, b'x']))
            .refused(Authentication, &["SASL"]),
        lies("a mechanism that is no UTF-8", |honest| honest.body(&[0, 33, 0, 0, 0, 1, 0, 2, 0xff, 0xfe]))
            .refused(Authentication, &["SASL"]),
        lies("a handshake that nobody is ready for", |honest| {
            honest.instead(&SaslHandshakeResponse {
                error_code: ErrorCode::ILLEGAL_SASL_STATE,
                ..SaslHandshakeResponse::default()
            })
        })
        .refused(Authentication, &["SASL"]),
        lies("a handshake under another number", |honest| {
            let mut frame = honest.frame;
            frame[5] ^= 0x55;
            frame
        })
        .refused(Unsupported, &["correlation id"]),
        Peer::new("silence about mechanisms", HANDSHAKE, Act::Silence).asking(scram).refused(Timeout, &[]),
        Peer::new("an end in the place of a mechanism", HANDSHAKE, Act::Close)
            .asking(scram)
            .refused(Authentication, &["authentication"]),
    ]
}

fn of_the_exchange() -> Vec<Peer> {
    let lies = |name, lie| Peer::new(name, AUTHENTICATE, Act::Lie(lie)).asking(plain);
    vec![
        lies("a refusal of a proof that clears the screen", |honest| {
            honest.instead(&SaslAuthenticateResponse {
                error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
                error_message: Some(ESCAPES.repeat(1000)),
                ..SaslAuthenticateResponse::default()
            })
        })
        .refused(Authentication, &["PLAIN"]),
        lies("a refusal that repeats the password", |honest| {
            honest.instead(&SaslAuthenticateResponse {
                error_code: ErrorCode::SASL_AUTHENTICATION_FAILED,
                error_message: Some("no user me with password pencil".to_owned()),
                ..SaslAuthenticateResponse::default()
            })
        })
        .refused(Authentication, &["PLAIN", "withheld"]),
        lies("a proof of two billion bytes", |honest| {
            honest.body(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0])
        })
        .refused(Authentication, &["SASL"]),
        lies("a proof with four billion tagged fields", |honest| {
            let ends = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f];
            honest.body(&ends)
        })
        .refused(Authentication, &["SASL"]),
        lies("a proof that ends in the middle", |honest| honest.body(&[0, 0, 0]))
            .refused(Authentication, &["SASL"]),
        Peer::new("a proof that promises 50 MB", AUTHENTICATE, Act::Say(FIFTY_MEGABYTES))
            .asking(plain)
            .refused(Authentication, &["50000000"]),
        Peer::new("silence about a proof", AUTHENTICATE, Act::Silence).asking(plain).refused(Timeout, &[]),
        Peer::new("an end in the place of a proof", AUTHENTICATE, Act::Close)
            .asking(plain)
            .refused(Authentication, &["authentication"]),
        Peer::new("a proof, a byte a second", AUTHENTICATE, Act::Drip(std::time::Duration::from_secs(1)))
            .asking(plain)
            .refused(Timeout, &[]),
    ]
}

fn of_scram() -> Vec<Peer> {
    let lies = |name, lie| {
        Peer::new(name, AUTHENTICATE, Act::Lie(lie)).asking(scram).refused(Authentication, &["SCRAM"])
    };
    vec![
        lies("a nonce that is not ours", |honest| {
            first(&honest, |_, salt, iterations| format!("r=somebodyelse,{salt},{iterations}"))
        }),
        lies("our nonce and nothing more", |honest| {
            first(&honest, |nonce, salt, iterations| {
                let ours = nonce.split("fake").next().unwrap_or_default();
                format!("{ours},{salt},{iterations}")
            })
        }),
        lies("one iteration", |honest| first(&honest, |nonce, salt, _| format!("{nonce},{salt},i=1"))),
        lies("4095 iterations", |honest| first(&honest, |nonce, salt, _| format!("{nonce},{salt},i=4095"))),
        lies("2147483647 iterations", |honest| {
            first(&honest, |nonce, salt, _| format!("{nonce},{salt},i=2147483647"))
        }),
        lies("more iterations than there are numbers", |honest| {
            first(&honest, |nonce, salt, _| format!("{nonce},{salt},i=99999999999999999999"))
        }),
        lies("a salt of 100 kB", |honest| {
            first(&honest, |nonce, _, iterations| format!("{nonce},s={},{iterations}", "AAAA".repeat(25_000)))
        }),
        lies("a salt that is no base64", |honest| {
            first(&honest, |nonce, _, iterations| format!("{nonce},s=***,{iterations}"))
        }),
        lies("no salt", |honest| first(&honest, |nonce, _, iterations| format!("{nonce},s=,{iterations}"))),
        lies("an extension that has to be understood", |honest| {
            first(&honest, |nonce, salt, iterations| format!("m=new,{nonce},{salt},{iterations}"))
        }),
        lies("a first message that is nothing", |honest| first(&honest, |_, _, _| String::new())),
        lies("a wrong signature", |honest| {
            last(&honest, |_| "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned())
        })
        .refused(Authentication, &["wrong SCRAM server signature"]),
        lies("a signature too short", |honest| last(&honest, |_| "v=AAAA".to_owned()))
            .refused(Authentication, &["wrong SCRAM server signature"]),
        lies("no signature", |honest| last(&honest, |_| String::new())),
        lies("an error in the place of a signature", |honest| {
            last(&honest, |_| format!("e=other-error{ESCAPES}"))
        }),
        lies("success before the proof", |honest| {
            said(&honest, |said| if said.starts_with("r=") { "v=AAAA".to_owned() } else { said.to_owned() })
        }),
    ]
}

fn lasting(honest: &Honest, lifetime_ms: i64) -> Vec<u8> {
    honest.changed(|answer: &mut SaslAuthenticateResponse| answer.session_lifetime_ms = lifetime_ms)
}

fn of_sessions() -> Vec<Peer> {
    let lasts = |name, lie| Peer::new(name, AUTHENTICATE, Act::Lie(lie)).asking(plain).harmless();
    vec![
        lasts("a session of -1 ms", |honest| lasting(&honest, -1)),
        lasts("a session of the smallest number of ms there is", |honest| lasting(&honest, i64::MIN)),
        lasts("a session of 1 ms", |honest| lasting(&honest, 1)),
        lasts("a session without an end", |honest| lasting(&honest, 0)),
        lasts("a session of the largest number of ms there is", |honest| lasting(&honest, i64::MAX)),
    ]
}
