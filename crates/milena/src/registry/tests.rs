//! The registry: refusals, topics that are being made, many callers of one topic, and what their wakers do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Poll, Wake, Waker};
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_codec::ids::TopicId;
use milena_sender::accumulator::{AppendOptions, RecordRef, SenderMailbox, Topic};
use milena_sender::assignment::{Assignment, Leadership};

use super::{Missing, Place, Registry, Seen, Tell};
use crate::clock;
use crate::core::Core;

const REFUSED: ErrorCode = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
const MINUTE: Duration = Duration::from_secs(60);

fn core() -> Arc<Core> {
    Core::new(
        crate::Producer::builder().bootstrap_servers("localhost:9092").validate().unwrap(),
        7,
        &crate::hooks::Hooks::default(),
    )
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
    assert!(matches!(answer, Poll::Ready(Err(Missing::Refused(REFUSED)))) && tell == Tell::Nothing);
    assert!(poll(registry, &mut other, now + MINUTE).0.is_pending(), "it asked after the refusal");
}

#[test]
fn a_topic_whose_partitions_are_being_made_stays_though_its_last_caller_leaves() {
    let core = core();
    let (registry, now) = (&core.registry, clock::now());
    let mut place = None;
    assert!(poll(registry, &mut place, now).0.is_pending());

    let placed = registry.place(&name()).unwrap();
    assert_eq!(registry.leave(&name(), place.unwrap()), Tell::Nothing);
    registry.found(&name());

    let (Poll::Ready(Ok(found)), _) = poll(registry, &mut None, now) else { panic!("it is known") };
    assert!(Arc::ptr_eq(&found, &placed), "a second topic would have second partition senders");
}

#[test]
fn look_up_that_its_callers_left_is_found_by_the_next_caller() {
    let core = core();
    let (registry, now) = (&core.registry, clock::now());
    look_up_and_leave(registry, &name(), Tell::Nothing);
    assert!(registry.place(&name()).is_some());
    registry.found(&name());
    assert!(poll(registry, &mut None, now).0.is_ready());
    registry.metadata_request_sent();
    assert!(registry.metadata_request_over(true).is_empty(), "it was found");
}

#[test]
fn look_up_that_its_callers_left_is_forgotten_with_its_answer() {
    let core = core();
    let (registry, now) = (&core.registry, clock::now());
    registry.metadata_request_sent();
    look_up_and_leave(registry, &name(), Tell::Nothing);
    assert!(registry.metadata_request_over(true).is_empty(), "the request may be older than the look-up");
    registry.metadata_request_sent();
    assert_eq!(registry.metadata_request_over(true), [name()], "the answer does not name it");
    assert!(registry.topic(&name()).is_none());

    look_up_and_leave(registry, &name(), Tell::Nothing);
    assert!(registry.failed(&name(), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, None, now));
    assert!(registry.topic(&name()).is_none());
    let answer = Seen::Failed(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(registry.last_response(&name()), Some(answer));
}

#[test]
fn look_up_that_is_left_and_wanted_again_outlives_an_answer_without_it() {
    let core = core();
    let (registry, now) = (&core.registry, clock::now());
    look_up_and_leave(registry, &name(), Tell::Nothing);
    assert!(poll(registry, &mut None, now).0.is_pending());
    registry.metadata_request_sent();
    assert!(registry.metadata_request_over(true).is_empty());
    assert!(!registry.failed(&name(), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, None, now));
}

#[test]
fn million_look_ups_that_are_left_hold_a_bounded_number_of_topics() {
    let core = core();
    let registry = &core.registry;
    for number in 0..1_000_000 {
        let tell = if number < 1_024 { Tell::Nothing } else { Tell::Driver };
        look_up_and_leave(registry, &format!("t-{number}").into(), tell);
    }
    assert_eq!(registry.lock().topics.len(), 1_024);
    registry.metadata_request_sent();
    assert_eq!(registry.metadata_request_over(true).len(), 1_024);
    assert!(registry.lock().topics.is_empty());
    for number in 0..10_000 {
        let name: Arc<str> = format!("t-{number}").into();
        look_up_and_leave(registry, &name, Tell::Nothing);
        registry.failed(&name, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, None, clock::now());
    }
    let answers = (0..10_000).filter(|number| registry.last_response(&format!("t-{number}")).is_some());
    assert!((1..=1_024).contains(&answers.count()));
}

/// Two callers look a topic up, and give up.
fn look_up_and_leave(registry: &Registry, name: &Arc<str>, tell: Tell) {
    let places = [None, None].map(|mut place| {
        assert!(registry.poll(name, &mut place, clock::now(), Waker::noop()).0.is_pending());
        place.unwrap()
    });
    assert_eq!(registry.leave(name, places[0]), Tell::Nothing);
    assert_eq!(registry.leave(name, places[1]), tell);
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
        assert_eq!(registry.leave(&name(), place.unwrap()), Tell::Nothing);
    }
}

/// Has the topic known, with one partition.
fn make_known(core: &Core) -> Assignment {
    let _ = core.registry.ask(&name(), clock::now());
    let topic = core.registry.place(&name()).unwrap();
    let mut assignment = Assignment::new(false);
    assignment.topic(
        &topic,
        TopicId::default(),
        &[Leadership::default()],
        &Arc::new(SenderMailbox::default()),
    );
    core.registry.found(&name());
    assignment
}

