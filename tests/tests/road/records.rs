//! The allowed contents of a record, which arrive unchanged.

use milena::{ErrorKind, Persisted, Record};
use milena_fake::{Cluster, TopicConfig};
use milena_tests::ClusterHarness;

async fn cluster_with(config: TopicConfig) -> ClusterHarness {
    ClusterHarness::on_sockets(Cluster::builder().topic_with("t", 1, config)).await
}

#[tokio::test]
async fn keys_values_and_headers_arrive_unchanged() {
    let harness = cluster_with(TopicConfig::default()).await;
    let producer = harness.connect().await;
    let records = [
        Record::to("t"),
        Record::to("t").key("").value(""),
        Record::to("t").key("k"),
        Record::to("t").value("v"),
        Record::to("t").key(vec![0, 255]).value(vec![0; 70_000]),
        Record::to("t").value("v").header("a", "1").header("a", "2").header("", ""),
        Record::to("t").value("v").timestamp_ms(1_234_567_890_123),
        Record::to("t").value("v").timestamp_ms(1_134_567_890_123),
        Record::to("t").value("v").timestamp_ms(0),
    ];
    for outcome in producer.send_all(records.clone()).await {
        outcome.unwrap();
    }
    let log = harness.log("t", 0);
    assert_eq!(log.len(), records.len());
    for (sent, logged) in records.iter().zip(&log) {
        assert_eq!((&sent.key, &sent.value, &sent.headers), (&logged.key, &logged.value, &logged.headers));
        assert!(sent.timestamp_ms.is_none_or(|sent| sent == logged.timestamp), "{logged:?}");
    }
}

#[tokio::test]
async fn a_header_may_have_no_value() {
    let harness = cluster_with(TopicConfig::default()).await;
    let producer = harness.connect().await;
    let mut record = Record::to("t").value("v").header("h", "");
    record.headers[0].value = None;
    producer.send(record.clone()).await.unwrap();
    assert_eq!(harness.log("t", 0)[0].headers, record.headers);
}

#[tokio::test]
async fn record_with_a_negative_timestamp_is_refused_before_its_topic_is_looked_up() {
    let harness = ClusterHarness::on_sockets(Cluster::builder().auto_create(false)).await;
    let producer = harness.connect().await;
    for timestamp_ms in [-1, -5, i64::MIN] {
        let record = || Record::to("nowhere").value("v").timestamp_ms(timestamp_ms);
        let tried = producer.try_enqueue(record()).unwrap_err();
        for error in [producer.send(record()).await.unwrap_err(), tried.error().unwrap().clone()] {
            assert_eq!((error.kind(), error.persisted()), (ErrorKind::InvalidTimestamp, Persisted::No));
            assert!(!error.is_retriable(), "{error}");
            let expected = format!(
                "the timestamp is {timestamp_ms}: timestamps are milliseconds since 1970, at least 0"
            );
            assert!(error.to_string().contains(&expected), "{error}");
        }
    }
}

#[tokio::test]
async fn an_acknowledgement_has_the_records_own_timestamp() {
    let harness = cluster_with(TopicConfig::default()).await;
    let producer = harness.connect().await;
    for timestamp_ms in [1_600_000_000_000, 5, 0] {
        let ack = producer.send(Record::to("t").value("v").timestamp_ms(timestamp_ms)).await.unwrap();
        assert_eq!(ack.timestamp_ms, timestamp_ms);
    }
}

#[tokio::test]
async fn acknowledgement_has_the_brokers_timestamp_of_a_log_append_time_topic() {
    const NOW_MS: i64 = 1_700_000_000_000;
    let config = TopicConfig { log_append_time: true, ..TopicConfig::default() };
    let builder = Cluster::builder().topic_with("t", 1, config).wall_clock_ms(NOW_MS);
    let harness = ClusterHarness::on_sockets(builder).await;
    let producer = harness.connect().await;
    let ack = producer.send(Record::to("t").value("v").timestamp_ms(1)).await.unwrap();
    assert!((NOW_MS..NOW_MS + 600_000).contains(&ack.timestamp_ms), "{ack:?}");
    assert_eq!(harness.log("t", 0)[0].timestamp, ack.timestamp_ms);
}

