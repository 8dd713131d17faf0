//! Reads expressions.

use regex::RegexBuilder;
use serde_json::Value;

use super::expression::{Expression, Operator};
use crate::error::{CatalogError, Result, excerpt};

const MAX_BYTES: usize = 20_000;
/// Regular expressions, and the bytes that each may become: a few characters can stand for megabytes.
const MAX_PATTERNS: usize = 20;
const MAX_PATTERN_SIZE: usize = 1 << 20;
const MAX_DEPTH: usize = 50;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Mark(&'static str),
}

/// The longest first, since the first that fits counts.
const MARKS: [&str; 22] = [
    "==", "!=", "<=", ">=", "=^", "=$", "=~", "!~", "&&", "||", "<", ">", "!", "(", ")", "{", "}", ":", ",", ".", "-",
    "=",
];

/// Words that are marks too.
const WORDS: [(&str, &str); 9] = [
    ("and", "&&"),
    ("or", "||"),
    ("not", "!"),
    ("eq", "=="),
    ("ne", "!="),
    ("lt", "<"),
    ("le", "<="),
    ("gt", ">"),
    ("ge", ">="),
];

const COMPARISONS: [(&str, Operator); 8] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<", Operator::Less),
    ("<=", Operator::LessOrEqual),
    (">", Operator::Greater),
    (">=", Operator::GreaterOrEqual),
    ("=^", Operator::StartsWith),
    ("=$", Operator::EndsWith),
];

pub struct Parser {
    /// Each with the byte that it begins at.
    tokens: std::iter::Peekable<std::vec::IntoIter<(usize, Token)>>,
    text: String,
    depth: usize,
    patterns: usize,
}

impl Parser {
    pub fn parse(text: &str) -> Result<Expression> {
        if text.len() > MAX_BYTES {
            return Err(CatalogError::invalid_input(format!(
                "The expression has {} bytes; at most {MAX_BYTES} are read",
                text.len()
            )));
        }
        let tokens = tokens(text)?.into_iter().peekable();
        let mut parser = Self { tokens, text: text.to_owned(), depth: 0, patterns: 0 };
        let expression = parser.any()?;
        match parser.tokens.peek() {
            None => Ok(expression),
            Some(_) => Err(parser.unexpected()),
        }
    }

    fn any(&mut self) -> Result<Expression> {
        self.deeper(|parser| parser.list("||", Expression::Or, Self::all))
    }

    fn all(&mut self) -> Result<Expression> {
        self.list("&&", Expression::And, Self::comparison)
    }

    /// One or more items with a mark between them.
    fn list(
        &mut self,
        mark: &'static str,
        join: fn(Vec<Expression>) -> Expression,
        item: fn(&mut Self) -> Result<Expression>,
    ) -> Result<Expression> {
        let first = item(self)?;
        if !self.is_next(mark) {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.take(mark) {
            items.push(item(self)?);
        }
        Ok(join(items))
    }

    fn comparison(&mut self) -> Result<Expression> {
        if self.take("!") {
            let inner = self.deeper(Self::comparison)?;
            return Ok(Expression::Not(Box::new(inner)));
        }
        let left = self.operand()?;
        for (mark, operator) in COMPARISONS {
            if self.take(mark) {
                return Ok(Expression::Compare(Box::new(left), operator, Box::new(self.operand()?)));
            }
        }
        if self.take("=~") {
            return self.matches(left, "=~");
        }
        if self.take("!~") {
            return Ok(Expression::Not(Box::new(self.matches(left, "!~")?)));
        }
        Ok(left)
    }

    /// A pattern has to match the whole text.
    fn matches(&mut self, left: Expression, mark: &str) -> Result<Expression> {
        let Expression::Literal(Value::String(pattern)) = self.operand()? else {
            return Err(self.wrong(&format!("there has to be a text behind {mark}")));
        };
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return Err(self.wrong(&format!("it has more than {MAX_PATTERNS} regular expressions")));
        }
        match RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(MAX_PATTERN_SIZE).build() {
            Ok(pattern) => Ok(Expression::Matches(Box::new(left), pattern)),
            Err(regex::Error::CompiledTooBig(_)) => {
                Err(self.wrong(&format!("the regular expression {:?} is too large", excerpt(&pattern))))
            }
            Err(_) => Err(self.wrong(&format!("{:?} is not a regular expression", excerpt(&pattern)))),
        }
    }

