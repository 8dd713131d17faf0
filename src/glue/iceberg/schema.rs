//! Types and schemas of Iceberg (table specification, appendix C), and what Hive calls them.

use std::collections::BTreeSet;

use propolis_glue_api::types::{Column, IcebergSchema, IcebergStructField};
use serde_json::{Value, json};

use super::invalid;
use crate::glue::error::Result;

/// Types nested deeper are refused.
const MAX_DEPTH: usize = 50;

/// A schema that was looked at, as metadata files have it.
pub struct Schema {
    pub json: Value,
    /// The ids of all its fields, at any depth.
    pub ids: BTreeSet<i64>,
    pub columns: Vec<Column>,
}

impl Schema {
    pub fn last_id(&self) -> i64 {
        self.ids.last().copied().unwrap_or_default()
    }
}

/// Reads a schema: ids must be unique and types known.
pub fn schema(sent: &IcebergSchema, id: i32) -> Result<Schema> {
    let fields: Vec<Value> = sent.fields.iter().map(field_json).collect();
    let mut ids = BTreeSet::new();
    let columns = sent.fields.iter().map(|field| column(field, &mut ids)).collect::<Result<Vec<_>>>()?;
    let identifiers = sent.identifier_field_ids.clone().unwrap_or_default();
    if let Some(unknown) = identifiers.iter().find(|id| !ids.contains(&i64::from(**id))) {
        return Err(invalid(format!("Schema.IdentifierFieldIds: there is no field {unknown}")));
    }
    let json = json!({ "type": "struct", "schema-id": id, "identifier-field-ids": identifiers, "fields": fields });
    Ok(Schema { json, ids, columns })
}

fn field_json(field: &IcebergStructField) -> Value {
    let mut json = json!({ "id": field.id, "name": field.name, "required": field.required, "type": field.r#type });
    let more = [
        ("doc", field.doc.clone().map(Value::from)),
        ("initial-default", field.initial_default.clone()),
        ("write-default", field.write_default.clone()),
    ];
    for (key, value) in more {
        if let Some(value) = value {
            json[key] = value;
        }
    }
    json
}

/// A field as a column of the table, with the parameters that Iceberg's Glue catalog gives it.
fn column(field: &IcebergStructField, ids: &mut BTreeSet<i64>) -> Result<Column> {
    keep_id(field.id.into(), ids)?;
    let parameters = [
        ("iceberg.field.id", field.id.to_string()),
        ("iceberg.field.optional", (!field.required).to_string()),
        ("iceberg.field.current", "true".to_owned()),
    ];
    Ok(Column {
        name: field.name.clone(),
        r#type: Some(hive_type(&field.r#type, ids, 0)?),
        comment: field.doc.clone(),
        parameters: Some(parameters.map(|(key, value)| (key.to_owned(), value)).into()),
    })
}

fn keep_id(id: i64, ids: &mut BTreeSet<i64>) -> Result<()> {
    match ids.insert(id) {
        true => Ok(()),
        false => Err(invalid(format!("Schema: two fields have the id {id}"))),
    }
}

/// The Hive type that an Iceberg type is read as.
fn hive_type(json: &Value, ids: &mut BTreeSet<i64>, depth: usize) -> Result<String> {
    if depth > MAX_DEPTH {
        return Err(invalid(format!("Schema: types are nested deeper than {MAX_DEPTH}")));
    }
    if let Some(name) = json.as_str() {
        return primitive(name).ok_or_else(|| invalid(format!("Schema: {name:?} is no type of Iceberg")));
    }
    let missing = |part: &str| invalid(format!("Schema: the type {json} has no {part}"));
    let part = |key: &str| json.get(key).ok_or_else(|| missing(key));
    let id = |value: &Value, key: &str| value.get(key).and_then(Value::as_i64).ok_or_else(|| missing(key));
    match json.get("type").and_then(Value::as_str) {
        Some("list") => {
            keep_id(id(json, "element-id")?, ids)?;
            Ok(format!("array<{}>", hive_type(part("element")?, ids, depth + 1)?))
        }
        Some("map") => {
            keep_id(id(json, "key-id")?, ids)?;
            keep_id(id(json, "value-id")?, ids)?;
            let key = hive_type(part("key")?, ids, depth + 1)?;
            Ok(format!("map<{key},{}>", hive_type(part("value")?, ids, depth + 1)?))
        }
        Some("struct") => {
            let fields = part("fields")?.as_array().ok_or_else(|| missing("list of fields"))?;
            let field = |field: &Value| {
                keep_id(id(field, "id")?, ids)?;
                let name = field.get("name").and_then(Value::as_str).ok_or_else(|| missing("name of a field"))?;
                let of = field.get("type").ok_or_else(|| missing("type of a field"))?;
                Ok(format!("{name}:{}", hive_type(of, ids, depth + 1)?))
            };
            Ok(format!("struct<{}>", fields.iter().map(field).collect::<Result<Vec<_>>>()?.join(",")))
        }
        _ => Err(invalid(format!("Schema: {json} is no type of Iceberg"))),
    }
}

fn primitive(name: &str) -> Option<String> {
    let arguments = |prefix: &str, close: char| -> Option<Vec<u32>> {
        let inner = name.strip_prefix(prefix)?.strip_suffix(close)?;
        inner.split(',').map(|number| number.trim().parse().ok()).collect()
    };
    let hive = match name {
        "boolean" | "int" | "float" | "double" | "date" | "timestamp" | "string" | "binary" => name,
        "long" => "bigint",
        "time" | "uuid" => "string",
        "timestamptz" | "timestamp_ns" | "timestamptz_ns" => "timestamp",
        _ => match (arguments("decimal(", ')').as_deref(), arguments("fixed[", ']').as_deref()) {
            (Some([precision @ 1..=38, scale]), _) if scale <= precision => {
                return Some(format!("decimal({precision},{scale})"));
            }
            (_, Some([_])) => "binary",
            _ => return None,
        },
    };
    Some(hive.to_owned())
}

/// The schema of a table that is given by its Hive columns.
pub fn schema_of_columns(columns: &[Column]) -> Result<IcebergSchema> {
    // Ids of nested fields follow those of the columns.
    let mut next_id = columns.len() as i32;
    let mut fields = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let text = column.r#type.as_deref().unwrap_or_default();
        let mut parser = HiveType { rest: text, next_id: &mut next_id };
        let parsed = parser.read(0).filter(|_| parser.rest.is_empty());
        let r#type = parsed.ok_or_else(|| {
            invalid(format!(
                "Column {}: {text:?} is no type that Iceberg has; give CreateIcebergTableInput",
                column.name
            ))
        })?;
        fields.push(IcebergStructField {
            id: at as i32 + 1,
            name: column.name.clone(),
            r#type,
            required: false,
            doc: column.comment.clone(),
            ..IcebergStructField::default()
        });
    }
    Ok(IcebergSchema { fields, ..IcebergSchema::default() })
}

