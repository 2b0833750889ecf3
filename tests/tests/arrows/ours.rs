//! The dependencies among our own crates, and the crates that the core crates may reach.

use std::collections::BTreeSet;

use super::graph::{Graph, Use, graph, reached, sample};

/// The crates of ours that each of our crates may depend on. `*`: all of them.
const ARROWS: [(&str, &[&str]); 13] = [
    ("milena-backoff", &[]),
    ("milena-codec", &[]),
    ("milena-partitioner", &[]),
    ("milena-connection", &["milena-backoff", "milena-codec"]),
    ("milena-sender", &["milena-backoff", "milena-codec", "milena-partitioner"]),
    (
        "milena",
        &["milena-backoff", "milena-codec", "milena-connection", "milena-partitioner", "milena-sender"],
    ),
    ("milena-fake", &["milena-codec"]),
    ("milena-cli", &["milena", "milena-codec", "milena-fake"]),
    ("milena-examples", &["milena", "milena-fake"]),
    ("milena-tests", &["*"]),
    ("milena-bench", &["*"]),
    ("milena-instructions", &["*"]),
    ("milena-fuzz-bodies", &["*"]),
];

/// The crates without I/O, clock and runtime.
const CORE: [&str; 4] = ["milena-backoff", "milena-codec", "milena-partitioner", "milena-sender"];

/// All crates that the core crates are built from. Before an addition, read that the crate does no I/O, starts no thread and
/// reads no clock.
const PURE: [(&str, &str); 19] = [
    ("bytes", "shared memory"),
    ("crc32c", "checksums, in hardware where available"),
    ("core_detect", "detects features of the processor, for crc32c"),
    ("rustc_version", "reads the version of the compiler while crc32c is built"),
    ("semver", "reads that version"),
    ("serde_core", "in semver, when another crate of the build enables it"),
    ("flate2", "gzip"),
    ("zlib-rs", "deflate, for flate2"),
    ("crc32fast", "in flate2, when another crate of the build enables it"),
    ("cfg-if", "in crc32fast: code by platform"),
    ("lz4_flex", "blocks of LZ4"),
    ("twox-hash", "checksums of LZ4 frames"),
    ("snap", "blocks of snappy"),
    ("zstd-pure-rs", "zstd"),
    ("fastrand", "random numbers from a seed"),
    ("milena-backoff", "ours"),
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
fn our_crates_depend_on_each_other_in_one_direction() {
    assert_eq!(wrong_arrows(graph()), [""; 0]);
}

#[test]
fn core_crates_reach_no_runtime_no_clock_and_no_io() {
    assert_eq!(impure(graph()), BTreeSet::new());
    assert_eq!(graph().values().filter(|one| CORE.contains(&one.name.as_str())).count(), CORE.len());
}

#[test]
fn dependency_in_the_wrong_direction_is_found() {
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
fn runtime_below_a_core_crate_is_found_at_any_depth() {
    let graph = sample(&[
        ("milena-codec", &[(Use::Normal, "bytes")]),
        ("bytes", &[(Use::Normal, "tokio")]),
        ("tokio", &[]),
        ("milena-sender", &[(Use::Dev, "proptest")]),
        ("proptest", &[]),
    ]);
    assert_eq!(impure(&graph), BTreeSet::from(["tokio".to_owned()]));
}
