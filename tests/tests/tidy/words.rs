//! Words that no text of the repository contains: paths of a machine, hosts of registries, the history of the text.
//!
//! `words.txt` beside this file lists them, one per line and each backwards, with the reason before each group. Every text
//! file is searched for them, in any case, as whole words where they begin or end with a letter. The list has no word with
//! another use in a Kafka client: a *session* is the state of a connection, and is allowed.

use std::sync::LazyLock;

use super::assert_none;
use super::tree::{File, files};

/// The list.
const LIST: &str = include_str!("words.txt");

/// The words of the list, in reading direction.
fn words() -> &'static [String] {
    static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let lines = LIST.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| line.chars().rev().collect()).collect()
    });
    &WORDS
}

fn banned_words(file: &File) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    let found = lines.flat_map(|(index, line)| {
        let lower = line.to_lowercase();
        let held: Vec<_> = words().iter().filter(|word| holds(&lower, word)).collect();
        held.into_iter().map(move |word| format!("{}:{}: `{word}`", file.path, index + 1))
    });
    found.collect()
}

/// Whether a line in lower case has the word, and not as a part of another one.
fn holds(line: &str, word: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    let touches = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(is_letter) && outer.is_some_and(is_letter)
    };
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + word.len()..].chars().next());
        !touches(word.chars().next(), before) && !touches(word.chars().next_back(), after)
    })
}

#[test]
fn texts_name_no_machine_no_registry_and_no_history() {
    assert_none("words", &files().iter().flat_map(banned_words).collect::<Vec<_>>());
}

#[test]
fn each_banned_word_is_found() {
    assert!(words().len() > 10);
    for word in words() {
        let text = format!("//! A.\n// Made by ({}), so.\n", word.to_uppercase());
        let faults = banned_words(&File { path: "a.rs".to_owned(), text });
        assert!(faults.contains(&format!("a.rs:2: `{word}`")), "{word}: {faults:?}");
    }
}

#[test]
fn part_of_another_word_passes() {
    assert!(holds("an apple.", "apple") && holds("x/opt/me", "/opt/"));
    assert!(!holds("pineapples, apple_x", "apple"));
}
