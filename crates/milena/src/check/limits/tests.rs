//! The findings about limits, good and bad.

use milena_codec::ids::{BrokerId, PartitionId};
use milena_codec::wire::InlineVec;

use super::*;
use crate::check::report::Severity;
use crate::config::ProducerBuilder;

fn partition(in_sync: usize, all: usize) -> MetadataResponsePartition {
    let brokers = |count: usize| InlineVec::from(&(1..).map(BrokerId).take(count).collect::<Vec<_>>()[..]);
    MetadataResponsePartition {
        partition_index: PartitionId(3),
        isr_nodes: brokers(in_sync),
        replica_nodes: brokers(all),
        ..MetadataResponsePartition::default()
    }
}

#[test]
fn in_sync_replicas_below_the_minimum_are_an_error_with_acks_all() {
    let found = |acks, in_sync, all, min| replicas(acks, "t", &[partition(in_sync, all)], min).severity();
    assert_eq!(found(Acks::All, 1, 3, Some(2)), Severity::Error);
    assert_eq!(found(Acks::Leader, 1, 3, Some(2)), Severity::Warning);
    assert_eq!(found(Acks::All, 2, 3, Some(2)), Severity::Warning);
    assert_eq!(found(Acks::All, 3, 3, Some(2)), Severity::Ok);
    assert_eq!(found(Acks::All, 2, 2, Some(2)), Severity::Warning);
    assert_eq!(found(Acks::All, 1, 1, Some(1)), Severity::Ok);
    // Capped at the number of replicas.
    assert_eq!(found(Acks::All, 1, 1, Some(2)), Severity::Warning);
    assert_eq!(found(Acks::All, 3, 3, None), Severity::Ok);
    let text = replicas(Acks::All, "t", &[partition(1, 3)], Some(2));
    assert_eq!(text.text(), "`min.insync.replicas` is 2; partitions below it: 3 (1 of 3)");
}

#[test]
fn records_and_batches_above_the_limit_of_the_topic_are_warnings() {
    let config = ProducerBuilder::default().bootstrap_servers("a:1").max_request_size(1_000).batch_size(500);
    let config = config.validate().unwrap();
    assert_eq!(sizes(&config, "t", 1_000).severity(), Severity::Ok);
    let records = sizes(&config, "t", 999);
    assert_eq!(records.severity(), Severity::Warning);
    assert!(records.text().contains("`max.request.size` is 1000"), "{}", records.text());
    let small = ProducerBuilder::default().bootstrap_servers("a:1").max_request_size(400).batch_size(500);
    let batches = sizes(&small.validate().unwrap(), "t", 499);
    assert!(batches.text().contains("`batch.size` is 500"), "{}", batches.text());
}

#[test]
fn timestamps_of_this_host_outside_of_the_bounds_are_an_error() {
    let settings = Described::of(&[
        ("message.timestamp.type", "CreateTime"),
        ("message.timestamp.before.max.ms", "2000"),
        ("message.timestamp.after.max.ms", "1000"),
    ]);
    let found = |ms| timestamps("t", &settings, Some(Skew { ms, uncertainty_ms: 10 })).unwrap().severity();
    assert_eq!([found(2_010), found(2_011)], [Severity::Ok, Severity::Error]);
    assert_eq!([found(-1_010), found(-1_011)], [Severity::Ok, Severity::Error]);
    assert_eq!(timestamps("t", &settings, None).unwrap().severity(), Severity::Ok);
    let append = Described::of(&[("message.timestamp.type", "LogAppendTime")]);
    let found = timestamps("t", &append, Some(Skew { ms: i64::MAX, uncertainty_ms: 0 })).unwrap();
    assert_eq!(found.severity(), Severity::Ok);
    assert_eq!(timestamps("t", &Described::default(), None), None);
}

#[test]
fn codec_that_the_broker_changes_is_a_warning_and_one_that_it_rejects_an_error() {
    let found = |ours, is_taken, theirs| codec(ours, is_taken, "t", theirs).severity();
    assert_eq!(found(Compression::Lz4, true, Some("producer")), Severity::Ok);
    assert_eq!(found(Compression::Lz4, true, Some("lz4")), Severity::Ok);
    assert_eq!(found(Compression::None, true, Some("uncompressed")), Severity::Ok);
    assert_eq!(found(Compression::Lz4, true, Some("zstd")), Severity::Warning);
    assert_eq!(found(Compression::Lz4, true, None), Severity::Ok);
    assert_eq!(found(Compression::Zstd { level: 3 }, false, None), Severity::Error);
}
