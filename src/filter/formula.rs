//! Conditions over partition keys as a query engine has them: a tree of typed constants, casts and three truth values.
//!
//! Where a filter lets the key's type decide how it compares, in a formula both sides do, as in Hive: a text key and a
//! number compare as numbers, a date and a timestamp as timestamps. A null partition is null: it meets no comparison, and
//! no negation of one. A stored value that is none of the type it is compared under is null too, and so leaves the
//! formula open, as [`Predicate::decides`] tells.
//!
//! Casts of a key are taken where the comparison under the cast is one of the stored text under some type. Numbers
//! compare as they are written, not as their type would round them.
//!
//! A condition that cannot be evaluated so leaves all partitions open, and [`Predicate::unevaluated`] names it; what is
//! said beside it counts all the same.

mod operand;

use std::cell::RefCell;
use std::fmt;

use self::operand::{Equality, Operand, Outlook, Side};
use super::lexer::Op;
use super::pattern::{LikeDialect, Pattern};
use super::predicate::{PartitionKey, Predicate, Test};
use super::tree::Tree;
use super::value::{Class, Value};
use super::{FilterError, MAX_DEPTH, excerpt};
use crate::model::partition_name::DEFAULT_PARTITION;

/// A condition, or an operand of one.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// A partition key by its name, in any case.
    Key(String),
    Literal(Literal),
    /// To a Hive type, such as `varchar(20)`.
    Cast(Box<Formula>, String),
    Compare(Box<Formula>, Op, Box<Formula>),
    /// `<=>`: equal, or both null.
    Same(Box<Formula>, Box<Formula>),
    /// The operands together are one of the rows, each of as many.
    In(Vec<Formula>, Vec<Vec<Formula>>),
    /// With the wildcards of SQL, escaped by a backslash.
    Like(Box<Formula>, String),
    IsNull(Box<Formula>),
    /// IS TRUE or IS FALSE.
    Is(Box<Formula>, bool),
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
    /// What cannot be evaluated, by a name for the caller.
    Opaque(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Boolean(bool),
    /// `[+-]digits[.digits][e[+-]digits]`
    Number(String),
    Text(String),
    /// `yyyy-mm-dd`
    Date(String),
    /// `yyyy-mm-dd hh:mm:ss[.fraction]`
    Timestamp(String),
}

impl Predicate {
    /// What a formula says of a table's partitions. It is refused where it names what is no key.
    pub fn of(formula: &Formula, keys: &[PartitionKey<'_>]) -> Result<Predicate, FilterError> {
        let scope = Scope { keys, unevaluated: RefCell::new(None) };
        let tree = scope.condition(formula, 0).map_err(FilterError::new)?;
        let tree = if tree == Tree::Test(Test::Constant(Some(true))) { Tree::All(Vec::new()) } else { tree };
        let mut predicate = Predicate::new(tree, keys)?;
        predicate.unevaluated = scope.unevaluated.into_inner();
        Ok(predicate)
    }
}

/// The error says why something cannot be evaluated.
type Meaning<T> = Result<T, Fault>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    /// The formula is not one over this table.
    Refused(String),
    /// It may hold or not.
    Open(String),
}

/// What names a long condition is cut.
fn open<T>(why: String) -> Meaning<T> {
    const LONGEST: usize = 300;
    Err(Fault::Open(match why.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &why[..end]),
        None => why,
    }))
}

struct Scope<'a> {
    keys: &'a [PartitionKey<'a>],
    /// The first condition that cannot be evaluated.
    unevaluated: RefCell<Option<String>>,
}

