//! Tokens to a tree of tests.
//!
//! ```text
//! filter    := all { OR all }            all := item { AND item }
//! item      := [NOT] ( "(" filter ")" | test )
//! test      := key op constant | constant op key
//!            | key [NOT] LIKE text | key [NOT] BETWEEN constant AND constant
//!            | key [NOT] IN "(" constant { "," constant } ")" | key IS [NOT] NULL
//!            | "(" STRUCT "(" key { "," key } ")" ")" [NOT] IN "(" row { "," row } ")"
//! row       := [CONST] STRUCT "(" constant { "," constant } ")"
//! key       := name | `name` | "(" key ")"
//! constant  := 'text' | "text" | number | [DATE] 'date' | DATE | TIMESTAMP 'timestamp' | TIMESTAMP | TRUE | FALSE
//! ```
//!
//! This is Hive's grammar, of all versions together. NOT before a condition, NOT LIKE, IS NULL, decimal numbers and
//! truth values are not in it; they are errors there, so taking them changes no answer. Glue's grammar is this one without
//! STRUCT, by the words of [`Dialect::Glue`], and with parentheses around any name, constant and word too.

use std::borrow::Cow;

use super::lexer::{Dialect, Fault, Op, Reason, Token, tokenize};
use super::tree::Tree;
use super::value::Constant;
use super::{FilterError, MAX_DEPTH, MAX_FILTER_BYTES, excerpt};

/// What a filter is about: the keys it may name, and what its tests become. Errors are sentences for the caller.
pub trait Scope {
    type Key: Clone;
    type Value;
    type Test;

    fn key(&self, name: &str) -> Result<Self::Key, String>;
    fn value(&self, key: &Self::Key, constant: Constant<'_>) -> Result<Self::Value, String>;
    fn compare(&self, key: Self::Key, op: Op, value: Self::Value) -> Result<Tree<Self::Test>, String>;
    fn one_of(&self, key: Self::Key, values: Vec<Self::Value>) -> Result<Tree<Self::Test>, String>;
    fn like(&self, key: Self::Key, pattern: &str) -> Result<Tree<Self::Test>, String>;
    /// Every row has as many values as there are keys.
    fn rows(&self, keys: Vec<Self::Key>, rows: Vec<Vec<Self::Value>>) -> Result<Tree<Self::Test>, String>;
    fn opposite(&self, test: Self::Test) -> Self::Test;
}

/// Reads a filter. A blank one is the condition that always holds.
pub fn parse<S: Scope>(text: &str, dialect: Dialect, scope: &S) -> Result<Tree<S::Test>, FilterError> {
    if text.len() > MAX_FILTER_BYTES {
        let message = format!("The filter is {} bytes long; at most {MAX_FILTER_BYTES} are read", text.len());
        return Err(FilterError::new(message));
    }
    // The beginnings of these sentences are those of the two services, which clients look for.
    read(text, dialect, scope).map_err(|fault| first_fault(text, dialect, fault)).map_err(|fault| {
        match (fault.reason, dialect) {
            (Reason::Meaning(message), Dialect::Glue) => FilterError::new(message),
            (Reason::Meaning(message), Dialect::Hive) => FilterError::at(text, fault.offset, message),
            (Reason::Grammar(how), Dialect::Glue) => {
                FilterError::at(text, fault.offset, format!("Unsupported expression '{}': {how}", excerpt(text)))
            }
            (Reason::Grammar(how), Dialect::Hive) => {
                FilterError::at(text, fault.offset, format!("Error parsing partition filter: {how}"))
            }
        }
    })
}

/// Hive reads a filter to its end before it looks at what is named there: a mistake in its grammar goes before those in
/// its meaning, wherever they are.
fn first_fault(text: &str, dialect: Dialect, fault: Fault) -> Fault {
    match (&fault.reason, dialect) {
        (Reason::Meaning(_), Dialect::Hive) => read(text, dialect, &Anything).err().unwrap_or(fault),
        _ => fault,
    }
}

/// Every key is known and takes every value.
struct Anything;

impl Scope for Anything {
    type Key = ();
    type Value = ();
    type Test = ();

