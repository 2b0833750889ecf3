//! Requests that a broker serves after their connection ended. The clock is paused.

use std::time::Duration;

use milena_codec::ErrorCode;
use milena_codec::message::ApiKey;
use milena_fake::{Cluster, Hold};
use tokio::time::{sleep, timeout};

use crate::client::*;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn late_request_delays_the_requests_behind_it() {
    for after in [Duration::ZERO, 5 * SECOND] {
        let cluster = one_broker().await;
        cluster.on(ApiKey::PRODUCE).disconnect_then_apply(after);
        let mut wire = send(&cluster, &["a", "b"]).await;
        assert!(is_closed(&mut wire).await);
        drop(wire);
        let at_once = cluster.record_count();
        sleep(after + SECOND).await;
        assert_eq!(values(&cluster, "t", 0), ["a", "b"]);
        assert!(at_once == 0 || after == Duration::ZERO, "not before its time");
    }
}

#[tokio::test(start_paused = true)]
async fn late_request_is_served_at_its_release() {
    let cluster = one_broker().await;
    let hold = cluster.on(ApiKey::PRODUCE).disconnect_then_hold();
    let mut wire = send(&cluster, &["a"]).await;
    reached(&hold, 1).await;
    assert!(is_closed(&mut wire).await);
    drop(wire);
    sleep(60 * SECOND).await;
    assert_eq!(Wire::to(&cluster, 1).code(batch(&["b"])).await, ErrorCode::NONE);
    hold.release();
    sleep(SECOND).await;
    assert_eq!(values(&cluster, "t", 0), ["b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn late_batch_is_checked_when_it_is_served() {
    let cluster = one_broker().await;
    let hold = cluster.on(ApiKey::PRODUCE).times(2).disconnect_then_hold();
    for (epoch, value) in [(0, "a"), (1, "b")] {
        let mut wire = Wire::to(&cluster, 1);
        wire.send(&to_t(-1, stamped(&[value], stamp(7, epoch, 0))), 9).await;
        reached(&hold, 1 + usize::try_from(epoch).unwrap()).await;
    }
    let mut wire = Wire::to(&cluster, 1);
    assert_eq!(wire.code(stamped(&["b"], stamp(7, 1, 0))).await, ErrorCode::NONE);
    hold.release();
    sleep(SECOND).await;
    assert_eq!(values(&cluster, "t", 0), ["b"], "one is fenced, the other one is a repetition");
}

#[tokio::test(start_paused = true)]
async fn late_request_is_lost_with_its_broker_and_finds_another_leader() {
    let cluster = Cluster::builder().brokers(2).topic("t", 1).in_memory().wall_clock_ms(NOW_MS);
    let cluster = cluster.start().await.unwrap();
    let hold = cluster.on(ApiKey::PRODUCE).times(2).disconnect_then_hold();
    drop(send(&cluster, &["a"]).await);
    reached(&hold, 1).await;
    cluster.kill(1);
    cluster.restart(1).unwrap();
    cluster.move_leader("t", 0, 1);
    drop(send(&cluster, &["b"]).await);
    reached(&hold, 2).await;
    cluster.move_leader("t", 0, 2);
    hold.release();
    sleep(SECOND).await;
    assert_eq!(cluster.record_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn held_request_is_served_after_its_client_disconnected() {
    let cluster = one_broker().await;
    let hold = cluster.on(ApiKey::PRODUCE).hold();
    let wire = send(&cluster, &["a", "b"]).await;
    reached(&hold, 1).await;
    drop(wire);
    sleep(SECOND).await;
    hold.release();
    sleep(SECOND).await;
    assert_eq!(values(&cluster, "t", 0), ["a", "b"]);
}

/// Whether the client sees, without an answer, that the connection closed.
async fn is_closed(wire: &mut Wire) -> bool {
    matches!(timeout(SECOND, wire.frame()).await, Ok(None))
}

async fn reached(hold: &Hold, count: usize) {
    timeout(SECOND, hold.reached(count)).await.unwrap();
}

/// Sends a request for each value on one connection to broker 1, and reads no answer.
async fn send(cluster: &Cluster, values: &[&str]) -> Wire {
    let mut wire = Wire::to(cluster, 1);
    for value in values {
        wire.send(&to_t(-1, batch(&[value])), 9).await;
    }
    wire
}
