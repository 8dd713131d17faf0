//! What is said to be compatible is, for schemas and documents at random.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::definition;
use crate::data_schema::Undeclared;
use crate::model::schema_registry::DataFormat::Json;

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "ab"])
}

fn scalar() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(2),
        json!(1.5),
        json!(-3),
        json!(""),
        json!("a"),
        json!("ab"),
    ])
}

fn document() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(2, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name(), inner, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

/// Keywords without schemas within.
fn plain() -> impl Strategy<Value = (&'static str, Value)> {
    let types = vec!["null", "boolean", "integer", "number", "string", "array", "object"];
    let limit = || prop::sample::select(vec![json!(-1), json!(0), json!(1), json!(1.5), json!(2)]);
    let count = || (0..3_u8).prop_map(Value::from);
    prop_oneof![
        4 => prop::sample::subsequence(types, 1..4).prop_map(|types| ("type", json!(types))),
        1 => limit().prop_map(|limit| ("minimum", limit)),
        1 => limit().prop_map(|limit| ("maximum", limit)),
        1 => limit().prop_map(|limit| ("exclusiveMinimum", limit)),
        1 => limit().prop_map(|limit| ("exclusiveMaximum", limit)),
        1 => prop::sample::select(vec![json!(1), json!(2), json!(0.5)]).prop_map(|of| ("multipleOf", of)),
        1 => count().prop_map(|count| ("minLength", count)),
        1 => count().prop_map(|count| ("maxLength", count)),
        1 => prop::sample::select(vec!["^a", "b$"]).prop_map(|pattern| ("pattern", json!(pattern))),
        1 => count().prop_map(|count| ("minItems", count)),
        1 => count().prop_map(|count| ("maxItems", count)),
        1 => any::<bool>().prop_map(|unique| ("uniqueItems", json!(unique))),
        1 => count().prop_map(|count| ("minProperties", count)),
        1 => count().prop_map(|count| ("maxProperties", count)),
        2 => prop::collection::btree_set(name(), 1..3).prop_map(|names| ("required", json!(names))),
        2 => prop::collection::vec(document(), 1..3).prop_map(|values| ("enum", json!(values))),
        1 => document().prop_map(|value| ("const", value)),
    ]
}

/// Schemas of all keywords that are looked into, without `oneOf` and `default`, which are taken in good faith.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => any::<bool>().prop_map(Value::from),
        6 => prop::collection::vec(plain(), 0..3).prop_map(object),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let within = inner.clone();
        let list = move || prop::collection::vec(within.clone(), 1..3).prop_map(Value::from);
        let names = prop::collection::btree_map(name(), inner.clone(), 1..3);
        let patterns = prop::collection::btree_map(prop::sample::select(vec!["^a", "b$"]), inner.clone(), 1..3);
        let nested = prop_oneof![
            4 => names.prop_map(|properties| ("properties", json!(properties))),
            1 => patterns.prop_map(|patterns| ("patternProperties", json!(patterns))),
            2 => inner.clone().prop_map(|schema| ("additionalProperties", schema)),
            1 => inner.clone().prop_map(|schema| ("propertyNames", schema)),
            2 => inner.clone().prop_map(|schema| ("items", schema)),
            1 => list().prop_map(|schemas| ("prefixItems", schemas)),
            2 => list().prop_map(|schemas| ("anyOf", schemas)),
            2 => list().prop_map(|schemas| ("allOf", schemas)),
            1 => inner.clone().prop_map(|schema| ("not", schema)),
            1 => inner.clone().prop_map(|schema| ("contains", schema)),
            1 => inner.clone().prop_map(|schema| ("if", schema)),
            1 => inner.prop_map(|schema| ("then", schema)),
        ];
        (prop::collection::vec(plain(), 0..2), prop::collection::vec(nested, 1..3))
            .prop_map(|(plain, nested)| object(plain.into_iter().chain(nested).collect()))
    })
}

fn object(keywords: Vec<(&'static str, Value)>) -> Value {
    Value::Object(keywords.into_iter().map(|(keyword, value)| (keyword.to_owned(), value)).collect())
}

/// A schema that is like another one, so that the two are often compatible.
fn near(schema: Value) -> impl Strategy<Value = Value> {
    let (alike, other) = (schema.clone(), schema.clone());
    prop_oneof![
        2 => prop::collection::vec(plain(), 0..2).prop_map(move |keywords| match &alike {
            Value::Object(own) => {
                let mut changed = own.clone();
                changed.extend(keywords.into_iter().map(|(keyword, value)| (keyword.to_owned(), value)));
                Value::Object(changed)
            }
            other => other.clone(),
        }),
        1 => any::<prop::sample::Index>().prop_map(move |at| match &other {
            Value::Object(own) if !own.is_empty() => {
                let mut changed = own.clone();
                let keyword = at.get(&own.keys().collect::<Vec<_>>()).to_string();
                changed.remove(&keyword);
                Value::Object(changed)
            }
            other => other.clone(),
        }),
        1 => Just(json!({ "anyOf": [schema.clone(), { "type": "null" }] })),
        1 => self::schema(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_the_writer_may_write_the_reader_reads(
        (written, read) in schema().prop_flat_map(|schema| (Just(schema.clone()), near(schema))),
        documents in prop::collection::vec(document(), 40),
    ) {
        for (written, read) in [(&written, &read), (&read, &written)] {
            let (writer, reader) = (definition(Json, &written.to_string()), definition(Json, &read.to_string()));
            if reader.reads(&writer, Undeclared::Anything).is_ok() {
                let (writes, reads) = (validator(written), validator(read));
                for document in documents.iter().filter(|document| writes.is_valid(document)) {
                    prop_assert!(reads.is_valid(document), "{document}: {written} writes it, {read} refuses it");
                }
            }
        }
    }

    #[test]
    fn a_schema_reads_itself(schema in schema()) {
        let schema = definition(Json, &schema.to_string());
        for undeclared in [Undeclared::Absent, Undeclared::Anything] {
            prop_assert_eq!(schema.reads(&schema, undeclared), Ok(()));
        }
    }
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::validator_for(schema).unwrap()
}
