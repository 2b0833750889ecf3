//! The stream of reports.

use std::time::Duration;

use futures_util::StreamExt;
use milena::{ErrorKind, Record, Report};
use milena_tests::{Log, within};

use super::{full, harness, reject, with};

#[tokio::test(start_paused = true)]
async fn each_record_has_one_report_with_tag_and_offset_in_order() {
    let harness = harness().await;
    let producer = harness.connect().await;
    drop(producer.enqueue(full(99)).await.unwrap());
    let mut reports = producer.reports();
    for tag in 0..1_000 {
        drop(producer.enqueue(full(tag)).await.unwrap());
    }
    producer.close().await.unwrap();
    let read: Vec<Report> = within(reports.by_ref().collect()).await;
    let seen: Vec<_> = read.iter().map(|report| (report.tag, report.partition, report.offset())).collect();
    let expected: Vec<_> = (0..1_000u64).map(|tag| (tag, Some(1), Some(tag.cast_signed() + 1))).collect();
    assert_eq!(seen, expected, "the record before the stream has no report");
    assert!(read.iter().all(|report| report.timestamp_ms == 1_000 + report.tag.cast_signed()));
    assert_eq!(reports.dropped(), 0);
}

#[tokio::test(start_paused = true)]
async fn failure_has_its_record_and_tag() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let mut reports = producer.reports();
    reject(&harness);
    for tag in 0..100 {
        drop(producer.enqueue(full(tag)).await.unwrap());
    }
    producer.flush().await.unwrap_err();
    for tag in 0..100 {
        let report = reports.try_next().unwrap();
        assert_eq!(report.error().map(|error| error.kind()), Some(ErrorKind::InvalidRecord));
        assert_eq!((report.tag, report.into_record()), (tag, Some(full(tag))));
    }
    assert_eq!(reports.try_next(), None);
}

#[tokio::test(start_paused = true)]
async fn detached_and_borrowed_records_have_reports() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let topic = producer.topic("t").await.unwrap();
    let mut reports = producer.reports();
    topic.enqueue_detached(None, Some(b"v")).await.unwrap();
    drop(topic.enqueue(Some(b"k"), None).await.unwrap());
    topic.send(Some(b"k"), Some(&vec![0; 100_000])).await.unwrap();
    producer.flush().await.unwrap();
    let offsets: Vec<_> = std::iter::from_fn(|| reports.try_next()).map(|report| report.offset()).collect();
    assert_eq!(offsets.len(), 3);
    assert!(offsets.iter().all(Option::is_some), "{offsets:?}");
}