impl Scope<'_> {
    fn condition(&self, formula: &Formula, depth: usize) -> Result<Tree<Test>, String> {
        if depth > MAX_DEPTH {
            return Err(format!("The expression nests deeper than {MAX_DEPTH} levels"));
        }
        let inner = |formula: &Formula| self.condition(formula, depth + 1);
        let parts = |parts: &[Formula]| parts.iter().map(inner).collect::<Result<Vec<_>, _>>();
        match formula {
            Formula::All(of) => Ok(join(parts(of)?, true)),
            Formula::Any(of) => Ok(join(parts(of)?, false)),
            Formula::Not(part) => Ok(inner(part)?.negate(&Test::opposite)),
            test => self.test(test).or_else(|fault| match fault {
                Fault::Refused(why) => Err(why),
                Fault::Open(why) => {
                    self.unevaluated.borrow_mut().get_or_insert(why);
                    Ok(Tree::Test(Test::Open))
                }
            }),
        }
    }

    fn test(&self, formula: &Formula) -> Meaning<Tree<Test>> {
        Ok(match formula {
            Formula::All(_) | Formula::Any(_) | Formula::Not(_) => {
                return open(format!("{formula} is a condition, and stands where a value does"));
            }
            Formula::Opaque(name) => return open(format!("it uses {}", excerpt(name))),
            Formula::Literal(Literal::Boolean(truth)) => constant(Some(*truth)),
            Formula::Literal(Literal::Null) => constant(None),
            Formula::Compare(left, op, right) => self.compare(&self.side(left)?, *op, &self.side(right)?)?,
            Formula::Same(left, right) => self.same(left, right)?,
            Formula::In(operands, rows) => {
                let operands = operands.iter().map(|operand| self.side(operand)).collect::<Meaning<Vec<_>>>()?;
                let row = |row: &Vec<Formula>| self.row(&operands, row);
                let rows = join(rows.iter().map(row).collect::<Meaning<_>>()?, false);
                // Structs are equal or not, whatever in them is null.
                let mut parts = if operands.len() > 1 { not_null(&operands) } else { Vec::new() };
                parts.push(rows);
                join(parts, true)
            }
            Formula::Like(operand, pattern) => self.like(operand, pattern)?,
            Formula::IsNull(operand) => match self.side(operand)? {
                Side::Literal(literal) => constant(Some(literal == Literal::Null)),
                Side::Key(operand) => null(operand.nullable(formula)?, true),
            },
            Formula::Is(operand, truth) => match self.side(operand)? {
                Side::Literal(literal) => constant(Some(literal == Literal::Boolean(*truth))),
                Side::Key(operand) => {
                    let tree = operand.compare(Op::Eq, &Literal::Boolean(*truth))?;
                    Tree::all(vec![null(operand.nullable(formula)?, false), tree])
                }
            },
            Formula::Key(_) | Formula::Cast(..) => match self.side(formula)? {
                Side::Literal(Literal::Boolean(truth)) => constant(Some(truth)),
                Side::Literal(Literal::Null) => constant(None),
                Side::Key(operand) if operand.is_boolean() => operand.compare(Op::Eq, &Literal::Boolean(true))?,
                _ => return open(format!("{formula} is no condition")),
            },
            Formula::Literal(_) => return open(format!("{formula} is no condition")),
        })
    }

    fn compare(&self, left: &Side, op: Op, right: &Side) -> Meaning<Tree<Test>> {
        match (left, right) {
            (Side::Key(key), Side::Literal(literal)) => key.compare(op, literal),
            (Side::Literal(literal), Side::Key(key)) => key.compare(op.mirrored(), literal),
            (Side::Literal(left), Side::Literal(right)) => operand::fold(left, op, right).map(constant),
            (Side::Key(left), Side::Key(right)) => self.two_keys(left, right),
        }
    }

    fn two_keys<T>(&self, left: &Operand, right: &Operand) -> Meaning<T> {
        let name = |operand: &Operand| excerpt(self.keys[operand.key()].name);
        open(format!("it compares {} with {}", name(left), name(right)))
    }

    fn same(&self, left: &Formula, right: &Formula) -> Meaning<Tree<Test>> {
        match (self.side(left)?, self.side(right)?) {
            (Side::Key(key), Side::Literal(Literal::Null)) | (Side::Literal(Literal::Null), Side::Key(key)) => {
                Ok(null(key.nullable(left)?, true))
            }
            (Side::Key(key), Side::Literal(literal)) | (Side::Literal(literal), Side::Key(key)) => {
                let there = null(key.nullable(left)?, false);
                Ok(join(vec![there, key.compare(Op::Eq, &literal)?], true))
            }
            (Side::Literal(left), Side::Literal(right)) => Ok(constant(Some(left == right))),
            (Side::Key(left), Side::Key(right)) => self.two_keys(&left, &right),
        }
    }

    fn row(&self, operands: &[Side], row: &[Formula]) -> Meaning<Tree<Test>> {
        if operands.len() != row.len() {
            return open(format!("IN compares {} values with {}", operands.len(), row.len()));
        }
        let equal = |(operand, value): (&Side, &Formula)| match (operand, self.side(value)?) {
            (Side::Key(key), Side::Literal(Literal::Number(text))) if operands.len() == 1 => key.listed(&text),
            (operand, value) => self.compare(operand, Op::Eq, &value),
        };
        let parts = operands.iter().zip(row).map(equal).collect::<Meaning<_>>()?;
        Ok(join(parts, true))
    }

    fn like(&self, operand: &Formula, pattern: &str) -> Meaning<Tree<Test>> {
        match self.side(operand)? {
            Side::Key(key) => Ok(Tree::Test(Test::Like {
                column: key.text(operand)?,
                pattern: Pattern::like(pattern, LikeDialect::Sql),
                negated: false,
            })),
            Side::Literal(Literal::Null) => Ok(constant(None)),
            Side::Literal(Literal::Text(text)) => {
                Ok(constant(Some(Pattern::like(pattern, LikeDialect::Sql).matches(&text))))
            }
            Side::Literal(_) => open(format!("LIKE looks at text, and {operand} is none")),
        }
    }

    /// A key with its casts, or a constant with them done.
    fn side(&self, formula: &Formula) -> Meaning<Side> {
        let mut casts = Vec::new();
        let mut inner = formula;
        while let Formula::Cast(operand, to) = inner {
            casts.push(to);
            inner = operand;
        }
        let mut side = match inner {
            Formula::Key(name) => Side::Key(self.key(name)?),
            Formula::Literal(literal) => Side::Literal(literal.clone()),
            Formula::Opaque(name) => return open(format!("it uses {}", excerpt(name))),
            _ => return open(format!("{inner} is a condition, and is compared as a value")),
        };
        for to in casts.into_iter().rev() {
            let outlook = Outlook::of(to);
            side = match side {
                Side::Key(key) => key.cast(outlook).map(Side::Key),
                Side::Literal(literal) => operand::cast(literal, outlook).map(Side::Literal),
            }
            .ok_or_else(|| Fault::Open(format!("{formula} is not told by stored values")))?;
        }
        Ok(side)
    }

    fn key(&self, name: &str) -> Meaning<Operand> {
        let folded = name.to_lowercase();
        match self.keys.iter().position(|key| key.name.to_lowercase() == folded) {
            Some(key) => Ok(Operand::new(key, self.keys[key].type_name)),
            None => Err(Fault::Refused(format!("{} is not a partition key of the table", excerpt(name)))),
        }
    }
}