    fn key(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn value(&self, _: &(), _: Constant<'_>) -> Result<(), String> {
        Ok(())
    }

    fn compare(&self, _: (), _: Op, _: ()) -> Result<Tree<()>, String> {
        Ok(Tree::Test(()))
    }

    fn one_of(&self, _: (), _: Vec<()>) -> Result<Tree<()>, String> {
        Ok(Tree::Test(()))
    }

    fn like(&self, _: (), _: &str) -> Result<Tree<()>, String> {
        Ok(Tree::Test(()))
    }

    fn rows(&self, _: Vec<()>, _: Vec<Vec<()>>) -> Result<Tree<()>, String> {
        Ok(Tree::Test(()))
    }

    fn opposite(&self, _: ()) {}
}

fn read<S: Scope>(text: &str, dialect: Dialect, scope: &S) -> Parsed<Tree<S::Test>> {
    if let Some(offset) = text.find('\0') {
        return Err(Fault::grammar(offset, "it contains a NUL character"));
    }
    let mut tokens = tokenize(text, dialect)?;
    if tokens.len() == 1 {
        return Ok(Tree::All(Vec::new()));
    }
    if dialect == Dialect::Glue {
        tokens = unwrapped(tokens);
    }
    Parser { tokens, at: 0, scope }.filter()
}

type Tokens<'a> = Vec<(Token<'a>, usize)>;

/// The tokens without the parentheses around single names, constants and words; those of lists stay.
fn unwrapped(tokens: Tokens<'_>) -> Tokens<'_> {
    let mut kept = Tokens::with_capacity(tokens.len());
    for (token, offset) in tokens {
        let wrapped = match kept.as_slice() {
            [.., (Token::Open, _), (word, _), (Token::Text(_), _)] if word.is("DATE") || word.is("TIMESTAMP") => 2,
            [.., (Token::Open, _), (Token::Open | Token::Close | Token::Comma | Token::Op(_) | Token::End, _)] => 0,
            [.., (Token::Open, _), _] => 1,
            _ => 0,
        };
        let open = kept.len().checked_sub(wrapped + 1).filter(|_| token == Token::Close && wrapped > 0);
        match open {
            Some(open) if open == 0 || !kept[open - 1].0.is("IN") => drop(kept.remove(open)),
            _ => kept.push((token, offset)),
        }
    }
    kept
}

struct Parser<'a, S> {
    tokens: Tokens<'a>,
    at: usize,
    scope: &'a S,
}

type Parsed<T> = Result<T, Fault>;

/// A condition and the height of its tree.
type Grown<T> = (Tree<T>, usize);

/// What one pair of parentheses, or the whole filter, holds so far: finished ANDs, and the parts of the open one.
/// A negated group is read as its opposite: its tests are the opposites, and AND and OR change places.
struct Group<T> {
    alternatives: Vec<Grown<T>>,
    parts: Vec<Grown<T>>,
    negated: bool,
}

impl<T> Group<T> {
    fn new(negated: bool) -> Self {
        Group { alternatives: Vec::new(), parts: Vec::new(), negated }
    }

    /// Ends the open AND.
    fn end_all(&mut self) {
        let parts = std::mem::take(&mut self.parts);
        self.alternatives.push(join(parts, !self.negated));
    }

    fn close(mut self) -> Grown<T> {
        self.end_all();
        join(self.alternatives, self.negated)
    }
}

/// The AND, or else the OR, of the parts.
fn join<T>(mut parts: Vec<Grown<T>>, and: bool) -> Grown<T> {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    // Parts of the same kind are taken in.
    let inner = |(tree, height): &Grown<T>| match tree {
        Tree::All(_) if and => height - 1,
        Tree::Any(_) if !and => height - 1,
        _ => *height,
    };
    let height = 1 + parts.iter().map(inner).max().unwrap_or(0);
    let parts = parts.into_iter().map(|(tree, _)| tree).collect();
    (if and { Tree::all(parts) } else { Tree::any(parts) }, height)
}

impl<'a, S: Scope> Parser<'a, S> {
    /// The groups that are open are kept in a list rather than on the call stack, which no filter can exhaust so.
    fn filter(mut self) -> Parsed<Tree<S::Test>> {
        let mut open = Vec::new();
        let mut group = Group::new(false);
        loop {
            let negated = self.take_word("NOT") != group.negated;
            let opened = self.groups_opened();
            if opened > 0 {
                self.at += opened;
                open.push(std::mem::replace(&mut group, Group::new(negated)));
                for _ in 1..opened {
                    open.push(std::mem::replace(&mut group, Group::new(negated)));
                }
                continue;
            }
            let test = self.test()?;
            let test = if negated { self.opposite(test) } else { test };
            let height = usize::from(!matches!(test, Tree::Test(_)));
            group.parts.push((test, height));
            loop {
                if self.take_word("AND") {
                    break;
                }
                if self.take_word("OR") {
                    group.end_all();
                    break;
                }
                let found = self.peek().clone();
                match (found, open.pop()) {
                    (Token::Close, Some(outer)) => {
                        let inner = std::mem::replace(&mut group, outer).close();
                        if inner.1 > MAX_DEPTH {
                            return Err(self.error(format!("AND and OR nest deeper than {MAX_DEPTH} levels")));
                        }
                        group.parts.push(inner);
                        self.at += 1;
                    }
                    (Token::End, None) => return Ok(group.close().0),
                    (_, None) => return Err(self.expected("AND, OR or the end of the filter")),
                    (_, Some(_)) => return Err(self.expected("AND, OR or \")\"")),
                }
            }
        }
    }

