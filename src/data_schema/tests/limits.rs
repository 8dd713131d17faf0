//! What is large, deep or tangled gets an answer, and soon. Definitions have 170,000 characters at most.

use super::definition;
use crate::data_schema::{Definition, Undeclared};
use crate::model::schema_registry::DataFormat::{self, Avro, Json, Protobuf};

/// A chain of definitions, each holding the next, in the stack that a server's thread has.
fn chain(link: impl Fn(usize) -> String, length: usize) -> String {
    (0..length).map(link).collect::<Vec<_>>().join(",")
}

fn reads_itself(format: DataFormat, text: &str) -> bool {
    let text = text.to_owned();
    let stack = std::thread::Builder::new().stack_size(2 << 20);
    let run = move || match Definition::parse(format, &text) {
        Ok(parsed) => parsed.reads(&definition(format, &text), Undeclared::Anything).is_ok(),
        Err(_) => false,
    };
    stack.spawn(run).unwrap().join().unwrap()
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    let nested = |depth: usize| format!("{}{{}}{}", r#"{"items": "#.repeat(depth), "}".repeat(depth));
    assert!(reads_itself(Json, &nested(50)));
    assert!(!reads_itself(Json, &nested(10_000)));
    let nested =
        |depth: usize| format!("{}\"int\"{}", r#"{"type": "array", "items": "#.repeat(depth), "}".repeat(depth));
    assert!(reads_itself(Avro, &nested(50)));
    assert!(!reads_itself(Avro, &nested(5_000)));
    let nested = |depth: usize| format!("{}{}", "message M {".repeat(depth), "}".repeat(depth));
    assert!(reads_itself(Protobuf, &nested(20)));
    assert!(!reads_itself(Protobuf, &nested(10_000)));
    for option in ["option (x) = ", "option x = "] {
        assert!(!reads_itself(Protobuf, &format!("{option}{}", "{a ".repeat(50_000))));
        assert!(!reads_itself(Protobuf, &format!("{option}{}", "[".repeat(50_000))));
        assert!(!reads_itself(Protobuf, &format!("{option}{}1;", "-".repeat(50_000))));
    }
}

#[test]
fn chains_of_references_end() {
    let defs = chain(|i| format!(r##""d{i}": {{"items": {{"$ref": "#/$defs/d{}"}}}}"##, i + 1), 3_000);
    let text = format!(r##"{{"$ref": "#/$defs/d0", "$defs": {{{defs}, "d3000": {{}}}}}}"##);
    assert!(!reads_itself(Json, &text), "deeper than the limit");
    let link = |i: usize| match i {
        0 => r#"{"type": "record", "name": "R0", "fields": []}"#.to_owned(),
        i => format!(r#"{{"type": "record", "name": "R{i}", "fields": [{{"name": "f", "type": "R{}"}}]}}"#, i - 1),
    };
    let links = chain(link, 2_000);
    assert!(reads_itself(Avro, &format!("[{links}]")), "each after those within it");
    let last = |name: &str| {
        format!(
            r#"{{"type": "record", "name": "R", "fields": [
                {{"name": "{name}", "type": ["null", {links}], "default": null}}, {{"name": "last", "type": "R1999"}}]}}"#
        )
    };
    let (writer, reader) = (last("a"), last("b"));
    let run = move || definition(Avro, &reader).reads(&definition(Avro, &writer), Undeclared::Absent).is_ok();
    assert!(
        !std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap(),
        "deeper than the limit"
    );
    let messages: String = (0..2_000).map(|i| format!("message M{i} {{ M{} f = 1; }}", i + 1)).collect();
    assert!(reads_itself(Protobuf, &format!("syntax = \"proto3\"; {messages} message M2000 {{}}")));
}

#[test]
fn alternatives_that_multiply_end() {
    let alternatives = chain(|i| format!(r#"{{"properties": {{"p{i}": {{"minimum": {i}}}}}}}"#), 12);
    let all = chain(|i| format!(r#"{{"title": "{i}", "anyOf": [{alternatives}]}}"#), 12);
    assert!(!reads_itself(Json, &format!(r#"{{"allOf": [{all}]}}"#)));
    let wide = chain(|i| format!(r#"{{"type": "record", "name": "R{i}", "fields": []}}"#), 3_500);
    assert!(reads_itself(Avro, &format!("[{wide}]")));
}

#[test]
fn patterns_that_backtrack_end() {
    let values = format!(r#"{{"enum": ["{}!"]}}"#, "a".repeat(60));
    let pattern = definition(Json, r#"{"pattern": "^(?=(a+)+$)a*$"}"#);
    assert!(pattern.reads(&definition(Json, &values), Undeclared::Anything).is_err());
}