fn not_null(operands: &[Side]) -> Vec<Tree<Test>> {
    let each = |operand: &Side| match operand {
        Side::Key(key) => null(key.key(), false),
        Side::Literal(literal) => constant(Some(*literal != Literal::Null)),
    };
    operands.iter().map(each).collect()
}

fn constant(truth: Option<bool>) -> Tree<Test> {
    Tree::Test(Test::Constant(truth))
}

/// AND or OR; with no parts the one always holds and the other never.
fn join(parts: Vec<Tree<Test>>, and: bool) -> Tree<Test> {
    match (parts.is_empty(), and) {
        (true, and) => constant(Some(and)),
        (false, true) => Tree::all(parts),
        (false, false) => Tree::any(parts),
    }
}

/// The key is null, or is not.
fn null(key: usize, is: bool) -> Tree<Test> {
    let op = if is { Op::Eq } else { Op::Ne };
    Tree::Test(Test::Compare { column: (key, Class::Text), op, value: Value::Text(DEFAULT_PARTITION.into()) })
}

impl Equality {
    fn into_tree(self, op: Op) -> Tree<Test> {
        match self {
            Equality::To(column, value) => Tree::Test(Test::Compare { column, op, value }),
            Equality::ToBeginning(column, text) => {
                let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
                let pattern = Pattern::like(&format!("{escaped}%"), LikeDialect::Sql);
                Tree::Test(Test::Like { column, pattern, negated: op == Op::Ne })
            }
            Equality::ToNull => constant(None),
        }
    }
}

impl Operand {
    fn compare(&self, op: Op, literal: &Literal) -> Meaning<Tree<Test>> {
        if matches!(literal, Literal::Text(text) if text == DEFAULT_PARTITION) {
            match op {
                Op::Eq => return Ok(null(self.key(), true)),
                Op::Ne => return Ok(null(self.key(), false)),
                _ => {}
            }
        }
        Ok(self.equality(op, literal)?.into_tree(op))
    }

    /// In a list, whole numbers are compared with a text key as text, where `=` compares numbers.
    fn listed(&self, number: &str) -> Meaning<Tree<Test>> {
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let literal = if plain && self.is_text() { Literal::Text } else { Literal::Number };
        self.compare(Op::Eq, &literal(number.to_owned()))
    }
}

/// As in HiveQL, for messages; long lists and texts are cut.
impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Formula::Key(name) => f.write_str(&excerpt(name)),
            Formula::Literal(literal) => literal.fmt(f),
            Formula::Cast(operand, to) => write!(f, "cast({operand} as {to})"),
            Formula::Compare(left, op, right) => write!(f, "{left} {} {right}", op.as_str()),
            Formula::Same(left, right) => write!(f, "{left} <=> {right}"),
            Formula::In(operands, _) => {
                let names: Vec<_> = operands.iter().take(4).map(ToString::to_string).collect();
                write!(f, "({}) in (…)", names.join(", "))
            }
            Formula::Like(operand, pattern) => write!(f, "{operand} like '{}'", excerpt(pattern)),
            Formula::IsNull(operand) => write!(f, "{operand} is null"),
            Formula::Is(operand, truth) => write!(f, "{operand} is {truth}"),
            Formula::Not(_) => f.write_str("not (…)"),
            Formula::All(_) => f.write_str("(… and …)"),
            Formula::Any(_) => f.write_str("(… or …)"),
            Formula::Opaque(name) => f.write_str(&excerpt(name)),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("null"),
            Literal::Boolean(truth) => truth.fmt(f),
            Literal::Number(text) => f.write_str(&excerpt(text)),
            Literal::Text(text) => write!(f, "'{}'", excerpt(text)),
            Literal::Date(text) => write!(f, "date '{}'", excerpt(text)),
            Literal::Timestamp(text) => write!(f, "timestamp '{}'", excerpt(text)),
        }
    }
}
