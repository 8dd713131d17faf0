//! Conditions on the values of a partition.

use std::collections::BTreeMap;
use std::fmt;

use super::lexer::{Dialect, Op};
use super::parser::{self, Scope};
use super::pattern::{LikeDialect, Pattern};
use super::tree::Tree;
use super::value::{Class, Constant, Value};
use super::{FilterError, MAX_CONDITIONS, excerpt};
use crate::model::partition_name::DEFAULT_PARTITION;

/// A partition key of a table: its name, and its Hive type as in the table's schema, such as `varchar(20)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionKey<'a> {
    pub name: &'a str,
    pub type_name: &'a str,
}

/// A condition on the values of a partition. Its `Display` is a filter that parses to the same predicate, but for what
/// only a [`Formula`](super::Formula) can say.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicate {
    pub(super) keys: Vec<String>,
    pub(super) tree: Tree<Test>,
    /// The condition of a formula that leaves all partitions open.
    pub(super) unevaluated: Option<String>,
}

/// How a key, by its place among the partition keys from 0, is looked at.
pub type Column = (usize, Class);

#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Compare {
        column: Column,
        op: Op,
        value: Value<'static>,
    },
    /// The values are in order, without duplicates.
    OneOf {
        column: Column,
        values: Vec<Value<'static>>,
        negated: bool,
    },
    Like {
        column: Column,
        pattern: Pattern,
        negated: bool,
    },
    /// Several keys together are one of the rows, which are in order, without duplicates. Negated, each row must
    /// differ in a key that has a value.
    Rows {
        columns: Vec<Column>,
        rows: Vec<Vec<Value<'static>>>,
        negated: bool,
    },
    /// The same for all partitions; None is null.
    Constant(Option<bool>),
    /// What cannot be evaluated: it may hold, or not.
    Open,
}

impl Predicate {
    /// Reads a filter of Hive's grammar over a table's partition keys. A blank filter holds for all.
    pub fn parse(text: &str, keys: &[PartitionKey<'_>], like: LikeDialect) -> Result<Predicate, FilterError> {
        Predicate::new(parser::parse(text, Dialect::Hive, &Keys { keys, like })?, keys)
    }

    pub(super) fn new(tree: Tree<Test>, keys: &[PartitionKey<'_>]) -> Result<Predicate, FilterError> {
        let tree = simplify(tree);
        // Rows that must all differ are compared one by one.
        let conditions = tree.size(&|test| match test {
            Test::Rows { rows, negated: true, .. } => rows.len(),
            _ => 1,
        });
        if conditions > MAX_CONDITIONS {
            return Err(FilterError::new(format!(
                "The filter has {conditions} conditions, and at most {MAX_CONDITIONS} are taken; lists of values belong into IN"
            )));
        }
        Ok(Predicate { keys: keys.iter().map(|key| key.name.to_owned()).collect(), tree, unevaluated: None })
    }

    /// Whether the predicate holds for all partitions, being that of a blank filter.
    pub fn is_all(&self) -> bool {
        self.tree == Tree::All(Vec::new())
    }

    /// What of a formula cannot be evaluated, as a clause for the caller.
    pub fn unevaluated(&self) -> Option<&str> {
        self.unevaluated.as_deref()
    }

    /// Whether the predicate holds for a partition with these values, one for each key.
    pub fn matches<V: AsRef<str>>(&self, values: &[V]) -> bool {
        let stored = |key: usize| values.get(key).map(AsRef::as_ref);
        self.tree.decides(&|test| test.decides(&stored)) == Some(true)
    }

    /// Whether the predicate holds, in the three truth values of SQL: None where a null, or a value that is none of its
    /// type, or what cannot be evaluated leaves it open.
    pub fn decides<V: AsRef<str>>(&self, values: &[V]) -> Option<bool> {
        let stored = |key: usize| values.get(key).map(AsRef::as_ref);
        self.tree.decides(&|test| test.decides(&stored))
    }

    /// Whether the predicate may hold: where it does, or is left open by more than a null.
    pub fn may_match<V: AsRef<str>>(&self, values: &[V]) -> bool {
        let stored = |key: usize| values.get(key).map(AsRef::as_ref);
        let most = |test: &Test| if *test == Test::Open { Some(true) } else { test.decides(&stored) };
        self.tree.decides(&most).unwrap_or_else(|| values.iter().all(|value| value.as_ref() != DEFAULT_PARTITION))
    }
}

impl Test {
    fn decides<'v>(&self, stored: &impl Fn(usize) -> Option<&'v str>) -> Option<bool> {
        let read = |(key, class): Column| stored(key).and_then(|text| class.read(text));
        match self {
            Test::Compare { column, op, value } => read(*column).map(|stored| op.holds(&stored, value)),
            Test::OneOf { column, values, negated } => {
                read(*column).map(|stored| values.as_slice().binary_search(&stored).is_ok() != *negated)
            }
            Test::Like { column: (key, class), pattern, negated } => {
                let text = stored(*key).filter(|text| class.read(text).is_some());
                text.map(|text| pattern.matches(text) != *negated)
            }
            Test::Rows { columns, rows, negated } => {
                let stored: Vec<_> = columns.iter().map(|column| read(*column)).collect();
                let equal = match stored.iter().cloned().collect::<Option<Vec<_>>>() {
                    Some(row) => Some(rows.as_slice().binary_search(&row).is_ok()),
                    None => {
                        let differs = |row: &Vec<Value<'_>>| {
                            stored.iter().zip(row).any(|(stored, value)| stored.as_ref().is_some_and(|s| s != value))
                        };
                        rows.iter().all(differs).then_some(false)
                    }
                };
                equal.map(|equal| equal != *negated)
            }
            Test::Constant(truth) => *truth,
            Test::Open => None,
        }
    }

