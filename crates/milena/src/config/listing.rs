//! Values and lines of a listing of a whole configuration, as Java's producer logs one (`AbstractConfig.logAll`): `null` for
//! no value, `[]` for an empty list, `[a, b]` for a list, `[hidden]` for a secret; and lines that are no property.

/// A value of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// The value itself.
    Plain(&'a str),
    /// `null`: no value.
    None,
    /// `[hidden]`: a secret that the listing does not have.
    Hidden,
}

/// The value that an entry of a listing stands for. Java logs a secret as `[hidden]` and a class with `class` before it.
pub(super) fn plain(value: &str) -> Value<'_> {
    match value {
        "null" => Value::None,
        "[hidden]" => Value::Hidden,
        "[]" => Value::Plain(""),
        value => Value::Plain(value.strip_prefix("class ").unwrap_or(value)),
    }
}

/// The entries of a list in brackets: `[a:1, b:2]`. An IPv6 address in brackets is no list.
pub(super) fn list(value: &str) -> &str {
    let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']'));
    match inner {
        Some(inner) if inner.starts_with('[') || !inner.contains(['[', ']']) => inner,
        _ => value,
    }
}

/// Whether a line is no property: the head of a section of an INI file, or the first line of a listing.
pub(super) fn is_head(name: &str, value: &str) -> bool {
    let is_section = value.is_empty()
        && name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).is_some_and(|section| {
            section.len() <= SECTION_BYTES_MAX
                && section.bytes().all(|byte| byte.is_ascii_alphabetic() || b".-_ ".contains(&byte))
        });
    is_section
        || value.contains("ProducerConfig values:")
        || (name == "ProducerConfig" && value.starts_with("values:"))
}

/// The longest name of a section; longer ones may be part of a secret.
const SECTION_BYTES_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_listing_are_those_of_the_configuration() {
        for (value, expected) in [
            ("null", Value::None),
            ("[]", Value::Plain("")),
            ("[hidden]", Value::Hidden),
            ("class org.apache.kafka.X", Value::Plain("org.apache.kafka.X")),
            ("none", Value::Plain("none")),
        ] {
            assert_eq!(plain(value), expected);
        }
    }

    #[test]
    fn brackets_of_a_list_are_removed_and_those_of_an_address_stay() {
        for (value, expected) in [
            ("[a:1, b:2]", "a:1, b:2"),
            ("[[::1]:9092]", "[::1]:9092"),
            ("[::1]:9092", "[::1]:9092"),
            ("[::1]:1,[::2]:2", "[::1]:1,[::2]:2"),
            ("a:1", "a:1"),
        ] {
            assert_eq!(list(value), expected);
        }
    }

    #[test]
    fn heads_of_sections_and_of_listings_are_no_properties() {
        assert!(is_head("[kafka]", "") && is_head("[kafka-producer]", ""));
        assert!(is_head("[2026-11-28", "10:00:00,000] INFO ProducerConfig values: (org.apache)"));
        assert!(is_head("ProducerConfig", "values:") && is_head("ProducerConfig", "values: (x)"));
        assert!(!is_head("[kafka]", "x") && !is_head("kafka", "") && !is_head("[p4ssw0rd]", ""));
    }
}
