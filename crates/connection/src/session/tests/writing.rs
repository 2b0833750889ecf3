//! What goes out: order, parts, and requests that await nothing.

use super::peer::{Talk, Told, answer, id_in, versions_answer};
use crate::session::ResponseExpected;

#[test]
fn requests_wait_for_the_versions() {
    let mut talk = Talk::new();
    let id = talk.send(ResponseExpected::Yes);
    let question = talk.write_all();
    assert_eq!(id_in(&question), 0, "the question about versions is all that went out");
    assert_eq!(talk.session.in_flight(), 1);

    talk.hear(&versions_answer(0));
    assert_eq!(talk.events(), Ok(vec![Told::Ready]));
    assert!(talk.session.unwritten());
    assert_eq!(id_in(&talk.write_all()), id);
}

#[test]
fn the_question_about_versions_may_go_out_in_parts() {
    let mut talk = Talk::new();
    let whole = talk.to_write(usize::MAX);
    let mut written = Vec::new();
    while talk.session.unwritten() {
        written.append(&mut talk.write(1));
    }
    assert_eq!(written, whole);
}

#[test]
fn writes_of_any_size_are_accounted_for() {
    let whole = {
        let mut talk = Talk::ready();
        for _ in 0..3 {
            talk.send(ResponseExpected::Yes);
        }
        talk.write_all()
    };
    for step in 1..=whole.len() {
        let mut talk = Talk::ready();
        let ids: Vec<i32> = (0..3).map(|_| talk.send(ResponseExpected::Yes)).collect();
        let mut written = Vec::new();
        while talk.session.unwritten() {
            written.append(&mut talk.write(step));
            assert_eq!(talk.session.in_flight(), 3);
        }
        assert_eq!(written, whole, "steps of {step}");
        let answers: Vec<u8> = ids.iter().flat_map(|id| answer(*id, b"")).collect();
        talk.hear(&answers);
        assert_eq!(talk.events().unwrap().len(), 3);
        assert_eq!(talk.session.in_flight(), 0);
    }
}

#[test]
fn a_request_that_awaits_nothing_is_done_with_its_last_byte() {
    let mut talk = Talk::ready();
    let id = talk.send(ResponseExpected::No);
    let bytes = talk.to_write(usize::MAX).len();
    talk.write(bytes - 1);
    assert_eq!(talk.events(), Ok(vec![]));
    assert_eq!(talk.session.in_flight(), 1);

    talk.write(1);
    assert_eq!(talk.session.in_flight(), 0);
    assert_eq!(talk.events(), Ok(vec![Told::Written(id)]));
    assert_eq!(talk.deadline(), None);
}

#[test]
fn a_request_that_awaits_nothing_takes_nobody_elses_answer() {
    let mut talk = Talk::ready();
    let (first, silent, second) =
        (talk.send(ResponseExpected::Yes), talk.send(ResponseExpected::No), talk.send(ResponseExpected::Yes));
    talk.write_all();
    talk.hear(&[answer(first, b"1"), answer(second, b"2")].concat());
    let told =
        [Told::Written(silent), Told::Answered(first, b"1".to_vec()), Told::Answered(second, b"2".to_vec())];
    assert_eq!(talk.events(), Ok(told.to_vec()));
}

#[test]
fn there_is_room_for_as_many_requests_as_may_be_in_flight() {
    let mut talk = Talk::ready();
    for room in (1..=5).rev() {
        assert_eq!(talk.session.room(), room);
        talk.send(ResponseExpected::Yes);
    }
    assert_eq!(talk.session.room(), 0);
    talk.write_all();
    assert_eq!(talk.session.room(), 0);
    talk.hear(&answer(1, b""));
    talk.events().unwrap();
    assert_eq!(talk.session.room(), 1);
}
