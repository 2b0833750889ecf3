//! The verbs of a test: each does what it says, to what it was told, as often as it was told. The clock is paused.

use std::time::Duration;

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::message::{ApiKey, ProduceRequest, ProduceResponse};
use milena_fake::{Action, Brokers, Cluster};
use tokio::time::{sleep, timeout};

use crate::client::*;

const SECOND: Duration = Duration::from_secs(1);

/// What a broker has answered, when the cluster's clock stood there.
async fn timed<T>(cluster: &Cluster, call: impl Future<Output = T>) -> (T, Duration) {
    let began = now(cluster).await;
    let output = call.await;
    (output, now(cluster).await - began)
}

/// The cluster's time: that of a question which it answers at once.
async fn now(cluster: &Cluster) -> Duration {
    Wire::to(cluster, 1).metadata("t").await;
    cluster.journal().last().unwrap().at
}

#[tokio::test(start_paused = true)]
async fn hooks_fire_in_their_order_and_count() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    cluster.on(ApiKey::PRODUCE).times(2).error(ErrorCode::NOT_ENOUGH_REPLICAS);
    cluster.on(ApiKey::PRODUCE).pass();
    cluster.on(ApiKey::PRODUCE).always().error(ErrorCode::KAFKA_STORAGE_ERROR);
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(wire.code(batch(&["a"])).await.0);
    }
    assert_eq!(codes, [19, 19, 0, 56, 56]);
    cluster.clear_hooks();
    assert_eq!(wire.code(batch(&["a"])).await, ErrorCode::NONE);
    assert_eq!(cluster.record_count(), 2, "an error applies nothing");
}

#[tokio::test(start_paused = true)]
async fn filters_choose_the_broker_the_client_the_topic_and_the_partition() {
    let cluster = small(|builder| builder.topic("u", 2)).await;
    let mut wire = Wire::to(&cluster, 1);
    cluster.on(ApiKey::PRODUCE).node(9).always().disconnect();
    cluster.on(ApiKey::PRODUCE).client_id("somebody else").always().disconnect();
    cluster.on(ApiKey::PRODUCE).topic("u").partition(1).error_with(ErrorCode::INVALID_RECORD, "not there");
    let some = || Some(Bytes::from(batch(&["a"])));
    let mut request = to("u", cluster.topic_id("u").unwrap(), -1, vec![(0, some()), (1, some())]);
    request.topic_data.extend(to_t(-1, batch(&["a"])).topic_data);
    let answer: ProduceResponse = wire.call::<ProduceRequest>(&request, 12).await;
    let partitions = answer.responses.iter().flat_map(|topic| &topic.partition_responses);
    let codes: Vec<_> = partitions.clone().map(|partition| partition.error_code.0).collect();
    assert_eq!(codes, [0, 87, 0]);
    let words: Vec<_> = partitions.filter_map(|partition| partition.error_message.as_deref()).collect();
    assert_eq!(words, ["not there"]);
}

#[tokio::test(start_paused = true)]
async fn applied_request_is_written_though_its_response_is_lost() {
    let cluster = one_broker().await;
    for action in [Action::Disconnect, Action::Truncate(7), Action::Raw(Bytes::new())] {
        let mut wire = Wire::to(&cluster, 1);
        cluster.on(ApiKey::PRODUCE).apply_then(action.clone());
        wire.send(&to_t(-1, batch(&["a"])), 9).await;
        let answer = timeout(SECOND, wire.frame()).await;
        assert!(!matches!(answer, Ok(Some(_))), "{action:?}");
    }
    cluster.on(ApiKey::PRODUCE).disconnect();
    let mut wire = Wire::to(&cluster, 1);
    wire.send(&to_t(-1, batch(&["a"])), 9).await;
    assert!(wire.is_closed().await);
    assert_eq!(cluster.record_count(), 3, "all but the last");
}

