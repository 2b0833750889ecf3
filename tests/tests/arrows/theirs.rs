//! The crates of others in the default build: no C, known licences, and no newer Rust than our manifests require.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Crate, Graph, Use, by_default, graph, sample};
use super::licence;

/// Crates that compile C, or search for installed C libraries.
const C_TOOLS: [&str; 8] =
    ["cc", "cmake", "bindgen", "pkg-config", "vcpkg", "autotools", "system-deps", "nasm-rs"];

/// Crates that are named like bindings to C, and contain only declarations of the operating system.
const NO_C_INSIDE: [(&str, &str); 6] = [
    ("linux-raw-sys", "the numbers of the kernel's system calls"),
    ("windows-sys", "declarations of Windows, which the linker resolves itself"),
    ("js-sys", "declarations of JavaScript, in a browser"),
    ("core-foundation-sys", "declarations of macOS, which the linker resolves itself"),
    ("security-framework-sys", "declarations of macOS: its certificate authorities and its verifier"),
    ("jni-sys", "declarations of Java's native interface, on Android"),
];

/// Crates with a `links` key only so that cargo allows a single version of them.
const LINKS_NOTHING: [&str; 1] = ["wasm-bindgen-shared"];

pub(crate) fn with_c(crates: &[&Crate], graph: &Graph) -> Vec<String> {
    let mut faults = Vec::new();
    for one in crates {
        let tools = one.uses.iter().filter(|(kind, _)| *kind != Use::Dev).map(|(_, to)| &graph[to].name);
        let tools = tools.filter(|name| C_TOOLS.contains(&name.as_str()));
        faults.extend(tools.map(|tool| format!("{} is built with {tool}", one.name)));
        if let Some(library) = &one.links
            && !LINKS_NOTHING.contains(&one.name.as_str())
        {
            faults.push(format!("{} links {library}", one.name));
        }
        if one.name.ends_with("-sys") && !NO_C_INSIDE.iter().any(|(name, _)| *name == one.name) {
            faults.push(format!("{} is named like a binding to C", one.name));
        }
    }
    faults
}

fn unlicensed(crates: &[&Crate]) -> Vec<String> {
    let allowed = |one: &&&Crate| !one.licence.as_deref().is_some_and(licence::is_allowed);
    let faults = crates.iter().filter(allowed);
    faults
        .map(|one| format!("{} {}: {}", one.name, one.version, one.licence.as_deref().unwrap_or("none")))
        .collect()
}

/// The crates that require a newer Rust than ours do.
fn too_new(crates: &[&Crate]) -> Vec<String> {
    let ours = crates.iter().filter(|one| one.ours).filter_map(|one| one.rust).min().unwrap_or_default();
    let newer = crates.iter().filter(|one| one.rust.is_some_and(|rust| rust > ours));
    newer
        .map(|one| {
            format!("{} {} requires Rust {:?}, ours require {ours:?}", one.name, one.version, one.rust)
        })
        .collect()
}

/// Our direct dependencies that the build contains in two incompatible versions.
fn doubled(crates: &[&Crate], graph: &Graph) -> Vec<String> {
    let used =
        crates.iter().filter(|one| one.ours).flat_map(|one| one.uses.iter().map(|(_, to)| &graph[to].name));
    let used: BTreeSet<_> = used.collect();
    let mut versions: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for one in crates.iter().filter(|one| used.contains(&one.name)) {
        versions.entry(&one.name).or_default().insert(compatible(&one.version));
    }
    let doubled = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    doubled.map(|(name, versions)| format!("{name} in {versions:?}")).collect()
}

/// The part of a version that compatible versions share: up to the first number that is not 0.
fn compatible(version: &str) -> String {
    let numbers: Vec<_> = version.split('.').collect();
    let length = numbers.iter().position(|number| *number != "0").map_or(3, |first| first + 1);
    numbers[..length.min(numbers.len())].join(".")
}

#[test]
fn default_build_compiles_and_links_no_c() {
    assert_eq!(with_c(&by_default(graph()), graph()), [""; 0]);
}

#[test]
fn each_licence_is_allowed() {
    assert_eq!(unlicensed(&by_default(graph())), [""; 0]);
}

#[test]
fn rust_version_suffices_for_the_default_build() {
    let crates = by_default(graph());
    assert!(crates.iter().filter(|one| one.ours).all(|one| one.rust.is_some()));
    assert_eq!(too_new(&crates), [""; 0]);
}

#[test]
fn each_direct_dependency_has_one_version() {
    assert_eq!(doubled(&by_default(graph()), graph()), [""; 0]);
}

#[test]
fn c_is_found_by_tools_by_links_and_by_name() {
    let mut graph = sample(&[
        ("milena", &[(Use::Normal, "zstd"), (Use::Normal, "windows-sys"), (Use::Dev, "cc")]),
        ("zstd", &[(Use::Normal, "zstd-sys")]),
        ("zstd-sys", &[(Use::Build, "cc")]),
        ("windows-sys", &[]),
        ("cc", &[]),
    ]);
    graph.get_mut("zstd-sys").unwrap().links = Some("zstd".to_owned());
    let expected =
        ["zstd-sys is built with cc", "zstd-sys links zstd", "zstd-sys is named like a binding to C"];
    assert_eq!(with_c(&by_default(&graph), &graph), expected);
}

#[test]
fn missing_licence_is_found() {
    let mut graph = sample(&[("milena", &[(Use::Normal, "a"), (Use::Dev, "b")]), ("a", &[]), ("b", &[])]);
    graph.get_mut("a").unwrap().licence = None;
    graph.get_mut("b").unwrap().licence = Some("GPL-3.0-only".to_owned());
    assert_eq!(unlicensed(&by_default(&graph)), ["a 1.0.0: none", "b 1.0.0: GPL-3.0-only"]);
}

#[test]
fn dependency_with_a_newer_rust_is_found() {
    let mut graph = sample(&[("milena", &[(Use::Normal, "a")]), ("a", &[])]);
    graph.get_mut("milena").unwrap().rust = Some([1, 88, 0]);
    graph.get_mut("a").unwrap().rust = Some([1, 88, 1]);
    assert_eq!(too_new(&by_default(&graph)).len(), 1);
    graph.get_mut("a").unwrap().rust = Some([1, 88, 0]);
    assert_eq!(too_new(&by_default(&graph)), [""; 0]);
}

#[test]
fn two_versions_of_a_dependency_are_found() {
    let mut graph = sample(&[
        ("milena", &[(Use::Normal, "a"), (Use::Normal, "b")]),
        ("a", &[]),
        ("b", &[(Use::Normal, "a-2")]),
        ("a-2", &[]),
    ]);
    let other = graph.get_mut("a-2").unwrap();
    (other.name, other.version) = ("a".to_owned(), "0.2.1".to_owned());
    assert_eq!(doubled(&by_default(&graph), &graph).len(), 1);
    graph.get_mut("a-2").unwrap().version = "1.9.0".to_owned();
    assert_eq!(doubled(&by_default(&graph), &graph), [""; 0]);
}
