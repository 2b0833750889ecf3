//! Code as words and marks, with the line of each: enough to find brackets, functions and paths.

use std::ops::Range;

use super::lexer::FILLER;

/// A name, a number, `::`, or a single mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// The tokens of code without comments and literals.
pub(crate) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (index, text) in code.lines().enumerate() {
        let line = index + 1;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                ':' if rest.starts_with("::") => 2,
                _ => first.len_utf8(),
            };
            let (text, after) = rest.split_at(length);
            if !first.is_whitespace() && first != FILLER {
                found.push(Token { text, line });
            }
            rest = after;
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The index after the bracket that closes the one at `open`, or the end.
pub(crate) fn after_closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// A function with a body.
#[derive(Debug)]
pub(crate) struct Function<'a> {
    pub(crate) name: &'a str,
    /// From the line of `fn` to the line of the last bracket, both included.
    pub(crate) lines: Range<usize>,
    /// The tokens of its body, brackets included.
    pub(crate) body: Range<usize>,
    /// The index of the token `fn`.
    pub(crate) at: usize,
}

/// All functions with a body, also those inside others and inside macros.
pub(crate) fn functions<'a>(tokens: &[Token<'a>]) -> Vec<Function<'a>> {
    let named = tokens.windows(2).enumerate().filter(|(_, pair)| pair[0].text == "fn");
    let named = named.filter(|(_, pair)| pair[1].text.starts_with(|c: char| c.is_alphabetic() || c == '_'));
    named.filter_map(|(at, pair)| function(tokens, at, pair[1].text)).collect()
}

fn function<'a>(tokens: &[Token<'a>], at: usize, name: &'a str) -> Option<Function<'a>> {
    let mut index = at + 2;
    loop {
        match tokens.get(index)?.text {
            "(" | "[" => index = after_closing(tokens, index),
            "{" => break,
            ";" => return None,
            _ => index += 1,
        }
    }
    let end = after_closing(tokens, index);
    Some(Function { name, lines: tokens[at].line..tokens[end - 1].line + 1, body: index..end, at })
}

/// The lines of items under a `#[cfg(…)]` with `test` in it: blocks, not modules in separate files.
pub(crate) fn test_blocks(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        match cfg_test(tokens, index) {
            Some(after) => {
                let end = item_end(tokens, after);
                blocks.push(tokens[index].line..tokens[end - 1].line + 1);
                index = end;
            }
            None => index += 1,
        }
    }
    blocks
}

/// The index after an attribute at `at` that restricts the next item to tests: `#[cfg(test)]`, or `#[cfg(all(…))]` with
/// `test` among its conditions.
pub(crate) fn cfg_test(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text);
    let begins = ["#", "[", "cfg", "("];
    if !begins.iter().enumerate().all(|(ahead, begin)| text(at + ahead) == *begin) {
        return None;
    }
    let after = after_closing(tokens, at + 1);
    let condition = at + begins.len();
    let for_tests = match (text(condition), text(condition + 1)) {
        ("test", _) => true,
        ("all", "(") => listed(tokens, condition + 1).any(|index| text(index) == "test"),
        _ => false,
    };
    for_tests.then_some(after)
}

/// The index of each part of the list in the brackets at `open`.
fn listed(tokens: &[Token<'_>], open: usize) -> impl Iterator<Item = usize> {
    let end = after_closing(tokens, open).saturating_sub(1);
    let mut index = open + 1;
    std::iter::from_fn(move || {
        let begin = index;
        while index < end && tokens[index].text != "," {
            index = if tokens[index].text == "(" { after_closing(tokens, index) } else { index + 1 };
        }
        index += 1;
        (begin < end).then_some(begin)
    })
}

/// The index after the item that begins at `at`, attributes before it included.
fn item_end(tokens: &[Token<'_>], at: usize) -> usize {
    let mut index = at;
    while index < tokens.len() {
        match tokens[index].text {
            ";" => return index + 1,
            "{" => return after_closing(tokens, index),
            "(" | "[" => index = after_closing(tokens, index),
            _ => index += 1,
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_ends_at_its_closing_bracket() {
        let code = "fn a<T>(x: [u8; 4]) -> T\nwhere\n    T: B,\n{\n    if x { y }\n}\nfn b();";
        let tokens = tokens(code);
        let found = functions(&tokens);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name, found[0].lines.clone()), ("a", 1..7));
    }

    #[test]
    fn test_block_includes_its_attributes() {
        let code = "fn a() {}\n#[cfg(all(not(loom), test))]\n#[x(y)]\nmod tests {\n    b!();\n}\nfn c() {}";
        assert_eq!(test_blocks(&tokens(code)).first(), Some(&(2..7)));
        for other in ["not(test)", "any(test, feature)", "all(loom, not(test))"] {
            assert_eq!(test_blocks(&tokens(&format!("#[cfg({other})]\nfn a() {{}}"))), [], "{other}");
        }
    }
}
