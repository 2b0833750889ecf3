//! `perf`: what it sends, and what it tells.

use serde_json::Value;

use crate::world::{World, wait_until};

fn perf(world: &World, flags: &str) -> Value {
    world.run(&format!("perf -t t --json -q {flags}"), "").expect(0).json().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn perf_reports_every_figure() {
    let world = World::new().await;
    let report = perf(&world, "--num-records 10000 --record-size 100 --warmup 500");
    assert_eq!(world.cluster.record_count(), 10_500);
    assert_eq!((&report["records"], &report["errors"]), (&10_000.into(), &0.into()));
    let names = ["seconds", "records_per_second", "mb_per_second", "cpu_ns_per_record", "records_per_batch"];
    assert!(names.iter().all(|name| report[name].as_f64().unwrap() > 0.0), "{report}");
    assert!(["batches", "peak_rss_bytes"].iter().all(|name| report[name].as_u64().unwrap() > 0), "{report}");
    assert_eq!(report["retries"], 0);
    assert!(report.get("allocations_per_record").is_some());
    let latency =
        ["p50", "p90", "p99", "p999", "max"].map(|name| report["latency_us"][name].as_f64().unwrap());
    assert!(latency[0] > 0.0 && latency.is_sorted(), "{report}");
    assert_eq!((&report["latency_of"], &report["latency_records"]), (&"1 record in 64".into(), &157.into()));
    assert_eq!(report["config"]["properties"]["acks"], "all");
    assert_eq!(report["config"]["payload"], "letters");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_have_the_record_size_and_keys_differ() {
    let world = World::new().await;
    perf(&world, "--num-records 1000 --record-size 33 --keyed --tasks 3");
    let records: Vec<_> = (0..3).flat_map(|partition| world.cluster.log("t", partition)).collect();
    assert!(records.iter().all(|record| record.value.as_ref().unwrap().len() == 33));
    let keys: std::collections::HashSet<_> =
        records.iter().map(|record| record.key.clone().unwrap()).collect();
    assert_eq!((records.len(), keys.len()), (1_000, 1_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_tasks_await_each_record() {
    let world = World::new().await;
    for runtime in ["current", "multi --driver thread"] {
        let flags =
            format!("--num-records 300 --record-size 10 --warmup 7 --sync --tasks 3 --runtime {runtime}");
        let report = perf(&world, &flags);
        assert_eq!((&report["records"], &report["latency_of"]), (&300.into(), &"all records".into()));
        assert_eq!(report["latency_records"], 300, "warming up does not count");
        assert!(report["records_per_batch"].as_f64().unwrap() <= 3.0, "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn throughput_limits_the_rate() {
    let world = World::new().await;
    let report = perf(&world, "--num-records 200 --record-size 10 --throughput 1000");
    // The last of 200 records is due after 199 ms.
    assert!(report["seconds"].as_f64().unwrap() >= 0.199, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_the_payload_file_are_sent_in_turn() {
    let world = World::new().await;
    let file = world.file("payloads", "one\ntwo\nthree\n");
    perf(&world, &format!("--num-records 4 --payload-file {}", file.display()));
    assert_eq!(world.all_values("t"), ["one", "one", "three", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_side_by_side_send_different_values() {
    let world = World::new().await;
    let file = world.file("payloads", "one\ntwo\nthree\n");
    for sync in ["", "--sync"] {
        perf(&world, &format!("--num-records 3 --tasks 3 {sync} --payload-file {}", file.display()));
    }
    assert_eq!(world.all_values("t"), ["one", "one", "three", "three", "two", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_payload_sends_json_events() {
    let world = World::new().await;
    let report = perf(&world, "--num-records 1000 --record-size 120 --payload json --warmup 10");
    assert_eq!(report["config"]["payload"], "json");
    let values = world.all_values("t");
    assert_eq!(values.len(), 1_010);
    for value in &values {
        let event: Value = serde_json::from_str(value).unwrap();
        assert!(value.len() == 120 && event["id"].is_string(), "{value}");
    }
    let refused = |flags: &str| world.run(&format!("perf -t t --num-records 1 {flags}"), "").expect(2);
    refused("--record-size 31 --payload json").says("an event has 32 bytes or more");
    refused("--record-size 100 --payload xml").says("letters, json");
    refused("--payload json").says("--record-size");
    refused("--payload json --payload-file x").says("--payload-file");
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_record_ends_perf_with_1() {
    let world = World::new().await;
    let too_large = "perf -t t --json --num-records 1000 --record-size 2000 -X max.request.size=1000";
    for flags in [too_large.to_owned(), format!("{too_large} --sync"), format!("{too_large} --warmup 9")] {
        let ended = world.run(&flags, "").expect(1).says("max.request.size");
        assert_eq!((&ended.json()[0]["records"], &ended.json()[0]["errors"]), (&0.into(), &1.into()));
    }
    world
        .run("perf -t nope --num-records 1 --record-size 1 -X max.block.ms=300", "")
        .expect(1)
        .says("topic nope");
}

#[tokio::test(flavor = "multi_thread")]
async fn signal_ends_perf_with_a_report() {
    let world = World::new().await;
    let running = world.start("perf -t t --json --num-records 100000000 --record-size 10 --throughput 1000");
    wait_until(|| world.cluster.record_count() >= 10).await;
    running.signal(rustix::process::Signal::INT);
    let report = running.end().expect(130).json().remove(0);
    assert_eq!(report["records"].as_u64(), Some(world.cluster.record_count()));
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_broker_ends_perf() {
    let world = World::new().await;
    let settings = "-X request.timeout.ms=300 -X delivery.timeout.ms=500 -X linger.ms=0";
    for sync in ["", "--sync"] {
        world.cluster.on(milena_fake::ApiKey::PRODUCE).always().silence();
        let line = format!("perf -t t --json --num-records 1000000000 --record-size 100 {sync} {settings}");
        let ended = world.run(&line, "").expect(1).says("no response within");
        assert_eq!(ended.json()[0]["records"], 0);
    }
}
