//! The arrows among our own crates, and what the core crates may reach.

use std::collections::BTreeSet;

use super::graph::{Graph, Use, graph, reached, sample};

/// Which of our crates each of them may be built from. `*` is for what stands beside the house: it may use anything.
const ARROWS: [(&str, &[&str]); 11] = [
    ("milena-codec", &[]),
    ("milena-partitioner", &[]),
    ("milena-connection", &["milena-codec"]),
    ("milena-sender", &["milena-codec", "milena-partitioner"]),
    ("milena", &["milena-codec", "milena-connection", "milena-partitioner", "milena-sender"]),
    ("milena-fake", &["milena-codec"]),
    ("milena-cli", &["milena", "milena-codec", "milena-fake"]),
    ("milena-tests", &["*"]),
    ("milena-bench", &["*"]),
    ("milena-instructions", &["*"]),
    ("milena-fuzz-bodies", &["*"]),
];

/// The crates without I/O, clock and runtime.
const CORE: [&str; 3] = ["milena-codec", "milena-partitioner", "milena-sender"];

/// All that the core crates are built from. Who adds one has read that it does no I/O, starts no thread, reads no
/// clock.
const PURE: [(&str, &str); 18] = [
    ("bytes", "shared memory"),
    ("crc32c", "sums, in hardware where there is some"),
    ("core_detect", "asks the processor what it can, for crc32c"),
    ("rustc_version", "asks the compiler for its version while crc32c is built"),
    ("semver", "reads that version"),
    ("serde_core", "in semver, when another build beside this one wants it there"),
    ("flate2", "gzip"),
    ("zlib-rs", "deflate, for flate2"),
    ("crc32fast", "in flate2, when another build beside this one wants it there"),
    ("cfg-if", "in crc32fast: which code for which machine"),
    ("lz4_flex", "blocks of LZ4"),
    ("twox-hash", "the sums of LZ4 frames"),
    ("snap", "blocks of snappy"),
    ("zstd-pure-rs", "zstd"),
    ("fastrand", "random numbers from a seed"),
    ("milena-codec", "ours"),
    ("milena-partitioner", "ours"),
    ("milena-sender", "ours"),
];

fn wrong_arrows(graph: &Graph) -> Vec<String> {
    let mut faults = Vec::new();
    for one in graph.values().filter(|one| one.ours) {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == one.name) else {
            faults.push(format!("{} has no row among the arrows", one.name));
            continue;
        };
        let used = one.uses.iter().filter(|(kind, _)| *kind != Use::Dev).map(|(_, to)| &graph[to]);
        let used =
            used.filter(|used| used.ours && !allowed.contains(&used.name.as_str()) && *allowed != ["*"]);
        faults.extend(used.map(|used| format!("{} may not be built from {}", one.name, used.name)));
    }
    faults
}

fn impure(graph: &Graph) -> BTreeSet<String> {
    let cores = graph.iter().filter(|(_, one)| CORE.contains(&one.name.as_str()));
    let cores: Vec<_> = cores.map(|(id, _)| id.as_str()).collect();
    let reached = reached(graph, &cores, false);
    let names = reached.into_iter().map(|id| graph[id].name.clone());
    names.filter(|name| !PURE.iter().any(|(pure, _)| pure == name)).collect()
}

#[test]
fn our_crates_depend_on_each_other_downwards_only() {
    assert_eq!(wrong_arrows(graph()), [""; 0]);
}

#[test]
fn the_core_crates_reach_no_runtime_no_clock_and_no_io() {
    assert_eq!(impure(graph()), BTreeSet::new());
    assert_eq!(graph().values().filter(|one| CORE.contains(&one.name.as_str())).count(), CORE.len());
}

#[test]
fn an_arrow_that_points_up_is_caught() {
    let graph = sample(&[
        ("milena-codec", &[(Use::Normal, "milena-sender")]),
        ("milena-sender", &[(Use::Normal, "milena-codec"), (Use::Dev, "milena-fake")]),
        ("milena-fake", &[]),
        ("milena-new", &[]),
    ]);
    let expected =
        ["milena-codec may not be built from milena-sender", "milena-new has no row among the arrows"];
    assert_eq!(wrong_arrows(&graph), expected);
}

#[test]
fn a_runtime_below_a_core_crate_is_caught_however_deep() {
    let graph = sample(&[
        ("milena-codec", &[(Use::Normal, "bytes")]),
        ("bytes", &[(Use::Normal, "tokio")]),
        ("tokio", &[]),
        ("milena-sender", &[(Use::Dev, "proptest")]),
        ("proptest", &[]),
    ]);
    assert_eq!(impure(&graph), BTreeSet::from(["tokio".to_owned()]));
}