    pub(super) fn opposite(self) -> Test {
        match self {
            Test::Compare { column, op, value } => Test::Compare { column, op: op.opposite(), value },
            Test::OneOf { column, values, negated } => Test::OneOf { column, values, negated: !negated },
            Test::Like { column, pattern, negated } => Test::Like { column, pattern, negated: !negated },
            Test::Rows { columns, rows, negated } => Test::Rows { columns, rows, negated: !negated },
            Test::Constant(truth) => Test::Constant(truth.map(|truth| !truth)),
            Test::Open => Test::Open,
        }
    }

    /// The key is one of the values, each looked at under its class: the null partition is looked for as text.
    pub(super) fn one_of_classes(key: usize, values: Vec<(Class, Value<'static>)>) -> Tree<Test> {
        let mut by_class: BTreeMap<Class, Vec<_>> = BTreeMap::new();
        for (class, value) in values {
            by_class.entry(class).or_default().push(value);
        }
        let tests = by_class.into_iter().map(|(class, values)| Tree::Test(Test::one_of((key, class), values, false)));
        Tree::any(tests.collect())
    }

    fn one_of(column: Column, mut values: Vec<Value<'static>>, negated: bool) -> Test {
        values.sort_unstable();
        values.dedup();
        match (values.pop(), negated) {
            (Some(value), negated) if values.is_empty() => {
                Test::Compare { column, op: if negated { Op::Ne } else { Op::Eq }, value }
            }
            (last, negated) => {
                values.extend(last);
                Test::OneOf { column, values, negated }
            }
        }
    }

    fn rows(columns: Vec<Column>, mut rows: Vec<Vec<Value<'static>>>) -> Test {
        rows.sort_unstable();
        rows.dedup();
        Test::Rows { columns, rows, negated: false }
    }
}

/// The partition keys, for the parser.
struct Keys<'a> {
    keys: &'a [PartitionKey<'a>],
    like: LikeDialect,
}