#[test]
fn known_topic_that_no_caller_holds_is_forgotten_and_the_next_caller_gets_another() {
    let core = core();
    let _partition_senders = make_known(&core);
    let held = core.registry.known(&name()).unwrap();
    assert!(core.registry.forget(&name(), 0).is_none(), "a caller holds it");
    drop(held);
    let forgotten = core.registry.forget(&name(), 0).unwrap();
    assert!(core.registry.known(&name()).is_none());
    let (asked, tell) = poll(&core.registry, &mut None, clock::now());
    assert!(asked.is_pending() && tell == Tell::Driver, "it is looked up like the first time");
    assert!(!Arc::ptr_eq(&core.registry.topic(&name()).unwrap(), &forgotten));
}

#[test]
fn topic_that_had_a_batch_since_is_not_forgotten() {
    let core = core();
    let _partition_senders = make_known(&core);
    let topic = core.registry.known(&name()).unwrap();
    let waiting = AppendOptions { ticket: None, may_yield: false, skip_linger: false, try_only: false };
    assert!(topic.append::<_, false>(None, &RecordRef::default(), &core.clock, waiting).is_ok());
    drop(topic);
    assert!(core.registry.forget(&name(), 0).is_none());
    assert!(core.registry.forget(&name(), 1).is_some());
}

#[test]
fn topic_is_not_forgotten_while_a_caller_waits_for_it_or_for_a_partition() {
    let core = core();
    let mut place = None;
    assert!(poll(&core.registry, &mut place, clock::now()).0.is_pending());
    assert!(core.registry.forget(&name(), 0).is_none(), "it is not known");
    core.registry.leave(&name(), place.unwrap());

    let _partition_senders = make_known(&core);
    let mut place = None;
    let registry = &core.registry;
    assert!(registry.poll_partition(&name(), 7, &mut place, clock::now(), Waker::noop()).0.is_pending());
    assert!(registry.has_waiters(&name()) && registry.forget(&name(), 0).is_none());
    registry.leave(&name(), place.unwrap());
    assert!(registry.forget(&name(), 0).is_some());
}

#[test]
fn registry_gives_memory_back_with_the_topics_that_are_forgotten() {
    let core = core();
    let names: Vec<Arc<str>> = (0..5_000).map(|number| format!("t-{number}").into()).collect();
    names.iter().for_each(|name| {
        let _ = core.registry.ask(name, clock::now());
        core.registry.found(name);
    });
    let places = || core.registry.lock().topics.capacity();
    assert!(places() >= 5_000);
    assert!(names.iter().all(|name| core.registry.forget(name, 0).is_some()));
    assert!(places() < 1_000, "{}", places());
}

#[test]
fn wakers_find_the_registry_unlocked() {
    wake_in_each_way(None);
}

#[test]
fn waker_that_panics_keeps_no_other_caller_of_the_registry_from_being_woken() {
    wake_in_each_way(Some(&Waker::from(Arc::new(Panics))));
}

/// Has callers wait, `first` among them, and wakes them in each way that the registry has.
fn wake_in_each_way(first: Option<&Waker>) {
    let now = clock::now();
    let events: [fn(&Registry); 3] = [
        |registry| registry.found(&name()),
        |registry| assert!(registry.failed(&name(), REFUSED, None, clock::now())),
        Registry::close,
    ];
    for event in events {
        let core = core();
        Looks::check(&core, first, |waker| poll_with(&core, waker), || event(&core.registry));
    }
    // A caller that waits for a partition, after another one has in vain.
    let core = core();
    let _partition_senders = make_known(&core);
    core.registry.waited_in_vain(&name(), now + MINUTE);
    let wait = |waker: &Waker| core.registry.poll_partition(&name(), 7, &mut None, now, waker).0.is_pending();
    Looks::check(&core, first, wait, || drop(core.registry.metadata_request_over(true)));
}

fn poll_with(core: &Core, waker: &Waker) -> bool {
    core.registry.poll(&name(), &mut None, clock::now(), waker).0.is_pending()
}

/// Counts its wakes that find the registry unlocked, and uses it then, as an executor does that polls in `wake`.
struct Looks {
    core: Weak<Core>,
    unlocked: AtomicUsize,
}

impl Looks {
    /// Callers wait, one of them with this waker. It is woken by the event, once.
    fn check(core: &Arc<Core>, first: Option<&Waker>, wait: impl Fn(&Waker) -> bool, event: impl FnOnce()) {
        let looks = Arc::new(Self { core: Arc::downgrade(core), unlocked: AtomicUsize::new(0) });
        let last = Waker::from(Arc::clone(&looks));
        assert!(first.into_iter().chain([&last]).all(wait));
        event();
        assert_eq!(looks.unlocked.load(Ordering::Relaxed), 1);
    }
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        let Some(core) = self.core.upgrade() else { return };
        if core.registry.inner.try_lock().is_ok() {
            core.registry.known(&name());
            self.unlocked.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker that panics");
    }
}
