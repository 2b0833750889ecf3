//! What a broker says in words, before anybody reads it: bounded, printable, and without our secret.

/// The most characters that are kept of a broker's words.
const CHARS_MAX: usize = 240;

/// Makes a peer's words fit for a log line. Control characters and what steers a terminal become `?`; words that
/// repeat one of `secrets` are withheld as a whole.
pub(crate) fn sanitised(words: &str, secrets: &[&str]) -> String {
    if secrets.iter().any(|secret| !secret.is_empty() && words.contains(secret)) {
        return "(withheld: the broker's words repeat the secret)".to_owned();
    }
    let mut kept: String = words.chars().take(CHARS_MAX).map(printable).collect();
    if words.chars().nth(CHARS_MAX).is_some() {
        kept.push('…');
    }
    kept
}

fn printable(character: char) -> char {
    match character {
        // Besides the control characters, what turns the direction of a line or has no width (CVE-2021-42574).
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => '?',
        character if character.is_control() => '?',
        character => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_bounded_and_printable() {
        assert_eq!(sanitised("Authentication failed", &[]), "Authentication failed");
        assert_eq!(sanitised("a\x1b[31m\r\n\0b\u{202e}", &[]), "a?[31m???b?");
        let long = sanitised(&"ä".repeat(100_000), &[]);
        assert_eq!(long.chars().count(), CHARS_MAX + 1);
    }

    #[test]
    fn words_that_repeat_a_secret_are_withheld() {
        let said = sanitised("wrong password hunter2 for alice", &["hunter2"]);
        assert!(said.contains("withheld") && !said.contains("hunter2"), "{said}");
        assert_eq!(sanitised("fine", &[""]), "fine");
    }
}
