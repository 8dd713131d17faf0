//! Predicates as SQL over the array of a partition's values.
//!
//! All constants travel in one parameter of type `text[]`, so that no filter runs into a limit on parameters and no text of a
//! caller becomes part of the SQL.

use super::lexer::Op;
use super::number::Number;
use super::pattern::Pattern;
use super::predicate::{Column, Predicate, Test};
use super::ranges::{MAX_RANGES, Range, Ranges};
use super::tree::Tree;
use super::value::{Class, Value};

/// A condition in SQL. It refers to the one placeholder it was made for, which takes `constants` as `text[]`; that has
/// to be bound even when it is empty.
///
/// Run it unprepared (sqlx: `persistent(false)`): Postgres then plans with the constants at hand, so that ranges use an
/// index and long lists are hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlPredicate {
    pub sql: String,
    pub constants: Vec<String>,
}

/// The keys beside the first, from 0, whose values have an index of their own.
const INDEXED: [usize; 2] = [1, 2];

impl Predicate {
    /// The condition on `values`, a column of type `text[] collate "C"` with one element for each key.
    ///
    /// What it says of the first keys is said a second time as ranges of the array, for an index on it.
    pub fn to_sql(&self, values: &str, placeholder: usize) -> SqlPredicate {
        let mut writer = Writer::new(placeholder);
        let mut sql = String::new();
        let ranges = array_ranges(&self.tree, self.keys.len());
        if !ranges.is_everything() {
            sql.push_str(&writer.array_ranges(values, &ranges));
            sql.push_str(" and ");
        }
        let bare = matches!(self.tree, Tree::Test(_) | Tree::All(_));
        sql.push_str(if bare { "" } else { "(" });
        self.tree.write(&mut sql, &mut |test, out| out.push_str(&writer.test(values, test)));
        sql.push_str(if bare { "" } else { ")" });
        writer.finish(sql)
    }
}

/// Collects the constants of a condition.
pub(super) struct Writer {
    parameter: String,
    constants: Vec<String>,
}

impl Writer {
    pub fn new(placeholder: usize) -> Self {
        Writer { parameter: format!("(${placeholder}::text[])"), constants: Vec::new() }
    }

    /// The condition; a blank one is true.
    pub fn finish(self, mut sql: String) -> SqlPredicate {
        if self.constants.is_empty() {
            // A parameter that is bound has to be mentioned.
            sql.push_str(if sql.is_empty() { "" } else { " and " });
            sql.push_str(&format!("{} is not null", self.parameter));
        }
        SqlPredicate { sql: format!("({sql})"), constants: self.constants }
    }

    pub fn constant(&mut self, text: impl ToString) -> String {
        self.constants.push(text.to_string());
        format!("{}[{}]", self.parameter, self.constants.len())
    }

    pub fn list(&mut self, texts: impl IntoIterator<Item = impl ToString>) -> String {
        let first = self.constants.len() + 1;
        self.constants.extend(texts.into_iter().map(|text| text.to_string()));
        format!("{}[{first}:{}]", self.parameter, self.constants.len())
    }

    /// `text` matches the pattern.
    pub fn like(&mut self, text: &str, pattern: &Pattern) -> String {
        let (mut exact, mut like) = (Vec::new(), Vec::new());
        for glob in &pattern.globs {
            match glob.exact() {
                Some(text) => exact.push(text),
                None => like.push(glob.to_like()),
            }
        }
        let mut parts = Vec::new();
        for (operator, texts) in [("=", exact), ("like", like)] {
            match texts.as_slice() {
                [] => {}
                [one] => parts.push(format!("{text} {operator} {}", self.constant(one))),
                several => parts.push(format!("{text} {operator} any({})", self.list(several))),
            }
        }
        if let Some(regular) = &pattern.regular {
            parts.push(format!("{text} ~ {}", self.constant(regular.as_str())));
        }
        parts.join(" or ")
    }

