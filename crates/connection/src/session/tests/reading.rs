//! What comes in: negotiation, answers, and everything that is neither.

use milena_codec::ErrorCode;
use milena_codec::frame::DetectedProtocol;
use milena_codec::message::{ApiKey, MetadataRequest};

use super::peer::{Talk, Told, answer, frame, request_in, versions_answer, versions_answer_in};
use crate::session::{ResponseExpected, SessionFault};

#[test]
fn answers_may_come_in_any_two_parts() {
    let bodies: [&[u8]; 3] = [b"first", b"", b"third"];
    let stream: Vec<u8> = (1..).zip(bodies).flat_map(|(id, body)| answer(id, body)).collect();
    let all: Vec<Told> = (1..).zip(bodies).map(|(id, body)| Told::Answered(id, body.to_vec())).collect();
    for cut in 0..=stream.len() {
        let mut talk = Talk::ready();
        for id in 1..=3 {
            assert_eq!(talk.send(ResponseExpected::Yes), id);
        }
        talk.write_all();
        let mut told = Vec::new();
        for part in [&stream[..cut], &stream[cut..]] {
            talk.hear(part);
            told.append(&mut talk.events().unwrap());
        }
        assert_eq!(told, all, "cut at {cut}");
    }
}

#[test]
fn the_versions_may_come_in_any_two_parts() {
    let stream = versions_answer(0);
    for cut in 0..stream.len() {
        let mut talk = Talk::new();
        talk.write_all();
        talk.hear(&stream[..cut]);
        assert_eq!(talk.events(), Ok(vec![]), "cut at {cut}");
        talk.hear(&stream[cut..]);
        assert_eq!(talk.events(), Ok(vec![Told::Ready]), "cut at {cut}");
    }
}

#[test]
fn bytes_may_come_one_by_one() {
    let mut talk = Talk::ready();
    let ids = [talk.send(ResponseExpected::Yes), talk.send(ResponseExpected::Yes)];
    talk.write_all();
    let mut told = Vec::new();
    for byte in ids.iter().flat_map(|id| answer(*id, b"body")) {
        talk.hear(&[byte]);
        told.append(&mut talk.events().unwrap());
    }
    assert_eq!(told, ids.map(|id| Told::Answered(id, b"body".to_vec())));
}

#[test]
fn the_first_request_asks_for_versions_in_the_newest_form() {
    let mut talk = Talk::new();
    assert!(talk.session.versions().is_none());
    let bytes = talk.write_all();
    let asked = request_in(&bytes);
    assert_eq!((asked.key, asked.version), (ApiKey::API_VERSIONS, 4));

    talk.hear(&versions_answer(asked.correlation_id));
    assert_eq!(talk.events(), Ok(vec![Told::Ready]));
    assert_eq!(talk.session.versions().and_then(|versions| versions.pick::<MetadataRequest>()), Some(12));
}

#[test]
fn an_old_broker_is_asked_again_in_a_version_that_it_knows() {
    for (known, expected) in [(3, 3), (0, 0)] {
        let mut talk = Talk::new();
        talk.write_all();
        let refused = ErrorCode::UNSUPPORTED_VERSION;
        talk.hear(&versions_answer_in(0, 0, refused, ApiKey::API_VERSIONS, known));
        assert_eq!(talk.events(), Ok(vec![]));

        let bytes = talk.write_all();
        let again = request_in(&bytes);
        assert_eq!((again.key, again.version), (ApiKey::API_VERSIONS, expected));
        assert_ne!(again.correlation_id, 0);
        talk.hear(&versions_answer_in(known, again.correlation_id, ErrorCode::NONE, ApiKey::METADATA, 7));
        assert_eq!(talk.events(), Ok(vec![Told::Ready]));
        assert_eq!(talk.session.versions().and_then(|versions| versions.pick::<MetadataRequest>()), Some(7));
    }
}

#[test]
fn an_answer_with_another_correlation_id_ends_the_session_for_good() {
    let mut talk = Talk::ready();
    let (first, second) = (talk.send(ResponseExpected::Yes), talk.send(ResponseExpected::Yes));
    talk.write_all();
    talk.hear(&answer(second, b""));
    let error = SessionFault::WrongCorrelationId { expected: first, found: second };
    assert_eq!(talk.events(), Err(error.clone()));

    talk.hear(&answer(first, b""));
    assert_eq!(talk.events(), Err(error.clone()));
    assert_eq!(talk.check(), Err(error));
}