#[tokio::test]
async fn records_up_to_ten_megabytes_go_where_both_sides_allow_it() {
    const MIB: usize = 1 << 20;
    let harness = cluster_with(TopicConfig { max_message_bytes: 11 * MIB, ..TopicConfig::default() }).await;
    let producer = harness.producer().max_request_size(10 * MIB + 1_000).build().await.unwrap();
    let sizes = [10 * MIB, 100, 8 * MIB, MIB, 65_536, 65_400, 10 * MIB];
    let mut deliveries = Vec::new();
    for (number, size) in (0_u8..).zip(sizes) {
        deliveries.push(producer.enqueue(Record::to("t").value(vec![number; size])).await.unwrap());
    }
    for (offset, delivery) in (0..).zip(deliveries) {
        assert_eq!(delivery.await.unwrap().offset, offset);
    }
    let log = harness.log("t", 0);
    let logged: Vec<_> = log.iter().map(|record| record.value.as_ref().unwrap()).collect();
    assert_eq!(logged.iter().map(|value| value.len()).collect::<Vec<_>>(), sizes);
    assert!((0..).zip(logged).all(|(number, value)| value.iter().all(|byte| *byte == number)));
}

#[tokio::test]
async fn a_record_over_the_limit_is_refused_with_both_numbers() {
    let harness = cluster_with(TopicConfig::default()).await;
    let producer = harness.producer().max_request_size(10_000).build().await.unwrap();
    let error = producer.send(Record::to("t").value(vec![0; 20_000])).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::MessageTooLarge, Persisted::No));
    assert!(!error.is_retriable());
    let said = error.to_string();
    assert!(said.contains("20") && said.contains("10000") && said.contains("max.request.size"), "{said}");
    assert_eq!(producer.send(("t", "small")).await.unwrap().offset, 0);
}

#[tokio::test]
async fn a_record_that_the_broker_finds_too_large_is_named_with_its_topic() {
    let harness = cluster_with(TopicConfig { max_message_bytes: 5_000, ..TopicConfig::default() }).await;
    let producer = harness.connect().await;
    let error = producer.send(Record::to("t").value(vec![0; 6_000])).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::MessageTooLarge, Persisted::No));
    assert_eq!((error.topic(), error.partition()), ("t", Some(0)));
    assert_eq!(producer.send(("t", "small")).await.unwrap().offset, 0);
    assert_eq!(harness.values("t", 0), ["small"]);
}

#[tokio::test]
async fn keyless_record_on_a_compacted_topic_fails_with_the_brokers_message() {
    let harness = cluster_with(TopicConfig { compacted: true, ..TopicConfig::default() }).await;
    let producer = harness.connect().await;
    let error = producer.send(("t", "v")).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::InvalidRecord, Persisted::No));
    assert!(error.message().contains("key"), "{error}");
    producer.send(("t", "k", "v")).await.unwrap();
    producer.send(Record::to("t").key("k")).await.unwrap();
    assert_eq!(harness.values("t", 0), ["v", "null"]);
}

#[tokio::test]
async fn a_timestamp_too_far_ahead_fails_alone_with_its_batch() {
    const YEAR_MS: i64 = 365 * 24 * 3_600_000;
    let harness = cluster_with(TopicConfig::default()).await;
    let producer = harness.connect().await;
    let now_ms = producer.send(("t", "now")).await.unwrap().timestamp_ms;
    let record = Record::to("t").value("then").timestamp_ms(now_ms + YEAR_MS);
    let error = producer.send(record).await.unwrap_err();
    assert_eq!((error.kind(), error.persisted()), (ErrorKind::InvalidTimestamp, Persisted::No));
    producer.send(("t", "after")).await.unwrap();
    assert_eq!(harness.values("t", 0), ["now", "after"]);
}
