use super::{Reads, check, problem};
use crate::data_schema::{Definition, Undeclared};
use crate::model::schema_registry::DataFormat::Json;

#[test]
fn types() {
    check(
        Json,
        Undeclared::Anything,
        &[
            ("the same", r#"{"type": "string"}"#, r#"{"type": "string"}"#, Reads::Both),
            ("whole numbers are numbers", r#"{"type": "integer"}"#, r#"{"type": "number"}"#, Reads::Backward),
            ("a type more", r#"{"type": "string"}"#, r#"{"type": ["string", "null"]}"#, Reads::Backward),
            ("another type", r#"{"type": "string"}"#, r#"{"type": "boolean"}"#, Reads::Neither),
            ("anything", r#"{"type": "string"}"#, "{}", Reads::Backward),
            ("anything at all", "true", "{}", Reads::Both),
            ("nothing", "false", r#"{"type": "string"}"#, Reads::Backward),
        ],
    );
}

#[test]
fn limits_of_numbers_and_texts() {
    for (old, new, expected) in [
        (r#""minimum": 1"#, r#""minimum": 0"#, Reads::Backward),
        (r#""minimum": 1"#, r#""exclusiveMinimum": 1"#, Reads::Forward),
        (r#""exclusiveMinimum": 1"#, r#""minimum": 1"#, Reads::Backward),
        (r#""maximum": 10"#, r#""maximum": 11"#, Reads::Backward),
        (r#""maximum": 10"#, r#""title": "x""#, Reads::Backward),
        (r#""multipleOf": 4"#, r#""multipleOf": 2"#, Reads::Backward),
        (r#""multipleOf": 3"#, r#""multipleOf": 2"#, Reads::Neither),
        (r#""type": "integer""#, r#""type": "number", "multipleOf": 1"#, Reads::Backward),
        (r#""minLength": 2"#, r#""minLength": 1"#, Reads::Backward),
        (r#""maxLength": 2"#, r#""maxLength": 1"#, Reads::Forward),
        (r#""pattern": "^a""#, r#""pattern": "^a""#, Reads::Both),
        (r#""pattern": "^a""#, r#""pattern": "^b""#, Reads::Neither),
        (r#""type": "string", "format": "date""#, r#""type": "string""#, Reads::Both),
    ] {
        let (before, after) = (format!("{{{old}}}"), format!("{{{new}}}"));
        check(Json, Undeclared::Anything, &[(&format!("{old} to {new}"), &before, &after, expected)]);
    }
    check(
        Json,
        Undeclared::Anything,
        &[(
            "draft 4 says whether a limit is outside",
            r#"{"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": true}"#,
            r#"{"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1}"#,
            Reads::Backward,
        )],
    );
}

#[test]
fn listed_values() {
    check(
        Json,
        Undeclared::Anything,
        &[
            ("a value more", r#"{"enum": ["a"]}"#, r#"{"enum": ["a", "b"]}"#, Reads::Backward),
            ("values to a type", r#"{"enum": ["a", "b"]}"#, r#"{"type": "string"}"#, Reads::Backward),
            ("values of another type", r#"{"enum": ["a", 1]}"#, r#"{"type": "string"}"#, Reads::Neither),
            (
                "values are tried",
                r#"{"enum": ["a", "ab"]}"#,
                r#"{"type": "string", "maxLength": 2, "pattern": "^a"}"#,
                Reads::Backward,
            ),
            ("and fail", r#"{"enum": ["a", "abc"]}"#, r#"{"type": "string", "maxLength": 2}"#, Reads::Neither),
            ("a constant", r#"{"const": 1}"#, r#"{"enum": [1, 2]}"#, Reads::Backward),
            (
                "values to alternatives",
                r#"{"enum": ["a", 1]}"#,
                r#"{"oneOf": [{"const": "a"}, {"const": 1}]}"#,
                Reads::Both,
            ),
            (
                "values that the type excludes",
                r#"{"type": "string", "enum": ["a", null]}"#,
                r#"{"const": "a"}"#,
                Reads::Both,
            ),
        ],
    );
}

const OPEN: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#;
const OPEN_MORE: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}"#;
const CLOSED: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}"#;
const CLOSED_MORE: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "additionalProperties": false}"#;

#[test]
fn properties_to_the_letter() {
    check(
        Json,
        Undeclared::Anything,
        &[
            ("an open object could hold the new property before", OPEN, OPEN_MORE, Reads::Forward),
            ("a closed one could not", CLOSED, CLOSED_MORE, Reads::Backward),
            ("an open object is closed", OPEN, CLOSED, Reads::Forward),
            ("closed to open with the property", CLOSED, OPEN_MORE, Reads::Backward),
            (
                "a property that allows anything",
                OPEN,
                r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {}}}"#,
                Reads::Both,
            ),
            (
                "what is undeclared has a type, which the new property has too",
                r#"{"type": "object", "additionalProperties": {"type": "integer"}}"#,
                r#"{"type": "object", "properties": {"b": {"type": "number"}}, "additionalProperties": {"type": "integer"}}"#,
                Reads::Backward,
            ),
            (
                "names by pattern",
                r#"{"type": "object", "patternProperties": {"^n": {"type": "integer"}}, "additionalProperties": false}"#,
                r#"{"type": "object", "patternProperties": {"^n": {"type": "number"}}, "additionalProperties": false}"#,
                Reads::Backward,
            ),
            (
                "a name that falls under a pattern",
                r#"{"type": "object", "properties": {"n1": {"type": "string"}}, "additionalProperties": false}"#,
                r#"{"type": "object", "patternProperties": {"^n": {"type": "integer"}}}"#,
                Reads::Neither,
            ),
        ],
    );
}

#[test]
fn properties_as_their_authors_mean_it() {
    check(
        Json,
        Undeclared::Absent,
        &[
            ("a property is added to an open object", OPEN, OPEN_MORE, Reads::Both),
            ("a property is added to a closed one", CLOSED, CLOSED_MORE, Reads::Backward),
            ("an object is closed", OPEN, CLOSED, Reads::Both),
            (
                "a property changes its type",
                OPEN,
                r#"{"type": "object", "properties": {"a": {"type": "integer"}}}"#,
                Reads::Neither,
            ),
            (
                "an object that declares nothing may hold anything",
                r#"{"type": "object"}"#,
                r#"{"type": "object", "additionalProperties": {"type": "string"}}"#,
                Reads::Forward,
            ),
        ],
    );
}

#[test]
fn required_properties() {
    let object = |required: &str, b: &str| {
        format!(
            r#"{{"type": "object", "properties": {{"a": {{"type": "string"}}, "b": {b}}}, "required": [{required}], "additionalProperties": false}}"#
        )
    };
    let plain = r#"{"type": "string"}"#;
    check(
        Json,
        Undeclared::Anything,
        &[
            ("one more", &object(r#""a""#, plain), &object(r#""a", "b""#, plain), Reads::Forward),
            (
                "one more with a default",
                &object("", plain),
                &object(r#""b""#, r#"{"type": "string", "default": ""}"#),
                Reads::Both,
            ),
            ("one less", &object(r#""a""#, plain), &object("", plain), Reads::Backward),
        ],
    );
}

#[test]
fn lists() {
    check(
        Json,
        Undeclared::Anything,
        &[
            ("items", r#"{"items": {"type": "integer"}}"#, r#"{"items": {"type": "number"}}"#, Reads::Backward),
            ("length", r#"{"maxItems": 2}"#, r#"{"maxItems": 3}"#, Reads::Backward),
            ("each once", r#"{"uniqueItems": true}"#, r#"{"uniqueItems": false}"#, Reads::Backward),
            (
                "places",
                r#"{"prefixItems": [{"type": "integer"}], "items": false}"#,
                r#"{"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false}"#,
                Reads::Backward,
            ),
            (
                "places, before 2020",
                r#"{"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "integer"}], "additionalItems": false}"#,
                r#"{"$schema": "http://json-schema.org/draft-07/schema#", "items": {"type": "integer"}}"#,
                Reads::Backward,
            ),
            (
                "contains",
                r#"{"contains": {"type": "integer"}}"#,
                r#"{"type": ["array", "object", "string", "number", "null", "boolean"]}"#,
                Reads::Backward,
            ),
        ],
    );
}

#[test]
fn alternatives() {
    let nullable = r#"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#;
    check(
        Json,
        Undeclared::Anything,
        &[
            ("types as alternatives", r#"{"type": ["string", "null"]}"#, nullable, Reads::Both),
            (
                "an alternative more",
                nullable,
                r#"{"anyOf": [{"type": "null"}, {"type": "string"}, {"type": "integer"}]}"#,
                Reads::Backward,
            ),
            (
                "a schema becomes an alternative",
                r#"{"type": "string"}"#,
                r#"{"oneOf": [{"type": "string"}, {"type": "object"}]}"#,
                Reads::Backward,
            ),
            (
                "all of",
                r#"{"allOf": [{"type": "integer"}, {"minimum": 3}]}"#,
                r#"{"type": "integer", "minimum": 1}"#,
                Reads::Backward,
            ),
            ("not", r#"{"not": {"type": ["string", "null"]}}"#, r#"{"not": {"type": "string"}}"#, Reads::Backward),
            ("not what is never", r#"{"type": "integer"}"#, r#"{"not": {"type": "string"}}"#, Reads::Backward),
            (
                "conditions",
                r#"{"if": {"required": ["a"]}, "then": {"required": ["b"]}}"#,
                r#"{"if": {"required": ["a"]}, "then": {"required": ["b"]}, "title": "same"}"#,
                Reads::Both,
            ),
            (
                "objects in parts",
                r#"{"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "integer"}}}]}"#,
                r#"{"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}"#,
                Reads::Both,
            ),
        ],
    );
}

#[test]
fn references() {
    let tree = |of: &str| {
        format!(
            r##"{{"type": "object", "properties": {{"value": {{"type": "{of}"}}, "next": {{"$ref": "#"}}}}, "additionalProperties": false}}"##
        )
    };
    let named = |reference: &str| {
        format!(
            r##"{{"$id": "https://example.com/s.json", "$ref": "{reference}",
                "$defs": {{"a": {{"$anchor": "here", "type": "integer"}}, "b": {{"$id": "b.json", "type": "integer"}}}}}}"##
        )
    };
    check(
        Json,
        Undeclared::Anything,
        &[
            ("recursive", &tree("integer"), &tree("number"), Reads::Backward),
            ("recursive and different", &tree("integer"), &tree("string"), Reads::Neither),
            ("by pointer", r#"{"type": "integer"}"#, &named("#/$defs/a"), Reads::Both),
            ("by anchor", r#"{"type": "integer"}"#, &named("#here"), Reads::Both),
            ("by identifier", r#"{"type": "integer"}"#, &named("b.json"), Reads::Both),
            ("in place", &named("#/$defs/a"), r#"{"type": "integer"}"#, Reads::Both),
            (
                "beside a reference nothing counts in draft 7",
                r#"{"type": "integer"}"#,
                r##"{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {}, "allOf": [
                {"$ref": "#/definitions/i", "minimum": 3}], "definitions": {"i": {"type": "integer"}}}"##,
                Reads::Both,
            ),
        ],
    );
}

#[test]
fn problems_say_where() {
    assert_eq!(
        problem(Json, OPEN, r#"{"type": "object", "properties": {"a": {"type": "integer"}}}"#),
        "/a: the writer has string, the reader integer"
    );
    assert_eq!(problem(Json, CLOSED_MORE, CLOSED), "/b: the reader allows nothing here");
}

#[test]
fn what_is_no_schema() {
    for text in [
        "",
        "3",
        r#"{"type": "text"}"#,
        r#"{"properties": []}"#,
        r#"{"pattern": "("}"#,
        r##"{"$ref": "#/$defs/missing"}"##,
        r#"{"$ref": "https://example.com/other.json"}"#,
        r#"{"$schema": "https://example.com/unknown"}"#,
    ] {
        assert!(Definition::parse(Json, text).is_err(), "{text}");
    }
    for text in [
        r#"{"minimum": 1, "exclusiveMinimum": true}"#,
        r#"{"items": [{}, {}], "const": 1}"#,
        r#"{"prefixItems": [{}]}"#,
        r#"{"$schema": "http://json-schema.org/draft-06/schema#", "const": 1}"#,
    ] {
        assert!(Definition::parse(Json, text).is_ok(), "{text}");
    }
}
