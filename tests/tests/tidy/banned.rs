//! Code that no source contains: `unsafe`, unfinished code, ignored tests.
//!
//! Only code is searched for the words, so that texts may contain them; comments are searched for marks of unfinished
//! work.

use super::assert_none;
use super::tokens::tokens;
use super::tree::{Source, sources};

/// The one folder where `unsafe` may stand, because it links C.
const MAY_BE_UNSAFE: &str = "crates/gssapi/";

/// Words of code.
const WORDS: [&str; 4] = ["unsafe", "todo", "unimplemented", "ignore"];

/// Marks in code and comments. Written in halves, so that this file does not contain them.
const MARKS: [(&str, &str); 3] = [("FIX", "ME"), ("TO", "DO"), ("```ig", "nore")];

fn banned(source: &Source) -> Vec<String> {
    let found = tokens(&source.code);
    let mut faults = Vec::new();
    for (index, token) in found.iter().enumerate() {
        let before = index.checked_sub(1).map_or("", |index| found[index].text);
        let after = found.get(index + 1).map_or("", |token| token.text);
        let is_meant = match token.text {
            "unsafe" => !source.path.starts_with(MAY_BE_UNSAFE),
            "ignore" => before == "[" && matches!(after, "]" | "="),
            _ => after == "!",
        };
        if WORDS.contains(&token.text) && is_meant {
            faults.push(format!("{}:{}: `{}`", source.path, token.line, token.text));
        }
    }
    faults.extend(marked(source));
    faults
}

fn marked(source: &Source) -> impl Iterator<Item = String> + '_ {
    let lines = source.text.lines().enumerate();
    lines.flat_map(|(index, line)| {
        let marks = MARKS.iter().map(|(start, end)| format!("{start}{end}"));
        let held = marks.filter(|mark| line.contains(mark.as_str()));
        held.map(|mark| format!("{}:{}: {mark}", source.path, index + 1)).collect::<Vec<_>>()
    })
}

#[test]
fn no_code_is_unsafe_unfinished_or_ignored() {
    assert_none("banned", &sources().iter().flat_map(banned).collect::<Vec<_>>());
}

#[test]
fn banned_code_is_found() {
    let mark = format!("// {}{}: later", MARKS[0].0, MARKS[0].1);
    let samples = [
        "fn a() { unsafe { b() } }",
        "fn a() { todo!() }",
        "fn a() { unimplemented!(\"b\") }",
        "#[ignore]\nfn a() {}",
    ];
    for sample in samples.into_iter().chain(["#[ignore = \"slow\"]\nfn a() {}", mark.as_str()]) {
        assert_eq!(banned(&Source::new("crates/a/src/b.rs", sample)).len(), 1, "{sample}");
    }
}

#[test]
fn similar_code_passes() {
    let sample = "#![forbid(unsafe_code)]\nfn a() { b(\"unsafe\"); ignore(); } // todo!() unsafe";
    assert_eq!(banned(&Source::new("crates/a/src/b.rs", sample)), [""; 0]);
    assert_eq!(banned(&Source::new("crates/gssapi/src/b.rs", "unsafe fn a() {}")), [""; 0]);
}
