//! Whether a request is one that the model allows.

use std::fmt::{self, Write};

use serde_json::{Map, Value};

use crate::scalar::is_base64;
use crate::shape::{Bounds, Kind, Shape};
use crate::shapes::PATTERNS;

/// More violations than this are not listed.
const MOST_VIOLATIONS: usize = 10;
/// Versions, of which there will be newer ones than the model knows, and roles, of which there are none here.
const FREE: [&str; 4] = ["ExecutionClass", "GlueVersionString", "OrchestrationRoleArn", "PythonVersionString"];
/// Members that the model requires and Trino leaves out for columns without values: they are zero then.
const SPARED: [(&str, &str); 2] =
    [("StringColumnStatisticsData", "AverageLength"), ("BinaryColumnStatisticsData", "AverageLength")];
/// Longer values are cut in messages, in characters.
const LONGEST_VALUE: usize = 256;

/// Which limits of the model hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// All, as with the service itself.
    Strict,
    /// All but the length of the lists that a request is made of, and of partition predicates, and the keys that a map may
    /// have.
    Lenient,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Invalid {
    /// JSON of another type than the model has there: the message is a sentence.
    Type(String),
    /// What was violated, in the order of the model; never empty.
    Constraints(Vec<Violation>),
}

/// A value that the model forbids.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// Where, as the service writes it: `tableInput.partitionKeys.1.member.name`.
    pub path: String,
    /// The shape that forbids it.
    pub shape: &'static str,
    /// As shown: cut, and hidden where it is sensitive.
    pub value: String,
    pub constraint: Constraint,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Constraint {
    NotNull,
    MinLength(u64),
    MaxLength(u64),
    MinValue(f64),
    MaxValue(f64),
    Pattern(&'static str),
    Values(&'static [&'static str]),
    OneMember,
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNull => f.write_str("Member must not be null"),
            Self::MinLength(length) => write!(f, "Member must have length greater than or equal to {length}"),
            Self::MaxLength(length) => write!(f, "Member must have length less than or equal to {length}"),
            Self::MinValue(value) => write!(f, "Member must have value greater than or equal to {value}"),
            Self::MaxValue(value) => write!(f, "Member must have value less than or equal to {value}"),
            Self::Pattern(pattern) => write!(f, "Member must satisfy regular expression pattern: {pattern}"),
            Self::Values(values) => write!(f, "Member must satisfy enum value set: [{}]", values.join(", ")),
            Self::OneMember => f.write_str("Member must have exactly one of its members set"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value '{}' at '{}' failed to satisfy constraint: {}", self.value, self.path, self.constraint)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(message) => f.write_str(message),
            Self::Constraints(violations) => {
                let (count, s) = (violations.len(), if violations.len() == 1 { "" } else { "s" });
                write!(f, "{count} validation error{s} detected: ")?;
                for (at, violation) in violations.iter().enumerate() {
                    write!(f, "{}{violation}", if at == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
        }
    }
}

impl Shape {
    /// Finds what the model forbids in a request. Members that are null are removed: they mean the same as absent ones.
    pub fn check(&'static self, value: &mut Value, limits: Limits) -> Result<(), Invalid> {
        let mut check = Check { limits, path: String::new(), depth: 0, violations: Vec::new() };
        check.value(self, value)?;
        if check.violations.is_empty() { Ok(()) } else { Err(Invalid::Constraints(check.violations)) }
    }
}

struct Check {
    limits: Limits,
    path: String,
    depth: usize,
    violations: Vec<Violation>,
}

impl Check {
    fn value(&mut self, shape: &'static Shape, value: &mut Value) -> Result<(), Invalid> {
        match (&shape.kind, value) {
            (Kind::Structure { union, .. }, Value::Object(object)) => self.structure(shape, *union, object),
            (Kind::List { member, bounds }, Value::Array(list)) => {
                let lifted = self.limits == Limits::Lenient && self.depth == 1;
                let bounds = if lifted { Bounds { max: None, ..*bounds } } else { *bounds };
                self.length(shape, bounds, list.len(), || list_text(list));
                for (at, value) in list.iter_mut().enumerate() {
                    self.below(format_args!("{}.member", at + 1), |check| check.present(member, value))?;
                }
                Ok(())
            }
            (Kind::Map { key, value: member, bounds }, Value::Object(object)) => {
                object.retain(|_, value| !value.is_null());
                self.length(shape, *bounds, object.len(), || format!("{{{} entries}}", object.len()));
                for (name, value) in object {
                    // Newer clients know more keys than this model.
                    if self.limits == Limits::Strict || !key.is_enum() {
                        self.below(format_args!("{name}.key"), |check| check.text(key, name));
                    }
                    self.below(format_args!("{name}.member"), |check| check.value(member, value))?;
                }
                Ok(())
            }
            (Kind::String(_), Value::String(text)) => {
                self.text(shape, text);
                Ok(())
            }
            (Kind::Integer { min, max }, Value::Number(number)) => match number.as_i64().map(i32::try_from) {
                Some(Ok(number)) => self.range(shape, *min, *max, number.into()),
                _ => Err(self.wrong_type("an integer", &Value::Number(number.clone()))),
            },
            (Kind::Long { min, max }, Value::Number(number)) => match number.as_i64() {
                Some(number) => self.range(shape, *min, *max, number as f64),
                None => Err(self.wrong_type("a long integer", &Value::Number(number.clone()))),
            },
            (Kind::Double { min, max }, Value::Number(number)) => {
                self.range(shape, *min, *max, number.as_f64().unwrap_or_default())
            }
            (Kind::Timestamp, Value::Number(_)) | (Kind::Boolean, Value::Bool(_)) => Ok(()),
            (Kind::Blob, Value::String(text)) if is_base64(text) => Ok(()),
            (Kind::Document, _) => Ok(()),
            (kind, value) => Err(self.wrong_type(expected(kind), value)),
        }
    }

    fn structure(
        &mut self,
        shape: &'static Shape,
        union: bool,
        object: &mut Map<String, Value>,
    ) -> Result<(), Invalid> {
        object.retain(|_, value| !value.is_null());
        self.depth += 1;
        let mut known = 0;
        for member in shape.members() {
            if let Some(value) = object.get_mut(member.name) {
                known += 1;
                self.below(format_args!("{}", lower_camel(member.name)), |check| check.value(member.shape, value))?;
            } else if member.required && !SPARED.contains(&(shape.name, member.name)) {
                self.below(format_args!("{}", lower_camel(member.name)), |check| {
                    check.violated(member.shape, Constraint::NotNull, || "null".to_owned());
                });
            }
        }
        self.depth -= 1;
        if union && known != 1 {
            self.violated(shape, Constraint::OneMember, || format!("{{{known} members}}"));
        }
        Ok(())
    }

    /// An element of a list, which cannot be absent.
    fn present(&mut self, shape: &'static Shape, value: &mut Value) -> Result<(), Invalid> {
        if value.is_null() {
            self.violated(shape, Constraint::NotNull, || "null".to_owned());
            return Ok(());
        }
        self.value(shape, value)
    }

    fn text(&mut self, shape: &'static Shape, text: &str) {
        let Kind::String(rules) = &shape.kind else { return };
        let lifted = self.limits == Limits::Lenient && shape.name == "PredicateString";
        let bounds = if lifted { Bounds { max: None, ..rules.bounds } } else { rules.bounds };
        // No text has more characters than bytes: most are not counted.
        let long = bounds.max.is_some_and(|max| text.len() as u64 > max);
        let length = if long || bounds.min > Some(1) { text.chars().count() } else { text.len() };
        self.length(shape, bounds, length, || excerpt(text));
        // What is too long is not looked at further.
        let too_long = bounds.max.is_some_and(|max| length as u64 > max);
        if self.limits == Limits::Lenient && FREE.contains(&shape.name) {
            return;
        }
        if let Some(pattern) = rules.pattern.map(|number| &PATTERNS[number])
            && !too_long
            && !pattern.matches(text)
        {
            self.violated(shape, Constraint::Pattern(pattern.text), || excerpt(text));
        }
        if !rules.values.is_empty() && !rules.values.contains(&text) {
            self.violated(shape, Constraint::Values(rules.values), || excerpt(text));
        }
    }

    fn length(&mut self, shape: &'static Shape, bounds: Bounds, length: usize, shown: impl Fn() -> String) {
        let length = length as u64;
        if let Some(min) = bounds.min.filter(|min| length < *min) {
            self.violated(shape, Constraint::MinLength(min), &shown);
        }
        if let Some(max) = bounds.max.filter(|max| length > *max) {
            self.violated(shape, Constraint::MaxLength(max), &shown);
        }
    }

    fn range(&mut self, shape: &'static Shape, min: Option<f64>, max: Option<f64>, value: f64) -> Result<(), Invalid> {
        if let Some(min) = min.filter(|min| value < *min) {
            self.violated(shape, Constraint::MinValue(min), || value.to_string());
        }
        if let Some(max) = max.filter(|max| value > *max) {
            self.violated(shape, Constraint::MaxValue(max), || value.to_string());
        }
        Ok(())
    }

    fn violated(&mut self, shape: &'static Shape, constraint: Constraint, shown: impl FnOnce() -> String) {
        if self.violations.len() < MOST_VIOLATIONS {
            // Below map keys as well: some of the maps hold passwords, and the model does not say so.
            let hidden = shape.sensitive || ["password", "secret", "token"].iter().any(|word| self.mentions(word));
            let value = if hidden { "***".to_owned() } else { shown() };
            self.violations.push(Violation { path: self.path.clone(), shape: shape.name, value, constraint });
        }
    }

    fn mentions(&self, word: &str) -> bool {
        self.path.to_ascii_lowercase().contains(word)
    }

    fn below<T>(&mut self, segment: fmt::Arguments<'_>, inside: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        let dot = if length == 0 { "" } else { "." };
        let _ = write!(self.path, "{dot}{segment}");
        let outcome = inside(self);
        self.path.truncate(length);
        outcome
    }

    fn wrong_type(&self, expected: &str, found: &Value) -> Invalid {
        let found = match found {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number that is none",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        let place = if self.path.is_empty() { "The request" } else { &self.path };
        Invalid::Type(format!("{place}: expected {expected}, found {found}"))
    }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Structure { .. } | Kind::Map { .. } => "an object",
        Kind::List { .. } => "a list",
        Kind::String(_) => "a string",
        Kind::Integer { .. } => "an integer",
        Kind::Long { .. } => "a long integer",
        Kind::Double { .. } => "a number",
        Kind::Boolean => "a boolean",
        Kind::Timestamp => "a number of seconds since the epoch",
        Kind::Blob => "a string of base64",
        Kind::Document => "any JSON",
    }
}

/// `TableInput` as `tableInput`.
fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn list_text(list: &[Value]) -> String {
    let texts: Option<Vec<&str>> = list.iter().take(LONGEST_VALUE).map(Value::as_str).collect();
    texts.map_or_else(|| format!("[{} members]", list.len()), |texts| excerpt(&format!("[{}]", texts.join(", "))))
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operations::{CreateTable, GetPartitions};
    use crate::{Operation, operation};

    fn refused(operation_name: &str, mut input: Value, limits: Limits) -> String {
        operation(operation_name).unwrap().input.check(&mut input, limits).unwrap_err().to_string()
    }

    #[test]
    fn texts_are_the_services() {
        assert_eq!(
            refused("GetTable", json!({ "DatabaseName": "", "Name": null }), Limits::Lenient),
            "2 validation errors detected: Value '' at 'databaseName' failed to satisfy constraint: Member must have \
             length greater than or equal to 1; Value 'null' at 'name' failed to satisfy constraint: Member must not \
             be null"
        );
        let filters = json!({ "CrawlerName": "c", "Filters": [{ "FieldName": "x", "FilterOperator": "EQ" }] });
        assert_eq!(
            refused("ListCrawls", filters, Limits::Lenient),
            "1 validation error detected: Value 'x' at 'filters.1.member.fieldName' failed to satisfy constraint: \
             Member must satisfy enum value set: [CRAWL_ID, STATE, START_TIME, END_TIME, DPU_HOUR]"
        );
        assert_eq!(
            refused("GetTables", json!({ "DatabaseName": "d", "MaxResults": 101 }), Limits::Lenient),
            "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have \
             value less than or equal to 100"
        );
    }

    #[test]
    fn other_types_are_told_with_their_place() {
        let input = json!({ "DatabaseName": "d", "TableInput": { "Name": "t", "Retention": "long" } });
        assert_eq!(
            refused("CreateTable", input, Limits::Lenient),
            "tableInput.retention: expected an integer, found a string"
        );
        assert_eq!(refused("GetTable", json!([]), Limits::Lenient), "The request: expected an object, found a list");
    }

    #[test]
    fn long_batches_are_for_those_who_do_not_imitate_the_service() {
        let mut input = json!({ "DatabaseName": "d", "TablesToDelete": vec!["t"; 101] });
        let shape = operation("BatchDeleteTable").unwrap().input;
        assert!(refused("BatchDeleteTable", input.clone(), Limits::Strict).contains("less than or equal to 100"));
        assert_eq!(shape.check(&mut input, Limits::Lenient), Ok(()));
        let mut long = json!({ "DatabaseName": "d", "TableName": "t", "Expression": "a = 1 or ".repeat(1000) });
        assert_eq!(GetPartitions::INFO.input.check(&mut long, Limits::Lenient), Ok(()));
        assert!(GetPartitions::INFO.input.check(&mut long, Limits::Strict).is_err());
    }

    #[test]
    fn versions_and_roles_are_free_for_those_who_do_not_imitate_the_service() {
        let command = json!({ "Name": "glueetl", "PythonVersion": "3.12" });
        let mut input = json!({ "Name": "j", "Role": "r", "Command": command, "ExecutionClass": "SPOT" });
        let shape = operation("CreateJob").unwrap().input;
        assert_eq!(shape.check(&mut input, Limits::Lenient), Ok(()));
        assert!(refused("CreateJob", input, Limits::Strict).starts_with("2 validation errors detected"));
    }

    #[test]
    fn long_values_are_cut_and_secrets_hidden() {
        let name = "n".repeat(1_000_000);
        assert!(refused("GetTable", json!({ "DatabaseName": name, "Name": "t" }), Limits::Strict).len() < 1000);
        let properties = json!({ "PASSWORD": "hunter2 ".repeat(200) });
        let input = json!({ "ConnectionInput": {
            "Name": "", "ConnectionType": "JDBC", "ConnectionProperties": properties
        } });
        assert!(!refused("CreateConnection", input, Limits::Strict).contains("hunter2"));
    }

    #[test]
    fn what_passes_is_read_and_written_as_it_was() {
        let input = json!({ "DatabaseName": "d", "Unknown": { "from": "a newer client" }, "TableInput": {
            "Name": "t", "Retention": 0, "PartitionKeys": [], "LastAccessTime": 1795378967.337,
            "StorageDescriptor": { "Columns": [{ "Name": "a", "Type": "int", "Parameters": { "k": "" } }] },
            "Description": null
        } });
        let mut checked = input;
        assert_eq!(CreateTable::INFO.input.check(&mut checked, Limits::Strict), Ok(()));
        let read = CreateTable::read(checked.clone()).unwrap();
        let table = read.table_input.clone().unwrap();
        assert_eq!((table.name.as_str(), table.retention, table.description), ("t", Some(0), None));
        checked.as_object_mut().unwrap().remove("Unknown");
        assert_eq!(serde_json::to_value(&read).unwrap(), checked);
    }
}