    pub fn array_ranges(&mut self, values: &str, ranges: &Ranges<Vec<String>>) -> String {
        let mut parts = Vec::new();
        for Range { low, high } in ranges.iter() {
            let mut bounds = Vec::new();
            if !low.is_empty() {
                bounds.push(format!("{values} >= {}", self.list(low)));
            }
            if let Some(high) = high {
                bounds.push(format!("{values} < {}", self.list(high)));
            }
            parts.push(format!("({})", bounds.join(" and ")));
        }
        match parts.len() {
            0 => "false".to_owned(),
            1 => parts.remove(0),
            _ => format!("({})", parts.join(" or ")),
        }
    }

    fn test(&mut self, values: &str, test: &Test) -> String {
        let hint = match test {
            // An index on the text of these keys serves the tests of text as they stand.
            Test::Compare { column: (key, class), .. } | Test::OneOf { column: (key, class), .. }
                if *class != Class::Text && INDEXED.contains(key) =>
            {
                self.text_ranges(&element(values, *key), &text_ranges(test))
            }
            Test::Like { column: (key, _), .. } if INDEXED.contains(key) => {
                self.text_ranges(&element(values, *key), &text_ranges(test))
            }
            _ => None,
        };
        let exact = self.exact(values, test);
        match hint {
            Some(hint) => format!("({hint} and ({exact}))"),
            None if matches!(test, Test::Like { .. }) => format!("({exact})"),
            None => exact,
        }
    }

    fn text_ranges(&mut self, text: &str, ranges: &Ranges<String>) -> Option<String> {
        if ranges.is_everything() {
            return None;
        }
        let mut parts = Vec::new();
        for Range { low, high } in ranges.iter() {
            let from = (!low.is_empty()).then(|| format!("{text} >= {}", self.constant(low)));
            let below = high.as_ref().map(|high| format!("{text} < {}", self.constant(high)));
            let bounds: Vec<_> = from.into_iter().chain(below).collect();
            parts.push(bounds.join(" and "));
        }
        Some(if parts.is_empty() { "false".to_owned() } else { format!("({})", parts.join(" or ")) })
    }

    pub fn exact(&mut self, values: &str, test: &Test) -> String {
        let read = |(key, class): Column| class.sql(&element(values, key));
        match test {
            Test::Compare { column, op, value } => {
                let cast = if column.1.is_number() { "::numeric" } else { "" };
                format!("{} {} {}{cast}", read(*column), op.as_str(), self.constant(value))
            }
            Test::OneOf { column, values, negated } => {
                let cast = if column.1.is_number() { "::numeric[]" } else { "" };
                let quantified = if *negated { "<> all" } else { "= any" };
                format!("{} {quantified}({}{cast})", read(*column), self.list(values))
            }
            Test::Like { column, pattern, negated } => {
                let like = self.like(&read(*column), pattern);
                if *negated { format!("not ({like})") } else { like }
            }
            // One text for each row, because lists of those are hashed however long they are.
            Test::Rows { columns, rows, negated: false } => {
                let part = |column: &Column| {
                    let text = if column.1.is_number() {
                        format!("trim_scale({})::text", read(*column))
                    } else {
                        read(*column)
                    };
                    format!("replace({text}, '''', '''''')")
                };
                let parts: Vec<_> = columns.iter().map(part).collect();
                let rows = rows.iter().map(|row| joined(row));
                format!("{} = any({})", parts.join(" || ''',' || "), self.list(rows))
            }
            Test::Rows { columns, rows, negated: true } => self.rows(values, columns, rows, "not in"),
            Test::Constant(truth) => truth.map_or("null", |truth| if truth { "true" } else { "false" }).to_owned(),
            // It is not known to hold.
            Test::Open => "false".to_owned(),
        }
    }

