//! The record in the error of a record: as it was handed over, wherever its bytes were when it failed.

use std::time::Duration;

use milena::{ErrorKind, Persisted, Record, SendError};
use milena_fake::ApiKey;

use super::{full, harness, reject, with};

#[tokio::test(start_paused = true)]
async fn delivery_that_is_rejected_returns_its_record() {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let harness = harness().await;
        let producer = with(&harness, &[("compression.type", codec)]).build().await.unwrap();
        reject(&harness);
        let mut deliveries = Vec::new();
        for tag in 0..50 {
            deliveries.push(producer.enqueue(full(tag)).await.unwrap());
        }
        for (tag, delivery) in (0..).zip(deliveries) {
            assert_eq!(delivery.await.unwrap_err().into_record(), Some(full(tag).tag(0)), "{codec}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn delivery_that_expires_in_flight_returns_its_record() {
    for codec in ["none", "lz4"] {
        let harness = harness().await;
        let settings =
            [("delivery.timeout.ms", "1500"), ("request.timeout.ms", "1400"), ("compression.type", codec)];
        let producer = with(&harness, &settings).build().await.unwrap();
        producer.send(full(1)).await.unwrap();
        harness.on(ApiKey::PRODUCE).always().delay(Duration::from_secs(60));
        let delivery = producer.enqueue(full(2)).await.unwrap();
        let error = delivery.await.unwrap_err();
        assert_eq!((error.kind(), error.persisted()), (ErrorKind::DeliveryTimeout, Persisted::Maybe));
        assert_eq!(error.record(), Some(&full(2).tag(0)));
    }
}

#[tokio::test(start_paused = true)]
async fn delivery_of_a_producer_that_is_closed_returns_its_record() {
    let harness = harness().await;
    let producer = with(&harness, &[("close.timeout.ms", "100"), ("linger.ms", "50")]).build().await.unwrap();
    producer.topic("t").await.unwrap();
    harness.on(ApiKey::PRODUCE).always().silence();
    let delivery = producer.enqueue(full(3)).await.unwrap();
    producer.close().await.unwrap_err();
    assert_eq!(delivery.await.unwrap_err().into_record(), Some(full(3).tag(0)));
}

#[tokio::test(start_paused = true)]
async fn record_larger_than_a_chunk_comes_back_whole() {
    let harness = harness().await;
    let producer = harness.connect().await;
    reject(&harness);
    let large = full(4).value(vec![7u8; 300_000]);
    let delivery = producer.enqueue(&large).await.unwrap();
    assert_eq!(delivery.await.unwrap_err().into_record(), Some(large.tag(0)));
}

#[tokio::test(start_paused = true)]
async fn awaited_send_returns_the_record_as_it_was() {
    let harness = harness().await;
    let producer = harness.connect().await;
    reject(&harness);
    let record = Record::to("t").key("k").value("v").tag(5);
    let all = producer.send_all([&record, &record]).await;
    let records: Vec<_> = all.into_iter().map(|sent| sent.unwrap_err().into_record().unwrap()).collect();
    assert_eq!(records, [record.clone(), record.clone()]);
    assert_eq!(producer.send(&record).await.unwrap_err().into_record(), Some(record));
}

#[tokio::test(start_paused = true)]
async fn refused_record_is_in_its_error() {
    let harness = harness().await;
    let producer = with(&harness, &[("max.block.ms", "10")]).build().await.unwrap();
    let large = Record::to("t").value(vec![0u8; 2_000_000]);
    let missing = Record::to("missing").value("v").tag(9);
    let topic = producer.topic("t").await.unwrap();
    let borrowed = topic.enqueue(Some(b"key"), large.value.as_deref()).await.unwrap_err();

    let record = |error: SendError| error.into_record().unwrap();
    assert_eq!(record(producer.enqueue(&large).await.unwrap_err()), large);
    assert_eq!(record(producer.send(&missing).await.unwrap_err()), missing);
    assert_eq!(record(borrowed), large.key("key"));
}

#[tokio::test(start_paused = true)]
async fn errors_kept_by_a_caller_hold_no_room() {
    let harness = harness().await;
    let settings = [("buffer.memory", "200000"), ("max.block.ms", "1000"), ("batch.size", "1000")];
    let producer = with(&harness, &settings).build().await.unwrap();
    reject(&harness);
    // Many times the budget: deliveries that no task awaits do not keep the later records out.
    let mut deliveries = Vec::new();
    for tag in 0..1_000 {
        deliveries.push(producer.enqueue(full(tag).value(vec![1u8; 1_000])).await.unwrap());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    producer.flush().await.unwrap_err();
    let mut kept = 0;
    for delivery in deliveries {
        kept += usize::from(delivery.await.unwrap_err().record().is_some());
    }
    assert!((100..1_000).contains(&kept), "{kept} records were kept, in room for 200 000 bytes");
}
