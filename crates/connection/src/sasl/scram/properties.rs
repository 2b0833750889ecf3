//! Properties of the exchange for arbitrary server messages.

use proptest::prelude::*;

use super::*;

/// Arbitrary messages: attributes with random values, or random bytes.
fn messages() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        "[A-Za-z0-9+/]{0,40}={0,2}",
        "[0-9]{0,12}",
        Just("nonce".to_owned()),
        Just("nonceTHEIRS".to_owned()),
        Just("c2FsdA==".to_owned()),
        Just("4096".to_owned()),
        any::<String>(),
    ];
    let attribute = ("[rsivempx]", value).prop_map(|(name, value)| format!("{name}={value}"));
    let text = proptest::collection::vec(attribute, 0..5).prop_map(|all| all.join(",").into_bytes());
    let ordered = ("[ -~]{0,9}", "[A-Za-z0-9+/=]{0,12}", any::<u32>())
        .prop_map(|(nonce, salt, iterations)| format!("r=nonce{nonce},s={salt},i={iterations}").into_bytes());
    prop_oneof![4 => text, 4 => ordered, 1 => proptest::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn first_message_is_rejected_or_within_bounds(message in messages()) {
        let mut scram = Scram::new(Hash::Sha256, "user", false, "nonce".to_owned());
        let Ok(challenge) = scram.challenged(&message, ITERATIONS_MAX) else {
            // A failed exchange cannot continue.
            let honest = b"r=nonceTHEIRS,s=c2FsdA==,i=4096";
            prop_assert_eq!(scram.challenged(honest, ITERATIONS_MAX), Err(ScramError::Unexpected));
            return Ok(());
        };
        prop_assert!(challenge.nonce.len() > "nonce".len() && challenge.nonce.starts_with("nonce"));
        prop_assert!(!challenge.nonce.contains(','));
        prop_assert!(!challenge.salt.is_empty());
        prop_assert!((ITERATIONS_MIN..=ITERATIONS_MAX).contains(&challenge.iterations));
    }

    #[test]
    fn final_message_without_the_signature_is_rejected(message in messages()) {
        let mut scram = Scram::new(Hash::Sha256, "user", false, "nonce".to_owned());
        scram.challenged(b"r=nonceTHEIRS,s=c2FsdA==,i=4096", ITERATIONS_MAX).unwrap();
        let keys = Keys { client: Zeroizing::new(vec![1; 32]), server: Zeroizing::new(vec![2; 32]) };
        scram.prove(&keys).unwrap();
        prop_assert!(scram.concluded(&message).is_err());
    }
}
