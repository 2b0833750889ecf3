//! Saying again who we are, while requests are under way (KIP-368).

use std::time::Duration;

use milena_codec::ErrorCode;

use super::broker::{Heard, SECOND, Tokens, authenticated, bearer, config, handshake, heard, plain, refused};
use super::peer::{Talk, Told, answer, id_in};
use crate::sasl::SaslError;
use crate::session::{Disposition, ResponseExpected, SessionFault};

/// A lifetime of 100 s; the default jitter is the middle of the window, 90 s.
const LIFETIME_MS: i64 = 100_000;
const DUE: Duration = Duration::from_secs(90);

fn talk() -> Talk {
    Talk::authenticated(config(plain()), LIFETIME_MS)
}

/// The broker takes the handshake and what follows; the session has no other request to write meanwhile.
fn reauthenticate(talk: &mut Talk, lifetime_ms: i64) {
    talk.shake();
    assert!(talk.session.holds());
    let Heard::Authenticate(id, message) = talk.next_heard() else { panic!("the exchange is next") };
    assert_eq!(message, b"\0alice\0hunter2-secret");
    talk.hear(&authenticated(id, b"", lifetime_ms));
    assert_eq!(talk.events(), Ok(vec![Told::Reauthenticated]));
    assert!(!talk.session.holds());
}

#[test]
fn the_first_request_after_most_of_the_lifetime_renews_the_session() {
    let mut talk = talk();
    for _ in 0..3 {
        talk.pass(DUE - SECOND);
        talk.pass(SECOND);
        let id = talk.send(ResponseExpected::Yes);
        assert_eq!(talk.events(), Ok(vec![Told::Work]));
        talk.work();
        reauthenticate(&mut talk, LIFETIME_MS);
        assert_eq!(talk.next_heard(), Heard::Other(id));
        talk.hear(&answer(id, b""));
        talk.events().unwrap();
    }
}

#[test]
fn a_session_that_nobody_uses_does_not_renew_itself() {
    let mut talk = talk();
    talk.pass(1000 * DUE);
    assert_eq!((talk.deadline(), talk.check(), talk.session.unwritten()), (None, Ok(()), false));
    // Brokers take the handshake even after the lifetime; the request waits for it.
    let id = talk.send(ResponseExpected::Yes);
    assert!(talk.session.holds() && !talk.session.unwritten());
    assert_eq!(talk.events(), Ok(vec![Told::Work]));
    talk.work();
    reauthenticate(&mut talk, LIFETIME_MS);
    assert_eq!(talk.next_heard(), Heard::Other(id));
}

#[test]
fn requests_go_on_while_a_token_is_fetched_until_the_lifetime_is_over() {
    let mut talk = Talk::authenticated(config(bearer(Tokens::Good("t"))), LIFETIME_MS);
    talk.pass(DUE);
    let first = talk.send(ResponseExpected::Yes);
    assert_eq!(talk.events(), Ok(vec![Told::Work]));
    assert_eq!(talk.next_heard(), Heard::Other(first), "there is time left");
    talk.pass(10 * SECOND);
    talk.send(ResponseExpected::Yes);
    assert!(!talk.session.unwritten(), "the broker would close the connection");
    talk.work();
    assert!(matches!(talk.next_heard(), Heard::Handshake(..)));
}

#[test]
fn a_token_that_cannot_be_had_is_asked_for_again_until_the_lifetime_is_over() {
    let mut talk = Talk::authenticated(config(bearer(Tokens::Good("t"))), LIFETIME_MS);
    talk.pass(DUE);
    // 10 s are left, and then 5 s: half of it passes before the next try.
    for wait in [SECOND * 5, SECOND * 5] {
        let id = talk.send(ResponseExpected::Yes);
        assert_eq!(talk.events(), Ok(vec![Told::Work]));
        talk.work_in_vain();
        assert_eq!(talk.next_heard(), Heard::Other(id), "the session is still good");
        talk.hear(&answer(id, b""));
        talk.events().unwrap();
        talk.send(ResponseExpected::Yes);
        assert_eq!(talk.events(), Ok(vec![]), "not at once");
        let again = talk.next_heard().id();
        talk.hear(&answer(again, b""));
        talk.events().unwrap();
        talk.pass(wait);
    }
    talk.send(ResponseExpected::Yes);
    assert_eq!(talk.events(), Ok(vec![Told::Work]));
    talk.work_in_vain();
    let error = talk.ends();
    assert!(matches!(error, SessionFault::Sasl(SaslError::Token(_))), "{error}");
}

#[test]
fn the_lifetime_counts_from_the_writing_of_the_last_request() {
    let mut talk = Talk::shaking(config(plain()));
    talk.shake();
    let id = talk.next_heard().id();
    talk.pass(5 * SECOND);
    talk.hear(&authenticated(id, b"", LIFETIME_MS));
    talk.events().unwrap();
    talk.pass(DUE - 6 * SECOND);
    talk.send(ResponseExpected::No);
    assert_eq!(talk.events(), Ok(vec![]));
    talk.pass(SECOND);
    talk.send(ResponseExpected::No);
    assert_eq!(talk.events(), Ok(vec![Told::Work]));
}