impl Scope for Keys<'_> {
    type Key = usize;
    type Value = (Class, Value<'static>);
    type Test = Test;

    fn key(&self, name: &str) -> Result<usize, String> {
        let folded = name.to_lowercase();
        self.keys.iter().position(|key| key.name.to_lowercase() == folded).ok_or_else(|| {
            let name = excerpt(name);
            let names: Vec<_> = self.keys.iter().map(|key| key.name).collect();
            match names.as_slice() {
                [] => format!("Specified key <{name}> is not a partitioning key for the table, which has none"),
                names => format!(
                    "Specified key <{name}> is not a partitioning key for the table; its keys are {}",
                    names.join(", ")
                ),
            }
        })
    }

    fn value(&self, key: &usize, constant: Constant<'_>) -> Result<(Class, Value<'static>), String> {
        let PartitionKey { name, type_name } = self.keys[*key];
        constant.under(Class::of(type_name)).map_err(|takes| {
            // The first words are those of Hive, which clients look for.
            format!(
                "Filtering is supported only on partition keys of type string for values such as '{}': key {name} is \
                 of type {} and takes {takes}",
                excerpt(constant.text()),
                excerpt(type_name)
            )
        })
    }

    fn compare(&self, key: usize, op: Op, (class, value): Self::Value) -> Result<Tree<Test>, String> {
        Ok(Tree::Test(Test::Compare { column: (key, class), op, value }))
    }

    fn one_of(&self, key: usize, values: Vec<Self::Value>) -> Result<Tree<Test>, String> {
        Ok(Test::one_of_classes(key, values))
    }

    fn like(&self, key: usize, pattern: &str) -> Result<Tree<Test>, String> {
        Ok(Tree::Test(Test::Like {
            column: (key, Class::Text),
            pattern: Pattern::like(pattern, self.like),
            negated: false,
        }))
    }

    fn rows(&self, keys: Vec<usize>, rows: Vec<Vec<Self::Value>>) -> Result<Tree<Test>, String> {
        // The null partition is looked for as text, whatever the key, so rows may differ in the classes of a key.
        let mut by_classes: BTreeMap<Vec<Class>, Vec<_>> = BTreeMap::new();
        for row in rows {
            let (classes, values) = row.into_iter().unzip();
            by_classes.entry(classes).or_default().push(values);
        }
        let tests = by_classes.into_iter().map(|(classes, rows)| {
            let columns = keys.iter().copied().zip(classes).collect();
            Tree::Test(Test::rows(columns, rows))
        });
        Ok(Tree::any(tests.collect()))
    }

    fn opposite(&self, test: Test) -> Test {
        test.opposite()
    }
}

/// Joins what one test can say: `k = 1 or k = 2` is a list, `k <> 1 and k <> 2` the negation of one, and
/// `(a = 1 and b = 2) or (a = 1 and b = 3)` are rows. Clients write long lists so.
fn simplify(tree: Tree<Test>) -> Tree<Test> {
    let (parts, negated) = match tree {
        Tree::Test(test) => return Tree::Test(test),
        Tree::All(parts) => (parts, true),
        Tree::Any(parts) => (parts, false),
    };
    let mut lists: BTreeMap<Column, Vec<Value<'static>>> = BTreeMap::new();
    let mut tables: BTreeMap<Vec<Column>, Vec<Vec<Value<'static>>>> = BTreeMap::new();
    let mut others = Vec::new();
    let listed = if negated { Op::Ne } else { Op::Eq };
    for part in parts {
        match simplify(part) {
            Tree::Test(Test::Compare { column, op, value }) if op == listed => {
                lists.entry(column).or_default().push(value);
            }
            Tree::Test(Test::OneOf { column, values, negated: n }) if n == negated => {
                lists.entry(column).or_default().extend(values);
            }
            Tree::Test(Test::Rows { columns, rows, negated: false }) if !negated => {
                tables.entry(columns).or_default().extend(rows);
            }
            Tree::All(conditions) if !negated => match row(&conditions) {
                Some((columns, row)) => tables.entry(columns).or_default().push(row),
                None => others.push(Tree::All(conditions)),
            },
            other => others.push(other),
        }
    }
    let lists = lists.into_iter().map(|(column, values)| Tree::Test(Test::one_of(column, values, negated)));
    let tables = tables.into_iter().map(|(columns, rows)| Tree::Test(Test::rows(columns, rows)));
    let mut parts: Vec<_> = lists.chain(tables).chain(others).collect();
    // Those that cost least first, for the others need not be looked at then.
    parts.sort_by_key(|part| match part {
        Tree::Test(Test::Compare { column: (_, Class::Text), .. }) => 0,
        Tree::Test(Test::OneOf { column: (_, Class::Text), .. }) => 1,
        Tree::Test(_) => 2,
        Tree::All(_) | Tree::Any(_) => 3,
    });
    if negated { Tree::all(parts) } else { Tree::any(parts) }
}

