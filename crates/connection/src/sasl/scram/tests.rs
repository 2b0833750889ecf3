//! The exchange against vectors of other implementations, and against invalid servers.

use super::*;

const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";
const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

fn begun() -> Scram {
    Scram::new(Hash::Sha256, "user", false, NONCE.to_owned())
}

fn first(nonce: &str, salt: &str, iterations: &str) -> String {
    format!("r={nonce},s={salt},i={iterations}")
}

fn honest_first() -> String {
    first(&format!("{NONCE}{SERVER_NONCE}"), SALT, "4096")
}

fn challenged(server_first: &str) -> Result<Challenge, ScramError> {
    begun().challenged(server_first.as_bytes(), ITERATIONS_MAX)
}

/// Checks an exchange of `user` with the password `pencil` against a vector.
fn check_vector(hash: Hash, proof: &str, signature: &str) {
    let mut scram = Scram::new(hash, "user", false, NONCE.to_owned());
    assert_eq!(scram.first(), format!("n,,n=user,r={NONCE}").as_bytes());
    let challenge = scram.challenged(honest_first().as_bytes(), ITERATIONS_MAX).unwrap();
    let keys = Keys::derive(hash, b"pencil", &challenge.salt, challenge.iterations);
    let sent = scram.prove(&keys).unwrap();
    let expected = format!("c=biws,r={NONCE}{SERVER_NONCE},p={proof}");
    assert_eq!(std::str::from_utf8(&sent).unwrap(), expected);
    assert_eq!(scram.concluded(format!("v={signature}").as_bytes()), Ok(()));
}

#[test]
fn exchange_matches_the_vector_of_rfc_7677() {
    check_vector(
        Hash::Sha256,
        "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    );
}

/// Made by Python: `hashlib.pbkdf2_hmac("sha512", b"pencil", salt, 4096)`, and `hmac.new(key, message, "sha512")` for
/// keys, proof and signature over the messages of RFC 7677.
#[test]
fn exchange_with_sha_512_matches_the_vector_of_python() {
    check_vector(
        Hash::Sha512,
        "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
        "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
    );
}

#[test]
fn name_with_commas_and_equal_signs_is_escaped() {
    let scram = Scram::new(Hash::Sha256, "a,b=c=2C", false, "x".into());
    assert_eq!(scram.first(), b"n,,n=a=2Cb=3Dc=3D2C,r=x");
}

#[test]
fn delegation_token_is_marked() {
    let scram = Scram::new(Hash::Sha512, "token-id", true, "x".into());
    assert_eq!(scram.first(), b"n,,n=token-id,r=x,tokenauth=true");
}

#[test]
fn nonce_has_192_bits_and_valid_characters() {
    let nonce = nonce_of(&[0xfb; NONCE_BYTES]);
    assert_eq!(nonce.len(), 32);
    assert!(nonce.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b','));
}

#[test]
fn nonce_that_does_not_begin_with_the_clients_is_rejected() {
    let own = NONCE.to_owned();
    for nonce in ["", "x", NONCE, &own[1..], &format!("x{NONCE}yz")] {
        let error = challenged(&first(nonce, SALT, "4096")).unwrap_err();
        assert_eq!(error, ScramError::ForeignNonce, "{nonce:?}");
    }
}

#[test]
fn iterations_have_a_minimum_and_a_maximum() {
    let nonce = format!("{NONCE}x");
    for (asked, accepted) in [(1, false), (4095, false), (4096, true), (100_000, true), (100_001, false)] {
        let outcome = challenged(&first(&nonce, SALT, &asked.to_string()));
        match accepted {
            true => assert_eq!(outcome.unwrap().iterations, asked),
            false => {
                assert_eq!(
                    outcome,
                    Err(ScramError::Iterations { iterations: asked, min: 4096, max: 100_000 })
                );
            }
        }
    }
    for asked in ["", "0", "-1", "+4096", "04096", "4096x", "4294967296", "99999999999999999999"] {
        let error = challenged(&first(&nonce, SALT, asked)).unwrap_err();
        assert!(matches!(error, ScramError::Malformed { .. }), "{asked:?}: {error}");
    }
    let error = challenged(&first(&nonce, SALT, "2147483647")).unwrap_err();
    assert!(matches!(error, ScramError::Iterations { .. }));
}

