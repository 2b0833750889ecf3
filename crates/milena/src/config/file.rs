//! Java's `.properties` syntax (`java.util.Properties.load`): `#` and `!` begin a comment; `=`, `:` or a blank ends the
//! name; a line that ends in an odd number of backslashes goes on in the next; `\t`, `\n`, `\r`, `\f` and `\uXXXX` are
//! letters, and any other letter behind a backslash stands for itself.

/// A property in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its first line, counted from 1.
    pub(super) line: usize,
    /// Its last line.
    pub(super) end: usize,
    /// Nothing but a name, or a name before the padding of base64.
    pub(super) is_bare: bool,
    pub(super) name: String,
    pub(super) value: String,
}

/// The text of a file: UTF-8, or else Latin-1, which is Java's encoding.
pub(super) fn text(bytes: Vec<u8>) -> String {
    let latin = |bytes: Vec<u8>| bytes.into_iter().map(char::from).collect();
    let text = String::from_utf8(bytes).unwrap_or_else(|error| latin(error.into_bytes()));
    // Some editors mark their UTF-8.
    text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)
}

/// Every property in order, or the line of a bad escape and the remedy.
pub(super) fn parse(text: &str) -> impl Iterator<Item = Result<Entry, (usize, String)>> {
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate();
    std::iter::from_fn(move || {
        let (number, first) = lines.by_ref().find(|(_, line)| {
            let line = line.trim_start_matches(BLANKS);
            !line.is_empty() && !line.starts_with(['#', '!'])
        })?;
        let mut end = number + 1;
        let mut whole = first.trim_start_matches(BLANKS).to_owned();
        while goes_on(&whole) {
            whole.pop();
            let Some((number, next)) = lines.next() else { break };
            end = number + 1;
            whole.push_str(next.trim_start_matches(BLANKS));
        }
        let line = number + 1;
        Some(entry(line, end, &whole).map_err(|remedy| (line, remedy)))
    })
}

const BLANKS: [char; 3] = [' ', '\t', '\x0c'];

/// Whether a line ends in a backslash that is not itself behind one.
fn goes_on(line: &str) -> bool {
    (line.len() - line.trim_end_matches('\\').len()) % 2 == 1
}

fn entry(line: usize, end: usize, whole: &str) -> Result<Entry, String> {
    let mut escaped = false;
    let name_end = whole.find(|letter: char| {
        let ends = !escaped && (matches!(letter, '=' | ':') || BLANKS.contains(&letter));
        escaped = letter == '\\' && !escaped;
        ends
    });
    let (name, rest) = whole.split_at(name_end.unwrap_or(whole.len()));
    let is_bare = rest.trim_end_matches('=').is_empty();
    let rest = rest.trim_start_matches(BLANKS);
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start_matches(BLANKS);
    Ok(Entry { line, end, is_bare, name: unescape(name)?, value: unescape(value)? })
}

fn unescape(text: &str) -> Result<String, String> {
    let mut letters = text.chars();
    let mut units = Vec::with_capacity(text.len());
    let mut room = [0; 2];
    while let Some(letter) = letters.next() {
        let letter = match (letter, letter == '\\') {
            (letter, false) => letter,
            (_, true) => match letters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\x0c',
                Some('u') => {
                    units.push(unit(&letters.by_ref().take(4).collect::<String>())?);
                    continue;
                }
                Some(letter) => letter,
                None => break,
            },
        };
        units.extend_from_slice(letter.encode_utf16(&mut room));
    }
    String::from_utf16(&units).map_err(|_| {
        "half of a surrogate pair: write both halves as `\\uXXXX`, or the letter itself".to_owned()
    })
}

/// Four hexadecimal digits.
fn unit(digits: &str) -> Result<u16, String> {
    let all = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    all.then(|| u16::from_str_radix(digits, 16).ok()).flatten().ok_or_else(|| {
        "`\\u` without four hexadecimal digits: write `\\uXXXX`, or `\\\\u` for the two letters".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str, &str)]) {
        let entries: Vec<_> = parse(text).map(|entry| entry.unwrap()).collect();
        let entries: Vec<_> =
            entries.iter().map(|entry| (entry.line, entry.name.as_str(), entry.value.as_str())).collect();
        assert_eq!(entries, expected);
    }

    #[test]
    fn name_ends_at_an_equals_sign_a_colon_or_a_blank() {
        check(
            "a=1\nb: 2\nc 3\nd = 4\r\ne",
            &[(1, "a", "1"), (2, "b", "2"), (3, "c", "3"), (4, "d", "4"), (5, "e", "")],
        );
        check("a==b", &[(1, "a", "=b")]);
        check("a\\ b\\=c=d", &[(1, "a b=c", "d")]);
    }

    #[test]
    fn byte_order_mark_is_no_part_of_the_first_name() {
        check(&text("\u{feff}a=ü\n".into()), &[(1, "a", "ü")]);
    }

    #[test]
    fn comments_and_empty_lines_are_ignored() {
        check("# a=1\n\n  ! b=2\n  c=#3\n", &[(4, "c", "#3")]);
    }

    #[test]
    fn backslash_at_the_end_continues_the_line() {
        check("a=1,\\\n   2,\\\n   3\nb=x\\\\\nc=y", &[(1, "a", "1,2,3"), (4, "b", "x\\"), (5, "c", "y")]);
        check("a=1\\", &[(1, "a", "1")]);
    }

    #[test]
    fn escapes_are_decoded() {
        check("a=\\u00e9\\t\\\\\\q\\ud83d\\ude00", &[(1, "a", "é\t\\q😀")]);
    }

    #[test]
    fn error_for_a_bad_escape_names_its_line() {
        for text in ["a=1\nb=\\u12", "a=1\nb=\\u+123", "a=1\nb=\\ud83d"] {
            assert_eq!(parse(text).find_map(Result::err).map(|(line, _)| line), Some(2), "{text}");
        }
    }

    #[test]
    fn file_without_valid_utf_8_is_latin_1() {
        assert_eq!(text(vec![b'a', 0xe9]), "aé");
    }
}
