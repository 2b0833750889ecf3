//! `demo`: what it shows, and that it would show a fault.

use serde_json::Value;

use crate::world::{Ended, run};

fn report(ended: &Ended) -> Value {
    ended.json().remove(0)
}

#[test]
fn demo_delivers_each_record_exactly_once_while_a_broker_dies() {
    let ended = run("demo --records 50000 --seed 7 --json").expect(0).says("dies").says("comes back");
    let report = report(&ended);
    assert_eq!(
        (&report["held"], &report["records"], &report["seed"]),
        (&true.into(), &50_000.into(), &7.into())
    );
    assert_eq!(report["events"].as_array().unwrap().len(), 6);
    assert!(report["latency_us"]["p99"].as_f64().unwrap() > 0.0);
}

#[test]
fn demo_without_faults_retries_no_batch() {
    let report = report(&run("demo --records 1000 --size 2000 --no-faults --json").expect(0));
    assert_eq!(
        (&report["held"], &report["retries"], report["events"].as_array().unwrap().len()),
        (&true.into(), &0.into(), 0)
    );
}

#[test]
fn demo_with_missing_records_exits_with_4() {
    let ended = run("demo --records 100 --size 2000 --no-faults -X max.request.size=1000").expect(4);
    assert!(
        ended.stdout.iter().any(|line| line.contains("record 99 is missing") || line.contains("100 faults"))
    );
    assert!(ended.says("max.request.size").stdout.iter().all(|line| !line.contains("exactly once: all")));
}

#[test]
fn report_has_rates_and_a_table_of_latencies() {
    let page = run("demo --records 2000 -q").expect(0).stdout.join("\n");
    for part in ["records/s", "MB/s", "p99.9", "exactly once: all 2000 records"] {
        assert!(page.contains(part), "{page}");
    }
}

#[test]
fn demo_rejects_a_bootstrap_server_and_wrong_sizes() {
    run("demo -b localhost:9092").expect(2).says("--bootstrap-server");
    run("demo --records 0").expect(2);
    run("demo --size 7").expect(2);
}
