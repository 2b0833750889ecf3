//! How a session ends, and what becomes of its requests.

use std::sync::Arc;

use super::peer::{Talk, Told, answer, id_in};
use crate::clock;
use crate::session::{Awaits, Event, Fate, Session, SessionConfig, SessionError};

#[test]
fn every_request_comes_back_with_its_fate_and_in_order() {
    let mut talk = Talk::ready();
    let answered = talk.send(Awaits::Answer);
    let unanswered = [talk.send(Awaits::Answer), talk.send(Awaits::Answer)];
    talk.write_all();
    let silent = talk.send(Awaits::Nothing);
    talk.write_all();
    let not_sent = [talk.send(Awaits::Answer), talk.send(Awaits::Nothing)];
    talk.write(talk.to_write(usize::MAX).len() / 2 - 1);
    talk.hear(&answer(answered, b""));
    assert_eq!(talk.events(), Ok(vec![Told::Written(silent), Told::Answered(answered, Vec::new())]));

    let fates: Vec<_> = talk.session.end().iter().map(|(payload, fate)| (id_in(payload), *fate)).collect();
    let expected = [
        (unanswered[0], Fate::Unanswered),
        (unanswered[1], Fate::Unanswered),
        (not_sent[0], Fate::NotSent),
        (not_sent[1], Fate::NotSent),
    ];
    assert_eq!(fates, expected);
}

#[test]
fn a_request_is_not_sent_until_its_last_byte_is() {
    let bytes = {
        let mut talk = Talk::ready();
        talk.send(Awaits::Answer);
        talk.to_write(usize::MAX).len()
    };
    for written in 0..=bytes {
        let mut talk = Talk::ready();
        talk.send(Awaits::Answer);
        talk.write(written);
        let expected = if written == bytes { Fate::Unanswered } else { Fate::NotSent };
        assert_eq!(talk.session.end()[0].1, expected, "{written} of {bytes} bytes");
    }
}

#[test]
fn what_was_written_and_not_told_is_given_back_as_written() {
    let mut talk = Talk::ready();
    let id = talk.send(Awaits::Nothing);
    talk.write_all();
    let fates: Vec<_> = talk.session.end().iter().map(|(payload, fate)| (id_in(payload), *fate)).collect();
    assert_eq!(fates, [(id, Fate::Written)]);
}

#[test]
fn what_waits_for_the_negotiation_was_not_sent() {
    let mut talk = Talk::new();
    talk.send(Awaits::Answer);
    talk.write_all();
    talk.hear_the_end();
    let error =
        SessionError::PeerClosed { negotiating: true, unauthenticated: false, unanswered: 0, partial: 0 };
    assert_eq!(talk.events(), Err(error));
    assert_eq!(talk.session.end()[0].1, Fate::NotSent);
}

#[test]
fn answers_that_came_before_the_end_are_not_lost() {
    let mut talk = Talk::ready();
    let (first, _) = (talk.send(Awaits::Answer), talk.send(Awaits::Answer));
    talk.write_all();
    talk.hear(&answer(first, b"kept"));
    talk.hear(&[0, 0, 0]);
    talk.hear_the_end();
    let event = talk.session.next_event().unwrap().unwrap();
    assert!(matches!(event, Event::Answered { correlation_id, .. } if correlation_id == first));
    let error =
        SessionError::PeerClosed { negotiating: false, unauthenticated: false, unanswered: 1, partial: 3 };
    assert_eq!(talk.events(), Err(error));
    assert_eq!(talk.session.end().len(), 1);
}

#[test]
fn the_end_is_told_after_what_was_written() {
    let mut talk = Talk::ready();
    let id = talk.send(Awaits::Nothing);
    talk.write_all();
    talk.hear_the_end();
    let first = talk.session.next_event().unwrap();
    assert!(matches!(first, Some(Event::Written { payload }) if id_in(&payload) == id));
    assert!(matches!(talk.events(), Err::<Vec<Told>, _>(SessionError::PeerClosed { .. })));
}

#[test]
fn a_client_id_that_no_header_can_carry_is_an_error_and_not_a_hang() {
    let config = SessionConfig { client_id: Some("x".repeat(40_000)), ..SessionConfig::default() };
    let mut session: Session<Vec<u8>> = Session::new(Arc::new(config), clock::now());
    assert!(!session.unwritten());
    assert!(matches!(session.next_event(), Err(SessionError::Unencodable(_))));
    assert!(matches!(session.check(clock::now()), Err(SessionError::Unencodable(_))));
}
