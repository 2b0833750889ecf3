//! Every Rust file begins with `//!` and a sentence about its purpose.

use super::assert_none;
use super::tree::{Source, sources};

fn headless(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let purpose = first.strip_prefix("//! ").unwrap_or_default();
    if !purpose.trim().is_empty() {
        return Vec::new();
    }
    vec![format!("{}: begin with `//!` and the purpose of the file", source.path)]
}

#[test]
fn file_begins_with_its_purpose() {
    assert_none("heads", &sources().iter().flat_map(headless).collect::<Vec<_>>());
}

#[test]
fn file_without_a_purpose_is_found() {
    for text in ["use a::b;\n", "// A comment.\n", "//!\n", "//! \n", ""] {
        assert_eq!(headless(&Source::new("a.rs", text)).len(), 1, "{text:?}");
    }
    assert_eq!(headless(&Source::new("a.rs", "//! The purpose.\n")), [""; 0]);
}
