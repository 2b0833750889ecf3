//! How a session ends, and what becomes of its requests.

use std::sync::Arc;

use super::peer::{Talk, Told, answer, id_in};
use crate::clock;
use crate::session::{Disposition, Event, ResponseExpected, Session, SessionConfig, SessionFault};

#[test]
fn every_request_comes_back_with_its_fate_and_in_order() {
    let mut talk = Talk::ready();
    let answered = talk.send(ResponseExpected::Yes);
    let unanswered = [talk.send(ResponseExpected::Yes), talk.send(ResponseExpected::Yes)];
    talk.write_all();
    let silent = talk.send(ResponseExpected::No);
    talk.write_all();
    let not_sent = [talk.send(ResponseExpected::Yes), talk.send(ResponseExpected::No)];
    talk.write(talk.to_write(usize::MAX).len() / 2 - 1);
    talk.hear(&answer(answered, b""));
    assert_eq!(talk.events(), Ok(vec![Told::Written(silent), Told::Answered(answered, Vec::new())]));

    let dispositions: Vec<_> =
        talk.session.end().iter().map(|(payload, disposition)| (id_in(payload), *disposition)).collect();
    let expected = [
        (unanswered[0], Disposition::Unanswered),
        (unanswered[1], Disposition::Unanswered),
        (not_sent[0], Disposition::NotSent),
        (not_sent[1], Disposition::NotSent),
    ];
    assert_eq!(dispositions, expected);
}

#[test]
fn a_request_is_not_sent_until_its_last_byte_is() {
    let bytes = {
        let mut talk = Talk::ready();
        talk.send(ResponseExpected::Yes);
        talk.to_write(usize::MAX).len()
    };
    for written in 0..=bytes {
        let mut talk = Talk::ready();
        talk.send(ResponseExpected::Yes);
        talk.write(written);
        let expected = if written == bytes { Disposition::Unanswered } else { Disposition::NotSent };
        assert_eq!(talk.session.end()[0].1, expected, "{written} of {bytes} bytes");
    }
}

#[test]
fn what_was_written_and_not_told_is_given_back_as_written() {
    let mut talk = Talk::ready();
    let id = talk.send(ResponseExpected::No);
    talk.write_all();
    let dispositions: Vec<_> =
        talk.session.end().iter().map(|(payload, disposition)| (id_in(payload), *disposition)).collect();
    assert_eq!(dispositions, [(id, Disposition::Written)]);
}

#[test]
fn what_waits_for_the_negotiation_was_not_sent() {
    let mut talk = Talk::new();
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.hear_the_end();
    let error =
        SessionFault::PeerClosed { negotiating: true, unauthenticated: false, unanswered: 0, partial: 0 };
    assert_eq!(talk.events(), Err(error));
    assert_eq!(talk.session.end()[0].1, Disposition::NotSent);
}

#[test]
fn answers_that_came_before_the_end_are_not_lost() {
    let mut talk = Talk::ready();
    let (first, _) = (talk.send(ResponseExpected::Yes), talk.send(ResponseExpected::Yes));
    talk.write_all();
    talk.hear(&answer(first, b"kept"));
    talk.hear(&[0, 0, 0]);
    talk.hear_the_end();
    let event = talk.session.next_event().unwrap().unwrap();
    assert!(matches!(event, Event::Response { correlation_id, .. } if correlation_id == first));
    let error =
        SessionFault::PeerClosed { negotiating: false, unauthenticated: false, unanswered: 1, partial: 3 };
    assert_eq!(talk.events(), Err(error));
    assert_eq!(talk.session.end().len(), 1);
}

#[test]
fn the_end_is_told_after_what_was_written() {
    let mut talk = Talk::ready();
    let id = talk.send(ResponseExpected::No);
    talk.write_all();
    talk.hear_the_end();
    let first = talk.session.next_event().unwrap();
    assert!(matches!(first, Some(Event::Written { payload }) if id_in(&payload) == id));
    assert!(matches!(talk.events(), Err::<Vec<Told>, _>(SessionFault::PeerClosed { .. })));
}

#[test]
fn a_client_id_that_no_header_can_carry_is_an_error_and_not_a_hang() {
    let config = SessionConfig { client_id: Some("x".repeat(40_000)), ..SessionConfig::default() };
    let mut session: Session<Vec<u8>> = Session::new(Arc::new(config), clock::now());
    assert!(!session.unwritten());
    assert!(matches!(session.next_event(), Err(SessionFault::Unencodable(_))));
    assert!(matches!(session.check(clock::now()), Err(SessionFault::Unencodable(_))));
}
