//! Filter text to tokens.
//!
//! As Hive's lexers read it (Filter.g up to 3.1, PartitionFilter.g4 since), or Glue's. Both are stricter than what is taken
//! here where clients differ: keywords are only words until the parser needs them, so that a key may be called `date`.

use std::borrow::Cow;

use super::excerpt;

/// Whose rules a filter is written by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `"` quotes text as `'` does, and a backslash before the closing quote takes it as it is.
    Hive,
    /// `"` quotes names, a doubled quote within quotes is one, and words may have points in them.
    Glue,
}

/// What is wrong with a filter, and at which byte.
#[derive(Debug)]
pub struct Fault {
    pub offset: usize,
    pub reason: Reason,
}

#[derive(Debug)]
pub enum Reason {
    /// The text is none of the grammar: how so, to go on a sentence.
    Grammar(String),
    /// It names what is not there, or compares what cannot be compared: a sentence.
    Meaning(String),
}

impl Fault {
    pub fn grammar(offset: usize, how: impl Into<String>) -> Self {
        Fault { offset, reason: Reason::Grammar(how.into()) }
    }
}

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
pub fn tokenize(text: &str, dialect: Dialect) -> Result<Vec<(Token<'_>, usize)>, Fault> {
    let mut lexer = Lexer { text, dialect, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_while(|c| c.is_ascii_whitespace());
        let start = lexer.at;
        let token = lexer.next()?;
        let end = token == Token::End;
        if tokens.len() == MAX_TOKENS {
            return Err(Fault::grammar(start, format!("it has more than {MAX_TOKENS} words and signs")));
        }
        tokens.push((token, start));
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    dialect: Dialect,
    at: usize,
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

    fn in_word(&self) -> impl Fn(char) -> bool + Copy + use<> {
        let points = self.dialect == Dialect::Glue;
        move |c| c.is_alphanumeric() || c == '_' || points && c == '.'
    }

    fn take(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        if found {
            self.at += prefix.len();
        }
        found
    }

    fn next(&mut self) -> Result<Token<'a>, Fault> {
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
            '\'' | '"' if self.dialect == Dialect::Hive => self.string(first),
            '\'' => Ok(Token::Text(self.quoted(first, "text")?)),
            '`' | '"' => Ok(Token::Quoted(self.quoted(first, "name")?)),
            '-' | '+' | '.' => self.signed(first),
            '0'..='9' => Ok(self.digits()),
            c if self.in_word()(c) => Ok(self.word()),
            other => Err(Fault::grammar(self.at, format!("unexpected character {other:?}"))),
        }
    }

    /// Text between quotes. As in Hive a backslash stays in the text, for clients send values as they are and LIKE
    /// patterns have escapes of their own; only before the closing kind of quote it means that quote itself.
    fn string(&mut self, quote: char) -> Result<Token<'a>, Fault> {
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
        Err(Fault::grammar(start, format!("the text that starts with {quote} does not end")))
    }

    /// What stands between quotes, in which two quotes are one.
    fn quoted(&mut self, quote: char, what: &str) -> Result<Cow<'a, str>, Fault> {
        let start = self.at;
        let mut at = start + 1;
        let mut doubled = false;
        while let Some(found) = self.text[at..].find(quote) {
            at += found + 1;
            if self.text[at..].starts_with(quote) {
                doubled = true;
                at += 1;
                continue;
            }
            self.at = at;
            let text = &self.text[start + 1..at - 1];
            let one = [quote, quote].iter().collect::<String>();
            return Ok(if doubled { text.replace(&one, &quote.to_string()).into() } else { text.into() });
        }
        Err(Fault::grammar(start, format!("the {what} that starts with {quote} does not end")))
    }

    /// A number that begins with a sign or a point.
    fn signed(&mut self, first: char) -> Result<Token<'a>, Fault> {
        let start = self.at;
        if first != '.' {
            self.at += 1;
            self.skip_while(|c| c.is_ascii_whitespace());
        }
        let digits = self.at;
        let length = number_length(self.rest());
        self.at += length;
        if length == 0 || self.peek().is_some_and(self.in_word()) {
            return Err(Fault::grammar(start, format!("no number after {first:?}")));
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
            if !rest[end..].starts_with(self.in_word()) {
                self.at += end;
                return if end > 10 { Token::Timestamp(&rest[..end]) } else { Token::Date(&rest[..end]) };
            }
        }
        let (number, after) = rest.split_at(number_length(rest));
        let whole = number.bytes().all(|b| b.is_ascii_digit()) && !after.starts_with(self.in_word());
        // Anything else, `1e5` too, may be a name.
        if whole || number.contains(['.', '-', '+']) {
            self.at += number.len();
            return Token::Number(number.into());
        }
        self.word()
    }

    fn word(&mut self) -> Token<'a> {
        let start = self.at;
        self.skip_while(self.in_word());
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
