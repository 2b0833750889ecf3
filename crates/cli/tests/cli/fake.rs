//! `fake`: a cluster for anybody.

use rustix::process::Signal;
use serde_json::Value;

use crate::world::{Running, command, run};

#[test]
fn fake_serves_a_cluster_until_a_signal() {
    let fake = "fake --json --listen 127.0.0.1:0 --brokers 2 --topic orders:4";
    for (keep, signal) in [("all", Signal::INT), ("none", Signal::TERM)] {
        let running = Running::start(&mut command(&format!("{fake} --keep {keep}")));
        let serving: Value = serde_json::from_str(&running.line()).unwrap();
        let servers = serving["bootstrap_servers"].as_str().unwrap();
        assert_eq!(servers.split(',').count(), 2);
        let produce = Running::start(&mut command(&format!("produce -t orders -p 3 -b {servers}")));
        produce.write("a\nb\n");
        produce.end().expect(0);
        running.signal(signal);
        assert_eq!(running.end().expect(0).json()[0]["records"], 2);
    }
}

#[test]
fn wrong_address_or_topic_exits_with_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    run(&format!("fake --listen {address}")).expect(2).says(&address.to_string());
    run("fake --listen nowhere").expect(2).says("--listen nowhere");
    run("fake --topic orders").expect(2).says("NAME:PARTITIONS");
    run("fake --brokers 0").expect(2);
}
