use super::{Reads, check, problem};
use crate::data_schema::{Definition, Undeclared};
use crate::model::schema_registry::DataFormat::Protobuf;

fn proto3(body: &str) -> String {
    format!("syntax = \"proto3\"; package p; {body}")
}

fn proto2(body: &str) -> String {
    format!("syntax = \"proto2\"; package p; {body}")
}

/// Both of these as a message of one field.
fn fields(old: &str, new: &str) -> (String, String) {
    let message = |field: &str| {
        proto3(&format!(
            "enum E {{ Z = 0; }} message I {{ int32 x = 1; }} message J {{ int32 x = 1; }} message M {{ {field} }}"
        ))
    };
    (message(old), message(new))
}

#[test]
fn types_of_one_encoding_stand_for_each_other() {
    for (old, new, expected) in [
        ("int32 a = 1;", "int64 a = 1;", Reads::Both),
        ("int32 a = 1;", "bool a = 1;", Reads::Both),
        ("int32 a = 1;", "E a = 1;", Reads::Both),
        ("int32 a = 1;", "sint32 a = 1;", Reads::Neither),
        ("sint32 a = 1;", "sint64 a = 1;", Reads::Both),
        ("fixed32 a = 1;", "sfixed32 a = 1;", Reads::Both),
        ("fixed32 a = 1;", "fixed64 a = 1;", Reads::Neither),
        ("fixed32 a = 1;", "float a = 1;", Reads::Neither),
        ("string a = 1;", "bytes a = 1;", Reads::Both),
        ("string a = 1;", "int32 a = 1;", Reads::Neither),
        ("float a = 1;", "double a = 1;", Reads::Neither),
        ("I a = 1;", "J a = 1;", Reads::Neither),
        ("I a = 1;", "bytes a = 1;", Reads::Neither),
        ("int32 a = 1;", "int32 b = 1;", Reads::Both),
        ("int32 a = 1;", "int32 a = 2;", Reads::Both),
        ("int32 a = 1;", "", Reads::Both),
        ("int32 a = 1;", "repeated int32 a = 1;", Reads::Neither),
        ("string a = 1;", "repeated string a = 1;", Reads::Both),
        ("repeated int32 a = 1;", "repeated int32 a = 1 [packed = false];", Reads::Both),
        ("map<string, int32> a = 1;", "map<string, int64> b = 1;", Reads::Both),
        ("map<string, int32> a = 1;", "map<string, string> a = 1;", Reads::Neither),
        ("int32 a = 1;", "optional int32 a = 1;", Reads::Both),
    ] {
        let (before, after) = fields(old, new);
        check(Protobuf, Undeclared::Absent, &[(&format!("{old} to {new}"), &before, &after, expected)]);
    }
}

#[test]
fn required_fields() {
    let message = |fields: &str| proto2(&format!("message M {{ {fields} }}"));
    check(
        Protobuf,
        Undeclared::Absent,
        &[
            ("added", &message(""), &message("required int32 a = 1;"), Reads::Forward),
            ("removed", &message("required int32 a = 1;"), &message(""), Reads::Backward),
            ("made optional", &message("required int32 a = 1;"), &message("optional int32 a = 1;"), Reads::Backward),
            ("an optional one is added", &message(""), &message("optional int32 a = 1;"), Reads::Both),
        ],
    );
}

#[test]
fn oneofs() {
    let message = |fields: &str| proto3(&format!("message M {{ {fields} }}"));
    check(
        Protobuf,
        Undeclared::Absent,
        &[
            (
                "one field moves into a new oneof",
                &message("int32 a = 1;"),
                &message("oneof o { int32 a = 1; int32 b = 2; }"),
                Reads::Backward,
            ),
            (
                "two fields move into one",
                &message("int32 a = 1; int32 b = 2;"),
                &message("oneof o { int32 a = 1; int32 b = 2; }"),
                Reads::Forward,
            ),
            (
                "two oneofs become one",
                &message("oneof o { int32 a = 1; } oneof p { int32 b = 2; }"),
                &message("oneof o { int32 a = 1; int32 b = 2; }"),
                Reads::Forward,
            ),
            (
                "a case is added",
                &message("oneof o { int32 a = 1; }"),
                &message("oneof o { int32 a = 1; string b = 2; }"),
                Reads::Backward,
            ),
            (
                "fields with presence are in no oneof",
                &message("optional int32 a = 1; optional int32 b = 2;"),
                &message(""),
                Reads::Both,
            ),
        ],
    );
}

#[test]
fn messages_enums_and_services() {
    let service = |methods: &str| proto3(&format!("message Q {{}} message A {{}} service S {{ {methods} }}"));
    check(
        Protobuf,
        Undeclared::Absent,
        &[
            ("a message is added", &proto3("message M {}"), &proto3("message M {} message N {}"), Reads::Backward),
            (
                "a message within another is removed",
                &proto3("message M { message N {} }"),
                &proto3("message M {}"),
                Reads::Forward,
            ),
            (
                "another package",
                &proto3("message M {}"),
                "syntax = \"proto3\"; package q; message M {}",
                Reads::Neither,
            ),
            (
                "a value is added to an enum",
                &proto3("enum E { A = 0; }"),
                &proto3("enum E { A = 0; B = 1; }"),
                Reads::Both,
            ),
            (
                "a method is added",
                &service("rpc Foo(Q) returns (A);"),
                &service("rpc Foo(Q) returns (A); rpc Bar(Q) returns (A);"),
                Reads::Backward,
            ),
            (
                "a method streams",
                &service("rpc Foo(Q) returns (A);"),
                &service("rpc Foo(Q) returns (stream A);"),
                Reads::Neither,
            ),
            (
                "a message in itself",
                &proto3("message M { M next = 1; int32 a = 2; }"),
                &proto3("message M { M next = 1; string a = 2; }"),
                Reads::Neither,
            ),
            (
                "an import of a well-known type",
                &proto3("import \"google/protobuf/timestamp.proto\"; message M { google.protobuf.Timestamp at = 1; }"),
                &proto3(
                    "import \"google/protobuf/timestamp.proto\"; message M { google.protobuf.Timestamp seen = 1; }",
                ),
                Reads::Both,
            ),
        ],
    );
}

#[test]
fn problems_say_where() {
    let (old, new) = fields("string a = 1;", "int32 a = 1;");
    assert_eq!(problem(Protobuf, &old, &new), "/p.M/a: the writer's string is not read as int32");
}

#[test]
fn what_is_no_definition() {
    for text in [
        "message M {",
        "syntax = \"proto3\"; message M { int32 a = 1; int32 b = 1; }",
        "syntax = \"proto3\"; message M { Unknown a = 1; }",
        "syntax = \"proto3\"; message M { int32 a = 0; }",
        "syntax = \"proto3\"; import \"other.proto\";",
        "syntax = \"proto3\"; import \"schema.proto\";",
        "{\"type\": \"record\"}",
    ] {
        assert!(Definition::parse(Protobuf, text).is_err(), "{text}");
    }
    let error = Definition::parse(Protobuf, "syntax = \"proto3\";\nmessage M { Unknown a = 1; }").unwrap_err();
    assert!(error.to_string().contains("2:13"), "{error}");
}
