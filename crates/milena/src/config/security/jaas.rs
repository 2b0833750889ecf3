//! Java's `sasl.jaas.config`: one login module with its options.
//!
//! ```text
//! org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="…";
//! ```
//!
//! Three login modules are known by name, and no class is loaded (CVE-2023-25194 shows the danger). The syntax is Java's
//! (`JaasConfig.java`, over a `StreamTokenizer`): words, strings in double or single quotes with escapes, and comments. No
//! error repeats a word of the text: where a quote is missing, a password may stand in the place of a name.

use secrecy::SecretString;

/// A login module: the kind of the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    /// A name and a password.
    Plain,
    /// A name and a password, or a delegation token.
    Scram,
    /// A source of tokens.
    OAuthBearer,
}

impl Module {
    const ALL: [Self; 3] = [Self::Plain, Self::Scram, Self::OAuthBearer];

    /// The name of the Java class.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Plain => "org.apache.kafka.common.security.plain.PlainLoginModule",
            Self::Scram => "org.apache.kafka.common.security.scram.ScramLoginModule",
            Self::OAuthBearer => "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
        }
    }
}

/// A module and its options.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) module: Module,
    options: Vec<(String, SecretString)>,
}

impl Login {
    /// The value of an option; the last one of a name applies, as in Java.
    pub(crate) fn option(&self, name: &str) -> Option<&SecretString> {
        self.options().rev().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every option, in the order of the text.
    pub(crate) fn options(&self) -> impl DoubleEndedIterator<Item = (&str, &SecretString)> {
        self.options.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// Parses the single entry of the text.
///
/// # Errors
/// The remedy.
pub(crate) fn parse(text: &str) -> Result<Login, String> {
    let mut tokens = Tokens { text, rest: text };
    let module = match tokens.next()? {
        Some(Token::Text(class)) => Module::ALL.into_iter().find(|module| module.class() == class),
        _ => None,
    };
    let module = module.ok_or_else(unknown_module)?;
    match tokens.next()? {
        Some(Token::Text(flag)) if CONTROL_FLAGS.iter().any(|known| known.eq_ignore_ascii_case(&flag)) => {}
        _ => return Err("write `required` behind the login module".to_owned()),
    }
    let mut options = Vec::new();
    loop {
        match tokens.next()? {
            Some(Token::Sign(';')) => break,
            Some(Token::Text(name)) => options.push((name, tokens.value()?)),
            Some(Token::Sign(_)) => return Err(tokens.option_without_value()),
            None => return Err("it ends without `;`: write one behind the last option".to_owned()),
        }
    }
    match tokens.next()? {
        None => Ok(Login { module, options }),
        Some(_) => Err("there is text behind the `;`: write one login module alone".to_owned()),
    }
}

/// Java's control flags; all are the same for a single module.
const CONTROL_FLAGS: [&str; 4] = ["required", "requisite", "sufficient", "optional"];

fn unknown_module() -> String {
    let [plain, scram, bearer] = Module::ALL.map(Module::class);
    format!(
        "begin with `{plain}`, `{scram}` or `{bearer}`: no other login module is known, and none is loaded"
    )
}

/// Quotes that editors write for straight ones.
const TYPOGRAPHIC: [char; 5] = ['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}'];

#[derive(Debug)]
enum Token {
    /// A word, or a text between quotes.
    Text(String),
    /// `=`, `;`, or another letter that is no part of a word.
    Sign(char),
}

#[derive(Debug)]
struct Tokens<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Tokens<'_> {
    fn next(&mut self) -> Result<Option<Token>, String> {
        self.pass_blanks_and_comments();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        if matches!(first, '"' | '\'') {
            return self.quoted(first).map(|text| Some(Token::Text(text)));
        }
        let end = self.rest.find(|letter| !in_word(letter)).unwrap_or(self.rest.len());
        let length = if end == 0 { first.len_utf8() } else { end };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(Some(if end == 0 { Token::Sign(first) } else { Token::Text(word.to_owned()) }))
    }

    /// `=` and the value of an option.
    fn value(&mut self) -> Result<SecretString, String> {
        if let Some(Token::Sign('=')) = self.next()? {
            self.check_quote()?;
            if let Some(Token::Text(value)) = self.next()? {
                return Ok(value.into());
            }
        }
        Err(self.option_without_value())
    }

    /// Rejects a typographic quote before a value: for Java it is a part of the value, and no password begins with one.
    fn check_quote(&self) -> Result<(), String> {
        match self.rest.trim_start().chars().next().filter(|first| TYPOGRAPHIC.contains(first)) {
            None => Ok(()),
            Some(quote) => Err(format!(
                "at character {}: `{quote}` (U+{:04X}) is no quote here: write straight quotes, `name=\"value\"`",
                self.read() + 1,
                u32::from(quote)
            )),
        }
    }

    fn option_without_value(&self) -> String {
        format!("before character {}: write options as `name=\"value\"`", self.read() + 1)
    }

    /// The number of letters before `rest`.
    fn read(&self) -> usize {
        self.text[..self.text.len() - self.rest.len()].chars().count()
    }

    /// A slash alone begins a comment as well, up to the end of the line.
    fn pass_blanks_and_comments(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches(|letter: char| letter <= ' ');
            let Some(comment) = self.rest.strip_prefix('/') else { return };
            let end = match comment.strip_prefix('*') {
                Some(block) => block.split_once("*/").map(|(_, rest)| rest),
                None => comment.find(['\n', '\r']).map(|end| &comment[end..]),
            };
            self.rest = end.unwrap_or_default();
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let begin = self.read();
        let mut letters = self.rest[quote.len_utf8()..].chars();
        let mut value = String::new();
        loop {
            match letters.next() {
                Some(letter) if letter == quote => break,
                Some('\\') => value.extend(escaped(&mut letters)),
                None | Some('\n' | '\r') => {
                    return Err(format!("the quote at character {} is not closed on its line", begin + 1));
                }
                Some(letter) => value.push(letter),
            }
        }
        self.rest = letters.as_str();
        Ok(value)
    }
}

/// Letters of a word for `StreamTokenizer`. A word may begin with a digit too, which Java rejects.
fn in_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '$' | '.') || letter >= '\u{a0}'
}

