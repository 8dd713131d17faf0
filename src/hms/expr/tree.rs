//! What the objects of an expression mean.

use std::cell::Cell;

use chrono::{NaiveDate, TimeDelta};

use super::classes::Role;
use super::graph::{Graph, Object, Value};
use super::{MAX_EXPRESSION_BYTES, MAX_OBJECTS, Result, malformed};
use crate::filter::{Formula, Literal, MAX_DEPTH, Op};

pub fn formula(graph: &Graph) -> Result<Formula> {
    Ok(Tree { graph, nodes: Cell::new(0), texts: Cell::new(0) }.node(graph.root, 0)?.formula())
}

struct Tree<'a> {
    graph: &'a Graph,
    /// Read so far. An object may be the child of many, and they multiply.
    nodes: Cell<usize>,
    /// Bytes of text taken so far, which multiply likewise.
    texts: Cell<usize>,
}

/// What an expression is to the one that it is in.
enum Node {
    Formula(Formula),
    /// A struct, which only IN takes.
    Row(Vec<Formula>),
}

impl Node {
    fn formula(self) -> Formula {
        match self {
            Node::Formula(formula) => formula,
            Node::Row(_) => Formula::Opaque("a struct outside of IN".to_owned()),
        }
    }

    fn row(self) -> Vec<Formula> {
        match self {
            Node::Formula(formula) => vec![formula],
            Node::Row(row) => row,
        }
    }
}

