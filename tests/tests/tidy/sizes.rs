//! The maximum lengths of files and functions.
//!
//! Lines of code are lines without comments, blank lines and the items under `#[cfg(test)]`. A function is counted from
//! the line of its `fn` to its last bracket, comments and blank lines included: all of it has to fit on a screen.

use super::assert_none;
use super::tokens::{functions, test_blocks, tokens};
use super::tree::{Source, sources};

const FILE_LINES_MAX: usize = 500;
const CODE_LINES_MAX: usize = 300;
const FUNCTION_LINES_MAX: usize = 70;

fn long_files(source: &Source) -> Vec<String> {
    let (path, lines) = (&source.path, source.text.lines().count());
    let fault = format!("{path}: {lines} lines, at most {FILE_LINES_MAX}: split it by responsibility");
    if lines > FILE_LINES_MAX { vec![fault] } else { Vec::new() }
}

fn long_code(source: &Source) -> Vec<String> {
    let (path, lines) = (&source.path, code_lines(source));
    let fault =
        format!("{path}: {lines} lines of code, at most {CODE_LINES_MAX}: split it by responsibility");
    if lines > CODE_LINES_MAX { vec![fault] } else { Vec::new() }
}

fn code_lines(source: &Source) -> usize {
    let blocks = test_blocks(&tokens(&source.code));
    let lines = source.code.lines().enumerate().map(|(index, line)| (index + 1, line));
    lines
        .filter(|(number, line)| {
            !line.trim().is_empty() && !blocks.iter().any(|block| block.contains(number))
        })
        .count()
}

fn long_functions(source: &Source) -> Vec<String> {
    let found = tokens(&source.code);
    let long = functions(&found).into_iter().filter(|function| function.lines.len() > FUNCTION_LINES_MAX);
    long.map(|function| {
        let (path, line, lines) = (&source.path, function.lines.start, function.lines.len());
        format!("{path}:{line}: `{}` has {lines} lines, at most {FUNCTION_LINES_MAX}", function.name)
    })
    .collect()
}

#[test]
fn file_has_at_most_500_lines() {
    assert_none("files", &sources().iter().flat_map(long_files).collect::<Vec<_>>());
}

#[test]
fn file_has_at_most_300_lines_of_code() {
    assert_none("lines of code", &sources().iter().flat_map(long_code).collect::<Vec<_>>());
}

#[test]
fn function_has_at_most_70_lines() {
    assert_none("functions", &sources().iter().flat_map(long_functions).collect::<Vec<_>>());
}

#[test]
fn long_file_is_found() {
    assert_eq!(long_files(&Source::new("a.rs", &"// a\n".repeat(500))), [""; 0]);
    assert_eq!(long_files(&Source::new("a.rs", &"// a\n".repeat(501))).len(), 1);
}

#[test]
fn lines_of_code_exclude_comments_blank_lines_and_tests() {
    let text = "//! A.\n\n/* b\n c */\nfn d() {} // e\n\n#[cfg(test)]\nmod tests {\n    fn f() {}\n}\n";
    assert_eq!(code_lines(&Source::new("a.rs", text)), 1);
    assert_eq!(long_code(&Source::new("a.rs", &"f();\n".repeat(301))).len(), 1);
}

#[test]
fn long_function_is_found() {
    let function = |lines: usize| format!("fn a() {{\n{}}}\n", "    b();\n".repeat(lines - 2));
    assert_eq!(long_functions(&Source::new("a.rs", &function(70))), [""; 0]);
    assert_eq!(long_functions(&Source::new("a.rs", &function(71))).len(), 1);
}
