//! `security.protocol`: a listener with TLS or plaintext, with SASL or without authentication.

/// The protocol of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Protocol {
    pub(super) tls: bool,
    pub(super) sasl: bool,
}

impl Protocol {
    /// Parses a name, in any case.
    ///
    /// # Errors
    /// The remedy.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let all = [false, true].map(|tls| [false, true].map(|sasl| Self { tls, sasl }));
        all.into_iter().flatten().find(|protocol| protocol.name().eq_ignore_ascii_case(text)).ok_or_else(
            || "write `PLAINTEXT`, `SSL` (TLS), `SASL_PLAINTEXT` or `SASL_SSL` (SASL over TLS)".to_owned(),
        )
    }

    /// Java's name.
    pub(super) const fn name(self) -> &'static str {
        match (self.tls, self.sasl) {
            (false, false) => "PLAINTEXT",
            (true, false) => "SSL",
            (false, true) => "SASL_PLAINTEXT",
            (true, true) => "SASL_SSL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_parsed_in_any_case() {
        for name in ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] {
            assert_eq!(Protocol::parse(name).unwrap().name(), name);
            assert_eq!(Protocol::parse(&name.to_lowercase()).unwrap().name(), name);
        }
        assert!(Protocol::parse("TLS").unwrap_err().contains("`SSL` (TLS)"));
    }
}
