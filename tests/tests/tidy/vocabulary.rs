//! Plain words of the field, in comments and in messages. Three measures, each with a ceiling in [`CEILINGS`]:
//!
//! * people as subjects (*who*, *somebody*, *nobody* …): name the caller, the broker or the task instead;
//! * clauses that open with *What*: begin with the term instead;
//! * verbs of speech (*say*, *tell*, *ask*, *answer* …): brokers return, reject and close, functions return and compute,
//!   logs report, and an exchange consists of a request and a response.
//!
//! Comments are measured in occurrences per 1 000 words, messages by the number of string literals with an occurrence.
//! Tests, models and benchmarks are left out. The ceilings are a ratchet: a change may lower them, and raises none. They
//! are above zero because some uses are right: a person is asked for a password.

use std::cmp::Reverse;

use super::assert_none;
use super::lexer::FILLER;
use super::tokens::{test_blocks, tokens};
use super::tree::{Source, sources};

/// The highest values that pass: of comments per 1 000 words, of messages as a count.
const CEILINGS: Ceilings = Ceilings { people: 0.1, what: 0.1, speech: 0.1, messages: 1 };

struct Ceilings {
    people: f64,
    what: f64,
    speech: f64,
    messages: usize,
}

/// Shorter literals are names or samples.
const MESSAGE_CHARS_MIN: usize = 12;

/// Files in the report of a failure: those with the most occurrences.
const FILES_SHOWN_MAX: usize = 25;

/// Characters of a message in the report of a failure.
const MESSAGE_CHARS_SHOWN_MAX: usize = 110;

/// Folders whose sources are left out.
const FOLDERS_LEFT_OUT: [&str; 4] = ["tests", "models", "benches", "target"];

const PEOPLE: [&str; 10] =
    ["who", "whoever", "whom", "somebody", "someone", "nobody", "anybody", "anyone", "everybody", "everyone"];

#[rustfmt::skip]
const SPEECH: [&str; 26] = [
    "say", "says", "said", "saying", "tell", "tells", "told", "telling", "hear", "hears", "heard",
    "speak", "speaks", "spoke", "spoken", "ask", "asks", "asked", "asking",
    "answer", "answers", "answered", "answering", "believe", "believes", "believed",
];

/// A function from one line of text to its number of occurrences.
type Measure = fn(&str) -> usize;

fn people(line: &str) -> usize {
    words(line).filter(|word| PEOPLE.contains(&word.as_str())).count()
}

fn speech(line: &str) -> usize {
    words(line).filter(|word| SPEECH.contains(&word.as_str())).count()
}

/// Clauses that open with *What* or *Whatever*: at the start of the line in either case, within the line capitalised and
/// behind a mark that ends or opens a clause.
fn what(line: &str) -> usize {
    let opens = |at: usize, word: &str| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let after = after.strip_prefix("ever").unwrap_or(after);
        let ends = !after.starts_with(is_word);
        let marked = before.trim_end().ends_with(['.', ';', ':', ',', '(']);
        let behind_mark = marked && before.ends_with(char::is_whitespace);
        ends && (at == 0 || behind_mark && word == "What")
    };
    ["What", "what"]
        .iter()
        .flat_map(|word| line.match_indices(word))
        .filter(|(at, word)| opens(*at, word))
        .count()
}

fn words(line: &str) -> impl Iterator<Item = String> + '_ {
    line.split(|c| !is_word(c)).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_measured(source: &Source) -> bool {
    let in_folder = source.path.split('/').any(|part| FOLDERS_LEFT_OUT.contains(&part));
    !in_folder && !source.path.ends_with("tests.rs")
}

/// The texts of the comment lines of a source, each with its line number.
fn comments(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let lines = source.text.lines().enumerate();
    lines.filter_map(|(index, line)| {
        let comment = line.trim_start().strip_prefix("//")?;
        Some((index + 1, comment.strip_prefix(['/', '!']).unwrap_or(comment).trim()))
    })
}

