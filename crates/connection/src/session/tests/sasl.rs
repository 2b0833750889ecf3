//! Who we are is said before anything else; and what is made of a broker that does not believe it.

use milena_codec::ErrorCode;

use super::broker::{
    Heard, ScramBroker, Tokens, authenticated, bearer, config, handshake, plain, refused, versions,
};
use super::peer::{Talk, Told, answer, versions_answer};
use crate::error::Fault;
use crate::sasl::{CredentialError, Mechanism, Sasl, SaslError, ScramError, TokenError};
use crate::session::{Disposition, ResponseExpected, SessionFault};

#[test]
fn requests_wait_until_the_broker_knows_who_we_are() {
    let mut talk = Talk::opening(config(plain()));
    let id = talk.send(ResponseExpected::Yes);
    assert!(talk.session.holds() && talk.session.versions().is_none());
    talk.work();
    talk.shake();
    let Heard::Authenticate(own, message) = talk.next_heard() else { panic!("the exchange is next") };
    assert_eq!(message, b"\0alice\0hunter2-secret");
    assert!(!talk.session.unwritten());

    talk.hear(&authenticated(own, b"", 0));
    assert_eq!(talk.events(), Ok(vec![Told::Ready]));
    assert!(!talk.session.holds() && talk.session.versions().is_some());
    assert_eq!(talk.next_heard(), Heard::Other(id));
}

#[test]
fn a_scram_exchange_ends_well_only_with_the_brokers_signature() {
    for (honest, sasl) in
        [(true, Sasl::scram_sha_256("al,i=ce", "pencil")), (false, Sasl::scram_sha_256("a", "pencil"))]
    {
        let mut talk = Talk::shaking(config(sasl));
        talk.shake();
        let mut broker = ScramBroker::new("pencil");
        let Heard::Authenticate(id, first) = talk.next_heard() else { panic!("the exchange is next") };
        talk.hear(&authenticated(id, &broker.challenge(&first), 0));
        assert_eq!(talk.events(), Ok(vec![Told::Work]), "keys are derived elsewhere");
        talk.work();
        let Heard::Authenticate(id, last) = talk.next_heard() else { panic!("the proof is next") };
        let mut signature = broker.conclude(&last);
        if honest {
            talk.hear(&authenticated(id, &signature, 0));
            assert_eq!(talk.events(), Ok(vec![Told::Ready]));
        } else {
            let place = signature.len() - 5;
            // Base64 all the same.
            signature[place] = if signature[place] == b'A' { b'B' } else { b'A' };
            talk.hear(&authenticated(id, &signature, 0));
            assert_eq!(talk.ends(), SessionFault::Sasl(SaslError::Scram(ScramError::WrongSignature)));
        }
    }
}

#[test]
fn a_broker_that_skips_the_proof_of_itself_is_not_believed() {
    // It takes the first message for all: SCRAM without SCRAM.
    let mut talk = Talk::shaking(config(Sasl::scram_sha_512("alice", "pencil")));
    talk.shake();
    let id = talk.next_heard().id();
    talk.hear(&authenticated(id, b"", 0));
    let error = talk.ends();
    assert!(matches!(error, SessionFault::Sasl(SaslError::Scram(ScramError::Malformed { .. }))), "{error}");
}

