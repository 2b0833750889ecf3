//! Ends that are not the end of the input: signals, and a standard output that nobody reads.

use milena_fake::ApiKey;
use rustix::process::Signal;

use crate::world::{World, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn signal_ends_the_reading_and_read_records_are_delivered_and_reported() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let world = World::new().await;
        let running = world.start("produce -t t -p 0 --report text");
        running.write("a\nb\n");
        running.line();
        running.line();
        running.signal(signal);
        running.end_with_open_input().expect(code).says("2 records delivered, 0 failed");
        assert_eq!(world.values("t", 0), ["a", "b"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn close_timeout_bounds_the_end_after_a_signal() {
    let world = World::new().await;
    world.cluster.on(ApiKey::PRODUCE).always().silence();
    let running = world.start("produce -t t -X linger.ms=0 -X close.timeout.ms=300 --report json");
    running.write("a\n");
    wait_until(|| world.cluster.journal().iter().any(|entry| entry.api == ApiKey::PRODUCE)).await;
    running.signal(Signal::INT);
    let ended = running.end_with_open_input().expect(130).says("0 records delivered, 1 failed");
    assert_eq!(ended.json()[0]["error"]["persisted"], "maybe");
}

#[tokio::test(flavor = "multi_thread")]
async fn second_signal_ends_the_command_at_once() {
    let world = World::new().await;
    world.cluster.on(ApiKey::PRODUCE).always().silence();
    let mut running = world.start("produce -t t -X linger.ms=0");
    running.write("a\n");
    wait_until(|| world.cluster.journal().iter().any(|entry| entry.api == ApiKey::PRODUCE)).await;
    running.signal(Signal::INT);
    // The first one is heeded when nothing is read any more; signals that come together are one.
    wait_until(|| {
        running.signal(Signal::TERM);
        !running.is_running()
    })
    .await;
    running.end_with_open_input().expect(130).says("1 left unsettled");
}

#[tokio::test(flavor = "multi_thread")]
async fn signal_ends_the_connecting() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let world = World::new().await;
    let running = world.start(&format!("produce -t t -b {}", listener.local_addr().unwrap()));
    // Whoever knocks listens for signals already.
    let _knocked = listener.accept().unwrap();
    running.signal(Signal::INT);
    running.end_with_open_input().expect(130);
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_standard_output_ends_the_reports_and_not_the_records() {
    const RECORDS: usize = 20_000;
    let world = World::new().await;
    let mut running = world.start("produce -t t --report json");
    running.write("first\n");
    running.line();
    running.hang_up();
    running.write("x\n".repeat(RECORDS));
    running.end().expect(0).says("standard output is closed").says("20001 records delivered, 0 failed");
    assert_eq!(world.cluster.record_count(), RECORDS as u64 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_file_is_rejected_before_any_record_is_sent() {
    let world = World::new().await;
    let (first, second) = (world.file("first", "a\n"), world.path("second"));
    std::fs::create_dir(&second).unwrap();
    let line = format!("produce -t t -p 0 {} {}", first.display(), second.display());
    world.run(&line, "").expect(2).says("is a folder");
    assert!(world.values("t", 0).is_empty(), "what can be known before is told before");
}
