//! Connection options, and what happens when they lead nowhere.

use crate::world::{Running, World, command, run};

#[test]
fn wrong_usage_exits_with_2() {
    run("produce -t t --no-such-flag -b localhost:1").expect(2).says("--no-such-flag");
    run("produce -b localhost:1").expect(2).says("--topic is missing");
    run("produce -t t").expect(2).says("`bootstrap.servers` is not set");
    run("produce -t t -b localhost:1 -H x").expect(2).says("NAME=VALUE");
    run("produce -t t -b localhost:1 no-such-file").expect(2).says("no-such-file cannot be read");
    run("produce -t t -b localhost:1 --dead-letter /no/such/folder")
        .expect(2)
        .says("--dead-letter /no/such/folder");
    run("produce -t t -b localhost").expect(2).says("localhost");
    run("fake -b localhost:1").expect(2).says("--bootstrap-server");
    run("").expect(2);
}

#[test]
fn wrong_setting_exits_with_2_and_the_remedy() {
    let with = |flags: &str| run(&format!("produce -t t -b localhost:1 {flags}")).expect(2);
    with("-X lingr.ms=5").says("-X lingr.ms: ").says("did you mean `linger.ms`?");
    with("-X linger.ms=soon").says("`linger.ms` = `soon`");
    with("-X linger.ms").says("NAME=VALUE");
    with("--acks 2").says("write `all`, `1` or `0`");
    with("--partitioner nobody").says("write one of default");
    with("-X enable.idempotence=true --acks 1").says("excludes idempotence");
    with("-c no-such-file").says("no-such-file");
}

#[tokio::test(flavor = "multi_thread")]
async fn error_in_a_properties_file_has_file_and_line() {
    let world = World::new().await;
    let file = world.file("client.properties", "# ours\nacks=all\nlingr.ms=5\n");
    let ended = world.run(&format!("produce -t t -c {}", file.display()), "");
    ended.expect(2).says(&format!("{}:3: ", file.display()));
}

#[test]
fn unreachable_cluster_exits_with_3_within_connect_timeout() {
    let ended = run("produce -t t -b 127.0.0.1:1 -X connect.timeout.ms=300").expect(3);
    ended.says("127.0.0.1:1").says("refused");
    run("perf -t t -b 127.0.0.1:1 --num-records 1 --record-size 1 -X connect.timeout.ms=300").expect(3);
}

#[test]
fn cluster_whose_addresses_all_refuse_connections_exits_with_3_at_once() {
    let patient = "produce -t t -b 127.0.0.1:1,localhost:2 -X connect.timeout.ms=3600000";
    run(patient).expect(3).says("127.0.0.1:1: ").says("localhost:2: ").says("refused").says("--wait");
    run("produce -t t -b 127.0.0.1:1 -X connect.timeout.ms=300 --wait").expect(3).says("refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_that_refuses_connections_does_not_stop_the_others() {
    let world = World::new().await;
    let servers = format!("127.0.0.1:1,{}", world.cluster.bootstrap_servers());
    Running::start(&mut command(&format!("produce -t t -b {servers}"))).end().expect(0);
}

#[test]
fn silent_server_exits_with_3_within_connect_timeout() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    run(&format!("produce -t t -b {address} -X connect.timeout.ms=300")).expect(3).says(&address.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn flag_overrides_property_overrides_file_overrides_environment() {
    let world = World::new().await;
    let (right, wrong) = (world.cluster.bootstrap_servers(), "127.0.0.1:1");
    let file = |name: &str, servers: &str| {
        world
            .file(name, format!("bootstrap.servers={servers}\nconnect.timeout.ms=60000\n"))
            .display()
            .to_string()
    };
    let (good, bad) = (file("good", &right), file("bad", wrong));
    let reaches = |flags: String, environment: &str| {
        let mut command = command(&format!("produce -t t {flags}"));
        Running::start(command.env("KAFKA_BOOTSTRAP_SERVERS", environment)).end().expect(0);
    };
    reaches(String::new(), &right);
    reaches(format!("-c {good}"), wrong);
    reaches(format!("-c {bad} -X bootstrap.servers={right}"), wrong);
    reaches(format!("-c {bad} -X bootstrap.servers={wrong} -b {right}"), wrong);
    // Options may stand before the command as well.
    Running::start(&mut command(&format!("-b {right} produce -t t"))).end().expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_prints_nothing_and_verbose_prints_more() {
    let world = World::new().await;
    assert_eq!(world.run("produce -q -t t", "a\n").expect(0).stderr, "");
    let plain = world.run("produce -t t", "a\n").expect(0).stderr;
    assert_eq!(plain.lines().count(), 1, "{plain}");
    assert!(!world.run("produce -v -t t", "a\n").expect(0).says("connected").stderr.contains("linger.ms"));
    world.run("produce -vv -t t", "a\n").expect(0).says("linger.ms");
}