/// The letter behind a backslash: C's names, up to three octal digits, and any other letter itself.
fn escaped(letters: &mut std::str::Chars<'_>) -> Option<char> {
    Some(match letters.next()? {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        first @ '0'..='7' => octal(first, letters),
        letter => letter,
    })
}

/// At most `\377`: a third digit is only taken behind a first one up to 3.
fn octal(first: char, letters: &mut std::str::Chars<'_>) -> char {
    let most = if first <= '3' { 2 } else { 1 };
    let mut code = first.to_digit(8).unwrap_or_default();
    for _ in 0..most {
        let Some(digit) = letters.clone().next().and_then(|letter| letter.to_digit(8)) else { break };
        code = code * 8 + digit;
        letters.next();
    }
    char::from_u32(code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    const SCRAM: &str = "org.apache.kafka.common.security.scram.ScramLoginModule";

    fn option(text: &str, name: &str) -> Option<String> {
        parse(text).unwrap().option(name).map(|value| value.expose_secret().to_owned())
    }

    #[track_caller]
    fn check_rejected(text: &str, expected: &str) {
        let remedy = parse(text).unwrap_err();
        assert!(remedy.contains(expected), "{remedy}");
        assert!(!remedy.contains("hunter2"), "{remedy}");
    }

    #[test]
    fn login_modules_are_known_by_their_full_names() {
        for module in Module::ALL {
            assert_eq!(parse(&format!("{} required;", module.class())).unwrap().module, module);
        }
        for class in ["PlainLoginModule", "com.sun.security.auth.module.JndiLoginModule", "hunter2", ""] {
            check_rejected(&format!("{class} required;"), "no other login module is known");
        }
    }

    #[test]
    fn options_are_words_or_quoted() {
        let text = format!(
            "\n  {SCRAM} REQUIRED\n  username=alice\n  password=\"a \\\"b\\\" \\\\ ;=\" // said\n  \
             tokenauth = 'true' /* a token */ ;\n"
        );
        assert_eq!(option(&text, "username").unwrap(), "alice");
        assert_eq!(option(&text, "password").unwrap(), "a \"b\" \\ ;=");
        assert_eq!(option(&text, "tokenauth").unwrap(), "true");
        assert_eq!(option(&text, "serviceName"), None);
    }

    #[test]
    fn escapes_of_javas_tokenizer_are_decoded() {
        let text = format!("{SCRAM} required password=\"\\t\\101\\0\\q\\4777\\u\";");
        assert_eq!(option(&text, "password").unwrap(), "\tA\0q'77u");
    }

    #[test]
    fn typographic_quotes_are_rejected_unless_they_stand_in_straight_ones() {
        check_rejected(
            &format!("{SCRAM} required password=\u{201c}hunter2\u{201d};"),
            "(U+201C) is no quote here",
        );
        let text = format!("{SCRAM} required password=\"\u{201c}x\u{201d}\";");
        assert_eq!(option(&text, "password").unwrap(), "\u{201c}x\u{201d}");
    }

    #[test]
    fn last_value_of_an_option_applies() {
        assert_eq!(option(&format!("{SCRAM} required username=a username=b;"), "username").unwrap(), "b");
    }

    #[test]
    fn errors_do_not_repeat_the_text() {
        check_rejected(&format!("{SCRAM} password=\"hunter2\";"), "write `required`");
        check_rejected(&format!("{SCRAM} required password=\"hunter2\""), "without `;`");
        check_rejected(&format!("{SCRAM} required password=\"hunter2;"), "not closed");
        check_rejected(&format!("{SCRAM} required password=\"hun\nter2\";"), "not closed");
        check_rejected(&format!("{SCRAM} required password=\"a\"hunter2\";"), "not closed");
        check_rejected(&format!("{SCRAM} required password=\"a\" hunter2;"), "name=");
        check_rejected(&format!("{SCRAM} required password hunter2;"), "name=");
        check_rejected(&format!("{SCRAM} required; {SCRAM} required;"), "one login module");
        // As in Java, where a slash begins a comment.
        check_rejected(&format!("{SCRAM} required password=a/hunter2;"), "without `;`");
    }

    proptest! {
        #[test]
        fn quoted_value_is_parsed_unchanged(value in "[^\r\n]*") {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            let text = format!("{SCRAM} required password=\"{quoted}\" username='x';");
            prop_assert_eq!(option(&text, "password").unwrap(), value);
        }

        #[test]
        fn remedies_are_short_for_any_text(text in "\\PC*", tail in "[a-z=;\"'/*\\\\ \n]*") {
            for text in [text, format!("{SCRAM} required {tail}")] {
                prop_assert!(parse(&text).err().is_none_or(|remedy| remedy.len() < 400));
            }
        }
    }
}
