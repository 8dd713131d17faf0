//! Expressions over the properties of a scope: a part of JEXL, in which clients of Hive write them.
//!
//! Values are texts. One that is a number, `true` or `false` counts as that, and one that is a JSON object can be looked
//! into by a path. What is not there is null: no comparison with it is true but `== null` and `!=`.

use std::cmp::Ordering;

use regex::Regex;
use serde_json::{Map, Value};

use super::parser::Parser;
use crate::error::Result;
use crate::model::Parameters;

#[derive(Debug, Clone)]
pub enum Expression {
    Literal(Value),
    /// A property, and a way into it.
    Path(Vec<String>),
    Not(Box<Expression>),
    /// All are true.
    And(Vec<Expression>),
    /// Any is true.
    Or(Vec<Expression>),
    Compare(Box<Expression>, Operator, Box<Expression>),
    Matches(Box<Expression>, Regex),
    Object(Vec<(String, Expression)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    StartsWith,
    EndsWith,
}

impl Expression {
    pub fn parse(text: &str) -> Result<Self> {
        Parser::parse(text)
    }

    pub fn is_true(&self, properties: &Parameters) -> bool {
        self.value(properties) == Value::Bool(true)
    }

    /// The properties that the expression makes, where it makes an object.
    pub fn object(&self, properties: &Parameters) -> Parameters {
        let Value::Object(made) = self.value(properties) else {
            return Parameters::new();
        };
        made.into_iter()
            .filter_map(|(key, value)| match value {
                Value::Null => None,
                Value::String(text) => Some((key, text)),
                other => Some((key, other.to_string())),
            })
            .collect()
    }

    fn value(&self, properties: &Parameters) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Path(path) => find(path, properties),
            Self::Not(inner) => Value::Bool(!inner.is_true(properties)),
            Self::And(all) => Value::Bool(all.iter().all(|one| one.is_true(properties))),
            Self::Or(all) => Value::Bool(all.iter().any(|one| one.is_true(properties))),
            Self::Compare(left, operator, right) => {
                Value::Bool(compare(&left.value(properties), *operator, &right.value(properties)))
            }
            Self::Matches(text, pattern) => {
                Value::Bool(plain(&text.value(properties)).is_some_and(|text| pattern.is_match(&text)))
            }
            Self::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| (key.clone(), value.value(properties)));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }
}

fn find(path: &[String], properties: &Parameters) -> Value {
    // Names may have dots in them: the longest that there is counts.
    for length in (1..=path.len()).rev() {
        if let Some(text) = properties.get(&path[..length].join(".")) {
            let mut value = typed(text);
            for step in &path[length..] {
                value = value.get_mut(step).map_or(Value::Null, Value::take);
            }
            return value;
        }
    }
    Value::Null
}

fn typed(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => Value::String(text.to_owned()),
    }
}

fn compare(left: &Value, operator: Operator, right: &Value) -> bool {
    match operator {
        Operator::Equal => order(left, right) == Some(Ordering::Equal),
        Operator::NotEqual => order(left, right) != Some(Ordering::Equal),
        Operator::Less => order(left, right).is_some_and(Ordering::is_lt),
        Operator::LessOrEqual => order(left, right).is_some_and(Ordering::is_le),
        Operator::Greater => order(left, right).is_some_and(Ordering::is_gt),
        Operator::GreaterOrEqual => order(left, right).is_some_and(Ordering::is_ge),
        Operator::StartsWith => affix(left, right, |text, part| text.starts_with(part)),
        Operator::EndsWith => affix(left, right, |text, part| text.ends_with(part)),
    }
}

fn affix(text: &Value, part: &Value, has: fn(&str, &str) -> bool) -> bool {
    plain(text).zip(plain(part)).is_some_and(|(text, part)| has(&text, &part))
}

/// Numbers as numbers, all else as text; None where one of them is null and the other is not.
fn order(left: &Value, right: &Value) -> Option<Ordering> {
    if left.is_null() && right.is_null() {
        return Some(Ordering::Equal);
    }
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        _ => Some(plain(left)?.cmp(&plain(right)?)),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn properties() -> Parameters {
        [
            ("fillFactor", "95"),
            ("someb", "true"),
            ("name", "TABLE_1"),
            ("a.b", "7"),
            ("policy", r#"{"Table-name": "table05", "Compaction": {"target-size": 12}}"#),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
    }

    #[test]
    fn expressions_are_true_of_properties() {
        for (text, expected) in [
            ("fillFactor > 92", true),
            ("fillFactor gt 92.5 and fillFactor le 95", true),
            ("fillFactor < 95", false),
            ("fillFactor == '95'", true),
            ("someb", true),
            ("!someb || name eq \"TABLE_1\"", true),
            ("not (someb && fillFactor != 95)", true),
            ("someb && (fillFactor < 90 || name =$ '_1')", true),
            ("policy.'Table-name' =^ 'table0'", true),
            ("policy.Compaction.'target-size' >= 12", true),
            ("policy.Compaction.nothing == null", true),
            ("policy.nothing.deeper > 1", false),
            ("a.b == 7", true),
            ("missing > 1", false),
            ("missing != 1", true),
            ("missing == null", true),
            ("name =~ 'TABLE_[0-9]+'", true),
            ("name =~ 'TABLE'", false),
            ("name !~ 'x.*'", true),
            ("name", false),
            ("fillFactor > -1", true),
            ("'it\\'s' == \"it's\"", true),
        ] {
            assert_eq!(Expression::parse(text).unwrap().is_true(&properties()), expected, "{text}");
        }
    }

    #[test]
    fn objects_are_made_of_properties() {
        let text = "{ 'policy' : { 'size' : policy.Compaction.'target-size' }, 'name' : name, 'no' : missing }";
        let made = Expression::parse(text).unwrap().object(&properties());
        let expected = [("policy", r#"{"size":12}"#), ("name", "TABLE_1")];
        assert_eq!(made, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
        assert_eq!(Expression::parse("{}").unwrap().object(&properties()), Parameters::new());
        assert_eq!(Expression::parse("name").unwrap().object(&properties()), Parameters::new());
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (text, what) in [
            ("", "something is missing at its end"),
            ("a >", "something is missing at its end"),
            ("a > 1 b", "\"b\" at character 7"),
            ("(a", "\")\" is missing at its end"),
            ("a = 1", "\"=\" at character 3"),
            ("'open", "has no end"),
            ("a =~ '('", "regular expression"),
            ("a =~ b", "text behind =~"),
            ("a()", "\"(\" at character 2"),
            ("{'a' 1}", "\"1\" at character 6"),
            ("a == \u{a7}", "character 6"),
        ] {
            let error = Expression::parse(text).unwrap_err().to_string();
            assert!(error.contains(what), "{text}: {error}");
        }
        for deep in ["(".repeat(10_000), "!".repeat(10_000), "{'a':".repeat(10_000), "a".repeat(100_000)] {
            Expression::parse(&deep).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in "[a-c0-9.'\"!=<>~^$&|(){}:, -]{0,60}") {
            if let Ok(expression) = Expression::parse(&text) {
                expression.is_true(&properties());
                expression.object(&properties());
            }
        }

        #[test]
        fn numbers_compare_as_numbers(left in -1000i32..1000, right in -1000i32..1000) {
            let properties = Parameters::from([("left".to_owned(), left.to_string())]);
            let parsed = Expression::parse(&format!("left < {right}")).unwrap();
            prop_assert_eq!(parsed.is_true(&properties), left < right);
        }
    }
}