#[test]
fn no_time_is_asked_of_a_broker_that_it_does_not_give() {
    // In this form: what a broker says, and after how long the session renews itself.
    let cases = [
        (0, None),
        (-1, None),
        (i64::MIN, None),
        (i64::MAX, None),
        (1, Some(SECOND)),
        (1000, Some(SECOND)),
        (5000, Some(Duration::from_millis(4500))),
    ];
    for (lifetime_ms, due) in cases {
        let mut talk = Talk::authenticated(config(plain()), lifetime_ms);
        let due = due.unwrap_or(1_000_000 * SECOND);
        let almost = due - Duration::from_millis(1);
        talk.pass(almost);
        talk.send(ResponseExpected::No);
        assert_eq!(talk.events(), Ok(vec![]), "{lifetime_ms} ms");
        talk.pass(Duration::from_millis(1));
        talk.send(ResponseExpected::No);
        let expected = if due < 1000 * SECOND { vec![Told::Work] } else { vec![] };
        assert_eq!(talk.events(), Ok(expected), "{lifetime_ms} ms");
    }
}

#[test]
fn the_jitter_moves_the_renewal_within_its_window() {
    for (jitter, due_ms) in [(0, 85_000), (u16::MAX, 94_999), (u16::MAX / 2, 89_999)] {
        let mut talk = Talk::shaking(config(plain()));
        talk.session = talk.session.with_jitter(jitter);
        talk.shake();
        let id = talk.next_heard().id();
        talk.hear(&authenticated(id, b"", LIFETIME_MS));
        talk.events().unwrap();
        talk.pass(Duration::from_millis(due_ms) - SECOND);
        talk.send(ResponseExpected::No);
        assert_eq!(talk.events(), Ok(vec![]), "jitter {jitter}");
        talk.pass(SECOND + Duration::from_millis(1));
        talk.send(ResponseExpected::No);
        assert_eq!(talk.events(), Ok(vec![Told::Work]), "jitter {jitter}");
    }
}

#[test]
fn what_is_begun_goes_out_before_the_renewal_and_what_is_not_waits() {
    let mut talk = talk();
    let begun = talk.send(ResponseExpected::Yes);
    talk.write(7);
    talk.pass(DUE);
    let waits = talk.send(ResponseExpected::Yes);
    assert_eq!(talk.events(), Ok(vec![Told::Work]));
    talk.work();
    let mut rest = Vec::new();
    while talk.session.unwritten() {
        rest.append(&mut talk.write(3));
    }
    // The first seven bytes are out already.
    let all = heard(&rest[request_bytes() - 7..]);
    let [Heard::Handshake(id, _)] = all.as_slice() else { panic!("{all:?}") };
    // The broker serves what is in flight before it looks at the reauthentication.
    talk.hear(&[answer(begun, b""), handshake(*id, ErrorCode::NONE, &[])].concat());
    assert_eq!(talk.events(), Ok(vec![Told::Answered(begun, Vec::new())]));
    let id = talk.next_heard().id();
    talk.hear(&authenticated(id, b"", LIFETIME_MS));
    assert_eq!(talk.events(), Ok(vec![Told::Reauthenticated]));
    assert_eq!(talk.next_heard(), Heard::Other(waits));
}

#[test]
fn an_answer_to_the_renewal_before_those_in_flight_ends_the_session() {
    let mut talk = talk();
    let first = talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.pass(DUE - SECOND);
    talk.hear(&answer(first, b""));
    talk.events().unwrap();
    talk.pass(SECOND);
    let second = talk.send(ResponseExpected::Yes);
    assert_eq!(talk.events(), Ok(vec![Told::Work]));
    talk.write_all();
    talk.work();
    let id = talk.next_heard().id();
    talk.hear(&handshake(id, ErrorCode::NONE, &[]));
    assert_eq!(talk.ends(), SessionFault::WrongCorrelationId { expected: second, found: id });
    assert_eq!(talk.session.end()[0].1, Disposition::Unanswered);
}

/// How long the frame of a small request is.
fn request_bytes() -> usize {
    let mut talk = talk();
    talk.send(ResponseExpected::Yes);
    talk.write_all().len()
}

#[test]
fn a_renewal_behind_slow_requests_has_its_own_time() {
    let mut talk = talk();
    talk.pass(DUE);
    let slow = talk.send(ResponseExpected::Yes);
    assert_eq!(talk.events(), Ok(vec![Told::Work]));
    talk.write_all();
    talk.work();
    let Heard::Handshake(id, _) = talk.next_heard() else { panic!("a handshake") };
    talk.pass(20 * SECOND);
    assert_eq!(talk.check(), Ok(()), "the broker is at the request before it");
    talk.hear(&answer(slow, b""));
    talk.events().unwrap();
    talk.pass(9 * SECOND);
    assert_eq!(talk.check(), Ok(()));
    talk.pass(SECOND);
    let error = talk.check().unwrap_err();
    assert!(matches!(error, SessionFault::Sasl(SaslError::TimedOut { .. })), "{error}");
    assert!(id > 0);
}

#[test]
fn a_refused_renewal_is_told_as_such() {
    let mut talk = talk();
    talk.pass(DUE);
    let waits = talk.send(ResponseExpected::Yes);
    assert_eq!(talk.events(), Ok(vec![Told::Work]));
    talk.work();
    // The request was queued before the handshake, and is not begun: it waits.
    talk.shake();
    let id = talk.next_heard().id();
    talk.hear(&refused(id, ErrorCode::SASL_AUTHENTICATION_FAILED, "gone"));
    let error = talk.ends();
    assert!(matches!(error, SessionFault::Sasl(SaslError::Refused { .. })), "{error}");
    let dispositions: Vec<_> =
        talk.session.end().iter().map(|(payload, disposition)| (id_in(payload), *disposition)).collect();
    assert_eq!(dispositions, [(waits, Disposition::NotSent)]);
}
