//! Delivery hooks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use milena::Report;

use super::{full, harness, reject, with};

#[tokio::test]
async fn hook_is_called_once_for_each_record_before_close_returns() {
    let harness = harness().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&seen);
    let hook = move |report: &Report| note.lock().unwrap().push((report.tag, report.offset()));
    let producer = harness.producer().on_delivery(hook).build().await.unwrap();
    for tag in 0..10_000 {
        drop(producer.enqueue(full(tag)).await.unwrap());
    }
    producer.close().await.unwrap();
    let expected: Vec<_> = (0..10_000u64).map(|tag| (tag, Some(tag.cast_signed()))).collect();
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[tokio::test]
async fn hook_that_panics_is_called_for_the_next_record() {
    let harness = harness().await;
    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let panics = move |_: &Report| {
        assert!(count.fetch_add(1, Ordering::Relaxed) % 2 == 1, "the panic of a hook, as it should be");
    };
    let producer = harness.producer().on_delivery(panics).build().await.unwrap();
    for tag in 0..10 {
        producer.send(full(tag)).await.unwrap();
    }
    producer.close().await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 10);
}

#[tokio::test]
async fn slow_hook_loses_nothing_and_memory_stays_within_the_budget() {
    let harness = harness().await;
    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let slow = move |_: &Report| {
        count.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_micros(100));
    };
    let settings = [("buffer.memory", "100000"), ("batch.size", "2000")];
    let producer = with(&harness, &settings).on_delivery(slow).build().await.unwrap();
    for tag in 0..3_000 {
        drop(producer.enqueue(full(tag).value(vec![0u8; 500])).await.unwrap());
    }
    producer.close().await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 3_000);
}

#[tokio::test]
async fn hook_that_never_returns_does_not_hold_up_close_beyond_its_timeout() {
    let harness = harness().await;
    let hangs = |_: &Report| std::thread::sleep(Duration::from_secs(3_600));
    let producer = with(&harness, &[("close.timeout.ms", "300")]).on_delivery(hangs).build().await.unwrap();
    producer.send(full(1)).await.unwrap();
    producer.close().await.unwrap();
}

#[tokio::test]
async fn producer_that_cannot_connect_leaves_no_thread_of_hooks() {
    let harness = harness().await;
    let held = Arc::new(());
    let hook = {
        let held = Arc::clone(&held);
        move |_: &Report| drop(Arc::clone(&held))
    };
    let settings = [("connect.timeout.ms", "50"), ("security.protocol", "SASL_PLAINTEXT")];
    let settings = [settings[0], settings[1], ("sasl.mechanism", "PLAIN")];
    let secured = [("sasl.username", "u"), ("sasl.password", "p")];
    let builder = with(&harness, &[&settings[..], &secured[..]].concat()).on_delivery(hook);
    builder.build().await.unwrap_err();
    milena_tests::eventually(|| Arc::strong_count(&held) == 1).await;
}

#[tokio::test]
async fn failure_comes_with_its_record() {
    let harness = harness().await;
    let seen = Arc::new(Mutex::new(None));
    let note = Arc::clone(&seen);
    let hook = move |report: &Report| *note.lock().unwrap() = report.record().cloned();
    let producer = harness.producer().on_delivery(hook).build().await.unwrap();
    reject(&harness);
    producer.send(full(7)).await.unwrap_err();
    producer.close().await.unwrap_err();
    assert_eq!(*seen.lock().unwrap(), Some(full(7)));
}
