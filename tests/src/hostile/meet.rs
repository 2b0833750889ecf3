//! Connects a producer to a peer, as the only broker and as one of two, and returns the violated expectations.

use std::time::Duration;

use milena::{ConnectError, ProducerBuilder, Record, SendError};
use tokio::time::{sleep, timeout};

use super::ground::Ground;
use super::script::{Ends, Peer};
use crate::Stopwatch;

/// `connect.timeout.ms`, and a little.
const CONNECT_BOUND: Duration = Duration::from_millis(15_100);
/// `delivery.timeout.ms` of a [`Ground`], and what a deadline may be late.
const DELIVERY_BOUND: Duration = Duration::from_millis(21_500);
/// What a word of a peer may be long in an error.
const WORDS_BYTES_MAX: usize = 4096;

/// What came of meeting a peer.
#[derive(Debug)]
pub enum Outcome {
    /// No producer.
    Refused(ConnectError, Duration),
    /// No delivery.
    Undelivered(SendError, Duration),
    /// A delivery.
    Delivered(Duration),
    /// Nothing, for so long that something hangs.
    Hangs,
}

/// Has a producer meet the peer as the only broker there is, and send a record of 100 kB.
pub async fn meet(peer: &Peer) -> Outcome {
    meet_on(&Ground::new(peer, 1, 1).await).await
}

/// Has a producer send a record of 100 kB to whoever is there.
pub async fn meet_on(ground: &Ground) -> Outcome {
    one_record(ground.producer()).await
}

/// Has a producer come about and send a record.
pub async fn one_record(builder: ProducerBuilder) -> Outcome {
    let watch = Stopwatch::start();
    let Ok(built) = timeout(10 * CONNECT_BOUND, builder.build()).await else { return Outcome::Hangs };
    let producer = match built {
        Ok(producer) => producer,
        Err(error) => return Outcome::Refused(error, watch.elapsed()),
    };
    let watch = Stopwatch::start();
    let record = Record::to("t").partition(0).value(vec![b'v'; 100_000]);
    match timeout(10 * DELIVERY_BOUND, producer.send(record)).await {
        Err(_) => Outcome::Hangs,
        Ok(Err(error)) => Outcome::Undelivered(error, watch.elapsed()),
        Ok(Ok(_)) => Outcome::Delivered(watch.elapsed()),
    }
}

impl Outcome {
    /// What is not as the peer's script has it; none where all is well.
    #[must_use]
    pub fn fault(&self, ends: Ends, broker: &str) -> Option<String> {
        match (self, ends) {
            (Self::Refused(error, took), Ends::Refused(kind, words)) => {
                let said = error.to_string();
                let is_late = *took > CONNECT_BOUND;
                match error.kind() == kind && !is_late {
                    true => said_wrong(&said, words.iter().chain([&broker])),
                    false => Some(format!("{:?} after {took:?}: {said}", error.kind())),
                }
            }
            (Self::Undelivered(error, took), Ends::Undelivered(kind, words)) => {
                let said = error.to_string();
                match error.kind() == kind && *took <= DELIVERY_BOUND {
                    true => said_wrong(&said, words.iter()),
                    false => Some(format!("{:?} after {took:?}: {said}", error.kind())),
                }
            }
            (Self::Delivered(took), Ends::Delivered) if *took <= DELIVERY_BOUND => None,
            (Self::Refused(error, took), _) => {
                Some(format!("no producer after {took:?}: {:?}: {error}", error.kind()))
            }
            (Self::Undelivered(error, took), _) => {
                Some(format!("no delivery after {took:?}: {:?}: {error}", error.kind()))
            }
            (Self::Delivered(took), _) => Some(format!("delivered after {took:?}")),
            (Self::Hangs, _) => Some("something hangs".to_owned()),
        }
    }
}

/// What is missing in a text, or should not be in it: nothing of it may confuse a terminal or flood a log.
fn said_wrong<'a>(said: &str, words: impl Iterator<Item = &'a &'a str>) -> Option<String> {
    let missing: Vec<_> = words.filter(|words| !said.contains(**words)).collect();
    if !missing.is_empty() {
        return Some(format!("{missing:?} is missing: {said}"));
    }
    if said.chars().any(char::is_control) {
        return Some(format!("control characters: {said:?}"));
    }
    (said.len() > WORDS_BYTES_MAX).then(|| format!("{} bytes: {said}", said.len()))
}

/// Has a producer with an honest broker and the peer write to both; what is wrong with the honest one's records.
pub async fn beside(peer: &Peer) -> Option<String> {
    const RECORDS: i64 = 100;
    const BOUND: Duration = Duration::from_millis(500);
    let ground = Ground::new(peer, 2, 2).await;
    let producer = match ground.producer().build().await {
        Ok(producer) => producer,
        Err(error) => return Some(format!("no producer beside an honest broker: {error}")),
    };
    let (honest, hostile) = match ground.cluster().leader("t", 0).map(|leader| leader.0) {
        Some(1) => (0, 1),
        _ => (1, 0),
    };
    let record = |partition| Record::to("t").partition(partition);
    if let Err(error) = producer.send(record(honest)).await {
        return Some(format!("the honest broker's first record: {error}"));
    }
    let doomed = producer.enqueue(record(hostile).value(vec![b'v'; 100_000])).await;
    let mut slowest = Duration::ZERO;
    for number in 1..RECORDS {
        sleep(Duration::from_millis(300)).await;
        let watch = Stopwatch::start();
        match producer.send(record(honest)).await {
            Ok(ack) if ack.offset == number => slowest = slowest.max(watch.elapsed()),
            Ok(ack) => return Some(format!("record {number} of the honest broker is at {ack:?}")),
            Err(error) => return Some(format!("record {number} of the honest broker: {error}")),
        }
    }
    if slowest > BOUND {
        return Some(format!("a record of the honest broker took {slowest:?}"));
    }
    let Ok(doomed) = doomed else { return Some("the peer's record was not accepted".to_owned()) };
    match timeout(10 * DELIVERY_BOUND, doomed).await {
        Ok(_) => None,
        Err(_) => Some("the peer's record hangs".to_owned()),
    }
}

/// Checks every peer of a list by itself, so that all that is wrong is said at once.
///
/// # Panics
/// When something is.
pub async fn assert_all(peers: &[Peer], mut fault: impl AsyncFnMut(&Peer) -> Option<String>) {
    let mut faults = Vec::new();
    for peer in peers {
        if let Some(what) = fault(peer).await {
            faults.push(format!("{}: {}", peer.name, what.chars().take(600).collect::<String>()));
        }
    }
    assert!(faults.is_empty(), "{} of {} peers:\n{}", faults.len(), peers.len(), faults.join("\n"));
}
