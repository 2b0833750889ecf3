//! Requests that await nothing: the proof that the broker has handled them.

use std::time::Duration;

use super::broker::{Heard, SECOND, heard};
use super::peer::{TIMEOUT, Talk, Told, id_in, versions_answer};
use crate::session::{Disposition, ResponseExpected, SessionFault};

const PROBE_AFTER: Duration = Duration::from_secs(30);
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

fn confirm(talk: &mut Talk) {
    let now = talk.now;
    talk.session.confirm(now);
}

#[test]
fn answer_to_a_later_request_confirms_requests_that_await_nothing() {
    let mut talk = Talk::ready_by_default();
    let id = talk.send(ResponseExpected::No);
    talk.write_all();
    assert_eq!(talk.events(), Ok(vec![Told::Written(id)]));
    assert!(!talk.session.is_confirmed());
    confirm(&mut talk);
    let Heard::Versions(proof) = talk.next_heard() else { panic!("ApiVersions is the proof") };
    assert!(talk.session.holds() && !talk.session.is_confirmed());
    talk.hear(&versions_answer(proof));
    assert_eq!(talk.events(), Ok(vec![]));
    assert!(talk.session.is_confirmed());
}

#[test]
fn session_that_has_written_nothing_without_an_answer_needs_no_proof() {
    let mut talk = Talk::ready_by_default();
    confirm(&mut talk);
    assert!(talk.session.is_confirmed() && !talk.session.unwritten());
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    confirm(&mut talk);
    assert!(talk.session.is_confirmed() && !talk.session.unwritten());
    assert_eq!(talk.session.unanswered(), 1);
}

#[test]
fn request_that_is_written_in_part_goes_before_the_proof_and_queued_requests_stay() {
    let mut talk = Talk::ready_by_default();
    let ids = [talk.send(ResponseExpected::No), talk.send(ResponseExpected::No)];
    let begun = talk.write(5);
    assert!(!talk.session.is_confirmed());
    confirm(&mut talk);
    let wrote = heard(&[begun, talk.write_all()].concat());
    assert_eq!(talk.events(), Ok(vec![Told::Written(ids[0])]));
    let [Heard::Other(first), Heard::Versions(proof)] = wrote[..] else { panic!("{wrote:?}") };
    assert_eq!(first, ids[0]);
    talk.hear(&versions_answer(proof));
    assert_eq!(talk.events(), Ok(vec![]));
    assert!(talk.session.is_confirmed());
    let dispositions: Vec<_> =
        talk.session.end().iter().map(|(request, disposition)| (id_in(request), *disposition)).collect();
    assert_eq!(dispositions, [(ids[1], Disposition::NotSent)]);
}

#[test]
fn proof_has_the_request_time_out_from_its_last_byte() {
    let mut talk = Talk::ready_by_default();
    talk.send(ResponseExpected::No);
    talk.write(5);
    confirm(&mut talk);
    talk.pass(10 * SECOND);
    talk.write_all();
    talk.pass(TIMEOUT - SECOND);
    assert_eq!(talk.check(), Ok(()));
    talk.pass(SECOND);
    assert_eq!(talk.check(), Err(SessionFault::Unresponsive { timeout: TIMEOUT }));
}

/// A broker that is busy with requests that await nothing answers the sign of life only after them.
#[test]
fn sign_of_life_behind_recent_requests_that_await_nothing_has_the_request_time_out() {
    for (pause, expected) in [(SECOND, TIMEOUT), (PROBE_AFTER, PROBE_TIMEOUT)] {
        let mut talk = Talk::ready_by_default();
        talk.pass(PROBE_AFTER - SECOND);
        talk.send(ResponseExpected::No);
        talk.write_all();
        talk.events().unwrap();
        talk.pass(pause);
        talk.send(ResponseExpected::No);
        assert!(matches!(talk.next_heard(), Heard::Versions(_)));
        assert_eq!(talk.deadline(), Some(expected), "after {pause:?}");
    }
}
