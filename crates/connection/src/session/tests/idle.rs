//! Connections that were idle: a sign of life before the next request, and an end before something else ends them.

use std::time::Duration;

use super::broker::{Heard, SECOND, plain};
use super::peer::{TIMEOUT, Talk, Told, answer, id_in, versions_answer};
use crate::session::{Disposition, ResponseExpected, SessionConfig, SessionFault};

const PROBE_AFTER: Duration = Duration::from_secs(30);
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_IDLE: Duration = Duration::from_secs(225);

#[test]
fn a_connection_that_was_idle_is_asked_for_a_sign_of_life_first() {
    let mut talk = Talk::ready_by_default();
    talk.pass(PROBE_AFTER);
    let ids = [talk.send(ResponseExpected::Yes), talk.send(ResponseExpected::No)];
    let Heard::Versions(probe) = talk.next_heard() else { panic!("a question about versions") };
    assert!(talk.session.holds());
    assert_eq!(talk.session.in_flight(), 2, "the session's own request takes nobody's room");
    talk.hear(&versions_answer(probe));
    assert_eq!(talk.events(), Ok(vec![]));
    assert!(!talk.session.holds());
    let wrote = talk.write_all();
    assert_eq!(id_in(&wrote), ids[0]);
    talk.hear(&answer(ids[0], b""));
    assert_eq!(talk.events(), Ok(vec![Told::Written(ids[1]), Told::Answered(ids[0], Vec::new())]));
}

#[test]
fn a_connection_that_is_in_use_is_not_asked() {
    let mut talk = Talk::ready_by_default();
    for _ in 0..10 {
        talk.pass(PROBE_AFTER - SECOND);
        let id = talk.send(ResponseExpected::Yes);
        assert_eq!(talk.next_heard(), Heard::Other(id));
        talk.hear(&answer(id, b""));
        talk.events().unwrap();
    }
    // What is in flight has a time-out of its own.
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.pass(TIMEOUT - SECOND);
    talk.hear(&[0, 0]);
    talk.pass(SECOND / 2);
    let id = talk.send(ResponseExpected::Yes);
    assert_eq!(talk.next_heard(), Heard::Other(id));
}

#[test]
fn a_peer_that_is_gone_costs_the_time_of_the_probe_and_no_request() {
    for write in [true, false] {
        let mut talk = Talk::ready_by_default();
        talk.pass(100 * SECOND);
        let id = talk.send(ResponseExpected::Yes);
        if write {
            talk.write_all();
        }
        assert_eq!(talk.deadline(), Some(PROBE_TIMEOUT));
        talk.pass(PROBE_TIMEOUT - SECOND);
        assert_eq!(talk.check(), Ok(()));
        talk.pass(SECOND);
        let error = talk.check().unwrap_err();
        assert_eq!(error, SessionFault::Unresponsive { timeout: PROBE_TIMEOUT });
        assert!(error.is_stale());
        let dispositions: Vec<_> =
            talk.session.end().iter().map(|(request, disposition)| (id_in(request), *disposition)).collect();
        assert_eq!(dispositions, [(id, Disposition::NotSent)]);
    }
}

#[test]
fn an_answer_to_the_probe_of_another_kind_is_a_sign_of_life_as_well() {
    let mut talk = Talk::ready_by_default();
    talk.pass(PROBE_AFTER);
    let id = talk.send(ResponseExpected::Yes);
    let probe = talk.next_heard().id();
    talk.hear(&answer(probe, &[0, 35]));
    assert_eq!(talk.events(), Ok(vec![]));
    assert_eq!(talk.next_heard(), Heard::Other(id));
}

#[test]
fn a_probe_is_answered_by_its_own_answer_alone() {
    let mut talk = Talk::ready_by_default();
    talk.pass(PROBE_AFTER);
    let id = talk.send(ResponseExpected::Yes);
    let probe = talk.next_heard().id();
    talk.hear(&answer(id, b""));
    assert_eq!(talk.ends(), SessionFault::WrongCorrelationId { expected: probe, found: id });

    let mut talk = Talk::ready_by_default();
    talk.pass(PROBE_AFTER);
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.hear(&(1_048_577_u32).to_be_bytes());
    assert!(matches!(talk.ends(), SessionFault::Frame(_)), "and it is short");
}

#[test]
fn a_renewal_serves_as_the_probe() {
    let mut talk = Talk::authenticated(
        SessionConfig { probe_after: PROBE_AFTER, ..super::broker::config(plain()) },
        50_000,
    );
    talk.pass(100 * SECOND);
    let id = talk.send(ResponseExpected::Yes);
    assert_eq!(talk.events(), Ok(vec![Told::Work]));
    talk.work();
    assert!(matches!(talk.next_heard(), Heard::Handshake(..)));
    talk.pass(PROBE_TIMEOUT);
    assert_eq!(talk.check(), Err(SessionFault::Unresponsive { timeout: PROBE_TIMEOUT }));
    let dispositions: Vec<_> =
        talk.session.end().iter().map(|(request, disposition)| (id_in(request), *disposition)).collect();
    assert_eq!(dispositions, [(id, Disposition::NotSent)]);
}

#[test]
fn a_session_that_nobody_uses_ends_itself() {
    let mut talk = Talk::ready_by_default();
    assert_eq!(talk.deadline(), Some(MAX_IDLE));
    talk.pass(100 * SECOND);
    let id = talk.send(ResponseExpected::Yes);
    let probe = talk.next_heard().id();
    talk.hear(&versions_answer(probe));
    talk.events().unwrap();
    talk.write_all();
    assert_eq!(talk.deadline(), Some(TIMEOUT), "a request is in flight");
    talk.pass(SECOND);
    talk.hear(&answer(id, b""));
    talk.events().unwrap();
    assert_eq!(talk.deadline(), Some(MAX_IDLE), "it counts from the last byte");
    talk.pass(MAX_IDLE - SECOND);
    assert_eq!(talk.check(), Ok(()));
    talk.pass(SECOND);
    let error = talk.check().unwrap_err();
    assert_eq!(error, SessionFault::Idle { idle: MAX_IDLE });
    assert!(error.is_stale());
    assert!(talk.session.end().is_empty());
}

#[test]
fn what_awaits_nothing_counts_as_use() {
    let mut talk = Talk::ready_by_default();
    talk.pass(MAX_IDLE - SECOND);
    talk.send(ResponseExpected::No);
    let probe = talk.next_heard().id();
    talk.hear(&versions_answer(probe));
    talk.events().unwrap();
    talk.pass(SECOND);
    talk.write_all();
    talk.pass(MAX_IDLE - SECOND);
    assert_eq!(talk.check(), Ok(()));
}
