//! A broker's message, before it is logged: bounded, printable, and without the client's secrets.

use milena_codec::printable;

/// The message of a peer as [`printable`] returns it; a message that repeats one of `secrets` is withheld as a whole.
pub(crate) fn sanitised(message: &str, secrets: &[&str]) -> String {
    if secrets.iter().any(|secret| !secret.is_empty() && message.contains(secret)) {
        return "(withheld: the broker's message repeats the secret)".to_owned();
    }
    printable(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_is_bounded_and_printable() {
        assert_eq!(sanitised("Authentication failed", &[]), "Authentication failed");
        assert_eq!(sanitised("a\x1b[31m\r\n\0b\u{202e}", &[]), "a?[31m???b?");
        assert!(sanitised(&"ä".repeat(100_000), &[]).len() < 520);
    }

    #[test]
    fn message_that_repeats_a_secret_is_withheld() {
        let message = sanitised("wrong password hunter2 for alice", &["hunter2"]);
        assert!(message.contains("withheld") && !message.contains("hunter2"), "{message}");
        assert_eq!(sanitised("fine", &[""]), "fine");
    }
}
