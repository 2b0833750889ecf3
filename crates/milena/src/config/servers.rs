//! `bootstrap.servers` as people write it: with schemes, in the brackets of a listing, and with separators and quotes that
//! are none.

use milena_connection::{Endpoint, Servers, Shown};

use super::warning::ConfigWarning;
use super::{HIDDEN, listing, signs};
use crate::error::ConfigError;

const NAME: &str = "bootstrap.servers";

/// The addresses of a list, and the warnings for its parts that have no effect; `protocol` is the effective one.
///
/// # Errors
/// The first invalid entry, or the character that is no separator.
pub(super) fn effective(text: &str, protocol: &str) -> Result<(String, Vec<ConfigWarning>), ConfigError> {
    let list = listing::list(text.trim());
    if list.split(',').all(|server| server.trim().is_empty()) {
        return Err(ConfigError::new(
            NAME,
            "`bootstrap.servers` is not set: name at least one broker as `host:port`",
        ));
    }
    // A password before an `@` may hold any character.
    let signs = if list.contains('@') { None } else { wrong_sign(list) };
    if let Some(remedy) = signs {
        return Err(refused(list, &remedy));
    }
    let entries: Vec<_> = list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    let mut warnings = Vec::new();
    let schemes = || entries.iter().filter_map(|entry| scheme_of(entry));
    if let Some(scheme) = schemes().find(|scheme| !scheme.eq_ignore_ascii_case(protocol)) {
        let message =
            format!("`{NAME}`: the scheme `{scheme}://` has no effect: `security.protocol` is `{protocol}`");
        warnings.push(ConfigWarning::new(NAME, message));
    }
    let servers = entries.iter().map(|entry| without_scheme(entry)).collect::<Vec<_>>().join(",");
    let endpoints =
        Endpoint::list(&servers).map_err(|error| ConfigError::new(NAME, format!("`{NAME}`: {error}")))?;
    if endpoints.len() < entries.len() {
        warnings.push(ConfigWarning::new(
            NAME,
            format!("`{NAME}` names a server more than once: once is enough"),
        ));
    }
    Ok((servers, warnings))
}

/// The remedy for a quote or a separator.
fn wrong_sign(list: &str) -> Option<String> {
    signs::quote(list).map(signs::without_quote).or_else(|| signs::separator(list).map(signs::with_commas))
}

/// Java takes any scheme, and drops it (`Utils.getHost`).
fn scheme_of(entry: &str) -> Option<&str> {
    let (scheme, _) = entry.split_once("://")?;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!scheme.is_empty() && scheme.len() <= SCHEME_BYTES_MAX && scheme.bytes().all(is_letter))
        .then_some(scheme)
}

/// The longest scheme; a longer text may be a secret.
const SCHEME_BYTES_MAX: usize = 24;

fn without_scheme(entry: &str) -> &str {
    scheme_of(entry).and_then(|scheme| entry.get(scheme.len() + 3..)).unwrap_or(entry)
}

/// The error for a list with a wrong character.
fn refused(list: &str, remedy: &str) -> ConfigError {
    ConfigError::of_value(NAME, shown(list), &format!(": {remedy}"))
}

/// A list as an error may show it: hidden, unless its parts are addresses once schemes, quotes and separators are gone.
pub(super) fn shown(list: &str) -> String {
    let ends =
        |sign: char| sign.is_whitespace() || signs::separator(&sign.to_string()).is_some() || sign == ',';
    let parts = listing::list(list.trim()).split(ends).map(|part| part.trim_matches(signs::is_quote));
    let repaired = parts.map(without_scheme).collect::<Vec<_>>().join(",");
    match Servers::from(repaired).shown() {
        HIDDEN => HIDDEN.to_owned(),
        _ => Shown(list).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, protocol: &str, expected: &str, warning: &str) {
        let (servers, warnings) = effective(text, protocol).unwrap();
        assert_eq!(servers, expected);
        let warnings = warnings.iter().map(ToString::to_string).collect::<String>();
        assert!(warnings.contains(warning) && warning.is_empty() == warnings.is_empty(), "{warnings}");
    }

    #[track_caller]
    fn check_rejected(text: &str, expected: &str) {
        let error = effective(text, "PLAINTEXT").unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn scheme_before_a_server_has_no_effect() {
        check("SASL_SSL://a:1,SASL_SSL://b:2", "SASL_SSL", "a:1,b:2", "");
        check(
            "SASL_SSL://a:1",
            "PLAINTEXT",
            "a:1",
            "`SASL_SSL://` has no effect: `security.protocol` is `PLAINTEXT`",
        );
        check("PLAINTEXT://[::1]:1", "PLAINTEXT", "[::1]:1", "");
        check_rejected("SASL_SSL://alice:hunter2@a:1", "`sasl.username`");
    }

    #[test]
    fn brackets_and_repetitions_are_accepted() {
        check("[a:1, b:2]", "PLAINTEXT", "a:1,b:2", "");
        check("a:1,a:1", "PLAINTEXT", "a:1,a:1", "more than once");
        check(" a:1 , b:2", "PLAINTEXT", "a:1,b:2", "");
    }

    #[test]
    fn wrong_character_is_named() {
        check_rejected("a:1;b:2", "`bootstrap.servers` = `a:1;b:2`: the character `;` (U+003B)");
        check_rejected("a:1 b:2", "the character ` ` (U+0020)");
        check_rejected("\"a:1,b:2\"", "the quote `\\\"` (U+0022)");
        check_rejected("\u{201c}a:1\u{201d}", "(U+201C)");
        check_rejected("a:1,h hunter2:9092", "`[hidden]`: the character");
        check_rejected("a:1,b", "`b` has no port");
        check_rejected(" , ", "is not set");
    }

    #[test]
    fn list_is_shown_if_all_its_parts_are_addresses() {
        for list in ["a:1,b:2", "SASL_SSL://a:1", "[a:1, b:2]", "a:1;b:2", "'a:1'"] {
            assert_ne!(shown(list), HIDDEN, "{list}");
        }
        for list in ["h:1,h:hunter2", "h:1,h hunter2:9092", "h:1?password=hunter2", "alice:hunter2@h:1"] {
            assert_eq!(shown(list), HIDDEN, "{list}");
        }
    }
}
