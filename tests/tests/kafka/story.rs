//! The whole way: records by `milena produce` to three nodes, of which one is killed and comes back. A million of them go
//! as they are; compressed by zstd go as many as `MILENA_STORY_RECORDS` says, or 200 000.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use milena_tests::kafka::judge::{ExactlyOnce, Place, Sent, check_partitions, check_replicas, producers};
use milena_tests::kafka::{Kafka, Replica, milena_binary};
use serde::Deserialize;

const TOPIC: &str = "story";
const PARTITIONS: usize = 8;
const KEYS: usize = 5_000;

/// How many records there are and how they are compressed.
#[derive(Clone, Copy, Debug)]
struct Story {
    records: usize,
    compression: &'static str,
}

impl Story {
    /// After how many reports a node is killed.
    const fn killed_at(self) -> usize {
        self.records / 5
    }

    /// After how many it is started again.
    const fn started_at(self) -> usize {
        self.records / 5 * 3
    }

    /// The program reads no more than so many records before the node is about to be killed, and no more than so many
    /// before it is dead: some are on the way while it dies, and others have to go to the new leaders.
    const fn held_at(self) -> [usize; 2] {
        [self.records / 5 * 2, self.records / 5 * 4]
    }
}

#[test]
fn a_million_records_are_where_they_were_reported_though_a_leader_was_killed() {
    check(Story { records: 1_000_000, compression: "none" });
}

#[test]
fn records_of_zstd_are_where_they_were_reported_though_a_leader_was_killed() {
    let records = std::env::var("MILENA_STORY_RECORDS").map_or(200_000, |records| records.parse().unwrap());
    check(Story { records, compression: "zstd" });
}

#[track_caller]
fn check(story: Story) {
    let milena = milena_binary();
    let mut kafka = Kafka::start(3);
    kafka.create_topic(TOPIC, PARTITIONS, &["min.insync.replicas=2"]);
    let leader = kafka.describe_topic(TOPIC)[0].leader.unwrap();

    let mut produce = Produce::start(milena, &kafka.bootstrap_servers(), story);
    produce.read_reports(story.killed_at());
    produce.go_on();
    kafka.kill(leader);
    produce.go_on();
    produce.read_reports(story.started_at());
    kafka.wait_for_another_leader(TOPIC, leader);
    kafka.start_again(leader);
    produce.read_reports(story.records);
    let sent = produce.end();

    kafka.wait_ready(leader);
    kafka.wait_in_sync(TOPIC);
    let mut judge = ExactlyOnce::of(&sent);
    kafka.read_each(TOPIC, |record| judge.read(&record));
    judge.verdict().unwrap();
    let replicas = kafka.dump(TOPIC);
    check_replicas(&replicas, 3, &sent).unwrap();
    check_codec(&replicas, story.compression);
    assert_eq!(producers(&replicas).len(), 1, "a broker that dies is no reason for a new epoch");
    check_partitions(&sent, &kafka.partitions_by_java(PARTITIONS, (0..KEYS).map(key))).unwrap();
}

/// Batches of several records are by the codec: two of these records are smaller together, and one need not be.
#[track_caller]
fn check_codec(replicas: &[Replica], codec: &str) {
    let batches = || replicas.iter().flat_map(|replica| &replica.batches);
    let others: Vec<_> = batches().filter(|batch| batch.count > 1 && batch.codec.name() != codec).collect();
    assert!(others.is_empty(), "{codec}: {others:?}");
    let (count, bytes) = (batches().count(), batches().map(|batch| batch.bytes).sum::<usize>());
    println!("{codec}: {count} batches of {bytes} bytes on three nodes");
}

/// The program at work: it is fed by a thread, and its reports are read here.
struct Produce {
    story: Story,
    program: Child,
    feeding: Option<JoinHandle<()>>,
    /// The feeding thread waits for a message where the story holds.
    go_on: mpsc::Sender<()>,
    reports: BufReader<ChildStdout>,
    sent: Vec<Sent>,
    started: Instant,
    last: Instant,
    longest_pause: Duration,
}

/// What `--report json` says of a record that was delivered; nothing else is one.
#[derive(Deserialize)]
struct Report<'a> {
    record: usize,
    topic: &'a str,
    partition: i32,
    offset: i64,
    timestamp: i64,
}

impl Produce {
    fn start(milena: &std::path::Path, bootstrap_servers: &str, story: Story) -> Self {
        let mut command = Command::new(milena);
        command.args(["--quiet", "produce", "--bootstrap-server", bootstrap_servers, "--topic", TOPIC]);
        command.args(["--format", "json", "--report", "json", "--compression", story.compression]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = command.spawn().unwrap();
        let input = program.stdin.take().unwrap();
        let reports = BufReader::new(program.stdout.take().unwrap());
        let (go_on, gone_on) = mpsc::channel();
        let feeding = Some(thread::spawn(move || feed(input, story, &gone_on)));
        let (started, longest_pause) = (now(), Duration::ZERO);
        let sent = Vec::with_capacity(story.records);
        Self { story, program, feeding, go_on, reports, sent, started, last: started, longest_pause }
    }

    /// Has the program read on where the story holds.
    fn go_on(&self) {
        self.go_on.send(()).unwrap();
    }

    /// Reads until that many records are reported.
    fn read_reports(&mut self, count: usize) {
        let mut line = String::new();
        while self.sent.len() < count {
            line.clear();
            self.reports.read_line(&mut line).unwrap();
            let report: Report<'_> = serde_json::from_str(&line).map_err(|_| line.clone()).unwrap();
            let number = self.sent.len();
            assert_eq!((report.record, report.topic), (number, TOPIC));
            assert!(report.timestamp > 0, "{line}");
            let place = Place { partition: report.partition, offset: report.offset };
            self.sent.push(Sent { key: key(number % KEYS), value: value(number), place });
            self.note_pause();
        }
    }

    /// Nothing more is reported, and the program ends with the code for all delivered.
    fn end(mut self) -> Vec<Sent> {
        let mut rest = String::new();
        assert_eq!(self.reports.read_line(&mut rest).unwrap(), 0, "{rest}");
        assert_eq!(self.program.wait().unwrap().code(), Some(0));
        self.feeding.take().unwrap().join().unwrap();
        let (seconds, pause) = ((now() - self.started).as_secs_f64(), self.longest_pause.as_secs_f64());
        println!(
            "{:?} in {seconds:.1} s; the longest pause between two reports was {pause:.1} s",
            self.story
        );
        std::mem::take(&mut self.sent)
    }

    fn note_pause(&mut self) {
        let now = now();
        self.longest_pause = self.longest_pause.max(now - self.last);
        self.last = now;
    }
}

impl Drop for Produce {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn feed(input: ChildStdin, story: Story, go_on: &mpsc::Receiver<()>) {
    let mut input = BufWriter::with_capacity(1 << 16, input);
    for number in 0..story.records {
        if story.held_at().contains(&number) {
            input.flush().unwrap();
            go_on.recv().unwrap();
        }
        let (key, value) = (key(number % KEYS), value(number));
        writeln!(input, r#"{{"key":"{key}","value":"{value}"}}"#).unwrap();
    }
    input.flush().unwrap();
}

/// One in ten has letters beyond ASCII: Java's bytes have a sign.
fn key(number: usize) -> String {
    if number.is_multiple_of(10) { format!("ключ-{number}") } else { format!("k-{number}") }
}

fn value(number: usize) -> String {
    format!("{number}:what there is to say about it")
}

#[expect(clippy::disallowed_methods, reason = "printed, and nothing depends on it")]
fn now() -> Instant {
    Instant::now()
}
