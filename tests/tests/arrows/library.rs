//! The library `milena` with its default features: the number of crates that a service builds for it, and no C in them.
//!
//! `cargo tree` lists them: `cargo metadata` turns on the features that any member of the workspace asks for, and the
//! command line and the tests ask for more than the default.

use std::collections::BTreeSet;
use std::process::Command;

use super::graph::{Crate, Graph, Use, graph, sample};
use super::theirs::with_c;

/// Most crates of other people in the default build (docs/decisions/0020-default-tree.md).
const CRATES_MAX: usize = 60;

/// Each platform has crates of its own; this one is counted on all of them.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Crates that only features bring which are off by default: encrypted keys, SASLprep, OIDC, serde.
const OFF_BY_DEFAULT: [&str; 5] = ["pkcs8", "stringprep", "httparse", "serde_json", "serde"];

/// Names and versions of the crates that `milena` is built from.
fn library_crates() -> BTreeSet<(String, String)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut tree = Command::new(cargo);
    tree.args(["tree", "--locked", "--package", "milena", "--edges", "normal,build", "--prefix", "none"]);
    tree.args(["--target", TARGET]).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let output = tree.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    parsed(&String::from_utf8(output.stdout).expect("text"))
}

/// Lines such as `tokio v1.54.1 (*)`: name and version.
fn parsed(tree: &str) -> BTreeSet<(String, String)> {
    let lines = tree.lines().filter_map(|line| line.split_once(" v"));
    lines
        .map(|(name, rest)| (name.to_owned(), rest.split(' ').next().unwrap_or_default().to_owned()))
        .collect()
}

fn faults(crates: &BTreeSet<(String, String)>, graph: &Graph) -> Vec<String> {
    let of_others = crates.iter().filter(|(name, _)| !name.starts_with("milena"));
    let of_others: Vec<_> = of_others.map(|(name, _)| name.as_str()).collect();
    let mut faults = Vec::new();
    if of_others.len() > CRATES_MAX {
        let list = of_others.join(", ");
        faults.push(format!("{} crates, at most {CRATES_MAX} are allowed: {list}", of_others.len()));
    }
    let off = OFF_BY_DEFAULT.iter().filter(|off| of_others.contains(off));
    faults.extend(off.map(|off| format!("{off} is built by default, and belongs to a feature")));
    let is_built = |one: &&Crate| crates.contains(&(one.name.clone(), one.version.clone()));
    let built: Vec<&Crate> = graph.values().filter(is_built).collect();
    if built.len() != crates.len() {
        faults.push(format!(
            "{} of {} crates are not in the graph",
            crates.len() - built.len(),
            crates.len()
        ));
    }
    faults.extend(with_c(&built, graph));
    faults
}

#[test]
fn default_build_of_the_library_has_at_most_60_crates_and_compiles_no_c() {
    let crates = library_crates();
    assert!(crates.iter().any(|(name, _)| name == "rustls") && crates.len() > 30, "{crates:?}");
    assert_eq!(faults(&crates, graph()), [""; 0]);
}

#[test]
fn crate_above_the_limit_is_caught() {
    let names: Vec<String> = (0..=CRATES_MAX).map(|number| format!("crate-{number}")).collect();
    let rows: Vec<(&str, &[(Use, &str)])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let lines: Vec<String> = names.iter().map(|name| format!("{name} v1.0.0")).collect();
    let found = faults(&parsed(&lines.join("\n")), &sample(&rows));
    assert!(found.len() == 1 && found[0].starts_with("61 crates, at most 60 are allowed"), "{found:?}");
    assert_eq!(faults(&parsed(&lines[1..].join("\n")), &sample(&rows)), [""; 0]);
}

#[test]
fn crate_of_a_feature_and_c_are_caught_in_the_default_build() {
    let graph = sample(&[
        ("milena", &[(Use::Normal, "pkcs8"), (Use::Normal, "zstd")]),
        ("pkcs8", &[]),
        ("zstd", &[(Use::Build, "cc")]),
        ("cc", &[]),
    ]);
    let tree = "milena v1.0.0 (/here)\npkcs8 v1.0.0\nzstd v1.0.0\ncc v1.0.0\npkcs8 v1.0.0 (*)\n\nnew v2.0.0";
    let expected = [
        "pkcs8 is built by default, and belongs to a feature",
        "1 of 5 crates are not in the graph",
        "zstd is built with cc",
    ];
    assert_eq!(faults(&parsed(tree), &graph), expected);
}
