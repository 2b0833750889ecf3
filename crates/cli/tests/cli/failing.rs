//! Bad input, and records that fail: named, with the right exit code, and without losing what came before.

use milena_fake::{ApiKey, ErrorCode};
use rustix::process::Signal;

use crate::world::{World, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn bad_line_exits_with_2_and_records_before_it_are_delivered() {
    let world = World::new().await;
    let file = world.file(
        "records.json",
        "{\"value\":\"a\"}\n\n{\"value\":\"b\"}\n{\"vlaue\":\"c\"}\n{\"value\":\"d\"}\n",
    );
    let ended = world.run(&format!("produce -t t -p 0 --format json --report json {}", file.display()), "");
    let ended = ended.expect(2).says(&format!("{}:4: unknown field `vlaue`", file.display()));
    assert_eq!(world.values("t", 0), ["a", "b"]);
    assert_eq!(ended.json().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn skip_bad_input_skips_and_counts_bad_lines() {
    let world = World::new().await;
    let lines = "{\"value\":\"a\"}\n{\"value\":{\"base64\":\"%\"}}\nnonsense\n{\"value\":\"d\"}\n";
    let ended = world.run("produce -t t -p 0 --format json --skip-bad-input --report json", lines).expect(0);
    let ended = ended.says("stdin:2: ").says("stdin:3: ").says("2 records delivered, 0 failed, 2 skipped");
    assert_eq!(world.values("t", 0), ["a", "d"]);
    let numbers: Vec<_> = ended.json().iter().map(|report| report["record"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [0, 1], "what is skipped is no record");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_base64_exits_with_2_and_its_line() {
    let world = World::new().await;
    let line = "{\"value\":{\"base64\":\"AA=A\"}}\n";
    world.run("produce -t t --format json", line).expect(2).says("stdin:1: `base64`: ");
    assert_eq!(world.cluster.record_count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn truncated_raw_value_exits_with_2_and_values_before_it_are_delivered() {
    let world = World::new().await;
    let ended = world.run("produce -t t -p 0 --format raw", b"\0\0\0\x01a\0\0\0\x01b\0\0\0\x09c");
    ended.expect(2).says("stdin, record 2: the input ends after 1 of the 9 bytes of a value");
    assert_eq!(world.values("t", 0), ["a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn line_longer_than_the_limit_is_bad_input() {
    let world = World::new().await;
    let lines = ["a\n", &"x".repeat(1_000_000), "\nb\n"].concat();
    let small = "produce -t t -p 0 -X max.request.size=1000";
    world.run(small, &lines).expect(2).says("stdin:2: the line is longer than");
    world.run(&format!("{small} --skip-bad-input"), &lines).expect(0);
    assert_eq!(world.values("t", 0), ["a", "a", "b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_record_fails_alone() {
    let world = World::new().await;
    let lines = format!("a\n{}\nb\n", "x".repeat(2_000));
    let ended = world.run("produce -t t -p 0 -X max.request.size=1000 --report json", lines).expect(1);
    assert_eq!(world.values("t", 0), ["a", "b"]);
    let reports = ended.json();
    assert_eq!((&reports[0]["offset"], &reports[2]["offset"]), (&0.into(), &1.into()));
    let error = &reports[1]["error"];
    assert_eq!((&error["kind"], &error["persisted"]), (&"message_too_large".into(), &"no".into()));
    assert!(error["message"].as_str().unwrap().contains("max.request.size"), "{error}");
    assert!(error["retriable"] == false && error["code"].is_null(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_can_be_produced_again() {
    let world = World::new().await;
    let large = "x".repeat(2_000);
    let line =
        format!("{{\"key\":\"k\",\"value\":\"{large}\",\"headers\":[[\"a\",\"1\"]],\"timestamp\":5}}\n");
    let dead = world.path("dead");
    let small =
        format!("produce -t t -p 0 --format json -X max.request.size=1000 --dead-letter {}", dead.display());
    world.run(&small, format!("{{\"value\":\"a\"}}\n{line}")).expect(1).says("1 record delivered, 1 failed");
    world.run(&format!("produce --format json {}", dead.display()), "").expect(0);
    let record = world.cluster.log("t", 0).remove(1);
    assert_eq!((record.key.as_deref(), record.timestamp), (Some(&b"k"[..]), 5));
    assert_eq!(record.value.as_deref(), Some(large.as_bytes()));
    assert_eq!(record.headers.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_topic_ends_the_reading_within_max_block() {
    let world = World::new().await;
    let running = world.start("produce -t nope -X max.block.ms=3000");
    running.write("a\nb\nc\n");
    // Standard input stays open: the end of the input is not what is waited for.
    let ended = running.end_with_open_input().expect(1);
    let ended = ended
        .says("topic nope: not found")
        .says("create the topic first")
        .says("0 records delivered, 3 failed");
    ended.says("stopped reading the input, because no record is accepted: see the error of record 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_a_missing_topic_are_reported_and_kept_as_dead_letters() {
    let world = World::new().await;
    let dead = world.path("dead");
    let flags = format!("--report json --dead-letter {}", dead.display());
    let running = world.start(&format!("produce -t nope -X max.block.ms=300 {flags}"));
    // More than waits between the thread that reads and the producer.
    running.write((0..3_000).map(|line| format!("{line}\n")).collect::<String>());
    let ended = running.end_with_open_input().expect(1);
    let lines: Vec<serde_json::Value> = std::fs::read_to_string(dead)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(ended.stdout.len(), lines.len(), "one report a dead letter");
    assert!(ended.json().iter().all(|report| report["error"]["kind"] == "unknown_topic"));
    assert_eq!(lines.len(), 3_000, "{}", ended.stderr);
    assert_eq!((&lines[0]["value"], &lines[2_999]["value"]), (&"0".into(), &"2999".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_topic_does_not_delay_records_of_other_topics() {
    let world = World::new().await;
    let running = world.start("produce -t t -p 0 --format json --report json -X max.block.ms=3600000");
    let missing = |topic: &str| format!("{{\"topic\":\"{topic}\",\"value\":\"x\"}}\n");
    let lines =
        [&missing("nope"), "{\"value\":\"a\"}\n", &missing("none"), "{\"value\":\"b\"}\n", &missing("nope")];
    running.write(lines.concat());
    wait_until(|| world.values("t", 0) == ["a", "b"]).await;
    running.signal(Signal::INT);
    let reports = running.end_with_open_input().expect(130).json();
    let failed: Vec<_> = reports.iter().map(|report| !report["error"].is_null()).collect();
    assert_eq!(failed, [true, false, true, false, true], "in the order of the input");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_keep_their_order_while_their_topic_is_looked_up() {
    let world = World::new().await;
    let lines: String = (0..500).map(|number| format!("{{\"value\":\"{number}\"}}\n")).collect();
    world.run("produce -t t -p 0 --format json", lines).expect(0);
    let expected: Vec<_> = (0..500).map(|number| number.to_string()).collect();
    assert_eq!(world.values("t", 0), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn topic_name_is_escaped_in_reports_and_errors() {
    let world = World::new().await;
    let line = "{\"topic\":\"a\\u001b[2J\\nb\",\"value\":\"x\"}\n";
    for report in ["text", "none"] {
        let run = format!("produce -t t --format json --report {report} -X max.block.ms=300");
        let ended = world.run(&run, line).expect(1);
        let printed = format!("{}\n{}", ended.stdout.join("\n"), ended.stderr);
        assert!(!printed.contains('\u{1b}'), "{printed:?}");
        assert!(printed.contains("[2J") && printed.contains("\\u{1b}"), "it is named: {printed}");
        assert_eq!(ended.stdout.len(), usize::from(report == "text"), "{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_topic_fails_its_own_records_alone() {
    let world = World::new().await;
    let nope = "{\"topic\":\"nope\",\"value\":\"x\"}\n";
    let lines = [nope, "{\"value\":\"a\"}\n", nope, nope, "{\"value\":\"b\"}\n"].concat();
    let ended =
        world.run("produce -t t -p 0 --format json --report json -X max.block.ms=3000", lines).expect(1);
    assert_eq!(world.values("t", 0), ["a", "b"]);
    let failed = ended.json().iter().filter(|report| report["error"]["kind"] == "unknown_topic").count();
    assert_eq!(failed, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_partition_fails_its_records() {
    let world = World::new().await;
    let lines = "a\n".repeat(3);
    let ended = world.run("produce -t t -p 9 -X max.block.ms=2000", lines).expect(1);
    ended.says("record 0: topic t, partition 9: ").says("3 failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn full_buffer_ends_the_reading_within_max_block() {
    let world = World::new().await;
    let held = world.cluster.on(ApiKey::PRODUCE).always().hold();
    let settings = "-X buffer.memory=40000 -X max.block.ms=3000 -X request.timeout.ms=1000 -X linger.ms=0 \
                    -X delivery.timeout.ms=5000";
    let lines = format!("{}\n", "x".repeat(1_000)).repeat(100);
    let ended = world.run(&format!("produce -t t {settings}"), lines);
    held.release();
    ended.expect(1).says("no room for").says("buffer.memory is 40000").says("0 records delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_broker_ends_the_reading() {
    let world = World::new().await;
    world.cluster.on(ApiKey::PRODUCE).always().silence();
    let settings = "-X request.timeout.ms=300 -X delivery.timeout.ms=500 -X linger.ms=0";
    let running = world.start(&format!("produce -t t --report json {settings}"));
    running.write("x\n".repeat(150_000));
    let ended = running.end_with_open_input().expect(1);
    let reports = ended.says("stopped reading the input").says("0 records delivered, ").json();
    let last = &reports[reports.len() - 1]["error"];
    assert_eq!(last["persisted"], "no", "read, and never sent: {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn control_characters_of_foreign_text_are_escaped() {
    let world = World::new().await;
    // What a broker says of a record is foreign as well.
    let words = "no\u{1b}[2J\u{9b}2J\nroom";
    world.cluster.on(ApiKey::PRODUCE).topic("t").always().error_with(ErrorCode::POLICY_VIOLATION, words);
    let lines = concat!(
        "{\"topic\":\"a\\u001b[31m\\nb\",\"value\":\"v\"}\n",
        "{\"topic\":\"t\",\"value\":\"v\"}\n",
        "{\"vl\\u001b[31mue\":\"v\"}\n",
    );
    let ended = world.run("produce -vvv --format json --report text --skip-bad-input", lines).expect(1);
    let again = world.run("produce -t a\u{1b}[31mb --report text", "v\n");
    let file = world.run("produce -t t no-file\u{1b}[31m", "").expect(2);
    for ended in [&ended, &again, &file] {
        let shown = [ended.stdout.join(""), ended.stderr.replace(['\n', '\r'], "")].concat();
        assert!(!shown.contains(char::is_control), "{shown:?}");
    }
    assert_eq!(ended.stdout.len(), 2, "a line a record: {:?}", ended.stdout);
}
