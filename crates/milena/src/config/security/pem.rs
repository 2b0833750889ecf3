//! PEM documents that were squeezed into the one line of a property: put back on lines of their own.

/// The document with a line for each border and each run of Base64; a document on lines comes back as it is.
///
/// Java takes any blank for the end of a line (`DefaultSslEngineFactory.PemStore`), and in its files the value goes over
/// lines that end in a backslash, which leaves blanks between them, or the letters `\n`.
pub(super) fn on_lines(document: &str) -> String {
    let document = document.replace("\\n", "\n");
    let mut lines = String::with_capacity(document.len() + 64);
    let mut rest = document.as_str();
    while let Some(block) = first_block(rest) {
        lines.push_str(&format!("-----BEGIN {}-----\n", block.label));
        if block.body.contains(':') {
            // Headers, which an old kind of encryption writes here; blanks are part of them.
            lines.push_str(block.body.trim_start());
        } else {
            block.body.split_ascii_whitespace().for_each(|line| lines.extend([line, "\n"]));
        }
        lines.push_str(&format!("-----END {}-----\n", block.end));
        rest = block.rest;
    }
    if lines.is_empty() { document } else { lines }
}

struct Block<'a> {
    label: &'a str,
    body: &'a str,
    end: &'a str,
    rest: &'a str,
}

fn first_block(text: &str) -> Option<Block<'_>> {
    let (_, text) = text.split_once("-----BEGIN ")?;
    let (label, text) = text.split_once("-----")?;
    let (body, text) = text.split_once("-----END ")?;
    let (end, rest) = text.split_once("-----")?;
    Some(Block { label, body, end, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "-----BEGIN PRIVATE KEY-----\nMIIE\nvQIB\n-----END PRIVATE KEY-----\n";

    #[test]
    fn a_document_in_one_line_gets_its_lines_back() {
        let one = "-----BEGIN PRIVATE KEY----- MIIE vQIB -----END PRIVATE KEY-----";
        assert_eq!(on_lines(one), LINES);
        assert_eq!(on_lines(&LINES.replace('\n', "\\n")), LINES);
        assert_eq!(on_lines(&LINES.replace('\n', "\r\n")), LINES);
        assert_eq!(on_lines(&format!("{one}{one}")), LINES.repeat(2));
    }

    #[test]
    fn headers_keep_their_blanks_and_the_empty_line_behind_them() {
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIE\n-----END RSA PRIVATE KEY-----\n";
        assert_eq!(on_lines(old), old);
    }

    #[test]
    fn a_document_on_lines_and_what_is_none_stay_as_they_are() {
        assert_eq!(on_lines(LINES), LINES);
        assert_eq!(on_lines("MIIE vQIB"), "MIIE vQIB");
        assert_eq!(on_lines("-----BEGIN X----- MIIE"), "-----BEGIN X----- MIIE");
    }
}
