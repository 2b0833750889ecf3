//! Tests that prove something: a file with tests asserts something, and no test is empty.
//!
//! An assertion may stand in a function that the tests of the file share, so the file is looked at as a whole. A test
//! with an empty body is a fault wherever it stands.

use super::assert_none;
use super::tokens::{Token, functions, tokens};
use super::tree::{Source, sources};

fn unproven(source: &Source) -> Vec<String> {
    let found = tokens(&source.code);
    let tests: Vec<_> =
        functions(&found).into_iter().filter(|function| is_test(&found, function.at)).collect();
    let asserts = found.iter().any(|token| token.text.contains("assert") || token.text == "should_panic");
    let mut faults = Vec::new();
    if !tests.is_empty() && !asserts {
        faults.push(format!("{}: {} tests, and nothing is asserted", source.path, tests.len()));
    }
    let empty = tests.iter().filter(|test| test.body.len() <= 2);
    faults
        .extend(empty.map(|test| format!("{}:{}: `{}` is empty", source.path, test.lines.start, test.name)));
    faults
}

/// Whether the words before the `fn` at `at`, back to the item before, hold an attribute that makes it one.
fn is_test(tokens: &[Token<'_>], at: usize) -> bool {
    let before = tokens[..at].iter().rev().take_while(|token| !matches!(token.text, "}" | "{" | ";"));
    let before: Vec<_> = before.map(|token| token.text).collect();
    before.windows(2).any(|pair| pair == ["]", "test"] || pair == ["(", "test"])
}

#[test]
fn a_file_with_tests_proves_something() {
    assert!(sources().iter().any(|source| source.code.contains("#[test]")));
    assert_none("proofs", &sources().iter().flat_map(unproven).collect::<Vec<_>>());
}

#[test]
fn a_test_that_proves_nothing_is_caught() {
    let plain = "#[test]\nfn a() {\n    b();\n}";
    assert_eq!(unproven(&Source::new("a.rs", plain)).len(), 1);
    let on_a_runtime = "#[tokio::test(flavor = \"current_thread\")]\nasync fn a() {\n    b();\n}";
    assert_eq!(unproven(&Source::new("a.rs", on_a_runtime)).len(), 1);
    let empty = "#[test]\nfn a() {\n    // Later.\n}\n#[test]\nfn b() {\n    assert!(c());\n}";
    assert_eq!(unproven(&Source::new("a.rs", empty)).len(), 1);
}

#[test]
fn a_test_that_asserts_is_let_pass() {
    let text = "#[test]\nfn a() {\n    check(1);\n}\nfn check(b: u8) {\n    assert_eq!(b, 1);\n}";
    assert_eq!(unproven(&Source::new("a.rs", text)), [""; 0]);
}