    fn opposite(&self, tree: Tree<S::Test>) -> Tree<S::Test> {
        tree.negate(&|test| self.scope.opposite(test))
    }

    /// How many of the parentheses here group conditions. The others wrap a key, as in `((k)) IN …`, or belong to
    /// `(STRUCT(…)) IN …`.
    fn groups_opened(&self) -> usize {
        let count = |from: usize, token: Token<'static>| {
            self.tokens[from..].iter().take_while(|(found, _)| *found == token).count()
        };
        let opened = count(self.at, Token::Open);
        // The last token is not a parenthesis, and after a word there is one more.
        let inner = self.at + opened;
        let kept = match &self.tokens[inner].0 {
            word if word.is("STRUCT") && self.tokens[inner + 1].0 == Token::Open => 1,
            Token::Word(_) | Token::Quoted(_) => count(inner + 1, Token::Close),
            _ => 0,
        };
        opened.saturating_sub(kept)
    }

    fn test(&mut self) -> Parsed<Tree<S::Test>> {
        if *self.peek() == Token::Open
            && self.tokens[self.at + 1].0.is("STRUCT")
            && self.tokens[self.at + 2].0 == Token::Open
        {
            return self.multiple();
        }
        if let Some((constant, at)) = self.constant()? {
            let Some(op) = self.operator() else {
                if self.peek().is("LIKE") {
                    return Err(self.error("LIKE takes the key on its left and the pattern on its right"));
                }
                return Err(self.expected("a comparison such as ="));
            };
            let (key, key_at) = self.key()?;
            let value = self.at(at, self.scope.value(&key, constant))?;
            return self.at(key_at, self.scope.compare(key, op.mirrored(), value));
        }
        let (key, key_at) = self.key()?;
        if let Some(op) = self.operator() {
            let value = self.value(&key)?;
            return self.at(key_at, self.scope.compare(key, op, value));
        }
        if self.take_word("IS") {
            let negated = self.take_word("NOT");
            self.word("NULL")?;
            let value = self.at(key_at, self.scope.value(&key, Constant::Null))?;
            let op = if negated { Op::Ne } else { Op::Eq };
            return self.at(key_at, self.scope.compare(key, op, value));
        }
        let negated = self.take_word("NOT");
        let tree = if self.take_word("LIKE") {
            let Some((pattern, _)) = self.constant()? else { return Err(self.expected("a pattern")) };
            self.at(key_at, self.scope.like(key, pattern.text()))?
        } else if self.take_word("BETWEEN") {
            let low = self.value(&key)?;
            self.word("AND")?;
            let high = self.value(&key)?;
            Tree::all(vec![
                self.at(key_at, self.scope.compare(key.clone(), Op::Ge, low))?,
                self.at(key_at, self.scope.compare(key, Op::Le, high))?,
            ])
        } else if self.take_word("IN") {
            let values = self.list(|parser| parser.value(&key))?;
            self.at(key_at, self.scope.one_of(key, values))?
        } else if negated {
            return Err(self.expected("IN, BETWEEN or LIKE"));
        } else {
            return Err(self.expected("a comparison such as =, LIKE, BETWEEN or IN"));
        };
        Ok(if negated { self.opposite(tree) } else { tree })
    }

    /// `(STRUCT(a, b)) [NOT] IN (CONST STRUCT(1, 2), …)`
    fn multiple(&mut self) -> Parsed<Tree<S::Test>> {
        let start = self.offset();
        self.at += 2;
        let keys = self.list(|parser| parser.key())?;
        let keys: Vec<S::Key> = keys.into_iter().map(|(key, _)| key).collect();
        self.token(Token::Close)?;
        let negated = self.take_word("NOT");
        self.word("IN")?;
        let rows = self.list(|parser| {
            parser.take_word("CONST");
            parser.word("STRUCT")?;
            let at = parser.offset();
            let mut next = 0;
            let row = parser.list(|parser| {
                let key = keys.get(next).ok_or_else(|| parser.uneven(at, keys.len()))?;
                next += 1;
                parser.value(key)
            })?;
            if row.len() == keys.len() { Ok(row) } else { Err(parser.uneven(at, keys.len())) }
        })?;
        let tree = self.at(start, self.scope.rows(keys, rows))?;
        Ok(if negated { self.opposite(tree) } else { tree })
    }

