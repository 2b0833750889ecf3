//! Quotes around values, and separators of lists, that are none in a properties file. A remedy names the character.

/// The quotes that editors and shells write.
const QUOTES: [char; 10] =
    ['"', '\'', '`', '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{ab}', '\u{bb}'];

/// The quote that a value begins and ends with, or a typographic quote at one of its ends.
pub(super) fn quote(value: &str) -> Option<char> {
    let first = value.chars().next().filter(|first| is_quote(*first));
    let last = value.chars().next_back().filter(|last| is_quote(*last));
    match (first, last) {
        (Some(first), Some(_)) if value.chars().count() > 1 => Some(first),
        (Some(sign), _) | (_, Some(sign)) if !sign.is_ascii() => Some(sign),
        _ => None,
    }
}

/// Whether a character is a quote.
pub(super) fn is_quote(sign: char) -> bool {
    QUOTES.contains(&sign)
}

/// The remedy for a quote.
pub(super) fn without_quote(quote: char) -> String {
    format!(
        "the quote {} is part of the value, because a properties file has no quotes: leave it out",
        named(quote)
    )
}

/// The first character that separates entries of a list where a comma is expected.
pub(super) fn separator(list: &str) -> Option<char> {
    let entries = list.split(',').map(str::trim);
    entries
        .flat_map(str::chars)
        .find(|sign| matches!(sign, ';' | '|' | '\u{ff0c}' | '\u{3001}') || sign.is_whitespace())
}

/// The remedy for a separator.
pub(super) fn with_commas(separator: char) -> String {
    format!("the character {} does not separate entries: write a comma between them", named(separator))
}

/// A character with its code point: many look alike.
fn named(sign: char) -> String {
    format!("`{}` (U+{:04X})", sign.escape_debug(), u32::from(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quote_around_a_value_is_found() {
        for (value, expected) in [
            ("\"all\"", Some('"')),
            ("'all'", Some('\'')),
            ("\u{201c}all\u{201d}", Some('\u{201c}')),
            ("all\u{201d}", Some('\u{201d}')),
            ("it's", None),
            ("\"", None),
            ("", None),
        ] {
            assert_eq!(quote(value), expected, "{value}");
        }
        assert!(without_quote('\u{201c}').starts_with("the quote `\u{201c}` (U+201C)"));
    }

    #[test]
    fn separator_other_than_a_comma_is_found() {
        assert_eq!(separator("a:1;b:2"), Some(';'));
        assert_eq!(separator("a:1, b:2 c:3"), Some(' '));
        assert_eq!(separator("a:1 , b:2"), None);
        assert!(with_commas(' ').starts_with("the character ` ` (U+0020)"));
    }
}
