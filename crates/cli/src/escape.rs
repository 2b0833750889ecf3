//! Text of others, before it is printed: names of topics, words of brokers, lines of the input.

use std::borrow::Cow;

use milena_codec::steers;

/// The text with everything that steers a terminal, ends a line or turns one around as an escape: `\n`, `\u{1b}`.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    escaped_where(text, steers)
}

/// A line of the log, but for its end. The log escapes ESC in what it is given, and colours by it.
pub(crate) fn escaped_log(line: &str) -> Cow<'_, str> {
    escaped_where(line, |character| steers(character) && character != '\u{1b}')
}

fn escaped_where(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match is_escaped(character) {
            true => escaped.extend(character.escape_default()),
            false => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_letters_are_kept() {
        assert_eq!(escaped("a\u{1b}[2J\nb\u{202e}\u{9b}"), "a\\u{1b}[2J\\nb\\u{202e}\\u{9b}");
        assert_eq!(escaped("Größe 大きい \\n"), "Größe 大きい \\n");
        assert_eq!(
            escaped_log("\u{1b}[33mWARN\u{1b}[0m a\nb\u{202e}"),
            "\u{1b}[33mWARN\u{1b}[0m a\\nb\\u{202e}"
        );
    }
}
