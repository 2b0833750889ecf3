//! SASLprep (RFC 4013): user names and passwords as SCRAM sends them (RFC 5802, section 5.1).
//!
//! ASCII needs no tables: control characters are prohibited (table C.2.1 of RFC 3454), every other character stays as it
//! is. Text beyond ASCII is mapped, normalised and checked by tables of Unicode, which the feature `saslprep` adds. Without
//! the feature such text is an error: it is never sent unprepared.

use std::borrow::Cow;

use crate::error::CredentialError;

/// `text` as SASLprep has it. `what` names the text in errors.
pub(super) fn prepare<'a>(text: &'a str, what: &'static str) -> Result<Cow<'a, str>, CredentialError> {
    match (text.is_ascii(), text.contains(|char: char| char.is_ascii_control())) {
        (true, false) => Ok(text.into()),
        (true, true) => Err(CredentialError::Prohibited { what }),
        (false, _) => by_tables(text, what),
    }
}

#[cfg(feature = "saslprep")]
fn by_tables<'a>(text: &'a str, what: &'static str) -> Result<Cow<'a, str>, CredentialError> {
    stringprep::saslprep(text).map_err(|_| CredentialError::Prohibited { what })
}

#[cfg(not(feature = "saslprep"))]
fn by_tables<'a>(_: &'a str, what: &'static str) -> Result<Cow<'a, str>, CredentialError> {
    Err(CredentialError::SaslprepOff { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEYOND_ASCII: [&str; 5] = ["pässword", "½", "a\u{a0}b", "\u{ad}", "a\u{7}ä"];

    #[test]
    fn printable_ascii_is_sent_as_it_is_and_control_characters_are_rejected() {
        let printable: String = (' '..='~').collect();
        assert_eq!(prepare(&printable, "password"), Ok(printable.as_str().into()));
        assert_eq!(prepare("", "password"), Ok("".into()));
        for control in ('\0'..' ').chain(['\x7f']) {
            let text = format!("a{control}b");
            assert_eq!(prepare(&text, "password"), Err(CredentialError::Prohibited { what: "password" }));
        }
    }

    #[cfg(feature = "saslprep")]
    #[test]
    fn ascii_is_prepared_as_the_tables_prepare_it() {
        for char in '\0'..='\x7f' {
            let text = format!("a{char}b");
            assert_eq!(prepare(&text, "password"), by_tables(&text, "password"), "{char:?}");
        }
    }

    #[cfg(feature = "saslprep")]
    #[test]
    fn text_beyond_ascii_is_mapped_and_normalised_and_checked() {
        // The examples of RFC 4013, section 3, and one of each text above.
        let prepared = |text| prepare(text, "password").map(Cow::into_owned);
        let prohibited = Err(CredentialError::Prohibited { what: "password" });
        assert_eq!(prepared("I\u{ad}X"), Ok("IX".to_owned()));
        assert_eq!(prepared("\u{aa}"), Ok("a".to_owned()));
        assert_eq!(prepared("\u{2168}"), Ok("IX".to_owned()));
        assert_eq!(prepared("\u{627}1"), prohibited);
        let expected = ["pässword", "1\u{2044}2", "a b", ""].map(|text| Ok(text.to_owned()));
        assert_eq!(BEYOND_ASCII.map(prepared)[..4], expected);
        assert_eq!(prepared(BEYOND_ASCII[4]), prohibited);
    }

    #[cfg(not(feature = "saslprep"))]
    #[test]
    fn without_the_feature_text_beyond_ascii_is_an_error_that_names_the_feature() {
        for text in BEYOND_ASCII {
            let error = prepare(text, "password").unwrap_err();
            assert_eq!(error, CredentialError::SaslprepOff { what: "password" }, "{text:?}");
            assert_eq!(
                error.to_string(),
                "the password has characters beyond ASCII, and this build has no SASLprep (RFC 4013) to prepare them: \
                 turn on the feature `saslprep` of the crate `milena`, or send the text as it is with `Sasl::unprepared`"
            );
        }
    }
}
