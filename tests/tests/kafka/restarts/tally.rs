//! The outcomes of a client's records, added up over rounds.

use std::fmt::Write;

use milena_tests::kafka::{Release, Reported};

/// The records of some rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    rounds: usize,
    sent: usize,
    reported_written: usize,
    once: usize,
    more_than_once: usize,
    lost: usize,
}

impl Tally {
    /// One round, whose run is valid: all outcomes were reported, and the log has no foreign record.
    pub(super) fn of(sent: &[String], reported: &Reported, read: &[&str]) -> Self {
        assert!(sent.iter().all(|value| reported.contains_key(value)), "{reported:?}");
        assert!(read.iter().all(|value| sent.iter().any(|sent| sent == value)), "{read:?}");
        let times = |value: &String| read.iter().filter(|read| *read == value).count();
        let with = |is: fn(usize) -> bool| sent.iter().filter(|value| is(times(value))).count();
        Self {
            rounds: 1,
            sent: sent.len(),
            reported_written: reported.values().filter(|outcome| outcome.is_ok()).count(),
            once: with(|times| times == 1),
            more_than_once: with(|times| times > 1),
            lost: with(|times| times == 0),
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.rounds += other.rounds;
        self.sent += other.sent;
        self.reported_written += other.reported_written;
        self.once += other.once;
        self.more_than_once += other.more_than_once;
        self.lost += other.lost;
    }
}

/// A table, a line a producer.
pub(super) fn table(release: Release, tallies: &[(&str, &Tally)]) -> String {
    let version = release.version();
    let mut table = format!(
        "\n| Kafka {version} | rounds | records sent | reported as written | in the log once | more than once | lost |\n\
         |---|---|---|---|---|---|---|\n"
    );
    for (name, tally) in tallies {
        let Tally { rounds, sent, reported_written, once, more_than_once, lost } = tally;
        let _ = writeln!(
            table,
            "| {name} | {rounds} | {sent} | {reported_written} | {once} | {more_than_once} | {lost} |"
        );
    }
    table
}

#[test]
fn records_are_counted_by_how_often_they_are_in_the_log() {
    let sent = ["a", "b", "c"].map(str::to_owned);
    let outcomes = [Ok(0), Err("TimeoutException".to_owned()), Ok(3)];
    let reported = sent.iter().cloned().zip(outcomes).collect();
    let mut tally = Tally::of(&sent, &reported, &["a", "b", "b"]);
    tally.add(&tally.clone());
    let expected = Tally { rounds: 2, sent: 6, reported_written: 4, once: 2, more_than_once: 2, lost: 2 };
    assert_eq!(tally, expected);
}
