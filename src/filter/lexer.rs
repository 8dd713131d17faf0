//! Filter text to tokens.
//!
//! As Hive's lexers read it (Filter.g up to 3.1, PartitionFilter.g4 since), which is stricter than what is taken here
//! where clients differ: keywords are only words until the parser needs them, so that a key may be called `date`.

use std::borrow::Cow;

use super::{FilterError, excerpt};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    /// The operator that says the same with its sides exchanged.
    pub fn mirrored(self) -> Op {
        match self {
            Op::Lt => Op::Gt,
            Op::Le => Op::Ge,
            Op::Gt => Op::Lt,
            Op::Ge => Op::Le,
            Op::Eq | Op::Ne => self,
        }
    }

    /// The operator that holds where this one does not.
    pub fn opposite(self) -> Op {
        match self {
            Op::Eq => Op::Ne,
            Op::Ne => Op::Eq,
            Op::Lt => Op::Ge,
            Op::Ge => Op::Lt,
            Op::Gt => Op::Le,
            Op::Le => Op::Gt,
        }
    }

    pub fn holds<T: Ord + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Op::Eq => left == right,
            Op::Ne => left != right,
            Op::Lt => left < right,
            Op::Le => left <= right,
            Op::Gt => left > right,
            Op::Ge => left >= right,
        }
    }

    /// The operator in SQL and in filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Op::Eq => "=",
            Op::Ne => "<>",
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Token<'a> {
    Open,
    Close,
    Comma,
    Op(Op),
    /// The text between quotes.
    Text(Cow<'a, str>),
    /// A signed number without blanks between sign and digits.
    Number(Cow<'a, str>),
    Date(&'a str),
    Timestamp(&'a str),
    /// A keyword, an identifier, or a number such as `1e5`.
    Word(&'a str),
    /// A back-ticked identifier.
    Quoted(Cow<'a, str>),
    End,
}

impl Token<'_> {
    /// Whether this is the keyword, in any case.
    pub fn is(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// What an error message calls the token.
    pub fn describe(&self) -> String {
        match self {
            Token::Open => "\"(\"".into(),
            Token::Close => "\")\"".into(),
            Token::Comma => "\",\"".into(),
            Token::Op(op) => format!("\"{}\"", op.as_str()),
            Token::Text(text) => format!("the text '{}'", excerpt(text)),
            Token::Number(text) => format!("the number {}", excerpt(text)),
            Token::Date(text) | Token::Timestamp(text) | Token::Word(text) => format!("\"{}\"", excerpt(text)),
            Token::Quoted(text) => format!("`{}`", excerpt(text)),
            Token::End => "the end of the filter".into(),
        }
    }
}

/// Bounds the memory that a filter of nothing but signs takes. A list of a million values passes.
const MAX_TOKENS: usize = 2_100_000;

/// Tokens with their byte offsets; the last is [`Token::End`].
pub fn tokenize(text: &str) -> Result<Vec<(Token<'_>, usize)>, FilterError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_while(|c| c.is_ascii_whitespace());
        let start = lexer.at;
        let token = lexer.next()?;
        let end = token == Token::End;
        if tokens.len() == MAX_TOKENS {
            return Err(FilterError::at(text, start, format!("The filter has more than {MAX_TOKENS} words and signs")));
        }
        tokens.push((token, start));
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }

    fn take(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    fn next(&mut self) -> Result<Token<'a>, FilterError> {
        const OPERATORS: [(&str, Op); 9] = [
            ("<=>", Op::Eq),
            ("==", Op::Eq),
            ("<>", Op::Ne),
            ("!=", Op::Ne),
            ("<=", Op::Le),
            (">=", Op::Ge),
            ("=", Op::Eq),
            ("<", Op::Lt),
            (">", Op::Gt),
        ];
        let Some(first) = self.peek() else { return Ok(Token::End) };
        for (sign, op) in OPERATORS {
            if self.take(sign) {
                return Ok(Token::Op(op));
            }
        }
        match first {
            '(' | ')' | ',' => {
                self.at += 1;
                Ok(match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                })
            }
            '\'' | '"' => self.string(first),
            '`' => self.quoted(),
            '-' | '+' | '.' => self.signed(first),
            '0'..='9' => Ok(self.digits()),
            c if in_word(c) => Ok(self.word()),
            other => Err(FilterError::at(
                self.text,
                self.at,
                format!("Error parsing partition filter: unexpected character {other:?}"),
            )),
        }
    }

    /// Text between quotes. As in Hive a backslash stays in the text, for clients send values as they are and LIKE
    /// patterns have escapes of their own; only before the closing kind of quote it means that quote itself.
    fn string(&mut self, quote: char) -> Result<Token<'a>, FilterError> {
        let start = self.at;
        let from = start + 1;
        let mut text: Cow<'a, str> = Cow::Borrowed("");
        // The part of the text that is already in `text` ends here.
        let mut kept = from;
        let bytes = self.text.as_bytes();
        let mut at = from;
        while let Some(&byte) = bytes.get(at) {
            if byte == b'\\' {
                if bytes.get(at + 1) == Some(&(quote as u8)) {
                    text.to_mut().push_str(&self.text[kept..at]);
                    kept = at + 1;
                }
                at += 2;
            } else if byte == quote as u8 {
                self.at = at + 1;
                if kept == from {
                    return Ok(Token::Text(Cow::Borrowed(&self.text[from..at])));
                }
                text.to_mut().push_str(&self.text[kept..at]);
                return Ok(Token::Text(text));
            } else {
                at += 1;
            }
        }
        Err(FilterError::at(
            self.text,
            start,
            format!("Error parsing partition filter: the text that starts with {quote} does not end"),
        ))
    }

    fn quoted(&mut self) -> Result<Token<'a>, FilterError> {
        let start = self.at;
        let mut at = start + 1;
        let mut doubled = false;
        while let Some(found) = self.text[at..].find('`') {
            at += found + 1;
            if self.text[at..].starts_with('`') {
                doubled = true;
                at += 1;
                continue;
            }
            self.at = at;
            let name = &self.text[start + 1..at - 1];
            return Ok(Token::Quoted(if doubled { name.replace("``", "`").into() } else { name.into() }));
        }
        Err(FilterError::at(
            self.text,
            start,
            "Error parsing partition filter: the name that starts with ` does not end",
        ))
    }

    /// A number that begins with a sign or a point.
    fn signed(&mut self, first: char) -> Result<Token<'a>, FilterError> {
        let start = self.at;
        if first != '.' {
            self.at += 1;
            self.skip_while(|c| c.is_ascii_whitespace());
        }
        let digits = self.at;
        let length = number_length(self.rest());
        self.at += length;
        if length == 0 || self.peek().is_some_and(in_word) {
            return Err(FilterError::at(
                self.text,
                start,
                format!("Error parsing partition filter: no number after {first:?}"),
            ));
        }
        let number = &self.text[digits..self.at];
        Ok(Token::Number(match first {
            '-' => format!("-{number}").into(),
            _ => number.into(),
        }))
    }

    /// A date, a timestamp, a number, or a word that begins with a digit.
    fn digits(&mut self) -> Token<'a> {
        let rest = self.rest();
        if fits(rest, "0000-00-00") {
            let mut end = 10;
            if fits(&rest[end..], " 00:00:00") {
                end += 9;
                if let Some(fraction) = rest[end..].strip_prefix('.') {
                    let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
                    end += if digits > 0 { digits + 1 } else { 0 };
                }
            }
            if !rest[end..].starts_with(in_word) {
                self.at += end;
                return if end > 10 { Token::Timestamp(&rest[..end]) } else { Token::Date(&rest[..end]) };
            }
        }
        let (number, after) = rest.split_at(number_length(rest));
        let whole = number.bytes().all(|b| b.is_ascii_digit()) && !after.starts_with(in_word);
        // Anything else, `1e5` too, may be a name.
        if whole || number.contains(['.', '-', '+']) {
            self.at += number.len();
            return Token::Number(number.into());
        }
        self.word()
    }

    fn word(&mut self) -> Token<'a> {
        let start = self.at;
        self.skip_while(in_word);
        Token::Word(&self.text[start..self.at])
    }
}

/// Whether the text begins with something of this form, in which 0 stands for a digit.
fn fits(text: &str, form: &str) -> bool {
    text.len() >= form.len()
        && text.bytes().zip(form.bytes()).all(|(b, f)| if f == b'0' { b.is_ascii_digit() } else { b == f })
}

/// The length of the unsigned number at the start of the text, 0 if there is none.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(0);
    let mut end = whole;
    if text[end..].starts_with('.') {
        let fraction = digits(end + 1);
        if whole + fraction == 0 {
            return 0;
        }
        end += 1 + fraction;
    }
    if end > 0 && text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['-', '+']));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    end
}
