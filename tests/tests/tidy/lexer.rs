//! Blanks comments and the contents of literals in Rust sources, so that a search finds only code.

/// The source with comments made blank and the contents of literals made [`FILLER`]; every line stays where it was.
pub(crate) fn code_of(text: &str) -> String {
    let mut lexer = Lexer { rest: text.chars().collect(), at: 0, code: String::with_capacity(text.len()) };
    while lexer.at < lexer.rest.len() {
        lexer.step();
    }
    lexer.code
}

/// Stands for each character of a literal: not blank, so that its lines count as code, and no part of any name.
pub(crate) const FILLER: char = '~';

struct Lexer {
    rest: Vec<char>,
    at: usize,
    code: String,
}

impl Lexer {
    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('\'', _) => self.quote(),
            ('r', '"' | '#') if !self.inside_a_name() => self.raw_string(1),
            ('b' | 'c', 'r') if !self.inside_a_name() && matches!(self.peek(2), '"' | '#') => {
                self.raw_string(2);
            }
            _ => self.keep(1),
        }
    }

    fn peek(&self, ahead: usize) -> char {
        self.rest.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn inside_a_name(&self) -> bool {
        self.code.chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_')
    }

    fn keep(&mut self, count: usize) {
        for _ in 0..count {
            self.code.push(self.peek(0));
            self.at += 1;
        }
    }

    /// Passes over `count` characters with `instead` in their place; ends of lines stay.
    fn replace(&mut self, count: usize, instead: char) {
        for _ in 0..count {
            let ends_line = self.peek(0) == '\n';
            self.code.push(if ends_line { '\n' } else { instead });
            self.at += 1;
        }
    }

    fn line_comment(&mut self) {
        while self.at < self.rest.len() && self.peek(0) != '\n' {
            self.replace(1, ' ');
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.rest.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.replace(1, ' ');
                    continue;
                }
            }
            self.replace(2, ' ');
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.keep(1);
        while self.at < self.rest.len() && self.peek(0) != '"' {
            self.replace(if self.peek(0) == '\\' { 2 } else { 1 }, FILLER);
        }
        self.keep(1);
    }

    /// A character, or a lifetime, whose quote has no partner.
    fn quote(&mut self) {
        match (self.peek(1), self.peek(2)) {
            ('\\', _) => {
                self.keep(1);
                self.replace(2, FILLER);
                while self.at < self.rest.len() && self.peek(0) != '\'' {
                    self.replace(1, FILLER);
                }
                self.keep(1);
            }
            (_, '\'') => {
                self.keep(1);
                self.replace(1, FILLER);
                self.keep(1);
            }
            _ => self.keep(1),
        }
    }

    /// A raw string whose `r` ends `prefix` characters from here; a raw name is kept.
    fn raw_string(&mut self, prefix: usize) {
        let hashes = (0..).take_while(|ahead| self.peek(prefix + ahead) == '#').count();
        if self.peek(prefix + hashes) != '"' {
            return self.keep(prefix + hashes);
        }
        self.keep(prefix + hashes + 1);
        let closes =
            |lexer: &Self| lexer.peek(0) == '"' && (1..=hashes).all(|ahead| lexer.peek(ahead) == '#');
        while self.at < self.rest.len() && !closes(self) {
            self.replace(1, FILLER);
        }
        self.keep(1 + hashes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: &str) {
        assert_eq!(code_of(text).trim_end_matches('\0'), code);
    }

    #[test]
    fn comments_become_blank_and_line_numbers_stay() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */\n d */ e", "a             \n      e");
    }

    #[test]
    fn contents_of_literals_become_filler() {
        check(r#"f("un\"safe // no", 'x', '\n', '"')"#, r#"f("~~~~~~~~~~~~~~", '~', '~~', '~')"#);
        check(r##"r#"a " b"# + br"c""##, r##"r#"~~~~~"# + br"~""##);
    }

    #[test]
    fn lifetimes_and_raw_names_stay_code() {
        check("fn f<'a>(r#type: &'a str)", "fn f<'a>(r#type: &'a str)");
    }
}