impl Tree<'_> {
    fn node(&self, value: Value, depth: usize) -> Result<Node> {
        self.count()?;
        if depth > MAX_DEPTH {
            return malformed(format!("it nests deeper than {MAX_DEPTH} levels"));
        }
        match self.graph.instance(value) {
            Some((Role::Function, _, [children, operator, _, of])) => {
                let Some(children) = self.graph.list(*children) else {
                    return malformed("a function in it has no list of children");
                };
                let mut arguments = Vec::new();
                for child in children {
                    arguments.push(self.node(*child, depth + 1)?);
                }
                self.function(arguments, *operator, *of)
            }
            Some((role, _, fields)) => self.leaf(role, fields),
            None => malformed("a part of it is no expression"),
        }
    }

    fn leaf(&self, role: Role, fields: &[Value]) -> Result<Node> {
        match (role, fields) {
            (Role::Column, [column, ..]) => match self.text(*column)? {
                Some(name) => Ok(Node::Formula(Formula::Key(name.to_owned()))),
                None => malformed("a column in it has no name"),
            },
            (Role::Constant, [_, constant]) => match self.graph.list(*constant) {
                Some(values) => values.iter().map(|value| self.constant(*value)).collect::<Result<_>>().map(Node::Row),
                None => self.constant(*constant).map(Node::Formula),
            },
            _ => malformed("a part of it is no expression"),
        }
    }

    fn function(&self, mut arguments: Vec<Node>, operator: Value, of: Value) -> Result<Node> {
        let name = self.name(operator)?;
        if name == "In" && !arguments.is_empty() {
            let operand = arguments.remove(0).row();
            let rows = arguments.into_iter().map(Node::row).collect();
            return Ok(Node::Formula(Formula::In(operand, rows)));
        }
        let arguments: Vec<_> = arguments.into_iter().map(Node::formula).collect();
        Ok(Node::Formula(match name {
            "Struct" => return Ok(Node::Row(arguments)),
            "OPAnd" => Formula::All(arguments),
            "OPOr" => Formula::Any(arguments),
            name => match <[Formula; 1]>::try_from(arguments) {
                Ok([argument]) => self.of_one(name, argument, of)?,
                Err(arguments) => of_more(name, arguments),
            },
        }))
    }

    /// The name of a function, without what all begin with; of one that Hive wraps, the same or its name in HiveQL.
    fn name(&self, operator: Value) -> Result<&str> {
        match self.graph.instance(operator) {
            Some((Role::Operator, class, _)) => Ok(class.strip_prefix("GenericUDF").unwrap_or(class)),
            Some((Role::Bridge, class, [_, wrapped, name])) => {
                let wrapped = self.text(*wrapped)?.unwrap_or_default();
                Ok(match wrapped.strip_prefix("org.apache.hadoop.hive.ql.udf.UDF") {
                    Some("Like") => "Like",
                    Some(
                        "ToBoolean" | "ToByte" | "ToShort" | "ToInteger" | "ToLong" | "ToFloat" | "ToDouble"
                        | "ToString",
                    ) => "ToString",
                    _ => self.text(*name)?.unwrap_or(class),
                })
            }
            _ => malformed("a function in it is of no class"),
        }
    }

    fn of_one(&self, name: &str, argument: Formula, of: Value) -> Result<Formula> {
        Ok(match name {
            "OPNot" => not(argument),
            "OPNull" => Formula::IsNull(Box::new(argument)),
            "OPNotNull" => not(Formula::IsNull(Box::new(argument))),
            "OPTrue" => Formula::Is(Box::new(argument), true),
            "OPFalse" => Formula::Is(Box::new(argument), false),
            "OPNotTrue" => not(Formula::Is(Box::new(argument), true)),
            "OPNotFalse" => not(Formula::Is(Box::new(argument), false)),
            "OPPositive" => argument,
            "OPNegative" => match argument {
                Formula::Literal(Literal::Number(text)) => Formula::Literal(Literal::Number(negated(&text))),
                _ => Formula::Opaque("the negative of what is no constant".to_owned()),
            },
            // It gives text in releases before 2.1.
            "Date" => {
                let date = Formula::Cast(Box::new(argument), "date".to_owned());
                match self.type_name(of)? {
                    Some(to) => Formula::Cast(Box::new(date), to),
                    None => date,
                }
            }
            "ToString" | "ToDate" | "Timestamp" | "ToDecimal" | "ToChar" | "ToVarchar" => match self.type_name(of)? {
                Some(to) => Formula::Cast(Box::new(argument), to),
                None => return malformed("a cast in it has no type"),
            },
            name => Formula::Opaque(name.to_owned()),
        })
    }

    fn count(&self) -> Result<()> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > MAX_OBJECTS {
            return malformed(format!("it holds more than {MAX_OBJECTS} objects"));
        }
        Ok(())
    }

    fn constant(&self, value: Value) -> Result<Formula> {
        self.count()?;
        let place = match value {
            Value::Null => return Ok(Formula::Literal(Literal::Null)),
            Value::Boolean(truth) => return Ok(Formula::Literal(Literal::Boolean(truth))),
            Value::Integer(number) => return Ok(Formula::Literal(Literal::Number(number.to_string()))),
            Value::Float(number) if number.is_finite() => return Ok(float(format!("{number:e}"))),
            Value::Double(number) if number.is_finite() => return Ok(float(format!("{number:e}"))),
            Value::Float(_) | Value::Double(_) => return Ok(Formula::Opaque("a number that is none".to_owned())),
            Value::Object(place) => place,
        };
        let text = |value: Option<&Value>| match value {
            Some(value) => Ok(self.text(*value)?.map(str::to_owned)),
            None => Ok(None),
        };
        let literal = match &self.graph.objects[place] {
            Object::Text(_) => text(Some(&value))?.map(Literal::Text),
            Object::JavaDate(midnight) => day(*midnight).map(Literal::Date),
            Object::Instance { role: Role::Date, fields, .. } => text(fields.first())?.map(Literal::Date),
            Object::Instance { role: Role::Timestamp, fields, .. } => text(fields.first())?.map(Literal::Timestamp),
            Object::Instance { role: Role::Characters, fields, .. } => text(fields.first())?.map(Literal::Text),
            Object::Instance { role: Role::Decimal, fields, .. } => decimal(fields).map(Literal::Number),
            Object::JavaTimestamp => {
                return Ok(Formula::Opaque("a timestamp in the client's time zone".to_owned()));
            }
            _ => return Ok(Formula::Opaque("a constant of a type that no partition key has".to_owned())),
        };
        match literal {
            Some(literal) => Ok(Formula::Literal(literal)),
            None => malformed("a constant in it has no value"),
        }
    }

    /// The type as a schema writes it.
    fn type_name(&self, value: Value) -> Result<Option<String>> {
        let Some((Role::Type, _, fields)) = self.graph.instance(value) else { return Ok(None) };
        let (parameters, name) = match fields {
            [name] => (String::new(), name),
            [Value::Integer(length), name] => (format!("({length})"), name),
            [Value::Integer(precision), Value::Integer(scale), name] => (format!("({precision},{scale})"), name),
            _ => return Ok(None),
        };
        Ok(self.text(*name)?.map(|name| format!("{name}{parameters}")))
    }

    /// The text that a value is, if it is one.
    fn text(&self, value: Value) -> Result<Option<&str>> {
        let text = self.graph.text(value);
        self.texts.set(self.texts.get() + text.map_or(0, str::len));
        if self.texts.get() > MAX_EXPRESSION_BYTES {
            return malformed(format!(
                "its texts, each time that it refers to them, come to more than {MAX_EXPRESSION_BYTES} bytes"
            ));
        }
        Ok(text)
    }
}

