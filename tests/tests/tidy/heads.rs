//! Every file of Rust begins with `//!` and a sentence: what it is for.

use super::assert_none;
use super::tree::{Source, sources};

fn headless(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let said = first.strip_prefix("//! ").unwrap_or_default();
    if !said.trim().is_empty() {
        return Vec::new();
    }
    vec![format!("{}: begin with `//!` and say what the file is for", source.path)]
}

#[test]
fn a_file_begins_by_saying_what_it_is_for() {
    assert_none("heads", &sources().iter().flat_map(headless).collect::<Vec<_>>());
}

#[test]
fn a_file_without_a_head_is_caught() {
    for text in ["use a::b;\n", "// A comment.\n", "//!\n", "//! \n", ""] {
        assert_eq!(headless(&Source::new("a.rs", text)).len(), 1, "{text:?}");
    }
    assert_eq!(headless(&Source::new("a.rs", "//! What it is for.\n")), [""; 0]);
}