    fn uneven(&self, offset: usize, keys: usize) -> Fault {
        Fault::grammar(offset, format!("the STRUCT must have {keys} values, one for each key on the left"))
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.token(Token::Open)?;
        let mut items = vec![item(self)?];
        while *self.peek() == Token::Comma {
            self.at += 1;
            items.push(item(self)?);
        }
        self.token(Token::Close)?;
        Ok(items)
    }

    fn key(&mut self) -> Parsed<(S::Key, usize)> {
        let opened = self.tokens[self.at..].iter().take_while(|(token, _)| *token == Token::Open).count();
        self.at += opened;
        let start = self.offset();
        let name: Cow<'a, str> = match self.peek() {
            Token::Word(name) => Cow::Borrowed(*name),
            Token::Quoted(name) => name.clone(),
            _ => return Err(self.expected("the name of a key")),
        };
        let key = self.at(start, self.scope.key(&name))?;
        self.at += 1;
        for _ in 0..opened {
            self.token(Token::Close)?;
        }
        Ok((key, start))
    }

    fn value(&mut self, key: &S::Key) -> Parsed<S::Value> {
        match self.constant()? {
            Some((constant, at)) => self.at(at, self.scope.value(key, constant)),
            None => Err(self.expected("a constant: text in quotes, a number, a date or a timestamp")),
        }
    }

    /// The constant here, if there is one, and where it starts.
    fn constant(&mut self) -> Parsed<Option<(Constant<'a>, usize)>> {
        let start = self.offset();
        let after = self.tokens.get(self.at + 1).map(|(token, _)| token);
        let typed = |token: Option<&Token<'a>>| match token {
            Some(Token::Text(text)) => Some(text.clone()),
            Some(Token::Date(text) | Token::Timestamp(text)) => Some(Cow::Borrowed(*text)),
            _ => None,
        };
        let (constant, length) = match self.peek() {
            Token::Text(text) => (Constant::Text(text.clone()), 1),
            Token::Number(text) => (Constant::Number(text.clone()), 1),
            Token::Date(text) => (Constant::Date(Cow::Borrowed(*text)), 1),
            Token::Timestamp(text) => (Constant::Timestamp(Cow::Borrowed(*text)), 1),
            word @ Token::Word(text) => {
                // DATE and TIMESTAMP are keywords before their text only, TRUE and FALSE on the right only: all of
                // them are found as names of keys.
                if word.is("DATE")
                    && let Some(text) = typed(after)
                {
                    (Constant::Date(text), 2)
                } else if word.is("TIMESTAMP")
                    && let Some(text) = typed(after)
                {
                    (Constant::Timestamp(text), 2)
                } else if (word.is("TRUE") || word.is("FALSE")) && self.scope.key(text).is_err() {
                    (Constant::Boolean(word.is("TRUE")), 1)
                } else if text.starts_with(|c: char| c.is_ascii_digit())
                    && text.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(['e', 'E'])
                    && text.bytes().filter(|b| !b.is_ascii_digit()).count() == 1
                    && self.scope.key(text).is_err()
                {
                    (Constant::Number(Cow::Borrowed(*text)), 1)
                } else {
                    return Ok(None);
                }
            }
            _ => return Ok(None),
        };
        self.at += length;
        Ok(Some((constant, start)))
    }

    fn operator(&mut self) -> Option<Op> {
        let Token::Op(op) = *self.peek() else { return None };
        self.at += 1;
        Some(op)
    }

    fn peek(&self) -> &Token<'a> {
        &self.tokens[self.at].0
    }

    fn offset(&self) -> usize {
        self.tokens[self.at].1
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        let found = self.peek().is(keyword);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, keyword: &str) -> Parsed<()> {
        if self.take_word(keyword) { Ok(()) } else { Err(self.expected(keyword)) }
    }

    fn token(&mut self, token: Token<'static>) -> Parsed<()> {
        if *self.peek() != token {
            return Err(self.expected(&token.describe()));
        }
        self.at += 1;
        Ok(())
    }

    fn at<T>(&self, offset: usize, result: Result<T, String>) -> Parsed<T> {
        result.map_err(|message| Fault { offset, reason: Reason::Meaning(message) })
    }

    fn error(&self, how: impl Into<String>) -> Fault {
        Fault::grammar(self.offset(), how)
    }

    fn expected(&self, what: &str) -> Fault {
        self.error(format!("expected {what}, found {}", self.peek().describe()))
    }
}