/// The files over the ceiling, worst first, behind the value; nothing if the value is within it.
fn above<'a>(sources: impl Iterator<Item = &'a Source>, measure: Measure, ceiling: f64) -> Vec<String> {
    let (mut total, mut all_words) = (0, 0);
    let mut files = Vec::new();
    for source in sources {
        let lines: Vec<usize> = comments(source).flat_map(|(line, text)| vec![line; measure(text)]).collect();
        let file_words: usize = comments(source).map(|(_, text)| text.split_whitespace().count()).sum();
        (total, all_words) = (total + lines.len(), all_words + file_words);
        files.push((lines, file_words, source));
    }
    let value = per_thousand(total, all_words);
    if value <= ceiling {
        return Vec::new();
    }
    files.sort_by_key(|(lines, ..)| Reverse(lines.len()));
    let worst = files.iter().take(FILES_SHOWN_MAX).filter(|(lines, ..)| !lines.is_empty());
    let worst = worst.map(|(lines, words, source)| {
        let numbers: Vec<_> = lines.iter().map(usize::to_string).collect();
        format!("{}: {} in {words} words, in lines {}", source.path, lines.len(), numbers.join(", "))
    });
    let value =
        format!("{value:.2} per 1 000 words of comments, at most {ceiling}; reword the files with the most:");
    [value].into_iter().chain(worst).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^52")]
fn per_thousand(count: usize, words: usize) -> f64 {
    1_000.0 * count as f64 / words.max(1) as f64
}

/// The messages of a source that hold an occurrence of any measure, with file and line. Fuzz targets have none: their texts
/// are assertions.
fn worded_messages(source: &Source) -> Vec<String> {
    if source.path.starts_with("fuzz/") {
        return Vec::new();
    }
    let blocks = test_blocks(&tokens(&source.code));
    let outside = literals(source).into_iter();
    let outside = outside.filter(|(line, _)| !blocks.iter().any(|block| block.contains(line)));
    let long = outside.filter(|(_, text)| text.chars().count() >= MESSAGE_CHARS_MIN);
    let worded = long.filter(|(_, text)| {
        let read = as_read(text);
        [people, what, speech].iter().any(|measure| measure(&read) > 0)
    });
    worded.map(|(line, text)| format!("{}:{line}: \"{}\"", source.path, shown(&text))).collect()
}

/// The beginning of a literal on one line.
fn shown(literal: &str) -> String {
    let joined = literal.replace("\\\n", " ");
    let words: Vec<_> = joined.split_whitespace().collect();
    words.join(" ").chars().take(MESSAGE_CHARS_SHOWN_MAX).collect()
}

/// The contents of the string literals of a source, each with the line where it begins.
fn literals(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut line, mut inside) = (1, false);
    for (text, code) in source.text.chars().zip(source.code.chars()) {
        let continues = inside && code == '\n';
        if code == FILLER && !inside {
            found.push((line, String::new()));
        }
        inside = code == FILLER || continues;
        if let Some((_, content)) = found.last_mut().filter(|_| inside) {
            content.push(text);
        }
        line += usize::from(text == '\n');
    }
    found
}

/// A literal as its reader sees it: a space in place of each escape and each `{placeholder}`.
fn as_read(literal: &str) -> String {
    let mut read = String::with_capacity(literal.len());
    let mut chars = literal.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '{' => drop(chars.by_ref().find(|c| *c == '}')),
            c => {
                read.push(c);
                continue;
            }
        }
        read.push(' ');
    }
    read
}

fn measured() -> impl Iterator<Item = &'static Source> {
    sources().iter().filter(|source| is_measured(source))
}

#[test]
fn comments_name_things_rather_than_people() {
    assert!(measured().count() > 100);
    assert_none("people as subjects", &above(measured(), people, CEILINGS.people));
}

#[test]
fn comments_begin_with_the_term_rather_than_with_what() {
    assert_none("clauses that open with What", &above(measured(), what, CEILINGS.what));
}

#[test]
fn comments_use_verbs_of_protocols_rather_than_of_speech() {
    assert_none("verbs of speech", &above(measured(), speech, CEILINGS.speech));
}

#[test]
fn messages_use_plain_words() {
    let found: Vec<_> = measured().flat_map(worded_messages).collect();
    let title = format!("{} messages with such a word, at most {}", found.len(), CEILINGS.messages);
    assert_none(&title, if found.len() > CEILINGS.messages { &found } else { &[] });
}

#[test]
fn words_are_compared_whole_and_in_any_case() {
    assert_eq!(people("Nobody asks who's there; the whole is someone_else"), 2);
    assert_eq!(speech("It ANSWERS, and is told. An answering machine asks_for essays"), 3);
}

#[test]
fn what_counts_at_the_start_of_a_line_and_of_a_clause() {
    for opening in ["What is left", "what is left", "Whatever is left", "Done. What is left", "a ( What b"] {
        assert_eq!(what(opening), 1, "{opening}");
    }
    for within in
        ["This is what is left", "Done. what is left", "It is What", "Somewhat. Whatsoever", "a.What b"]
    {
        assert_eq!(what(within), 0, "{within}");
    }
}

#[test]
fn value_above_the_ceiling_is_reported_with_its_worst_lines() {
    let text = "//! Nobody reads this.\n//!\nfn who() {} // who\n    /// Somebody; and nobody.\n";
    let source = [Source::new("a.rs", text), Source::new("b.rs", "// Four words without any.\n")];
    let report = above(source.iter(), people, 299.9);
    assert_eq!(report[1..], ["a.rs: 3 in 6 words, in lines 1, 4, 4"]);
    assert!(report[0].starts_with("300.00 per 1 000 words of comments, at most 299.9"), "{report:?}");
    assert_eq!(above(source.iter(), people, 300.0), [""; 0]);
}

#[test]
fn messages_are_literals_outside_tests_without_their_placeholders() {
    let message = "fn a() {\n    b(\"the {answer} is \\\n        not what a broker says\");\n}\n";
    let found = worded_messages(&Source::new("a.rs", message));
    assert_eq!(found, ["a.rs:2: \"the {answer} is not what a broker says\""]);
    for passed in [
        "fn a() { b(\"the response is {answer}\") } // who",
        "fn a() { b(\"nobody\") }",
        "#[cfg(test)]\nmod tests {\n    fn a() { b(\"a record that nobody sent\") }\n}",
    ] {
        assert_eq!(worded_messages(&Source::new("a.rs", passed)), [""; 0], "{passed}");
    }
}

#[test]
fn tests_models_and_benchmarks_are_left_out() {
    let is_measured = |path: &str| is_measured(&Source::new(path, ""));
    assert!(is_measured("crates/a/src/b.rs") && is_measured("fuzz/bodies/src/tested.rs"));
    for path in
        ["tests/src/a.rs", "crates/a/models/b.rs", "benches/a.rs", "crates/a/src/b/tests.rs", "a/tests/b.rs"]
    {
        assert!(!is_measured(path), "{path}");
    }
}