/// A function of two arguments or more, or of none.
fn of_more(name: &str, arguments: Vec<Formula>) -> Formula {
    let opaque = |what: &str| Formula::Opaque(what.to_owned());
    let compare = |left, op, right| Formula::Compare(Box::new(left), op, Box::new(right));
    let arguments = match <[Formula; 2]>::try_from(arguments) {
        Ok([left, right]) => {
            return match name {
                "OPEqual" => compare(left, Op::Eq, right),
                "OPNotEqual" => compare(left, Op::Ne, right),
                "OPLessThan" => compare(left, Op::Lt, right),
                "OPEqualOrLessThan" => compare(left, Op::Le, right),
                "OPGreaterThan" => compare(left, Op::Gt, right),
                "OPEqualOrGreaterThan" => compare(left, Op::Ge, right),
                "OPEqualNS" => Formula::Same(Box::new(left), Box::new(right)),
                "OPNotEqualNS" => not(Formula::Same(Box::new(left), Box::new(right))),
                "Like" => match right {
                    Formula::Literal(Literal::Text(pattern)) => Formula::Like(Box::new(left), pattern),
                    _ => opaque("LIKE with a pattern that is no constant"),
                },
                name => opaque(name),
            };
        }
        Err(arguments) => arguments,
    };
    match (name, <[Formula; 4]>::try_from(arguments)) {
        ("Between", Ok([Formula::Literal(Literal::Boolean(inverted)), operand, low, high])) => {
            between(inverted, operand, low, high)
        }
        (name, _) => opaque(name),
    }
}

pub(super) fn between(inverted: bool, operand: Formula, low: Formula, high: Formula) -> Formula {
    let mut inner = &operand;
    while let Formula::Cast(of, _) = inner {
        inner = of;
    }
    if !matches!(inner, Formula::Key(_) | Formula::Literal(_)) {
        // It would be there twice, and what is in it four times.
        return Formula::Opaque("BETWEEN of a condition".to_owned());
    }
    let compare = |left, op, right| Formula::Compare(Box::new(left), op, Box::new(right));
    let within = Formula::All(vec![compare(operand.clone(), Op::Ge, low), compare(operand, Op::Le, high)]);
    if inverted { not(within) } else { within }
}

fn not(formula: Formula) -> Formula {
    Formula::Not(Box::new(formula))
}

fn float(number: String) -> Formula {
    Formula::Literal(Literal::Number(number))
}

fn negated(number: &str) -> String {
    match number.strip_prefix('-') {
        Some(positive) => positive.to_owned(),
        None => format!("-{number}"),
    }
}

/// Sixteen digits in each of three numbers, the lowest first, then the digits before the point, those after it, those
/// after it when written, and the sign.
fn decimal(fields: &[Value]) -> Option<String> {
    let [
        Value::Integer(low),
        Value::Integer(middle),
        Value::Integer(high),
        _,
        Value::Integer(scale),
        _,
        Value::Integer(sign),
    ] = fields
    else {
        return None;
    };
    let digits = format!("{high:016}{middle:016}{low:016}");
    let scale = usize::try_from(*scale).ok().filter(|scale| *scale <= digits.len())?;
    if digits.len() != 48 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if *sign < 0 { "-" } else { "" };
    Some(format!("{sign}{whole}.{fraction}"))
}

/// The day that begins at this moment, in milliseconds since 1970, where the client is: up to ten hours after it begins
/// in Greenwich, as far west as Hawaii, or less than fourteen before. Those few beyond cannot be told from these.
fn day(midnight: i64) -> Option<String> {
    const HOUR: i64 = 3_600_000;
    let days = midnight.saturating_add(14 * HOUR - 1).div_euclid(24 * HOUR);
    let date = TimeDelta::try_days(days).and_then(|days| NaiveDate::default().checked_add_signed(days));
    date.map(|date| date.to_string())
}
