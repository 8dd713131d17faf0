//! The shapes with their constraints, as data that the validator walks over.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::model::{Model, kind, list};
use crate::names::constant;

pub fn generate(model: &Model) -> String {
    let mut out = String::new();
    let mut patterns: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, shape) in model.shapes() {
        if let Some(pattern) = shape["pattern"].as_str() {
            let next = patterns.len();
            patterns.entry(pattern).or_insert(next);
        }
        let kind = match kind(shape) {
            "structure" => structure(model, shape),
            "list" => format!("Kind::List {{ member: {}, bounds: {} }}", reference(&shape["member"]), bounds(shape)),
            "map" => format!(
                "Kind::Map {{ key: {}, value: {}, bounds: {} }}",
                reference(&shape["key"]),
                reference(&shape["value"]),
                bounds(shape)
            ),
            "string" => {
                let pattern = shape["pattern"].as_str().map(|pattern| patterns[pattern]);
                let values: Vec<&str> = list(&shape["enum"]).collect();
                format!("Kind::String(Text {{ bounds: {}, pattern: {pattern:?}, values: &{values:?} }})", bounds(shape))
            }
            "integer" => format!("Kind::Integer {}", range(shape)),
            "long" => format!("Kind::Long {}", range(shape)),
            "double" => format!("Kind::Double {}", range(shape)),
            "boolean" => "Kind::Boolean".to_owned(),
            "timestamp" => "Kind::Timestamp".to_owned(),
            "blob" => "Kind::Blob".to_owned(),
            "document" => "Kind::Document".to_owned(),
            other => panic!("{name}: a shape of the type {other}"),
        };
        let sensitive = shape["sensitive"].as_bool().unwrap_or_default();
        let _ = writeln!(
            out,
            "pub static {}: Shape = Shape {{ name: {name:?}, sensitive: {sensitive}, kind: {kind} }};",
            constant(name)
        );
    }
    let mut by_number: Vec<(usize, &str)> = patterns.into_iter().map(|(pattern, number)| (number, pattern)).collect();
    by_number.sort_unstable();
    let _ = writeln!(out, "pub(crate) static PATTERNS: [Pattern; {}] = [", by_number.len());
    for (_, pattern) in by_number {
        let _ = writeln!(out, "    Pattern::new({pattern:?}, {:?}),", regex(pattern));
    }
    out.push_str("];\n");
    out
}

fn structure(model: &Model, shape: &Value) -> String {
    let members: Vec<String> = model
        .members(shape)
        .into_iter()
        .map(|member| {
            let (name, required) = (member.name, member.required);
            format!("Member {{ name: {name:?}, shape: &{}, required: {required} }}", constant(member.shape))
        })
        .collect();
    let union = shape["union"].as_bool().unwrap_or_default();
    format!("Kind::Structure {{ members: &[{}], union: {union} }}", members.join(", "))
}

fn reference(name: &Value) -> String {
    format!("&{}", constant(name.as_str().expect("a list or map says of what")))
}

fn bounds(shape: &Value) -> String {
    format!("Bounds {{ min: {:?}, max: {:?} }}", shape["min"].as_u64(), shape["max"].as_u64())
}

fn range(shape: &Value) -> String {
    format!("{{ min: {:?}, max: {:?} }}", shape["min"].as_f64(), shape["max"].as_f64())
}

/// The model's patterns are Java's, over UTF-16 and for the whole text.
fn regex(pattern: &str) -> String {
    let mut regex = pattern.replace("\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\u{10000}-\\u{10FFFF}");
    while let Some(at) = regex.find("\\u").filter(|at| !regex[at + 2..].starts_with('{')) {
        regex = format!("{}\\x{{{}}}{}", &regex[..at], &regex[at + 2..at + 6], &regex[at + 6..]);
    }
    let regex = regex.replace("\\u{", "\\x{");
    // That something is no blank is said of texts of many lines: definitions of schemas.
    let regex = regex.replace(".*\\S.*", "(?s:.*\\S.*)");
    // Java reads a hyphen between a class and another character as itself.
    let regex = regex.replace("\\_", "_").replace("_-$", "_\\-$");
    format!("^(?:{regex})\\z")
}