#[test]
fn first_message_is_checked_by_its_grammar() {
    let nonce = format!("{NONCE}x");
    let long = "A".repeat(4 << 10);
    let bad = [
        String::new(),
        "r=".to_owned(),
        "hello".to_owned(),
        format!("s={SALT},r={nonce},i=4096"),
        format!("r={nonce},i=4096,s={SALT}"),
        format!("r={nonce},s={SALT}"),
        first(&nonce, "", "4096"),
        first(&nonce, "!!!!", "4096"),
        first(&nonce, "W22", "4096"),
        first(&nonce, &long, "4096"),
        first(&nonce, &long[..2000], "4096"),
        first(&format!("{NONCE}{long}"), SALT, "4096"),
        first(&format!("{NONCE} "), SALT, "4096"),
        first(&format!("{NONCE}ä"), SALT, "4096"),
        format!("{},", first(&nonce, SALT, "4096")),
        format!("{},x", first(&nonce, SALT, "4096")),
        format!("{}\0", first(&nonce, SALT, "4096")),
        "x".repeat(1 << 20),
    ];
    for message in bad {
        let error = challenged(&message).unwrap_err();
        assert!(matches!(error, ScramError::Malformed { .. }), "{message:.80}: {error}");
    }
    let not_text = begun().challenged(b"r=\xff", ITERATIONS_MAX).unwrap_err();
    assert!(matches!(not_text, ScramError::Malformed { .. }));
}

#[test]
fn optional_extensions_are_ignored_and_mandatory_ones_rejected() {
    let honest = honest_first();
    assert!(challenged(&format!("{honest},x=1,y=a=b")).is_ok());
    for demanding in [format!("m=x,{honest}"), format!("{honest},m=x")] {
        assert_eq!(challenged(&demanding).unwrap_err(), ScramError::UnknownExtension);
    }
}

#[test]
fn server_error_ends_the_exchange_at_either_message() {
    let refused = |reason: &str| ScramError::Refused { reason: reason.into() };
    assert_eq!(challenged("e=unknown-user").unwrap_err(), refused("unknown-user"));

    let (mut scram, _) = proven();
    let said = "e=invalid-proof\x1b[31m";
    assert_eq!(scram.concluded(said.as_bytes()), Err(refused("invalid-proof?[31m")));
}

#[test]
fn server_without_the_password_is_rejected() {
    let (_, signature) = proven();
    for (index, _) in signature.iter().enumerate() {
        let (mut scram, mut signature) = proven();
        signature[index] ^= 1;
        assert_eq!(scram.concluded(&conclusion(&signature)), Err(ScramError::WrongSignature));
    }
    for signature in [&signature[..31], &[], &[signature.as_slice(), &[0]].concat()] {
        let (mut scram, _) = proven();
        assert_eq!(scram.concluded(&conclusion(signature)), Err(ScramError::WrongSignature));
    }
    for message in ["", "v", "x=y", "v=!", "p=AAAA", "v=AAAA,m=x"] {
        let (mut scram, _) = proven();
        assert!(scram.concluded(message.as_bytes()).is_err(), "{message:?}");
    }
}

#[test]
fn messages_out_of_order_are_rejected() {
    let mut scram = begun();
    assert_eq!(scram.concluded(b"v=AAAA"), Err(ScramError::Unexpected));
    let (mut scram, signature) = proven();
    assert_eq!(scram.challenged(honest_first().as_bytes(), ITERATIONS_MAX), Err(ScramError::Unexpected));
    assert_eq!(scram.concluded(&conclusion(&signature)), Ok(()));
    assert_eq!(scram.concluded(&conclusion(&signature)), Err(ScramError::Unexpected));
}

/// An exchange whose proof was sent, and the server signature that ends it.
fn proven() -> (Scram, Vec<u8>) {
    let mut scram = begun();
    scram.challenged(honest_first().as_bytes(), ITERATIONS_MAX).unwrap();
    let keys = Keys { client: Zeroizing::new(vec![1; 32]), server: Zeroizing::new(vec![2; 32]) };
    scram.prove(&keys).unwrap();
    let State::Proven { signature } = &scram.state else { panic!("the proof is out") };
    let signature = signature.to_vec();
    (scram, signature)
}

fn conclusion(signature: &[u8]) -> Vec<u8> {
    format!("v={}", BASE64.encode(signature)).into_bytes()
}
