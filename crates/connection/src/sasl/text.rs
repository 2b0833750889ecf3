//! What a broker says in words, before anybody reads it: bounded, printable, and without our secret.

use milena_codec::printable;

/// Makes a peer's words fit for a log line, as [`printable`] does; words that repeat one of `secrets` are withheld as a
/// whole.
pub(crate) fn sanitised(words: &str, secrets: &[&str]) -> String {
    if secrets.iter().any(|secret| !secret.is_empty() && words.contains(secret)) {
        return "(withheld: the broker's words repeat the secret)".to_owned();
    }
    printable(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_bounded_and_printable() {
        assert_eq!(sanitised("Authentication failed", &[]), "Authentication failed");
        assert_eq!(sanitised("a\x1b[31m\r\n\0b\u{202e}", &[]), "a?[31m???b?");
        assert!(sanitised(&"ä".repeat(100_000), &[]).len() < 520);
    }

    #[test]
    fn words_that_repeat_a_secret_are_withheld() {
        let said = sanitised("wrong password hunter2 for alice", &["hunter2"]);
        assert!(said.contains("withheld") && !said.contains("hunter2"), "{said}");
        assert_eq!(sanitised("fine", &[""]), "fine");
    }
}
