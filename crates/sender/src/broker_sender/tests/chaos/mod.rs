//! Whatever happens between callers, broker senders and brokers: each record is in the log once and in order, or failed, and
//! the producer says which.
//!
//! A seed decides on everything: settings, what callers do, what brokers answer, which connections end, what a broker
//! takes up late of a connection that ended, who leads, which brokers start anew with little memory of their producers,
//! unclean elections that lose the ends of logs, when the client learns of it, topics that grow, that are created anew,
//! that seem to have fewer partitions for a while, that take short batches only, or that the client forgets, brokers that
//! hang, other producers, callers that wait for room or leave, and late wake-ups. A failing seed prints the line that
//! replays it. More seeds than usual:
//!
//! ```text
//! MILENA_CHAOS_SEEDS=100000 cargo test -p milena-sender --lib --release chaos
//! ```

mod broker;
mod callers;
mod changes;
mod check;
mod cluster;
mod plan;
mod run;

use plan::Plan;
use run::Run;

/// How many seeds are tried.
const SEEDS: u64 = 250;
/// Among so many seeds a connection is reset for want of room, which takes several coincidences.
const RESETS_WITHIN: usize = 2_000;
/// What failed once, and must not again.
const FAILED_BEFORE: [u64; 0] = [];

/// Prints how to replay a seed whose run does not come to its end.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("replay: MILENA_CHAOS_SEED={} cargo test -p milena-sender --lib chaos", self.0);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn each_record_is_in_the_log_once_and_in_order_or_failed() {
    let seeds: Vec<u64> = match number("MILENA_CHAOS_SEED") {
        Some(seed) => vec![seed],
        None => FAILED_BEFORE.into_iter().chain(0..number("MILENA_CHAOS_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let several = seeds.len() > 1;
    let seed_count = seeds.len();
    let mut counts = [0; 4];
    for seed in seeds {
        let _replay = Replay(seed);
        let more = Run::new(Plan::of(seed)).run();
        counts.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    }
    let [written, failed, resets, forgotten] = counts;
    eprintln!(
        "{written} records written, {failed} failed, {resets} connections reset for want of room, {forgotten} times the \
         topic was forgotten"
    );
    let is_played = [written, failed, forgotten].iter().all(|count| *count > 0);
    let is_reset = resets > 0 || seed_count < RESETS_WITHIN;
    assert!(!several || is_played && is_reset, "{counts:?}: chance does too little");
}
