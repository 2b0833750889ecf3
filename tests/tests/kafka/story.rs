//! The whole way: a million records by `milena produce` to three nodes, of which one is killed and comes back.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use milena_tests::kafka::judge::{ExactlyOnce, Place, Sent, check_partitions, check_replicas, producers};
use milena_tests::kafka::{Kafka, milena_binary};
use serde::Deserialize;

const TOPIC: &str = "story";
const PARTITIONS: usize = 8;
const RECORDS: usize = 1_000_000;
const KEYS: usize = 5_000;
/// After how many reports a node is killed, and after how many it is started again. So many of the million are left by
/// then that they cannot all be on the way: those behind them go to the new leaders.
const KILLED_AT: usize = 200_000;
const STARTED_AT: usize = 600_000;

#[test]
fn a_million_records_are_where_they_were_reported_though_a_leader_was_killed() {
    let milena = milena_binary();
    let mut kafka = Kafka::start(3);
    kafka.create_topic(TOPIC, PARTITIONS, &["min.insync.replicas=2"]);
    let leader = kafka.describe_topic(TOPIC)[0].leader.unwrap();

    let mut produce = Produce::start(milena, &kafka.bootstrap_servers());
    produce.read_reports(KILLED_AT);
    kafka.kill(leader);
    produce.read_reports(STARTED_AT);
    kafka.start_again(leader);
    produce.read_reports(RECORDS);
    let sent = produce.end();

    kafka.wait_ready(leader);
    kafka.wait_in_sync(TOPIC);
    assert_ne!(kafka.describe_topic(TOPIC)[0].leader, Some(leader), "nobody had to find a new leader");
    let mut judge = ExactlyOnce::of(&sent);
    kafka.read_each(TOPIC, |record| judge.read(&record));
    judge.verdict().unwrap();
    let replicas = kafka.dump(TOPIC);
    check_replicas(&replicas, 3, &sent).unwrap();
    assert_eq!(producers(&replicas).len(), 1, "a broker that dies is no reason for a new epoch");
    check_partitions(&sent, &kafka.partitions_by_java(PARTITIONS, (0..KEYS).map(key))).unwrap();
}

/// The program at work: it is fed by a thread, and its reports are read here.
struct Produce {
    program: Child,
    feeding: Option<JoinHandle<()>>,
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
    fn start(milena: &std::path::Path, bootstrap_servers: &str) -> Self {
        let mut command = Command::new(milena);
        command.args(["--quiet", "produce", "--bootstrap-server", bootstrap_servers, "--topic", TOPIC]);
        command.args(["--format", "json", "--report", "json"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = command.spawn().unwrap();
        let input = program.stdin.take().unwrap();
        let reports = BufReader::new(program.stdout.take().unwrap());
        let feeding = Some(thread::spawn(|| feed(input)));
        let started = now();
        let longest_pause = Duration::ZERO;
        Self { program, feeding, reports, sent: Vec::new(), started, last: started, longest_pause }
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
            "{RECORDS} records in {seconds:.1} s; the longest pause between two reports was {pause:.1} s"
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

fn feed(input: ChildStdin) {
    let mut input = BufWriter::with_capacity(1 << 16, input);
    for number in 0..RECORDS {
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
