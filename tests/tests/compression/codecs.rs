//! Every codec and level: what arrives, what it costs on the wire, and what the metrics report.

use std::time::Duration;

use milena::{Compression, Header, Record};
use milena_fake::{Cluster, TopicCompression, TopicConfig};
use milena_tests::{ClusterHarness, Load, assert_exactly_once, line, noise, within};

use crate::support::{COMPRESSIONS, batches, harness, producer};

#[tokio::test(start_paused = true)]
async fn every_codec_delivers_each_record_once_in_batches_of_its_own() {
    for compression in COMPRESSIONS {
        let harness = harness().await;
        let producer = producer(&harness, compression).await;
        let sent = within(Load::of(3_000).send(&producer)).await;
        assert_exactly_once(&harness, "t", &sent);
        for batch in batches(&harness, "t") {
            assert_eq!(batch.produced_compression.name(), compression.name());
            assert!(batch.bytes.len() < batch.plain_bytes / 2, "{compression}: {batch:?}");
        }
        let metrics = producer.metrics();
        assert_eq!((metrics.compressed_batches, metrics.codec_failures), (metrics.batches, 0));
        let ratio = metrics.compression_ratio().unwrap();
        assert!(ratio > 0.0 && ratio < 0.5, "{compression}: {ratio}");
        within(producer.close()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn records_of_every_shape_are_read_back_unchanged() {
    for compression in COMPRESSIONS {
        let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
        let producer = producer(&harness, compression).await;
        let long = "a long line, ".repeat(20_000);
        let records = [
            Record::to("t").value("v"),
            Record::to("t").key("k"),
            Record::to("t").key("").value(""),
            Record::to("t").key("k").value(long.clone()).header("name", "value").timestamp_ms(7),
            Record::to("t").value(bytes::Bytes::from(long.clone())),
            Record::to("t").value(noise(1, 100_000)),
        ];
        let results = within(producer.send_all(records.clone())).await;
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        let log = harness.log("t", 0);
        assert_eq!(log.len(), records.len());
        let lengths: Vec<_> =
            log.iter().map(|record| record.value.as_ref().map(|value| value.len())).collect();
        let expected = [Some(1), None, Some(0), Some(long.len()), Some(long.len()), Some(100_000)];
        assert_eq!(lengths, expected, "{compression}");
        assert_eq!(log[2].key.as_deref(), Some(&b""[..]));
        assert_eq!((log[3].timestamp, &log[3].headers[..]), (7, &[Header::new("name", "value")][..]));
        assert_eq!(log[5].value.as_deref(), Some(&noise(1, 100_000)[..]));
    }
}

#[tokio::test(start_paused = true)]
async fn topic_with_a_compression_of_its_own_has_it() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().topic("t", 1).topic("plain", 1).topic("u", 1)).await;
    let builder =
        harness.producer().compression(Compression::Lz4).topic_compression("plain", Compression::None);
    let builder = builder.property("compression.topics", "plain=none, u=zstd:7").unwrap();
    let producer = builder.build().await.unwrap();
    for topic in ["t", "plain", "u"] {
        within(producer.send((topic, "key", line(1)))).await.unwrap();
    }
    let codecs = ["t", "plain", "u"].map(|topic| batches(&harness, topic)[0].produced_compression.name());
    assert_eq!(codecs, ["lz4", "none", "zstd"]);
}

#[tokio::test(start_paused = true)]
async fn higher_level_makes_smaller_batches() {
    let mut bytes = Vec::new();
    for level in [-50, 19] {
        let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
        let producer = producer(&harness, Compression::Zstd { level }).await;
        let records = (0..600_u32).map(|number| {
            let (user, order) = (number.wrapping_mul(2_654_435_761) % 9_973, number / 3);
            let state = ["open", "paid", "sent", "lost"][(user % 4) as usize];
            Record::to("t").value(format!("user={user} order={order} state={state} next={}", user * 7 % 101))
        });
        let results = within(producer.send_all(records)).await;
        assert!(results.iter().all(Result::is_ok));
        bytes.push(batches(&harness, "t").iter().map(|batch| batch.bytes.len()).sum::<usize>());
    }
    assert!(bytes[1] < bytes[0], "{bytes:?}");
}

#[tokio::test(start_paused = true)]
async fn incompressible_records_are_sent_uncompressed_and_seldom_tried() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let producer = producer(&harness, Compression::Zstd { level: 3 }).await;
    for number in 0..100 {
        within(producer.send(("t", "k", noise(number, 2_000)))).await.unwrap();
    }
    assert!(batches(&harness, "t").iter().all(|batch| batch.produced_compression.name() == "none"));
    let metrics = producer.metrics();
    assert!(metrics.skipped_batches > 90 && metrics.skipped_batches < 100, "{metrics:?}");
    assert_eq!(metrics.compression_ratio(), Some(1.0));
    for number in 0..200 {
        within(producer.send(("t", "k", line(number)))).await.unwrap();
    }
    assert!(producer.metrics().compressed_batches > 100, "{:?}", producer.metrics());
}

#[tokio::test(start_paused = true)]
async fn topic_whose_broker_recompresses_is_no_error() {
    let stored = TopicCompression::Always(milena_fake::Compression::Gzip);
    let config = TopicConfig { compression_type: stored, ..TopicConfig::default() };
    for compression in [Compression::None, Compression::Lz4, Compression::Zstd { level: 3 }] {
        let harness = ClusterHarness::in_memory(Cluster::builder().topic_with("t", 2, config)).await;
        let producer = producer(&harness, compression).await;
        let sent = within(Load::of(1_000).send(&producer)).await;
        assert_exactly_once(&harness, "t", &sent);
        assert!(batches(&harness, "t").iter().all(|batch| batch.compression().name() == "gzip"));
    }
}

#[tokio::test(start_paused = true)]
async fn acks_0_and_1_compress_as_well() {
    for acks in [milena::Acks::None, milena::Acks::Leader] {
        let harness = harness().await;
        let builder = harness.producer().acks(acks).compression(Compression::Snappy);
        let producer = builder.build().await.unwrap();
        within(Load::of(2_000).send(&producer)).await;
        within(producer.close()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(harness.record_count(), 2_000);
        assert!(batches(&harness, "t").iter().all(|batch| batch.produced_compression.name() == "snappy"));
    }
}
