use super::{Reads, check, problem};
use crate::data_schema::{Definition, Undeclared};
use crate::model::schema_registry::DataFormat::Avro;

/// A record with these fields.
fn record(fields: &str) -> String {
    format!(r#"{{"type": "record", "name": "R", "namespace": "ns", "fields": [{fields}]}}"#)
}

fn field(name: &str, of: &str) -> String {
    format!(r#"{{"name": "{name}", "type": {of}}}"#)
}

fn with_default(name: &str, of: &str, default: &str) -> String {
    format!(r#"{{"name": "{name}", "type": {of}, "default": {default}}}"#)
}

#[test]
fn fields_come_and_go_with_defaults() {
    let a = field("a", r#""int""#);
    check(
        Avro,
        Undeclared::Absent,
        &[
            ("nothing changes", &record(&a), &record(&a), Reads::Both),
            (
                "a field without default is added",
                &record(&a),
                &record(&format!("{a},{}", field("b", r#""int""#))),
                Reads::Forward,
            ),
            (
                "a field with default is added",
                &record(&a),
                &record(&format!("{a},{}", with_default("b", r#""int""#, "1"))),
                Reads::Both,
            ),
            (
                "a field that may be null but has no default is added",
                &record(&a),
                &record(&format!("{a},{}", field("b", r#"["null", "int"]"#))),
                Reads::Forward,
            ),
            ("a field is renamed", &record(&a), &record(&field("b", r#""int""#)), Reads::Neither),
            (
                "a field is renamed with an alias",
                &record(&a),
                &record(r#"{"name": "b", "type": "int", "aliases": ["a"]}"#),
                Reads::Backward,
            ),
            (
                "fields change places",
                &record(&format!("{a},{}", field("b", r#""int""#))),
                &record(&format!("{},{a}", field("b", r#""int""#))),
                Reads::Both,
            ),
        ],
    );
}

#[test]
fn primitives_are_promoted_one_way() {
    for (old, new, expected) in [
        ("int", "long", Reads::Backward),
        ("int", "float", Reads::Backward),
        ("long", "double", Reads::Backward),
        ("float", "double", Reads::Backward),
        ("string", "bytes", Reads::Both),
        ("double", "long", Reads::Forward),
        ("int", "string", Reads::Neither),
        ("boolean", "int", Reads::Neither),
        ("null", "null", Reads::Both),
    ] {
        let (old, new) = (format!("{old:?}"), format!("{new:?}"));
        check(Avro, Undeclared::Absent, &[(&format!("{old} to {new}"), &old, &new, expected)]);
    }
}

#[test]
fn types_in_others() {
    check(
        Avro,
        Undeclared::Absent,
        &[
            ("items", r#"{"type": "array", "items": "int"}"#, r#"{"type": "array", "items": "long"}"#, Reads::Backward),
            ("values", r#"{"type": "map", "values": "int"}"#, r#"{"type": "map", "values": "string"}"#, Reads::Neither),
            ("into a union", r#""int""#, r#"["null", "int"]"#, Reads::Backward),
            ("into a union that promotes", r#""int""#, r#"["null", "long"]"#, Reads::Backward),
            ("a union grows", r#"["null", "int"]"#, r#"["null", "int", "string"]"#, Reads::Backward),
            ("a union in another order", r#"["null", "int"]"#, r#"["int", "null"]"#, Reads::Both),
            ("unions that overlap", r#"["null", "int"]"#, r#"["null", "string"]"#, Reads::Neither),
            (
                "array to map",
                r#"{"type": "array", "items": "int"}"#,
                r#"{"type": "map", "values": "int"}"#,
                Reads::Neither,
            ),
        ],
    );
}

#[test]
fn named_types() {
    let fixed = |name: &str, size: u8| format!(r#"{{"type": "fixed", "name": "{name}", "size": {size}}}"#);
    check(
        Avro,
        Undeclared::Absent,
        &[
            (
                "another name",
                r#"{"type": "record", "name": "A", "fields": []}"#,
                r#"{"type": "record", "name": "B", "fields": []}"#,
                Reads::Neither,
            ),
            (
                "another name with an alias",
                r#"{"type": "record", "name": "n.A", "fields": []}"#,
                r#"{"type": "record", "name": "n.B", "aliases": ["n.A"], "fields": []}"#,
                Reads::Backward,
            ),
            (
                "another namespace",
                r#"{"type": "record", "name": "x.A", "fields": []}"#,
                r#"{"type": "record", "name": "y.A", "fields": []}"#,
                Reads::Both,
            ),
            ("another size", &fixed("F", 4), &fixed("F", 8), Reads::Neither),
            ("fixed of another name", &fixed("F", 4), &fixed("G", 4), Reads::Neither),
            (
                "a symbol more",
                r#"{"type": "enum", "name": "E", "symbols": ["A"]}"#,
                r#"{"type": "enum", "name": "E", "symbols": ["A", "B"]}"#,
                Reads::Backward,
            ),
            (
                "a symbol more, and defaults",
                r#"{"type": "enum", "name": "E", "symbols": ["A"], "default": "A"}"#,
                r#"{"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "A"}"#,
                Reads::Both,
            ),
        ],
    );
}

#[test]
fn what_a_reference_refers_to_counts() {
    let address = |of: &str| format!(r#"{{"type": "record", "name": "Address", "fields": [{}]}}"#, field("zip", of));
    let first = |of: &str| record(&format!("{},{}", field("home", &address(of)), field("work", r#""Address""#)));
    check(
        Avro,
        Undeclared::Absent,
        &[
            (
                "the definition moves to another field",
                &first(r#""int""#),
                &record(&field("work", &address(r#""int""#))),
                Reads::Backward,
            ),
            (
                "a type is only met through references",
                &first(r#""int""#),
                &record(&format!(
                    "{},{}",
                    with_default("other", &format!(r#"["null", {}]"#, address(r#""string""#)), "null"),
                    field("work", r#""Address""#)
                )),
                Reads::Neither,
            ),
        ],
    );
}

#[test]
fn recursive_types() {
    let list = |of: &str, next: &str| {
        format!(
            r#"{{"type": "record", "name": "L", "fields": [{}, {}]}}"#,
            with_default("next", r#"["null", "L"]"#, "null"),
            field(next, of)
        )
    };
    check(
        Avro,
        Undeclared::Absent,
        &[
            ("the same", &list(r#""int""#, "v"), &list(r#""int""#, "v"), Reads::Both),
            ("promoted", &list(r#""int""#, "v"), &list(r#""long""#, "v"), Reads::Backward),
            ("not there", &list(r#""int""#, "v"), &list(r#""int""#, "w"), Reads::Neither),
        ],
    );
}

#[test]
fn logical_types() {
    let logical = |of: &str, logical: &str| format!(r#"{{"type": "{of}", "logicalType": "{logical}"}}"#);
    let decimal = |precision: u8, scale: u8| {
        format!(r#"{{"type": "bytes", "logicalType": "decimal", "precision": {precision}, "scale": {scale}}}"#)
    };
    check(
        Avro,
        Undeclared::Absent,
        &[
            ("the same decimal", &decimal(10, 2), &decimal(10, 2), Reads::Both),
            ("another scale", &decimal(10, 2), &decimal(10, 3), Reads::Neither),
            ("the logical type is dropped", &decimal(10, 2), r#""bytes""#, Reads::Both),
            (
                "another unit",
                &logical("long", "timestamp-millis"),
                &logical("long", "timestamp-micros"),
                Reads::Neither,
            ),
            (
                "the same unit",
                &logical("long", "timestamp-millis"),
                &logical("long", "local-timestamp-millis"),
                Reads::Both,
            ),
            ("days as time", &logical("int", "date"), &logical("long", "timestamp-millis"), Reads::Neither),
            ("a uuid as text", &logical("string", "uuid"), r#""string""#, Reads::Both),
            ("a logical type that nobody knows", &logical("int", "temperature"), r#""int""#, Reads::Both),
        ],
    );
}

#[test]
fn problems_say_where() {
    let inner = |of: &str| record(&field("a", &format!(r#"{{"type": "array", "items": {}}}"#, of)));
    assert_eq!(
        problem(Avro, &inner(r#""string""#), &inner(r#""int""#)),
        "/a/[]: the writer's string is not read as int"
    );
    assert_eq!(
        problem(Avro, &record(""), &record(&field("b", r#""int""#))),
        "/b: the writer does not have this field, and the reader has no default for it"
    );
}

#[test]
fn what_is_no_schema() {
    for text in [
        "",
        "{",
        "int",
        r#""Unknown""#,
        r#"{"type": "record", "name": "R"}"#,
        r#"{"type": "record", "fields": []}"#,
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": "x"}]}"#,
        r#"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}]}"#,
        r#"{"type": "enum", "name": "E", "symbols": ["A", "A"]}"#,
        r#"["int", "int"]"#,
    ] {
        assert!(Definition::parse(Avro, text).is_err(), "{text}");
    }
}