#[tokio::test(start_paused = true)]
async fn silence_lasts_for_one_connection() {
    let cluster = one_broker().await;
    let (mut silent, mut other) = (Wire::to(&cluster, 1), Wire::to(&cluster, 1));
    cluster.on(ApiKey::PRODUCE).silence();
    silent.send(&to_t(-1, batch(&["a"])), 9).await;
    silent.send(&to_t(-1, batch(&["a"])), 9).await;
    assert!(timeout(60 * SECOND, silent.frame()).await.is_err(), "neither answered nor closed");
    assert_eq!(other.code(batch(&["a"])).await, ErrorCode::NONE);
    assert_eq!(cluster.record_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn held_request_holds_later_requests_until_its_release() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    for (applied, written) in [(false, 0), (true, 3)] {
        let hold = match applied {
            false => cluster.on(ApiKey::PRODUCE).hold(),
            true => cluster.on(ApiKey::PRODUCE).apply_then_hold(),
        };
        wire.send(&to_t(-1, batch(&["a"])), 9).await;
        wire.send(&to_t(-1, batch(&["b"])), 9).await;
        hold.reached(1).await;
        sleep(60 * SECOND).await;
        assert_eq!((cluster.record_count(), hold.arrived()), (written, 1));
        hold.release();
        for _ in 0..2 {
            assert!(wire.answer::<ProduceRequest>(9).await.is_some());
        }
    }
    assert_eq!(values(&cluster, "t", 0), ["a", "b", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn response_actions_change_the_response() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    cluster.on(ApiKey::PRODUCE).wrong_correlation_id();
    let id = wire.send(&to_t(-1, batch(&["a"])), 9).await;
    assert_ne!(wire.answer::<ProduceRequest>(9).await.unwrap().0, id);
    cluster.on(ApiKey::PRODUCE).duplicate_response();
    let id = wire.send(&to_t(-1, batch(&["a"])), 9).await;
    for _ in 0..2 {
        assert_eq!(wire.answer::<ProduceRequest>(9).await.unwrap().0, id);
    }
    cluster
        .on(ApiKey::PRODUCE)
        .message(ProduceResponse { throttle_time_ms: 77, ..ProduceResponse::default() });
    assert_eq!(wire.call(&to_t(-1, batch(&["a"])), 9).await.throttle_time_ms, 77);
    cluster.on(ApiKey::PRODUCE).raw(&b"\0\0\0\x03abc"[..]);
    wire.send(&to_t(-1, batch(&["a"])), 9).await;
    assert_eq!(wire.frame().await.unwrap()[..], *b"abc");
    assert_eq!(cluster.record_count(), 2, "a message in the place of the answer applies nothing");
}

#[tokio::test(start_paused = true)]
async fn overtaken_response_follows_the_next_one() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    cluster.on(ApiKey::PRODUCE).times(2).overtaken();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(wire.send(&to_t(-1, batch(&["a"])), 9).await);
    }
    let mut answered = Vec::new();
    for _ in 0..3 {
        answered.push(wire.answer::<ProduceRequest>(9).await.unwrap().0);
    }
    assert_eq!(answered, [ids[2], ids[0], ids[1]]);
}

#[tokio::test(start_paused = true)]
async fn response_drips() {
    let cluster = one_broker().await;
    let mut wire = Wire::to(&cluster, 1);
    cluster.on(ApiKey::PRODUCE).drip(10, SECOND);
    let began = now(&cluster).await;
    wire.send(&to_t(-1, batch(&["a"])), 9).await;
    let frame = wire.frame().await.unwrap();
    let pieces = (4 + frame.len()).div_ceil(10);
    assert_eq!((now(&cluster).await - began).as_secs(), pieces as u64 - 1);
}

#[tokio::test]
async fn advertised_address_is_in_metadata() {
    let cluster = one_broker().await;
    cluster.advertise(1, "elsewhere", 1);
    let brokers = Wire::to(&cluster, 1).metadata("t").await.brokers;
    assert_eq!((brokers[0].host.as_str(), brokers[0].port), ("elsewhere", 1));
}

#[tokio::test(start_paused = true)]
async fn link_delay_does_not_delay_the_broker() {
    let cluster = one_broker().await;
    let five = async |wire: &mut Wire| {
        for _ in 0..5 {
            wire.send(&to_t(-1, batch(&["a"])), 9).await;
        }
        for _ in 0..5 {
            assert!(wire.answer::<ProduceRequest>(9).await.is_some());
        }
    };
    let mut wire = Wire::to(&cluster, 1);
    cluster.append_delay(Brokers::All, SECOND);
    let ((), appends) = timed(&cluster, five(&mut wire)).await;
    assert_eq!(appends.as_secs(), 5, "one after the other");
    cluster.append_delay(Brokers::All, Duration::ZERO);
    let began = now(&cluster).await;
    cluster.link_delay(Brokers::All, SECOND);
    five(&mut wire).await;
    cluster.link_delay(Brokers::All, Duration::ZERO);
    assert_eq!((now(&cluster).await - began).as_secs(), 1, "side by side");
    cluster.on(ApiKey::PRODUCE).delay(3 * SECOND);
    let ((), delayed) = timed(&cluster, five(&mut wire)).await;
    assert_eq!(delayed.as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn throttle_time_is_returned_at_once_and_mutes_the_connection() {
    for version in [5, 9] {
        let cluster = one_broker().await;
        let mut wire = Wire::to(&cluster, 1);
        cluster.throttle(1, 2 * SECOND);
        let began = now(&cluster).await;
        let answer: ProduceResponse = wire.call(&to_t(-1, batch(&["a"])), version).await;
        assert_eq!(answer.throttle_time_ms, 2_000);
        assert_eq!(now(&cluster).await, began, "at once");
        let answer: ProduceResponse = Wire::to(&cluster, 1).call(&to_t(-1, batch(&["b"])), version).await;
        assert_eq!(answer.throttle_time_ms, 2_000);
        assert_eq!(now(&cluster).await, began, "on another connection, too");
        wire.metadata("t").await;
        assert_eq!((now(&cluster).await - began).as_secs(), 2, "whatever comes next on this one");
    }
}
