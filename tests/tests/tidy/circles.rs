//! The modules of a folder do not import each other in a circle.
//!
//! Only siblings are compared: a module and the modules below it count as one, and a path from `a::b` to `c::d` is an
//! arrow from `a` to `c`. An import from the parent's own file is no arrow; an import from a sibling through the parent is
//! one. Tests are left out: no module imports them.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use super::assert_none;
use super::module_tree::{Module, ModuleTree};
use super::tree::{Source, sources};

/// The arrows among the children of one module, each with the file and line of an import.
type Arrows = BTreeMap<String, BTreeMap<String, String>>;

fn circles<'a>(src: &str, sources: impl Iterator<Item = &'a Source> + Clone) -> Vec<String> {
    let tree = ModuleTree::read(src, sources);
    let mut folders: BTreeMap<Module, Arrows> = BTreeMap::new();
    for mention in &tree.mentions {
        let home = tree.home_of(&mention.path);
        let shared = mention.by.iter().zip(&home).take_while(|(by, home)| by == home).count();
        if let (Some(from), Some(to)) = (mention.by.get(shared), home.get(shared)) {
            let arrows = folders.entry(home[..shared].to_vec()).or_default();
            arrows
                .entry(from.clone())
                .or_default()
                .entry(to.clone())
                .or_insert_with(|| mention.place.clone());
        }
    }
    folders
        .iter()
        .filter_map(|(folder, arrows)| Some(described(src, folder, arrows, &circle(arrows)?)))
        .collect()
}

/// One of the shortest circles, if there is any.
fn circle(arrows: &Arrows) -> Option<Vec<String>> {
    let back_to = |start: &String| {
        let mut seen = BTreeSet::new();
        let mut ways = vec![vec![start.clone()]];
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in ways {
                for next in way.last().and_then(|last| arrows.get(last)).into_iter().flat_map(BTreeMap::keys)
                {
                    if next == start {
                        return Some(way);
                    }
                    if seen.insert(next.clone()) {
                        longer.push([&way[..], slice::from_ref(next)].concat());
                    }
                }
            }
            ways = longer;
        }
        None
    };
    arrows.keys().filter_map(back_to).min_by_key(Vec::len)
}

fn described(src: &str, folder: &[String], arrows: &Arrows, circle: &[String]) -> String {
    let steps = circle.iter().zip(circle.iter().cycle().skip(1));
    let steps = steps.map(|(from, to)| format!("{from} ─▶ {to} ({})", arrows[from][to]));
    format!("{src}{}: {}", folder.join("/"), steps.collect::<Vec<_>>().join(", "))
}

/// The `src/` of every crate.
fn crates() -> BTreeSet<&'static str> {
    let roots = sources().iter().filter_map(|source| {
        let src = source.path.strip_suffix("lib.rs").or_else(|| source.path.strip_suffix("main.rs"))?;
        src.ends_with("/src/").then_some(src)
    });
    roots.collect()
}

#[test]
fn modules_of_a_folder_import_each_other_in_one_direction() {
    assert!(crates().contains("crates/codec/src/"));
    let faults: Vec<_> = crates().into_iter().flat_map(|src| circles(src, sources().iter())).collect();
    assert_none("circles", &faults);
}

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let sources: Vec<_> =
        files.iter().map(|(path, text)| Source::new(&format!("a/src/{path}"), text)).collect();
    assert_eq!(circles("a/src/", sources.iter()), expected);
}

#[test]
fn circle_is_found_with_the_lines_of_its_imports() {
    let files = [
        ("lib.rs", "mod b;\nmod c;"),
        ("b/mod.rs", "mod d;"),
        ("b/d.rs", "fn f() {\n    crate::c::g();\n}"),
        ("c.rs", "use crate::b::{self, X};"),
    ];
    check(&files, &["a/src/: b ─▶ c (a/src/b/d.rs:2), c ─▶ b (a/src/c.rs:1)"]);
}

#[test]
fn circle_through_exports_of_the_parent_is_found() {
    let files = [
        ("lib.rs", "mod b;\nmod c;\npub use b::B;\nuse c::{D as E};"),
        ("b.rs", "use super::E;"),
        ("c.rs", "use crate::B;"),
    ];
    check(&files, &["a/src/: b ─▶ c (a/src/b.rs:1), c ─▶ b (a/src/c.rs:1)"]);
}

#[test]
fn imports_of_parents_of_tests_and_in_one_direction_are_no_circle() {
    let files = [
        ("lib.rs", "mod b;\nmod c;\n#[cfg(test)]\nmod tests;\nstruct P;"),
        ("b.rs", "use super::P;\n#[cfg(test)]\nmod tests {\n    use crate::c;\n}"),
        ("c.rs", "use crate::b::Q;\nuse crate::P;"),
        ("tests.rs", "use crate::c;"),
    ];
    check(&files, &[]);
}
