//! Tests have assertions: a file with tests contains at least one, and no test is empty.
//!
//! An assertion may be in a function that the tests of the file share, so the file is read as a whole, and the first file
//! of a folder together with the others in it. A test with an empty body is a fault in any file.

use super::assert_none;
use super::tokens::{Token, functions, tokens};
use super::tree::{Source, sources};

fn unproven(source: &Source, all: &[Source]) -> Vec<String> {
    let found = tokens(&source.code);
    let tests: Vec<_> =
        functions(&found).into_iter().filter(|function| is_test(&found, function.at)).collect();
    let folder = source.path.strip_suffix("mod.rs").or_else(|| source.path.strip_suffix("main.rs"));
    let helpers = all.iter().filter(|other| folder.is_some_and(|folder| other.path.starts_with(folder)));
    let asserts = asserts(source) || helpers.into_iter().any(asserts);
    let mut faults = Vec::new();
    if !tests.is_empty() && !asserts {
        faults.push(format!("{}: {} tests without an assertion", source.path, tests.len()));
    }
    let empty = tests.iter().filter(|test| test.body.len() <= 2);
    faults
        .extend(empty.map(|test| format!("{}:{}: `{}` is empty", source.path, test.lines.start, test.name)));
    faults
}

fn asserts(source: &Source) -> bool {
    tokens(&source.code).iter().any(|token| token.text.contains("assert") || token.text == "should_panic")
}

/// Whether the words before the `fn` at `at`, back to the item before, hold an attribute that makes it one.
fn is_test(tokens: &[Token<'_>], at: usize) -> bool {
    let before = tokens[..at].iter().rev().take_while(|token| !matches!(token.text, "}" | "{" | ";"));
    let before: Vec<_> = before.map(|token| token.text).collect();
    before.windows(2).any(|pair| pair == ["]", "test"] || pair == ["(", "test"])
}

#[test]
fn file_with_tests_has_an_assertion() {
    assert!(sources().iter().any(|source| source.code.contains("#[test]")));
    assert_none(
        "proofs",
        &sources().iter().flat_map(|source| unproven(source, sources())).collect::<Vec<_>>(),
    );
}

#[test]
fn test_without_an_assertion_is_found() {
    let plain = "#[test]\nfn a() {\n    b();\n}";
    assert_eq!(unproven(&Source::new("a.rs", plain), &[]).len(), 1);
    let on_a_runtime = "#[tokio::test(flavor = \"current_thread\")]\nasync fn a() {\n    b();\n}";
    assert_eq!(unproven(&Source::new("a.rs", on_a_runtime), &[]).len(), 1);
    let empty = "#[test]\nfn a() {\n    // Later.\n}\n#[test]\nfn b() {\n    assert!(c());\n}";
    assert_eq!(unproven(&Source::new("a.rs", empty), &[]).len(), 1);
}

#[test]
fn test_with_an_assertion_passes() {
    let text = "#[test]\nfn a() {\n    check(1);\n}\nfn check(b: u8) {\n    assert_eq!(b, 1);\n}";
    assert_eq!(unproven(&Source::new("a.rs", text), &[]), [""; 0]);
}

#[test]
fn first_file_of_a_folder_may_assert_in_another() {
    let first = Source::new("tests/b/mod.rs", "#[test]\nfn a() {\n    run();\n}");
    let other = |path: &str| [Source::new(path, "fn run() { assert!(true); }")];
    assert_eq!(unproven(&first, &other("tests/b/run.rs")), [""; 0]);
    assert_eq!(unproven(&first, &other("tests/c/run.rs")).len(), 1);
}
