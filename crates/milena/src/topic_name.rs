//! The rule for a topic's name (Kafka's `Topic.java`), checked before metadata is requested.
//!
//! All topics of a producer stand in one Metadata request: a name that no request can carry would fail the request for
//! every other topic as well.

use std::fmt;

/// The most bytes of a topic's name.
pub(crate) const TOPIC_BYTES_MAX: usize = 249;

/// Why a text is not the name of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TopicNameFault {
    Empty,
    /// `.` and `..`, which are folders.
    Dots,
    TooLong {
        bytes: usize,
    },
    Character(char),
}

/// Checks the name of a topic.
pub(crate) fn check(name: &str) -> Result<(), TopicNameFault> {
    let is_legal = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    match name {
        "" => Err(TopicNameFault::Empty),
        "." | ".." => Err(TopicNameFault::Dots),
        name if name.len() > TOPIC_BYTES_MAX => Err(TopicNameFault::TooLong { bytes: name.len() }),
        name => match name.chars().find(|letter| !is_legal(letter)) {
            Some(letter) => Err(TopicNameFault::Character(letter)),
            None => Ok(()),
        },
    }
}

impl fmt::Display for TopicNameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("topic name ")?;
        match self {
            Self::Empty => f.write_str("is empty")?,
            Self::Dots => f.write_str("is `.` or `..`")?,
            Self::TooLong { bytes } => write!(f, "has {bytes} bytes")?,
            Self::Character(letter) => write!(f, "contains `{}`", letter.escape_debug())?,
        }
        write!(f, ": use 1 to {TOPIC_BYTES_MAX} letters, digits, `.`, `_` and `-`, but not `.` or `..` alone")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_kafka_takes() {
        for name in ["a", "...", "Orders_2.v-1", &"x".repeat(TOPIC_BYTES_MAX)] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        let long = "x".repeat(TOPIC_BYTES_MAX + 1);
        for (name, fault) in [
            ("", TopicNameFault::Empty),
            (".", TopicNameFault::Dots),
            ("..", TopicNameFault::Dots),
            (&long, TopicNameFault::TooLong { bytes: 250 }),
            ("a b", TopicNameFault::Character(' ')),
            ("a\u{1b}[2J", TopicNameFault::Character('\u{1b}')),
            ("größe", TopicNameFault::Character('ö')),
        ] {
            assert_eq!(check(name), Err(fault), "{name}");
        }
    }
}