struct HiveType<'a> {
    rest: &'a str,
    next_id: &'a mut i32,
}

impl HiveType<'_> {
    /// One type in Iceberg's terms.
    fn read(&mut self, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH {
            return None;
        }
        let end = self.rest.find(['<', '>', ',', ':']).unwrap_or(self.rest.len());
        // Commas also stand within the parentheses of decimals.
        let end = match self.rest[..end].find('(') {
            Some(open) => open + self.rest[open..].find(')')? + 1,
            None => end,
        };
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        match name.trim().to_ascii_lowercase().as_str() {
            "array" => {
                self.expect('<')?;
                let id = self.id();
                let element = self.read(depth + 1)?;
                self.expect('>')?;
                Some(json!({ "type": "list", "element-id": id, "element": element, "element-required": false }))
            }
            "map" => {
                self.expect('<')?;
                let (key_id, value_id) = (self.id(), self.id());
                let key = self.read(depth + 1)?;
                self.expect(',')?;
                let value = self.read(depth + 1)?;
                self.expect('>')?;
                Some(json!({
                    "type": "map", "key-id": key_id, "key": key, "value-id": value_id, "value": value,
                    "value-required": false,
                }))
            }
            "struct" => {
                self.expect('<')?;
                let mut fields = Vec::new();
                loop {
                    let (name, rest) = self.rest.split_once(':')?;
                    self.rest = rest;
                    let id = self.id();
                    let of = self.read(depth + 1)?;
                    fields.push(json!({ "id": id, "name": name.trim(), "required": false, "type": of }));
                    if self.expect(',').is_none() {
                        break;
                    }
                }
                self.expect('>')?;
                Some(json!({ "type": "struct", "fields": fields }))
            }
            name => iceberg_primitive(name).map(Value::from),
        }
    }

    fn expect(&mut self, sign: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(sign)?;
        Some(())
    }

    fn id(&mut self) -> i32 {
        *self.next_id += 1;
        *self.next_id
    }
}

fn iceberg_primitive(hive: &str) -> Option<String> {
    let (word, arguments) = hive.split_once('(').unwrap_or((hive, ""));
    let iceberg = match word.trim() {
        "boolean" | "float" | "double" | "date" | "timestamp" | "string" | "binary" => word.trim(),
        "tinyint" | "smallint" | "int" | "integer" => "int",
        "bigint" => "long",
        "char" | "varchar" => "string",
        "timestamp with local time zone" | "timestamplocaltz" => "timestamptz",
        "decimal" if arguments.is_empty() => "decimal(10,0)",
        "decimal" => return primitive(hive),
        _ => return None,
    };
    Some(iceberg.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(hive: &str) -> Option<IcebergSchema> {
        let column = Column { name: "c".into(), r#type: Some(hive.into()), ..Column::default() };
        schema_of_columns(&[column]).ok()
    }

    #[test]
    fn hive_types_become_iceberg_types_and_back() {
        for hive in [
            "int",
            "bigint",
            "decimal(10,2)",
            "array<string>",
            "map<string,array<decimal(5,1)>>",
            "struct<a:int,b:struct<c:timestamp,d:map<int,date>>>",
        ] {
            let back = schema(&of(hive).unwrap(), 0).unwrap();
            assert_eq!(back.columns[0].r#type.as_deref(), Some(hive));
            assert_eq!(back.last_id(), back.ids.len() as i64, "ids are dense");
        }
        for hive in ["", "array<int", "struct<>", "struct<a>", "int>", "map<int>", "uniontype<int>", "decimal(39,0)"] {
            assert!(of(hive).is_none(), "{hive:?}");
        }
        assert!(of(&format!("{}int{}", "array<".repeat(60), ">".repeat(60))).is_none());
    }

    #[test]
    fn ids_are_unique_and_types_known() {
        let field = |id: i32, of: Value| IcebergStructField { id, name: "f".into(), r#type: of, ..Default::default() };
        let of = |fields: Vec<IcebergStructField>| schema(&IcebergSchema { fields, ..Default::default() }, 0).is_ok();
        assert!(of(vec![field(1, json!("uuid")), field(2, json!("fixed[16]"))]));
        assert!(!of(vec![field(1, json!("int")), field(1, json!("int"))]));
        assert!(!of(vec![field(1, json!({ "type": "list", "element-id": 1, "element": "int" }))]));
        for unknown in [json!("bigint"), json!(7), json!({ "type": "list" }), json!({}), json!("decimal(2,3)")] {
            assert!(!of(vec![field(1, unknown.clone())]), "{unknown}");
        }
    }
}