    fn operand(&mut self) -> Result<Expression> {
        let negative = self.take("-");
        let literal = |value| Ok(Expression::Literal(value));
        match self.tokens.peek().map(|(_, token)| token.clone()) {
            Some(Token::Number(number)) => {
                self.tokens.next();
                literal(Value::from(if negative { -number } else { number }))
            }
            _ if negative => Err(self.unexpected()),
            Some(Token::Mark("(")) => {
                self.tokens.next();
                let inner = self.any()?;
                self.need(")")?;
                Ok(inner)
            }
            Some(Token::Mark("{")) => {
                self.tokens.next();
                self.deeper(Self::object)
            }
            Some(Token::Text(text)) => {
                self.tokens.next();
                literal(Value::String(text))
            }
            Some(Token::Word(word)) => {
                self.tokens.next();
                match word.as_str() {
                    "true" => literal(Value::Bool(true)),
                    "false" => literal(Value::Bool(false)),
                    "null" => literal(Value::Null),
                    _ => self.path(word),
                }
            }
            _ => Err(self.unexpected()),
        }
    }

    fn path(&mut self, first: String) -> Result<Expression> {
        let mut path = vec![first];
        while self.take(".") {
            match self.tokens.peek().map(|(_, token)| token.clone()) {
                Some(Token::Word(step) | Token::Text(step)) => path.push(step),
                _ => return Err(self.unexpected()),
            }
            self.tokens.next();
        }
        Ok(Expression::Path(path))
    }

    fn object(&mut self) -> Result<Expression> {
        let mut fields = Vec::new();
        while !self.take("}") {
            if !fields.is_empty() {
                self.need(",")?;
            }
            let key = match self.tokens.peek().map(|(_, token)| token.clone()) {
                Some(Token::Word(key) | Token::Text(key)) => key,
                _ => return Err(self.unexpected()),
            };
            self.tokens.next();
            self.need(":")?;
            fields.push((key, self.any()?));
        }
        Ok(Expression::Object(fields))
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<Expression>) -> Result<Expression> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong(&format!("it is nested deeper than {MAX_DEPTH}")));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn is_next(&mut self, mark: &'static str) -> bool {
        self.tokens.peek().is_some_and(|(_, token)| *token == Token::Mark(mark))
    }

    fn take(&mut self, mark: &'static str) -> bool {
        self.tokens.next_if(|(_, token)| *token == Token::Mark(mark)).is_some()
    }

    fn need(&mut self, mark: &'static str) -> Result<()> {
        if self.take(mark) {
            return Ok(());
        }
        match self.tokens.peek() {
            None => Err(self.wrong(&format!("{mark:?} is missing at its end"))),
            Some(_) => Err(self.unexpected()),
        }
    }

    fn unexpected(&mut self) -> CatalogError {
        let Some((at, token)) = self.tokens.peek() else {
            return self.wrong("something is missing at its end");
        };
        let shown = match token {
            Token::Word(text) | Token::Text(text) => excerpt(text),
            Token::Number(number) => number.to_string(),
            Token::Mark(mark) => (*mark).to_owned(),
        };
        let place = place(&self.text, *at);
        self.wrong(&format!("{shown:?} at character {place} does not belong there"))
    }

    fn wrong(&self, what: &str) -> CatalogError {
        wrong(&self.text, what)
    }
}

fn wrong(text: &str, what: &str) -> CatalogError {
    let shown: String = text.chars().take(100).collect();
    CatalogError::invalid_input(format!("The expression {shown:?} cannot be read: {what}"))
}

/// The character that a byte belongs to, from 1.
fn place(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).chars().count() + 1
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let (token, length) = if first == '\'' || first == '"' {
            quoted(rest, first).ok_or_else(|| {
                wrong(text, &format!("the text that begins at character {} has no end", place(text, at)))
            })?
        } else if first.is_ascii_digit() {
            number(rest)
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            let word = &rest[..length];
            let mark = WORDS.iter().find(|(known, _)| *known == word);
            (mark.map_or_else(|| Token::Word(word.to_owned()), |(_, mark)| Token::Mark(mark)), length)
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            (Token::Mark(mark), mark.len())
        } else {
            return Err(wrong(text, &format!("{first:?} at character {} does not belong there", place(text, at))));
        };
        found.push((at, token));
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// A text in quotes, and how long it is with them. A backslash takes the next character as it is.
fn quoted(rest: &str, quote: char) -> Option<(Token, usize)> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => text.push(characters.next()?.1),
            _ if c == quote => return Some((Token::Text(text), at + 1)),
            _ => text.push(c),
        }
    }
    None
}

fn number(rest: &str) -> (Token, usize) {
    let digits = |from: usize| {
        let tail = &rest[from..];
        from + tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len())
    };
    let whole = digits(0);
    let has_fraction = rest[whole..].starts_with('.') && digits(whole + 1) > whole + 1;
    let length = if has_fraction { digits(whole + 1) } else { whole };
    (Token::Number(rest[..length].parse().unwrap_or(f64::INFINITY)), length)
}
