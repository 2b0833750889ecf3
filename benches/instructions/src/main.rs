//! Instructions of the record's way and of the response's way, counted by valgrind's callgrind and compared with the budgets
//! of `budgets.txt`. Counts do not depend on how busy the machine is, so that CI can refuse a change by them.
//!
//! ```sh
//! cargo run --profile instructions -p milena-instructions            # compare with the budgets; exit code 1 beyond them
//! cargo run --profile instructions -p milena-instructions -- set     # write what is counted as the new budgets
//! ```
//!
//! This program runs itself under callgrind, once a measure, with `count MEASURE`. A measure warms up and then does its work
//! inside [`counted`], the one function that callgrind collects in: setting up and taking down are not counted. There are no
//! sockets and no second thread, and the clock is paused.
//!
//! * [`producer`]: the public face of a producer whose broker is a [`broker::NullBroker`] in memory.
//! * [`broker_sender`]: a broker sender of the sender by itself, for the parts of the response's way.

mod broker;
mod broker_sender;
mod budgets;
mod producer;

use std::process::{Command, ExitCode};
use std::{env, fs, io};

use budgets::{Budgets, Verdict};

/// The measured cases.
struct Measure {
    /// Its name in the file of budgets.
    name: &'static str,
    /// How often its work is done inside of [`counted`].
    times: usize,
    run: fn(&Self),
}

const MEASURES: [Measure; 10] = [
    Measure { name: "enqueue_detached", times: 70_000, run: producer::enqueue_detached },
    Measure { name: "enqueue_detached_keyed", times: 70_000, run: producer::enqueue_detached_keyed },
    Measure { name: "enqueue_delivery", times: 70_000, run: producer::enqueue_delivery },
    Measure { name: "enqueue_delivery_keyed", times: 70_000, run: producer::enqueue_delivery_keyed },
    Measure { name: "request_batch", times: 1_200, run: broker_sender::request_batch },
    Measure { name: "answer_batch", times: 1_200, run: broker_sender::answer_batch },
    Measure { name: "answer_delivery", times: 120_000, run: broker_sender::answer_delivery },
    Measure { name: "whole_detached", times: 200_000, run: producer::whole_detached },
    Measure { name: "whole_delivery", times: 200_000, run: producer::whole_delivery },
    Measure { name: "whole_send", times: 1_000, run: producer::whole_send },
];

/// Where the budgets are.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/budgets.txt");

/// The line of callgrind before the count.
const COLLECTED: &str = "Collected : ";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["count", name] => count(name),
        ["set"] => set(),
        _ => compare(),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The work whose instructions count. Callgrind collects while this function runs (`--toggle-collect`), which is why it is
/// not inlined.
#[inline(never)]
fn counted<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Does the work of a measure, under callgrind.
fn count(name: &str) -> io::Result<bool> {
    let measure = MEASURES.iter().find(|measure| measure.name == name);
    let measure = measure.ok_or_else(|| io::Error::other(format!("there is no measure {name}")))?;
    (measure.run)(measure);
    Ok(true)
}

/// Counts everything and compares it with the budgets.
fn compare() -> io::Result<bool> {
    let budgets = Budgets::parse(&fs::read_to_string(FILE)?).map_err(io::Error::other)?;
    let mut all_within = true;
    println!("{:<24} {:>12} {:>12} {:>8}", "instructions", "counted", "budget", "change");
    for measure in &MEASURES {
        let instructions = instructions(measure)?;
        let budget = budgets.of(measure.name).map_err(io::Error::other)?;
        let verdict = Verdict::of(instructions, budget);
        let change = (instructions / budget - 1.0) * 100.0;
        println!("{:<24} {instructions:>12.1} {budget:>12.1} {change:>+7.2}% {verdict}", measure.name);
        all_within &= verdict == Verdict::Within;
    }
    Ok(all_within)
}

/// Counts everything and writes it as the budgets.
fn set() -> io::Result<bool> {
    let counts: io::Result<Vec<(&str, f64)>> =
        MEASURES.iter().map(|measure| Ok((measure.name, instructions(measure)?))).collect();
    let text = fs::read_to_string(FILE)?;
    fs::write(FILE, Budgets::replaced(&text, &counts?))?;
    Ok(true)
}

/// Instructions of one time that a measure's work is done.
fn instructions(measure: &Measure) -> io::Result<f64> {
    let mut command = Command::new("valgrind");
    // Nothing of the environment: its length moves the stack.
    command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
    command.args([
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        "--toggle-collect=*instructions*counted*",
    ]);
    let output = command.arg(env::current_exe()?).args(["count", measure.name]).output();
    let output = output.map_err(|error| io::Error::other(format!("valgrind cannot be run: {error}")))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.lines().find_map(|line| line.split_once(COLLECTED)).map(|(_, count)| count.trim());
    match collected.and_then(|count| count.parse::<u64>().ok()) {
        Some(collected) if output.status.success() && collected > 0 => {
            Ok(collected as f64 / measure.times as f64)
        }
        _ => Err(io::Error::other(format!("{}: {}\n{log}", measure.name, output.status))),
    }
}