#[tokio::test(start_paused = true)]
async fn unread_failures_hold_their_partition_back_and_no_other() {
    let harness = harness().await;
    let settings = [("buffer.memory", "400000"), ("max.block.ms", "500"), ("batch.size", "1000")];
    let producer = with(&harness, &settings).build().await.unwrap();
    let mut reports = producer.reports();
    reject(&harness);
    let mut accepted = 0u64;
    while let Ok(delivery) = producer.enqueue(Record::to("t").value(vec![1u8; 1_000]).partition(0)).await {
        accepted += 1;
        drop(delivery.await);
        assert!(accepted < 400, "the failures hold no room");
    }
    harness.clear_hooks();
    producer.send(Record::to("t").value("healthy").partition(2)).await.unwrap();

    let failures = std::iter::from_fn(|| reports.try_next()).filter(|report| report.error().is_some());
    assert_eq!(failures.count() as u64, accepted);
    producer.send(Record::to("t").value("again").partition(0)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn stream_that_is_dropped_gives_room_back_and_logs_the_failures() {
    let log = Log::default();
    let _guard = log.listen();
    let harness = harness().await;
    let producer = with(&harness, &[("buffer.memory", "400000")]).build().await.unwrap();
    let mut reports = producer.reports();
    reject(&harness);
    for tag in 0..10 {
        drop(producer.enqueue(full(tag)).await.unwrap());
    }
    producer.flush().await.unwrap_err();
    assert!(reports.try_next().is_some());
    assert!(producer.metrics().buffer_free_bytes < 400_000);
    drop(reports);
    assert_eq!(producer.metrics().buffer_free_bytes, 400_000);
    assert_eq!(log.count("ERROR", "failures=9"), 1);
}

#[tokio::test(start_paused = true)]
async fn successes_beyond_the_bound_are_dropped_and_counted() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let mut reports = producer.reports();
    for tag in 0..70_000 {
        drop(producer.enqueue(Record::to("t").value("v").tag(tag)).await.unwrap());
    }
    producer.flush().await.unwrap();
    let read = std::iter::from_fn(|| reports.try_next()).count() as u64;
    assert_eq!(read + reports.dropped(), 70_000);
    assert!(read <= 65_536 && reports.dropped() > 0, "{read}");
}

#[tokio::test(start_paused = true)]
async fn two_streams_have_all_reports() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let mut streams = [producer.reports(), producer.reports()];
    producer.send(full(1)).await.unwrap();
    for stream in &mut streams {
        assert_eq!(within(stream.next()).await.map(|report| report.tag), Some(1));
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn report_and_delivery_have_the_times_of_their_batch() {
    let harness = harness().await;
    let producer = with(&harness, &[("linger.ms", "40")]).build().await.unwrap();
    let mut reports = producer.reports();
    harness.on(milena_fake::ApiKey::PRODUCE).always().delay(Duration::from_millis(300));
    let mut delivery = producer.enqueue(full(1)).await.unwrap();
    assert_eq!(delivery.timing(), None, "there is no outcome yet");
    (&mut delivery).await.unwrap();
    let timing = delivery.timing().unwrap();
    assert_eq!((timing.queue, timing.attempts), (Duration::from_millis(40), 1));
    assert!((300..310).contains(&timing.wire.as_millis()), "{timing:?}");
    assert_eq!(reports.try_next().unwrap().timing, Some(timing));
}

#[tokio::test(start_paused = true)]
async fn record_built_from_borrowed_parts_has_all_of_them() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let topic = producer.topic("t").await.unwrap();
    let mut reports = producer.reports();
    let (key, value) = (String::from("key"), vec![b'v'; 3]);
    let plain = topic.record().key(&key).value(&value).partition(1).timestamp_ms(1_000).tag(1);
    plain.clone().enqueue().await.unwrap().await.unwrap();
    plain.clone().header("h", "1").tag(2).send().await.unwrap();
    drop(plain.clone().tag(3).try_enqueue().unwrap());
    let refused = plain.clone().header("h", "1").timestamp_ms(-1).enqueue().await.unwrap_err();
    assert_eq!(refused.record().map(|record| record.headers.len()), Some(1));
    let error = plain.partition(9).try_enqueue().unwrap_err();
    assert_eq!(
        error.into_record(),
        Record::to("t").key("key").value("vvv").partition(9).timestamp_ms(1_000).tag(1)
    );

    producer.flush().await.unwrap();
    let tags: Vec<_> = std::iter::from_fn(|| reports.try_next()).map(|report| report.tag).collect();
    assert_eq!(tags, [1, 2, 3]);
    let records = harness.log("t", 1);
    let headers: Vec<_> = records.iter().map(|record| record.headers.len()).collect();
    assert_eq!(headers, [0, 1, 0]);
    assert!(records.iter().all(|record| record.key.as_deref() == Some(b"key") && record.timestamp == 1_000));
}

#[tokio::test(start_paused = true)]
async fn sink_sends_its_items_and_returns_failures_with_the_flush() {
    use futures_util::{SinkExt, stream};

    let harness = harness().await;
    let producer = harness.connect().await;
    let mut sink = producer.sink("t");
    sink.send_all(&mut stream::iter((0..100).map(|number| Ok((format!("key-{number}"), "v")))))
        .await
        .unwrap();
    sink.send("alone").await.unwrap();
    assert_eq!((0..3).map(|partition| harness.log("t", partition).len()).sum::<usize>(), 101);
    reject(&harness);
    assert!(sink.send("fails").await.unwrap_err().to_string().contains("1 record failed"));
    harness.clear_hooks();
    SinkExt::<&str>::flush(&mut sink).await.unwrap();
}
