//! Unknown property names: the error, with the nearest known name.

use milena_connection::may_be_secret;

use super::HIDDEN;
use crate::error::ConfigError;

/// The longest name that is shown; no property has one.
const NAME_BYTES_MAX: usize = 100;
/// The longest part of a name, between its dots, that is shown.
const PART_BYTES_MAX: usize = 24;

/// The error for an unknown name, with the nearest known name, if one is near. A text without the shape of a name is not
/// shown: it may be a line of a secret.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> ConfigError {
    match near(name, known) {
        Some(known) => {
            let shown = name.escape_debug();
            ConfigError::new(name, format!("there is no property `{shown}`: did you mean `{known}`?"))
        }
        None if is_like_a_name(name) => ConfigError::new(
            name,
            format!(
                "there is no property `{name}`: write a name of Java's, librdkafka's or sarama's producer"
            ),
        ),
        None => ConfigError::new(HIDDEN, UNLIKE_A_NAME),
    }
}

const UNLIKE_A_NAME: &str = "there is no property of a name that is not shown here, because it may be part of a secret: \
     if it is a line of a value of several lines, end the line before it with a backslash";

/// Whether a text has the shape of a property's name: parts of letters between dots, a number at most at the end of a
/// part. Base64, passwords with digits, and texts with other signs have not.
pub(super) fn is_like_a_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let letters = part.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let digits = letters.bytes().filter(u8::is_ascii_digit).count();
        part.len() <= PART_BYTES_MAX && digits < 2 && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    name.len() <= NAME_BYTES_MAX && name.split(['.', '_', '-']).all(is_part) && !may_be_secret(name)
}

/// The known name that is near: it differs in one letter, and in one more for every eight.
pub(super) fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let (distance, known) = nearest(name, known)?;
    (distance <= 1 + name.len() / 8).then_some(known)
}

/// The nearest of the known names, with its distance.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    known.map(|known| (distance(name, known), known)).min()
}

/// The Levenshtein distance of two names in letters, in any case. Names are cut at 100 letters, more than any property has.
fn distance(left: &str, right: &str) -> usize {
    let letters = |name: &str| name.to_ascii_lowercase().chars().take(100).collect::<Vec<_>>();
    let (left, right) = (letters(left), letters(right));
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut corner = above[0];
        above[0] = row + 1;
        for (column, other) in right.iter().enumerate() {
            let changed = corner + usize::from(letter != other);
            corner = above[column + 1];
            above[column + 1] = changed.min(corner + 1).min(above[column] + 1);
        }
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_name_is_suggested() {
        let near = |name| near(name, ["acks", "linger.ms", "ssl.truststore.location"].into_iter());
        assert_eq!(near("lingr.ms"), Some("linger.ms"));
        assert_eq!(near("ssl.trustore.location"), Some("ssl.truststore.location"));
        for far in ["tasks", "buffer.ms", "ssl.keystore.location", &"linger.ms".repeat(30)] {
            assert_eq!(near(far), None, "{far}");
        }
    }

    #[test]
    fn unknown_name_is_shown_if_it_has_the_shape_of_a_name() {
        for name in
            ["frobnicate", "schema.registry.url", "Producer.Flush.Weekly", "log4j.level", "ssl.sha256"]
        {
            assert!(is_like_a_name(name), "{name}");
        }
        for text in ["-----BEGIN", "MIGHAgEAMBMGByqGSM49AgEG", "Canary-7f3a9c51", "a b", "p@ss", "x\u{1b}"] {
            assert!(!is_like_a_name(text), "{text}");
        }
    }

    #[test]
    fn distance_of_two_names_counts_letters() {
        assert_eq!(distance("linger.ms", "linger.ms"), 0);
        assert_eq!(distance("lingr.mss", "linger.ms"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
