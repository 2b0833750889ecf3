//! The registry: refusals, topics that are being made, and many callers of one topic.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_sender::accumulator::Topic;

use super::{Missing, Place, Registry, Tell};
use crate::clock;
use crate::core::Core;

const REFUSED: ErrorCode = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
const MINUTE: Duration = Duration::from_secs(60);

fn core() -> Arc<Core> {
    Core::new(crate::Producer::builder().bootstrap_servers("localhost:9092").validate().unwrap(), 7)
}

fn name() -> Arc<str> {
    "orders".into()
}

fn poll(
    registry: &Registry,
    place: &mut Option<Place>,
    now: Instant,
) -> (Poll<Result<Arc<Topic>, Missing>>, Tell) {
    registry.poll(&name(), place, now, Waker::noop())
}

#[test]
fn a_refusal_reaches_the_callers_that_waited_for_it_whatever_others_ask_since() {
    let core = core();
    let (registry, now) = (&core.registry, clock::now());
    let mut waiting = None;
    assert!(matches!(poll(registry, &mut waiting, now), (Poll::Pending, Tell::Driver)));
    assert!(registry.failed(&name(), REFUSED, None, now));

    // One that does not wait takes the answer, and others ask anew.
    let (asked, _) = registry.ask(&name(), now);
    assert_eq!(asked.unwrap_err(), Missing::Refused(REFUSED));
    let mut other = None;
    assert!(matches!(poll(registry, &mut other, now + MINUTE), (Poll::Pending, Tell::Driver)));
    assert!(matches!(registry.ask(&name(), now + MINUTE), (Ok(None), _)));

    let (answer, tell) = poll(registry, &mut waiting, now + MINUTE);
    assert!(matches!(answer, Poll::Ready(Err(Missing::Refused(REFUSED)))) && tell == Tell::Nobody);
    assert!(poll(registry, &mut other, now + MINUTE).0.is_pending(), "it asked after the refusal");
}

#[test]
fn a_topic_whose_partitions_are_being_made_stays_though_its_last_caller_leaves() {
    let core = core();
    let (registry, now) = (&core.registry, clock::now());
    let mut place = None;
    assert!(poll(registry, &mut place, now).0.is_pending());

    let placed = registry.place(&name()).unwrap();
    assert_eq!(registry.leave(&name(), place.unwrap()), Tell::Nobody);
    registry.found(&name());

    let (Poll::Ready(Ok(found)), _) = poll(registry, &mut None, now) else { panic!("it is known") };
    assert!(Arc::ptr_eq(&found, &placed), "a second topic would have second streams");
}

#[test]
fn a_topic_that_is_not_known_is_forgotten_with_its_last_caller() {
    let core = core();
    let (registry, now) = (&core.registry, clock::now());
    let (mut first, mut second) = (None, None);
    assert!(poll(registry, &mut first, now).0.is_pending());
    assert!(matches!(poll(registry, &mut second, now), (Poll::Pending, Tell::Nobody)));
    assert_eq!(registry.leave(&name(), first.unwrap()), Tell::Nobody);
    assert_eq!(registry.leave(&name(), second.unwrap()), Tell::Driver);
    assert!(registry.place(&name()).is_none());
}

#[test]
fn forty_thousand_callers_wait_for_one_topic_and_all_of_them_get_it() {
    let core = core();
    let (registry, now) = (&core.registry, clock::now());
    let mut places = vec![None; 40_000];
    for _ in 0..2 {
        for place in &mut places {
            assert!(poll(registry, place, now).0.is_pending());
        }
    }
    registry.found(&name());
    for place in &mut places {
        assert!(poll(registry, place, now).0.is_ready());
        assert_eq!(registry.leave(&name(), place.unwrap()), Tell::Nobody);
    }
}
