//! What takes too long.

use std::time::Duration;

use milena_codec::message::ApiKey;

use super::peer::{TIMEOUT, Talk, Told, answer, versions_answer};
use crate::session::{ResponseExpected, SessionConfig, SessionFault};

const SECOND: Duration = Duration::from_secs(1);
const METADATA: Option<ApiKey> = Some(ApiKey::METADATA);

#[test]
fn a_session_without_requests_waits_for_ever() {
    let mut talk = Talk::ready();
    talk.pass(100 * TIMEOUT);
    assert_eq!((talk.deadline(), talk.check()), (None, Ok(())));
}

#[test]
fn the_time_out_of_a_request_runs_from_its_last_byte() {
    let mut talk = Talk::ready();
    let id = talk.send(ResponseExpected::Yes);
    talk.pass(10 * SECOND);
    talk.write(5);
    talk.pass(10 * SECOND);
    talk.write_all();
    assert_eq!(talk.deadline(), Some(TIMEOUT));

    talk.pass(TIMEOUT - SECOND);
    assert_eq!(talk.check(), Ok(()));
    talk.pass(SECOND);
    let error = SessionFault::RequestTimedOut { api: METADATA, correlation_id: id, timeout: TIMEOUT };
    assert_eq!(talk.check(), Err(error));
}

#[test]
fn the_oldest_unanswered_request_sets_the_deadline() {
    let mut talk = Talk::ready();
    let first = talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.pass(10 * SECOND);
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    assert_eq!(talk.deadline(), Some(20 * SECOND));

    talk.hear(&answer(first, b""));
    talk.events().unwrap();
    assert_eq!(talk.deadline(), Some(TIMEOUT));
}

#[test]
fn a_peer_that_takes_no_bytes_is_found_out() {
    let mut talk = Talk::ready();
    let id = talk.send(ResponseExpected::Yes);
    for _ in 0..10 {
        talk.pass(TIMEOUT - SECOND);
        assert_eq!(talk.check(), Ok(()), "slow is not stuck");
        assert_eq!(talk.write(1).len(), 1);
    }
    talk.pass(TIMEOUT);
    let error = SessionFault::NoProgress { api: METADATA, correlation_id: id, timeout: TIMEOUT };
    assert_eq!(talk.check(), Err(error));
}

#[test]
fn the_writing_may_stand_still_for_a_time_of_its_own() {
    let mut talk = Talk::with(SessionConfig { write_timeout: SECOND, ..SessionConfig::default() });
    talk.write_all();
    talk.hear(&versions_answer(0));
    assert_eq!(talk.events(), Ok(vec![Told::Ready]));
    talk.send(ResponseExpected::Yes);
    assert_eq!(talk.deadline(), Some(SECOND));
    talk.pass(SECOND);
    assert!(matches!(talk.check(), Err(SessionFault::NoProgress { timeout: SECOND, .. })));
}

#[test]
fn a_request_that_cannot_begin_to_go_out_has_a_deadline_of_its_own() {
    let mut talk = Talk::ready();
    talk.pass(100 * SECOND);
    talk.send(ResponseExpected::No);
    assert_eq!(talk.deadline(), Some(TIMEOUT), "it runs from the queueing, not from the last byte long ago");
    talk.pass(SECOND);
    talk.send(ResponseExpected::No);
    assert_eq!(talk.deadline(), Some(TIMEOUT - SECOND));
    talk.pass(TIMEOUT - SECOND);
    assert!(matches!(talk.check(), Err(SessionFault::NoProgress { .. })));
}

#[test]
fn the_negotiation_has_one_deadline_however_far_it_is() {
    let mut talk = Talk::new();
    assert_eq!(talk.deadline(), Some(TIMEOUT));
    talk.pass(20 * SECOND);
    talk.write_all();
    assert_eq!(talk.deadline(), Some(10 * SECOND));
    talk.hear(&versions_answer(0)[..8]);
    talk.events().unwrap();
    talk.pass(10 * SECOND);
    assert_eq!(talk.check(), Err(SessionFault::NegotiationTimedOut { timeout: TIMEOUT }));
}

#[test]
fn a_request_queued_while_negotiating_counts_from_when_it_may_go_out() {
    let mut talk = Talk::new();
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.pass(20 * SECOND);
    talk.hear(&versions_answer(0));
    talk.events().unwrap();
    assert_eq!(talk.deadline(), Some(TIMEOUT));
}