    /// The keys are, or are not, one of the rows, compared key by key: as SQL compares rows with nulls in them.
    pub fn rows(&mut self, values: &str, columns: &[Column], rows: &[Vec<Value<'_>>], word: &str) -> String {
        let (mut names, mut lists, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for (place, column) in columns.iter().enumerate() {
            let cast = if column.1.is_number() { "::numeric" } else { "" };
            lists.push(self.list(rows.iter().map(|row| &row[place])));
            parts.push(format!("c{place}{cast}"));
            names.push(format!("c{place}"));
        }
        let read = |(key, class): &Column| class.sql(&element(values, *key));
        let columns: Vec<_> = columns.iter().map(read).collect();
        format!(
            "({}) {word} (select {} from unnest({}) as r({}))",
            columns.join(", "),
            parts.join(", "),
            lists.join(", "),
            names.join(", ")
        )
    }
}

/// The parts of a row as one text, no two rows as the same: quotes in parts are doubled, between parts is `',`.
fn joined(row: &[Value<'_>]) -> String {
    let parts: Vec<_> = row.iter().map(|value| value.to_string().replace('\'', "''")).collect();
    parts.join("',")
}

fn element(values: &str, key: usize) -> String {
    format!("{values}[{}]", key + 1)
}

/// The ranges in which the arrays of values lie for which a condition holds.
///
/// Arrays compare element by element, and under collation "C" text compares by bytes, so the least text above `v` is `v`
/// followed by the character 1: the arrays that begin with `v` are exactly those from `{v}` and below `{v\x01}`.
pub(super) fn array_ranges(tree: &Tree<Test>, keys: usize) -> Ranges<Vec<String>> {
    match tree {
        Tree::Any(parts) => Ranges::union(parts.iter().flat_map(|part| array_ranges(part, keys))).bounded(),
        Tree::All(parts) => conjunction(parts.iter(), keys),
        Tree::Test(_) => conjunction([tree].into_iter(), keys),
    }
}

fn conjunction<'a>(parts: impl Iterator<Item = &'a Tree<Test>>, keys: usize) -> Ranges<Vec<String>> {
    let mut by_key = vec![Ranges::everything(); keys];
    let mut others = Vec::new();
    for part in parts {
        match part {
            Tree::Test(Test::Rows { columns, rows, negated: false }) if rows.len() <= MAX_RANGES => {
                let row = |row: &Vec<Value<'static>>| {
                    let mut by_key = vec![Ranges::everything(); keys];
                    for ((key, class), value) in columns.iter().zip(row) {
                        by_key[*key] = by_key[*key].intersection(&compared(*class, Op::Eq, value));
                    }
                    composed(&by_key)
                };
                others.push(Ranges::union(rows.iter().flat_map(row)).bounded());
            }
            Tree::Test(Test::Rows { columns, rows, negated: false }) => {
                for (place, (key, class)) in columns.iter().enumerate() {
                    let values = rows.iter().map(|row| &row[place]);
                    by_key[*key] = by_key[*key].intersection(&listed(*class, values));
                }
            }
            Tree::Test(test) => {
                if let Test::Compare { column: (key, _), .. }
                | Test::OneOf { column: (key, _), .. }
                | Test::Like { column: (key, _), .. } = test
                {
                    by_key[*key] = by_key[*key].intersection(&text_ranges(test));
                }
            }
            other => others.push(array_ranges(other, keys)),
        }
    }
    others.iter().fold(composed(&by_key), |all, other| all.intersection(other).bounded())
}

/// The arrays whose elements lie in these ranges, or more where that would be too many ranges.
fn composed(by_key: &[Ranges<String>]) -> Ranges<Vec<String>> {
    let mut closed: Vec<Range<Vec<String>>> = Vec::new();
    // The beginnings of arrays all whose elements are known so far.
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    for ranges in by_key {
        if open.is_empty() || ranges.is_everything() || closed.len() + open.len() * ranges.iter().len() > MAX_RANGES {
            break;
        }
        let mut longer = Vec::new();
        for start in &open {
            for Range { low, high } in ranges.iter() {
                let with = |element: &String| start.iter().chain([element]).cloned().collect::<Vec<_>>();
                if high.as_ref() == Some(&successor(low)) {
                    longer.push(with(low));
                    continue;
                }
                let low = if low.is_empty() { start.clone() } else { with(low) };
                let high = high.as_ref().map(with).or_else(|| above(start));
                closed.push(Range { low, high });
            }
        }
        open = longer;
    }
    let open = open.into_iter().map(|start| Range { high: above(&start), low: start });
    Ranges::union(open.chain(closed))
}

/// The least array above all that begin so; none if all do.
fn above(start: &[String]) -> Option<Vec<String>> {
    let (last, before) = start.split_last()?;
    Some(before.iter().cloned().chain([successor(last)]).collect())
}

/// The least text above this one.
fn successor(text: &str) -> String {
    format!("{text}\u{1}")
}

/// The texts that begin with this one.
fn beginning(prefix: &str) -> Range<String> {
    let mut high = prefix.to_owned();
    let next = loop {
        // Behind the last character of all there is none, but behind the one before it.
        match high.pop() {
            None => break None,
            Some('\u{d7ff}') => break Some('\u{e000}'),
            Some(last) => {
                if let Some(next) = char::from_u32(last as u32 + 1) {
                    break Some(next);
                }
            }
        }
    };
    Range { low: prefix.to_owned(), high: next.map(|next| format!("{high}{next}")) }
}

/// The ranges in which the stored texts lie that pass the test.
fn text_ranges(test: &Test) -> Ranges<String> {
    match test {
        Test::Compare { column: (_, class), op, value } => compared(*class, *op, value),
        Test::OneOf { column: (_, class), values, negated: false } => listed(*class, values.iter()),
        Test::Like { pattern, negated: false, .. } if pattern.regular.is_none() => {
            let range = |glob: &super::pattern::Glob| match glob.exact() {
                Some(text) => Range { high: Some(successor(&text)), low: text },
                None => beginning(&glob.prefix()),
            };
            Ranges::union(pattern.globs.iter().map(range)).bounded()
        }
        _ => Ranges::everything(),
    }
}

fn listed<'a>(class: Class, values: impl ExactSizeIterator<Item = &'a Value<'static>>) -> Ranges<String> {
    let many = values.len() > MAX_RANGES;
    let ranges = values.flat_map(|value| compared(class, Op::Eq, value));
    if many { Ranges::around(ranges) } else { Ranges::union(ranges).bounded() }
}

