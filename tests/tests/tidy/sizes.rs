//! How long files and functions may be.
//!
//! Lines of code are what is left without comments, blank lines and the items under `#[cfg(test)]`. A function is
//! counted from the line of its `fn` to its last bracket, comments and blank lines included: that is what has to fit
//! on a screen.

use super::assert_none;
use super::tokens::{functions, test_blocks, tokens};
use super::tree::{Source, sources};

const FILE_LINES_MAX: usize = 500;
const CODE_LINES_MAX: usize = 300;
const FUNCTION_LINES_MAX: usize = 70;

fn long_files(source: &Source) -> Vec<String> {
    let (path, lines) = (&source.path, source.text.lines().count());
    let fault =
        format!("{path}: {lines} lines, and {FILE_LINES_MAX} are the most: split it by responsibility");
    if lines > FILE_LINES_MAX { vec![fault] } else { Vec::new() }
}

fn much_code(source: &Source) -> Vec<String> {
    let (path, lines) = (&source.path, code_lines(source));
    let fault = format!(
        "{path}: {lines} lines of code, and {CODE_LINES_MAX} are the most: split it by responsibility"
    );
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
        format!("{path}:{line}: `{}` has {lines} lines, and {FUNCTION_LINES_MAX} are the most", function.name)
    })
    .collect()
}

#[test]
fn a_file_is_read_in_one_sitting() {
    assert_none("files", &sources().iter().flat_map(long_files).collect::<Vec<_>>());
}

#[test]
fn a_file_holds_one_responsibility_of_code() {
    assert_none("lines of code", &sources().iter().flat_map(much_code).collect::<Vec<_>>());
}

#[test]
fn a_function_fits_on_a_screen() {
    assert_none("functions", &sources().iter().flat_map(long_functions).collect::<Vec<_>>());
}

#[test]
fn a_long_file_is_caught() {
    assert_eq!(long_files(&Source::new("a.rs", &"// a\n".repeat(500))), [""; 0]);
    assert_eq!(long_files(&Source::new("a.rs", &"// a\n".repeat(501))).len(), 1);
}

#[test]
fn code_is_counted_without_comments_blanks_and_tests() {
    let text = "//! A.\n\n/* b\n c */\nfn d() {} // e\n\n#[cfg(test)]\nmod tests {\n    fn f() {}\n}\n";
    assert_eq!(code_lines(&Source::new("a.rs", text)), 1);
    assert_eq!(much_code(&Source::new("a.rs", &"f();\n".repeat(301))).len(), 1);
}

#[test]
fn a_long_function_is_caught() {
    let function = |lines: usize| format!("fn a() {{\n{}}}\n", "    b();\n".repeat(lines - 2));
    assert_eq!(long_functions(&Source::new("a.rs", &function(70))), [""; 0]);
    assert_eq!(long_functions(&Source::new("a.rs", &function(71))).len(), 1);
}
