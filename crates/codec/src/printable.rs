//! Text of a peer made printable and short, for errors and log lines.

/// Most bytes of a peer's text in an error or a log line.
const BYTES_MAX: usize = 512;

/// Makes a peer's text fit for an error, a log line and a terminal: a character that [`steers`] a terminal becomes
/// `?`, and `…` stands for the text beyond 512 bytes.
///
/// ```
/// use milena_codec::printable;
/// assert_eq!(printable("no such topic"), "no such topic");
/// assert_eq!(printable("a\u{1b}[2Jb\r\n"), "a?[2Jb??");
/// assert!(printable(&"x".repeat(10_000)).len() < 520);
/// ```
#[must_use]
pub fn printable(text: &str) -> String {
    let fits = |(at, character): &(usize, char)| at + character.len_utf8() <= BYTES_MAX;
    let kept = text.char_indices().take_while(fits);
    let mut kept: String = kept.map(|(_, character)| harmless(character)).collect();
    if text.len() > BYTES_MAX {
        kept.push('…');
    }
    kept
}

/// Whether a character steers a terminal, ends a line, turns one around, or has no width (CVE-2021-42574): no text of
/// others is shown with it.
///
/// ```
/// assert!(milena_codec::steers('\u{1b}') && milena_codec::steers('\u{202e}'));
/// assert!(!milena_codec::steers('大'));
/// ```
#[must_use]
pub fn steers(character: char) -> bool {
    let turns = matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    turns || character.is_control()
}

fn harmless(character: char) -> char {
    if steers(character) { '?' } else { character }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced_and_letters_stay() {
        assert_eq!(printable("\u{9b}0m\0\u{7f}\u{202e}ok"), "?0m???ok");
        assert_eq!(printable("Größe 大きい"), "Größe 大きい");
    }

    #[test]
    fn text_is_cut_at_the_bound_between_two_letters() {
        let fits = "x".repeat(BYTES_MAX);
        assert_eq!(printable(&fits), fits);
        let long = printable(&"大".repeat(1_000));
        assert_eq!(long, format!("{}…", "大".repeat(BYTES_MAX / 3)));
    }
}