#[test]
fn an_answer_that_nobody_asked_for_ends_the_session() {
    let mut talk = Talk::ready();
    let id = talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.hear(&[answer(id, b""), answer(id, b"")].concat());
    assert_eq!(talk.events(), Err(SessionFault::Unsolicited { correlation_id: id }));
}

#[test]
fn an_answer_to_a_request_that_is_not_wholly_written_ends_the_session() {
    let mut talk = Talk::ready();
    let id = talk.send(ResponseExpected::Yes);
    talk.write(talk.to_write(usize::MAX).len() - 1);
    talk.hear(&answer(id, b""));
    assert_eq!(talk.events(), Err(SessionFault::Unsolicited { correlation_id: id }));

    let mut talk = Talk::new();
    talk.hear(&versions_answer(0));
    assert_eq!(talk.events(), Err(SessionFault::Unsolicited { correlation_id: 0 }));
}

#[test]
fn a_wrong_correlation_id_is_found_while_negotiating() {
    let mut talk = Talk::new();
    talk.write_all();
    talk.hear(&versions_answer(7));
    assert_eq!(talk.events(), Err(SessionFault::WrongCorrelationId { expected: 0, found: 7 }));
}

#[test]
fn another_protocol_is_named() {
    let peers: [(&[u8], DetectedProtocol); 3] = [
        (&[0x15, 3, 3, 0, 2, 2, 70], DetectedProtocol::Tls),
        (b"HTTP/1.1 400 Bad Request", DetectedProtocol::Http),
        (b"SSH-2.0-OpenSSH_9.9", DetectedProtocol::Ssh),
    ];
    for (bytes, detected) in peers {
        let mut talk = Talk::new();
        talk.write_all();
        talk.hear(bytes);
        let error = talk.events().unwrap_err();
        assert!(matches!(&error, SessionFault::Frame(frame) if frame.detected == Some(detected)), "{error}");
    }
}

#[test]
fn the_first_answer_has_a_limit_of_its_own() {
    let mut talk = Talk::new();
    talk.write_all();
    talk.hear(&(1_048_577_u32).to_be_bytes());
    let error = SessionFault::FirstResponseTooLarge { length: 1_048_577, limit: 1_048_576 };
    assert_eq!(talk.events(), Err(error));
}

#[test]
fn an_answer_above_the_limit_is_refused_by_its_length_alone() {
    let mut talk = Talk::ready();
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.hear(&(100_000_001_u32).to_be_bytes());
    let error = talk.events().unwrap_err();
    assert!(matches!(error, SessionFault::Frame(frame) if frame.length == 100_000_001));
}

#[test]
fn a_promise_of_a_hundred_megabytes_keeps_the_buffer_small() {
    let mut talk = Talk::ready();
    talk.send(ResponseExpected::Yes);
    talk.write_all();
    talk.hear(&(100_000_000_u32).to_be_bytes());
    talk.hear(&[7; 10]);
    assert_eq!(talk.events(), Ok(vec![]));
    assert!(talk.session.read_space().len() < 65_536);
}

#[test]
fn an_answer_without_room_for_a_correlation_id_ends_the_session() {
    for bytes in 0..4 {
        let mut talk = Talk::ready();
        talk.send(ResponseExpected::Yes);
        talk.write_all();
        talk.hear(&frame(&vec![0; bytes]));
        assert_eq!(talk.events(), Err(SessionFault::ResponseTooShort { bytes }));
    }
}

#[test]
fn a_large_answer_is_read_whole() {
    let mut talk = Talk::ready();
    let id = talk.send(ResponseExpected::Yes);
    talk.write_all();
    let body: Vec<u8> = (0..3_000_000_u32).map(|index| u8::try_from(index % 251).unwrap()).collect();
    talk.hear(&answer(id, &body));
    assert_eq!(talk.events(), Ok(vec![Told::Answered(id, body)]));
}