/// The equalities as one row, if they are nothing else and of different keys, as [`simplify`] leaves them: in order.
fn row(conditions: &[Tree<Test>]) -> Option<(Vec<Column>, Vec<Value<'static>>)> {
    let mut columns: BTreeMap<usize, (Class, &Value<'static>)> = BTreeMap::new();
    for condition in conditions {
        let Tree::Test(Test::Compare { column: (key, class), op: Op::Eq, value }) = condition else { return None };
        if columns.insert(*key, (*class, value)).is_some() {
            return None;
        }
    }
    let row = columns.into_iter().map(|(key, (class, value))| ((key, class), value.clone()));
    (conditions.len() > 1).then(|| row.unzip())
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.tree.write(&mut out, &mut |test, out| self.write_test(test, out));
        f.write_str(&out)
    }
}

impl Predicate {
    fn write_test(&self, test: &Test, out: &mut String) {
        let name = |key: usize| identifier(&self.keys[key]);
        let list = |row: &[Value<'_>]| row.iter().map(constant).collect::<Vec<_>>().join(", ");
        let not = |negated: &bool| if *negated { "not " } else { "" };
        *out += &match test {
            Test::Compare { column: (key, _), op, value } => {
                format!("{} {} {}", name(*key), op.as_str(), constant(value))
            }
            Test::OneOf { column: (key, _), values, negated } => {
                format!("({}) {}in ({})", name(*key), not(negated), list(values))
            }
            Test::Like { column: (key, _), pattern, negated } => {
                format!("{} {}like {}", name(*key), not(negated), quoted(pattern.source()))
            }
            Test::Rows { columns, rows, negated } => {
                let keys: Vec<_> = columns.iter().map(|(key, _)| name(*key)).collect();
                let rows: Vec<_> = rows.iter().map(|row| format!("const struct({})", list(row))).collect();
                format!("(struct({})) {}in ({})", keys.join(", "), not(negated), rows.join(", "))
            }
            Test::Constant(truth) => truth.map_or("null", |truth| if truth { "true" } else { "false" }).to_owned(),
            Test::Open => "unknown".to_owned(),
        };
    }
}

fn identifier(name: &str) -> String {
    const KEYWORDS: [&str; 9] = ["and", "or", "not", "in", "like", "between", "is", "struct", "const"];
    let word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if word && name.starts_with(|c: char| !c.is_ascii_digit()) && !KEYWORDS.contains(&name.to_lowercase().as_str()) {
        name.to_owned()
    } else {
        format!("`{}`", name.replace('`', "``"))
    }
}

fn constant(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
    }
}

/// Text in the kind of quotes that can hold it: a backslash before the closing kind would be taken for an escape. A
/// text that needs both kinds cannot have been read from a filter.
fn quoted(text: &str) -> String {
    let holds = |quote: char| {
        let mut backslashes = 0;
        for c in text.chars().chain([quote]) {
            if c == quote && backslashes % 2 == 1 {
                return false;
            }
            backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        }
        true
    };
    let quote = if holds('\'') { '\'' } else { '"' };
    format!("{quote}{}{quote}", text.replace(quote, &format!("\\{quote}")))
}