fn compared(class: Class, op: Op, value: &Value<'_>) -> Ranges<String> {
    let between = |low: String, high: Option<String>| Ranges::of(low, high);
    match (class, value) {
        (Class::Text | Class::NonNull, Value::Text(text)) => match op {
            Op::Eq => between(text.to_string(), Some(successor(text))),
            Op::Ne => Ranges::everything(),
            Op::Lt => between(String::new(), Some(text.to_string())),
            Op::Le => between(String::new(), Some(successor(text))),
            Op::Gt => between(successor(text), None),
            Op::Ge => between(text.to_string(), None),
        },
        // Stored dates begin with the ten characters that are compared, stored timestamps with those of their date.
        (Class::Date | Class::Timestamp, Value::Text(text)) => {
            let Range { low, high } = beginning(&text[..10]);
            let whole_day = class == Class::Date;
            match op {
                Op::Eq => between(low, high),
                Op::Ne => Ranges::everything(),
                Op::Lt if whole_day => between(String::new(), Some(low)),
                Op::Lt | Op::Le => between(String::new(), high),
                Op::Gt if whole_day => between(high.unwrap_or_default(), None),
                Op::Gt | Op::Ge => between(low, None),
            }
        }
        (Class::Integer, Value::Number(number)) if op == Op::Eq && number.is_whole() => spellings(number),
        _ => Ranges::everything(),
    }
}

/// The texts that a whole number may be stored as: its digits, or with zeros or a sign before them.
fn spellings(number: &Number) -> Ranges<String> {
    let text = number.to_string();
    let padded: &[&str] = match text.as_bytes() {
        b"0" => &["+", "-", "0"],
        [b'-', ..] => &["-0"],
        _ => &["+", "0"],
    };
    let plain = Range { high: Some(successor(&text)), low: text };
    Ranges::union(padded.iter().map(|prefix| beginning(prefix)).chain([plain]))
}
