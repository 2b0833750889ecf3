//! What `produce` makes of its input.

use milena_fake::{ApiKey, ErrorCode, LoggedRecord};

use crate::world::{World, value};

/// The only record of topic `t`, wherever it is.
fn only(world: &World) -> LoggedRecord {
    let mut records: Vec<_> = (0..3).flat_map(|partition| world.cluster.log("t", partition)).collect();
    assert_eq!(records.len(), 1, "{records:?}");
    records.remove(0)
}

fn headers(record: &LoggedRecord) -> Vec<(&str, Option<&[u8]>)> {
    record.headers.iter().map(|header| (header.name.as_str(), header.value.as_deref())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_become_records_in_the_order_of_the_input() {
    let world = World::new().await;
    let ended = world.run("produce -t t -p 1", "one\n\ntwo\r\nthree").expect(0);
    assert_eq!(world.values("t", 1), ["one", "", "two", "three"]);
    assert!(ended.says("4 records delivered, 0 failed").stdout.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_in_order_and_a_dash_is_standard_input() {
    let world = World::new().await;
    let (first, last) = (world.file("first", "a\n"), world.file("last", "c"));
    let line = format!("produce -t t -p 0 {} - {}", first.display(), last.display());
    world.run(&line, "b\n").expect(0);
    assert_eq!(world.values("t", 0), ["a", "b", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_separator_splits_lines_and_null_value_makes_tombstones() {
    let world = World::new().await;
    world
        .run("produce -t t -p 0 --key-separator = --null-value NULL -k none", "a=1=2\nb=NULL\nc\n")
        .expect(0);
    let records = world.cluster.log("t", 0);
    let pairs: Vec<_> = records.iter().map(|record| (record.key.as_deref(), value(record))).collect();
    let expected: [(Option<&[u8]>, _); 3] =
        [(Some(b"a"), "1=2".to_owned()), (Some(b"b"), "null".to_owned()), (Some(b"none"), "c".to_owned())];
    assert_eq!(pairs, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_of_the_library_are_read_again() {
    let world = World::new().await;
    let path = world.path("dead.jsonl");
    let builder = milena::Producer::builder().bootstrap_servers(world.cluster.bootstrap_servers());
    let producer = builder.dead_letters(milena::DeadLetters::file(&path)).build().await.unwrap();
    world.cluster.on(ApiKey::PRODUCE).times(1).error(ErrorCode::INVALID_RECORD);
    let record = milena::Record::to("t").key([0xffu8]).value("a\n\"b\"").header("h", None::<&str>);
    producer.send(&record).await.unwrap_err();
    producer.close().await.unwrap_err();

    world.run(&format!("produce --format json {}", path.display()), "").expect(0);
    let again = only(&world);
    assert_eq!((again.key, again.value), (record.key, record.value));
    assert_eq!(again.headers, record.headers);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_has_key_and_headers_of_the_flags() {
    let world = World::new().await;
    world.run("produce -t t -k user-1 -H source=web -H a=b=c", "x\n").expect(0);
    let record = only(&world);
    assert_eq!(record.key.as_deref(), Some(&b"user-1"[..]));
    assert_eq!(headers(&record), [("source", Some(&b"web"[..])), ("a", Some(b"b=c"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_line_sets_every_part_of_a_record() {
    let world = World::with(|builder| builder.topic("u", 4)).await;
    let line = r#"{"topic":"u","partition":3,"key":{"base64":"AP8="},"value":"ä\n","timestamp":1700000000000,
        "headers":[["a","1"],["b",null],["a",{"base64":"/w=="}]]}"#;
    world.run("produce --format json", line.replace('\n', " ")).expect(0);
    let records = world.cluster.log("u", 3);
    assert_eq!((records.len(), records[0].timestamp), (1, 1_700_000_000_000));
    assert_eq!(records[0].key.as_deref(), Some(&b"\x00\xff"[..]));
    assert_eq!(records[0].value.as_deref(), Some("ä\n".as_bytes()));
    assert_eq!(headers(&records[0]), [("a", Some(&b"1"[..])), ("b", None), ("a", Some(b"\xff"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_values_may_hold_anything_or_be_null() {
    let world = World::new().await;
    world.run("produce -t t -p 2 --format raw", b"\0\0\0\x03\n\xff\n\xff\xff\xff\xff\0\0\0\0").expect(0);
    let values: Vec<_> = world.cluster.log("t", 2).into_iter().map(|record| record.value).collect();
    let values: Vec<_> = values.iter().map(|value| value.as_deref()).collect();
    assert_eq!(values, [Some(&b"\n\xff\n"[..]), None, Some(b"")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_keep_the_order_of_the_input_and_have_partition_and_offset() {
    const RECORDS: usize = 5_000;
    let world = World::new().await;
    let lines: String = (0..RECORDS).map(|number| format!("user-{},{number}\n", number % 97)).collect();
    let ended = world.run("produce -t t --key-separator , --report json", lines).expect(0);
    let logs: Vec<_> = (0..3).map(|partition| world.cluster.log("t", partition)).collect();
    assert!(logs.iter().all(|log| log.len() > 1_000), "keys spread over all partitions");
    let reports = ended.json();
    assert_eq!(reports.len(), RECORDS);
    for (number, report) in reports.iter().enumerate() {
        assert_eq!((report["record"].as_u64(), report["topic"].as_str()), (Some(number as u64), Some("t")));
        let at = |name: &str| usize::try_from(report[name].as_u64().unwrap()).unwrap();
        let logged = &logs[at("partition")][at("offset")];
        assert_eq!(value(logged), number.to_string());
        assert_eq!(report["timestamp"].as_i64(), Some(logged.timestamp));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn complete_line_is_sent_at_once() {
    let world = World::new().await;
    let running = world.start("produce -t t -p 0 --report text");
    running.write("one\nthe next one is not fin");
    assert_eq!(running.line(), "record 0: topic t, partition 0, offset 0");
    running.write("ished\n");
    assert_eq!(running.line(), "record 1: topic t, partition 0, offset 1");
    running.end().expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn acks_0_reports_no_offset() {
    let world = World::new().await;
    let ended = world.run("produce -t t -p 1 --acks 0 --report json", "x\n").expect(0);
    let report = &ended.json()[0];
    assert!(report["offset"].is_null() && report["partition"] == 1, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn partitioner_flag_chooses_the_partition() {
    let world = World::new().await;
    let keyed = |partitioner: &str| {
        let line = format!("produce -t t -k user-4 --report json --partitioner {partitioner}");
        world.run(&line, "x\n").expect(0).json()[0]["partition"].as_i64()
    };
    // Java: toPositive(murmur2(key)) % 3; sarama's hash partitioner: fnv1a(key) as int32 % 3, made positive.
    assert_eq!((keyed("default"), keyed("sarama-hash")), (Some(1), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn json_flag_prints_the_summary_as_an_object() {
    let world = World::new().await;
    let ended = world.run("produce -t t --json --skip-bad-input --format json", "{}\nx\n").expect(0);
    let summary = &ended.json()[0];
    assert_eq!(
        (&summary["delivered"], &summary["failed"], &summary["skipped"]),
        (&1.into(), &0.into(), &1.into())
    );
}
