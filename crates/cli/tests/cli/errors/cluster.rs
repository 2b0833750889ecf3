//! Clusters that cannot be reached, that reject the client, its topic or its records, or that do not respond.

#![expect(clippy::unwrap_used, reason = "a test without its server has failed")]

use std::io::{Read, Write};
use std::net::TcpListener;

use milena_fake::{ApiKey, ErrorCode, Mechanism, TopicConfig};

use super::page::{Failing, Page};
use crate::world::World;

const PRODUCE: &str = "milena produce -t t -p 0 -b BROKER";

pub(crate) async fn connecting(page: &mut Page) {
    page.table("Connection");
    add(
        page,
        "no broker at the address, or the port is closed",
        PRODUCE,
        "127.0.0.1:1",
        3,
        "start the broker or correct the address; `--wait` waits for a broker that starts",
    );
    add(
        page,
        "the same while waiting for the broker",
        "milena produce -t t -b BROKER --wait -X connect.timeout.ms=1000",
        "127.0.0.1:1",
        3,
        "as above; raise `connect.timeout.ms` for a broker that starts slowly",
    );
    add(
        page,
        "the same with `perf`",
        "milena perf -t t --num-records 1 --record-size 1 -b BROKER",
        "127.0.0.1:1",
        3,
        "as above",
    );
    add(
        page,
        "unknown host name",
        "milena produce -t t -b no-such-host.invalid:9092 -X connect.timeout.ms=1000",
        "",
        3,
        "correct the host name, or the name server of this machine",
    );
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    add(
        page,
        "server that accepts connections and sends nothing",
        "milena produce -t t -b BROKER -X connect.timeout.ms=1000",
        &address,
        3,
        "check that the port is a Kafka listener, and that no firewall or proxy is in between",
    );
    for (when, response) in [
        ("HTTP server at the port", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        ("SSH server at the port", "SSH-2.0-OpenSSH_9.6\r\n"),
    ] {
        let address = server(response);
        add(page, when, PRODUCE, &address, 3, "connect to the port of a Kafka listener");
    }
    let world = World::new().await;
    world.cluster.advertise(1, "127.0.0.1", 1);
    let servers = format!("{},127.0.0.1:1", world.cluster.bootstrap_servers());
    let failing = Failing {
        when: "broker that advertises an address which the client cannot reach",
        command: "milena produce -t t -b BROKER -X connect.timeout.ms=1000",
        broker: &servers,
        folder: "",
        input: "a\n",
        exit: 3,
        remedy: "correct `advertised.listeners` of the broker",
    };
    page.add(&failing);
}

pub(crate) async fn authenticating(page: &mut Page) {
    page.table("Authentication");
    let world = World::with(|cluster| cluster.user("alice", "secret")).await;
    let broker = world.cluster.bootstrap_servers();
    let sasl = |mechanism: &str, password: &str| {
        format!(
            "{PRODUCE} -X security.protocol=SASL_PLAINTEXT -X sasl.mechanism={mechanism} -X sasl.username=alice \
             -X sasl.password={password}"
        )
    };
    let remedy = "correct `sasl.username` or `sasl.password`";
    add(page, "wrong password by PLAIN", &sasl("PLAIN", "wrong"), &broker, 3, remedy);
    add(page, "wrong password by SCRAM", &sasl("SCRAM-SHA-256", "wrong"), &broker, 3, remedy);
    let remedy = "set `security.protocol`, `sasl.mechanism` and the credentials";
    let command = format!("{PRODUCE} -X connect.timeout.ms=1000");
    add(page, "no credentials for a broker that requires SASL", &command, &broker, 3, remedy);
    world.cluster.set_mechanisms(&[Mechanism::ScramSha512]);
    let remedy = "set `sasl.mechanism` to a mechanism that the error lists";
    add(page, "mechanism that the broker does not support", &sasl("PLAIN", "secret"), &broker, 3, remedy);
    let open = World::new().await;
    let remedy = "connect to the SASL listener of the broker, or set `security.protocol=PLAINTEXT`";
    let broker = open.cluster.bootstrap_servers();
    add(page, "SASL to a listener without SASL", &sasl("PLAIN", "secret"), &broker, 3, remedy);
    let command = format!("{PRODUCE} -X security.protocol=SASL_PLAINTEXT -X sasl.mechanism=PLAIN");
    add(page, "mechanism without credentials", &command, &broker, 2, "set the property that the error names");
}

pub(crate) async fn topics(page: &mut Page) {
    page.table("Topics and authorisation");
    let world = World::new().await;
    let broker = world.cluster.bootstrap_servers();
    let of = |topic: &str| format!("milena produce -t {topic} -b BROKER -X max.block.ms=1000");
    add(page, "missing topic", &of("nope"), &broker, 1, "create the topic, or correct its name");
    add(page, "invalid topic name", &of("a+b"), &broker, 1, "use letters, digits, `.`, `_` and `-`");
    let missing = "milena produce -t t -p 9 -b BROKER -X max.block.ms=1000";
    add(
        page,
        "missing partition",
        missing,
        &broker,
        1,
        "correct the partition, or add partitions to the topic",
    );
    world.cluster.on(ApiKey::METADATA).topic("t").always().error(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let remedy = "allow the user DESCRIBE and WRITE on the topic";
    add(page, "user that is not authorised for the topic", PRODUCE, &broker, 1, remedy);
    let world = World::new().await;
    let broker = world.cluster.bootstrap_servers();
    world.cluster.on(ApiKey::INIT_PRODUCER_ID).always().error(ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    let remedy = "allow the user IDEMPOTENT_WRITE on the cluster, or set `enable.idempotence=false`";
    add(page, "user that is not authorised for idempotent writes", PRODUCE, &broker, 3, remedy);
}

pub(crate) async fn records(page: &mut Page) {
    page.table("Records");
    let small = TopicConfig { max_message_bytes: 80, ..TopicConfig::default() };
    let compacted = TopicConfig { compacted: true, ..TopicConfig::default() };
    let replicated = TopicConfig { min_insync_replicas: 2, ..TopicConfig::default() };
    let world = World::with(|cluster| {
        let cluster = cluster.brokers(2).topic_with("small", 1, small);
        cluster.topic_with("compacted", 1, compacted).topic_with("replicated", 1, replicated)
    })
    .await;
    world.cluster.set_isr("replicated", 0, 1);
    let broker = world.cluster.bootstrap_servers();
    let broker = broker.split(',').next().unwrap();
    let large = format!("{}\n", "x".repeat(2_000));
    let mut add = |when: &str, command: &str, remedy: &str| {
        page.add(&Failing { when, command, broker, folder: "", input: &large, exit: 1, remedy });
    };
    add(
        "record larger than `max.request.size`",
        "milena produce -t t -p 0 -b BROKER -X max.request.size=1000",
        "raise `max.request.size`, or send smaller records",
    );
    add(
        "record larger than `max.message.bytes` of the topic",
        "milena produce -t small -b BROKER",
        "raise `max.message.bytes` of the topic, or send smaller records",
    );
    add(
        "record without a key to a compacted topic",
        "milena produce -t compacted -b BROKER",
        "give each record a key: `--key`, or `--key-separator`",
    );
    add(
        "too few replicas in sync until `delivery.timeout.ms` was over",
        "milena produce -t replicated -b BROKER -X request.timeout.ms=1000 -X delivery.timeout.ms=2000 -X linger.ms=0",
        "start the brokers of the missing replicas, or lower `min.insync.replicas` of the topic",
    );
    world.cluster.on(ApiKey::PRODUCE).topic("t").always().silence();
    let times = "-X request.timeout.ms=1000 -X delivery.timeout.ms=2000 -X linger.ms=0";
    add(
        "brokers that did not respond until `delivery.timeout.ms` was over",
        &format!("{PRODUCE} {times}"),
        "check the brokers; the records may have been written",
    );
    world.cluster.clear_hooks();
    stopped(page, times).await;
}

/// A broker that stops before it responds to a request.
async fn stopped(page: &mut Page, times: &str) {
    let world = World::new().await;
    let broker = world.cluster.bootstrap_servers();
    let failing = Failing {
        when: "broker that was stopped, and not started until `delivery.timeout.ms` was over",
        command: &format!("{PRODUCE} {times}"),
        broker: &broker,
        folder: "",
        input: "",
        exit: 1,
        remedy: "start the broker; the record may have been written",
    };
    let held = world.cluster.on(ApiKey::PRODUCE).hold();
    let running = failing.start();
    running.write("a\n");
    held.reached(1).await;
    world.cluster.kill(1);
    page.add_started(&failing, running);
}

fn add(page: &mut Page, when: &str, command: &str, broker: &str, exit: i32, remedy: &str) {
    page.add(&Failing { when, command, broker, folder: "", input: "a\n", exit, remedy });
}

/// The address of a server that sends this to each client.
fn server(response: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let _ = client.read(&mut [0; 1_024]);
            let _ = client.write_all(response.as_bytes());
        }
    });
    address
}