#[test]
fn a_token_goes_out_and_its_refusal_is_told() {
    let mut talk = Talk::shaking(config(bearer(Tokens::Good("t0ken"))));
    talk.shake();
    let Heard::Authenticate(id, message) = talk.next_heard() else { panic!("the exchange is next") };
    assert_eq!(message, b"n,,\x01auth=Bearer t0ken\x01\x01");
    talk.hear(&authenticated(id, br#"{"status":"invalid_token"}"#, 0));
    assert_eq!(talk.events(), Ok(vec![]));
    let Heard::Authenticate(id, message) = talk.next_heard() else { panic!("the refusal is answered") };
    assert_eq!(message, b"\x01");
    talk.hear(&refused(id, ErrorCode::SASL_AUTHENTICATION_FAILED, "t0ken\x1b is no good"));
    let error = talk.ends();
    let SessionFault::Sasl(SaslError::Refused { mechanism: Mechanism::OAuthBearer, message }) = &error else {
        panic!("{error}")
    };
    assert!(message.starts_with("invalid_token: (withheld"), "{message}");
    assert!(!error.to_string().contains("t0ken"));
}

#[test]
fn who_refused_a_token_cannot_be_content_with_it() {
    let mut talk = Talk::shaking(config(bearer(Tokens::Good("t"))));
    talk.shake();
    let id = talk.next_heard().id();
    talk.hear(&authenticated(id, b"{}", 0));
    assert_eq!(talk.events(), Ok(vec![]));
    let id = talk.next_heard().id();
    talk.hear(&authenticated(id, b"", 0));
    let error = talk.ends();
    assert!(matches!(error, SessionFault::Sasl(SaslError::Refused { .. })), "{error}");
}

#[test]
fn a_refusal_is_told_in_the_brokers_words_without_our_secret() {
    let cases = [
        ("Authentication failed: Invalid username or password", "Invalid username or password"),
        ("bad\r\n\x1b[31m", "bad??"),
        ("hunter2-secret is wrong", "withheld"),
    ];
    for (said, expected) in cases {
        let mut talk = Talk::shaking(config(plain()));
        talk.shake();
        let id = talk.next_heard().id();
        talk.hear(&refused(id, ErrorCode::SASL_AUTHENTICATION_FAILED, said));
        let error = talk.ends();
        assert!(matches!(&error, SessionFault::Sasl(SaslError::Refused { .. })), "{error}");
        assert!(Fault::from(error.clone()).is_permanent());
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_mechanism_that_the_broker_lacks_is_told_with_what_it_has() {
    let mut talk = Talk::shaking(config(plain()));
    let Heard::Handshake(id, name) = talk.next_heard() else { panic!("a handshake") };
    assert_eq!(name, "PLAIN");
    let offered = ["SCRAM-SHA-512", "x\x1b[2J"];
    talk.hear(&handshake(id, ErrorCode::UNSUPPORTED_SASL_MECHANISM, &offered));
    let error = talk.ends();
    assert!(
        error.to_string().contains("does not have PLAIN enabled: it offers SCRAM-SHA-512, x?[2J"),
        "{error}"
    );

    let many: Vec<&str> = std::iter::repeat_n("x", 10_000).collect();
    let mut talk = Talk::shaking(config(plain()));
    let id = talk.next_heard().id();
    talk.hear(&handshake(id, ErrorCode::UNSUPPORTED_SASL_MECHANISM, &many));
    assert!(talk.ends().to_string().len() < 500);
}

#[test]
fn a_listener_that_does_not_ask_says_so() {
    let mut talk = Talk::shaking(config(plain()));
    let id = talk.next_heard().id();
    talk.hear(&handshake(id, ErrorCode::ILLEGAL_SASL_STATE, &[]));
    assert_eq!(talk.ends(), SessionFault::Sasl(SaslError::SaslNotUsed));

    let mut talk = Talk::shaking(config(plain()));
    talk.shake();
    let id = talk.next_heard().id();
    talk.hear(&refused(id, ErrorCode::ILLEGAL_SASL_STATE, ""));
    assert_eq!(talk.ends(), SessionFault::Sasl(SaslError::SaslNotUsed));
}

#[test]
fn a_broker_without_the_exchange_in_its_own_requests_is_too_old() {
    let mut talk = Talk::with(config(plain()));
    talk.write_all();
    talk.hear(&versions_answer(0));
    assert_eq!(talk.ends(), SessionFault::Sasl(SaslError::TooOld));
}

#[test]
fn credentials_that_cannot_be_sent_end_the_session_before_anything_is() {
    let cases = [
        (Sasl::plain("a", "b\0c"), CredentialError::Nul { what: "password" }),
        (Sasl::scram_sha_256("a\u{7}", "b"), CredentialError::Prohibited { what: "user name" }),
        #[cfg(feature = "saslprep")]
        (Sasl::scram_sha_256("\u{ad}", "b"), CredentialError::Empty { what: "user name" }),
        #[cfg(not(feature = "saslprep"))]
        (Sasl::scram_sha_256("\u{ad}", "b"), CredentialError::SaslprepOff { what: "user name" }),
        (bearer(Tokens::Good("a b")), CredentialError::NoToken),
    ];
    for (sasl, expected) in cases {
        let mut talk = Talk::opening(config(sasl));
        talk.work();
        assert!(!talk.session.unwritten());
        assert_eq!(talk.ends(), SessionFault::Sasl(SaslError::Credentials(expected)));
    }
}

#[test]
fn a_provider_without_a_token_ends_the_session() {
    let mut talk = Talk::opening(config(bearer(Tokens::Bad("the endpoint is away"))));
    talk.send(ResponseExpected::Yes);
    talk.work();
    let error = talk.ends();
    assert_eq!(error, SessionFault::Sasl(SaslError::Token(TokenError::new("the endpoint is away"))));
    assert_eq!(talk.session.end()[0].1, Disposition::NotSent);

    let mut talk = Talk::opening(config(bearer(Tokens::Panic)));
    talk.work();
    let error = talk.ends();
    assert!(matches!(error, SessionFault::Sasl(SaslError::Interrupted(_))), "{error}");
}

#[test]
fn work_that_never_ends_and_answers_that_never_come_have_one_deadline() {
    let timeout = super::broker::SECOND * 10;
    for stage in 0..3 {
        let mut talk = match stage {
            0 => Talk::opening(config(bearer(Tokens::Never))),
            _ => Talk::shaking(config(plain())),
        };
        talk.pass(timeout / 2);
        if stage == 2 {
            talk.shake();
            talk.next_heard();
        }
        assert_eq!(talk.deadline(), Some(timeout / 2), "stage {stage}");
        assert_eq!(talk.check(), Ok(()));
        talk.pass(timeout / 2);
        let error = talk.check().unwrap_err();
        assert!(matches!(error, SessionFault::Sasl(SaslError::TimedOut { .. })), "{error}");
    }
}

#[test]
fn a_broker_that_hangs_up_in_the_middle_is_told_from_one_that_is_gone() {
    for rounds in 0..2 {
        let mut talk = Talk::shaking(config(plain()));
        if rounds > 0 {
            talk.shake();
        }
        talk.write_all();
        talk.hear_the_end();
        assert_eq!(talk.ends(), SessionFault::Sasl(SaslError::Closed));
    }
}

#[test]
fn a_listener_that_hangs_up_at_the_first_request_may_ask_for_sasl() {
    let mut talk = Talk::ready();
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.hear_the_end();
    let error = talk.ends();
    assert!(error.to_string().contains("a SASL listener needs credentials"), "{error}");

    let mut talk = Talk::ready();
    let id = talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.hear(&answer(id, b""));
    talk.events().unwrap();
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.hear_the_end();
    assert!(!talk.ends().to_string().contains("SASL"));
}

#[test]
fn own_requests_are_held_to_the_protocol_as_well() {
    // An answer before the request is out, to another one, of no sense, or too large.
    let mut talk = Talk::shaking(config(plain()));
    talk.hear(&handshake(1, ErrorCode::NONE, &[]));
    assert_eq!(talk.ends(), SessionFault::Unsolicited { correlation_id: 1 });

    let mut talk = Talk::shaking(config(plain()));
    let id = talk.next_heard().id();
    talk.hear(&handshake(id + 1, ErrorCode::NONE, &[]));
    assert_eq!(talk.ends(), SessionFault::WrongCorrelationId { expected: id, found: id + 1 });

    let mut talk = Talk::shaking(config(plain()));
    let id = talk.next_heard().id();
    talk.hear(&answer(id, &[0]));
    let error = talk.ends();
    assert!(matches!(error, SessionFault::Sasl(SaslError::Malformed(_))), "{error}");

    let mut talk = Talk::shaking(config(plain()));
    talk.write_all();
    talk.hear(&(1_048_577_u32).to_be_bytes());
    let error = talk.ends();
    assert!(matches!(error, SessionFault::Sasl(SaslError::TooLarge { .. })), "{error}");
}

#[test]
fn the_conversation_may_come_in_any_two_parts_and_go_out_in_any() {
    let conversation = |cut: usize, step: usize| {
        let mut talk = Talk::with(config(plain()));
        let mut wrote = Vec::new();
        let mut told = Vec::new();
        let say = |talk: &mut Talk, bytes: &[u8], told: &mut Vec<Told>| {
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            for part in [first, second] {
                talk.hear(part);
                told.append(&mut talk.events().unwrap());
            }
        };
        let write = |talk: &mut Talk, wrote: &mut Vec<u8>| {
            while talk.session.unwritten() {
                wrote.append(&mut talk.write(step));
            }
        };
        write(&mut talk, &mut wrote);
        say(&mut talk, &versions(0), &mut told);
        talk.work();
        write(&mut talk, &mut wrote);
        say(&mut talk, &handshake(1, ErrorCode::NONE, &["PLAIN"]), &mut told);
        write(&mut talk, &mut wrote);
        say(&mut talk, &authenticated(2, b"", 3_600_000), &mut told);
        assert_eq!(told, [Told::Work, Told::Ready], "cut at {cut}, steps of {step}");
        wrote
    };
    let whole = conversation(0, usize::MAX);
    for cut in 0..90 {
        assert_eq!(conversation(cut, cut + 1), whole);
    }
}

#[test]
fn nothing_prints_a_secret() {
    let mut talk = Talk::opening(config(plain()));
    let printed = format!("{:?} {:?}", talk.session, talk.work);
    talk.work();
    talk.shake();
    let printed = format!("{printed} {:?} {:?}", talk.session, plain());
    assert!(!printed.contains("hunter2"), "{printed}");
}
