//! The metadata of Iceberg tables (table specification, appendix C) that are made or changed by the service itself.

mod schema;
mod update;

use propolis_glue_api::types::{
    CreateIcebergTableInput, IcebergInput, IcebergPartitionSpec, IcebergSchema, IcebergSortOrder, IcebergTableMetadata,
    StorageDescriptor, TableInput,
};
use serde_json::{Value, json};
use uuid::Uuid;

use self::schema::{Schema, schema, schema_of_columns};
use super::error::{Exception, Failure, Result};
use crate::catalog::tables::NewFile;
use crate::model::{Table, parameters};

pub use update::updated;

/// Ids of partition fields begin here.
const FIRST_PARTITION_FIELD: i64 = 1000;

/// Makes the definition that of an Iceberg table. The answer is its first metadata file, unless nothing is known of its
/// schema: then it is up to the engine that first writes to it.
pub fn create(definition: &mut TableInput, input: IcebergInput) -> Result<Option<NewFile>> {
    let version = format_version(input.version.as_deref())?;
    let parameters = definition.parameters.get_or_insert_default();
    parameters.insert("table_type".to_owned(), "ICEBERG".to_owned());
    let Some(table) =
        input.create_iceberg_table_input.map_or_else(|| given_by_columns(definition), |it| Ok(Some(it)))?
    else {
        return Ok(None);
    };
    let location = table.location.trim_end_matches('/').to_owned();
    let schema = schema(&table.schema, table.schema.schema_id.unwrap_or_default())?;
    let metadata = first_metadata(version, &location, &schema, &table)?;
    let file = file_of(&location, 0, &metadata);
    point_to(definition, &file, None);
    definition.table_type.get_or_insert_with(|| "EXTERNAL_TABLE".to_owned());
    let storage = definition.storage_descriptor.get_or_insert_default();
    storage.location.get_or_insert(table.location);
    show_columns(storage, schema);
    Ok(Some(file))
}

/// The metadata file of an Iceberg table.
pub fn metadata_location(table: &Table) -> Result<&str> {
    let location = table.parameters.get("metadata_location").filter(|location| !location.is_empty());
    location.map(String::as_str).ok_or_else(|| {
        invalid(format!("Table {} is no Iceberg table: it has no parameter metadata_location", table.name.table))
    })
}

/// The content of a metadata file as the service shows it.
pub fn shown(location: &str, metadata: &[u8]) -> Result<IcebergTableMetadata> {
    let read = serde_json::from_slice(metadata).and_then(|metadata| {
        let mut members = members(metadata);
        if let Some(version) = members.get("FormatVersion").map(Value::to_string) {
            members["FormatVersion"] = version.into();
        }
        serde_json::from_value(members)
    });
    read.map_err(|error| invalid(format!("The metadata file {location} cannot be read: {error}")))
}

/// `schema-id` becomes `SchemaId`, at any depth, but for what the service has as any JSON or any text.
fn members(json: Value) -> Value {
    match json {
        Value::Object(object) => {
            let member = |(key, value): (String, Value)| {
                let name: String = key
                    .split('-')
                    .flat_map(|word| {
                        let mut letters = word.chars();
                        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
                    })
                    .collect();
                let is_free = ["type", "properties", "initial-default", "write-default"].contains(&key.as_str());
                (name, if is_free { value } else { members(value) })
            };
            Value::Object(object.into_iter().map(member).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(members).collect()),
        other => other,
    }
}

fn format_version(version: Option<&str>) -> Result<i64> {
    match version {
        None | Some("2") => Ok(2),
        Some("1") => Ok(1),
        Some(other) => Err(invalid(format!("IcebergInput.Version {other:?} is not served: 1 or 2"))),
    }
}

/// What the definition itself says of the table; None where it has no columns.
fn given_by_columns(definition: &TableInput) -> Result<Option<CreateIcebergTableInput>> {
    let storage = definition.storage_descriptor.as_ref();
    let columns = storage.and_then(|storage| storage.columns.as_deref()).unwrap_or_default();
    if columns.is_empty() {
        return Ok(None);
    }
    if definition.partition_keys.as_ref().is_some_and(|keys| !keys.is_empty()) {
        return Err(invalid("An Iceberg table has no PartitionKeys: give CreateIcebergTableInput.PartitionSpec"));
    }
    let location = storage.and_then(|storage| storage.location.clone()).filter(|location| !location.is_empty());
    let location = location.ok_or_else(|| invalid("An Iceberg table needs a StorageDescriptor.Location"))?;
    let schema = schema_of_columns(columns)?;
    Ok(Some(CreateIcebergTableInput { location, schema, ..CreateIcebergTableInput::default() }))
}

fn first_metadata(version: i64, location: &str, schema: &Schema, table: &CreateIcebergTableInput) -> Result<Value> {
    let no_spec = IcebergPartitionSpec::default();
    let spec = table.partition_spec.as_ref().unwrap_or(&no_spec);
    let (spec, last_partition_id) =
        spec_json(spec, spec.spec_id.unwrap_or_default().into(), FIRST_PARTITION_FIELD - 1, schema)?;
    let unsorted = IcebergSortOrder::default();
    let order = order_json(table.write_order.as_ref().unwrap_or(&unsorted), schema)?;
    let mut metadata = json!({
        "format-version": version,
        "table-uuid": Uuid::new_v4().to_string(),
        "location": location,
        "last-updated-ms": now_ms(),
        "last-column-id": schema.last_id(),
        "schemas": [schema.json],
        "current-schema-id": schema.json["schema-id"],
        "partition-specs": [spec],
        "default-spec-id": spec["spec-id"],
        "last-partition-id": last_partition_id,
        "properties": table.properties.clone().unwrap_or_default(),
        "current-snapshot-id": -1,
        "snapshots": [],
        "snapshot-log": [],
        "metadata-log": [],
        "sort-orders": [order],
        "default-sort-order-id": order["order-id"],
    });
    if version == 1 {
        metadata["schema"] = schema.json.clone();
        metadata["partition-spec"] = spec["fields"].clone();
    } else {
        metadata["last-sequence-number"] = json!(0);
    }
    Ok(metadata)
}

/// A partition spec, and the last id of a partition field that is in use then.
fn spec_json(spec: &IcebergPartitionSpec, id: i64, mut last: i64, schema: &Schema) -> Result<(Value, i64)> {
    let mut fields = Vec::new();
    for field in &spec.fields {
        check_transform(&field.transform)?;
        check_source(field.source_id, &field.name, schema)?;
        let field_id = field.field_id.map_or(last + 1, i64::from);
        last = last.max(field_id);
        fields.push(json!({
            "source-id": field.source_id, "field-id": field_id, "transform": field.transform, "name": field.name,
        }));
    }
    Ok((json!({ "spec-id": id, "fields": fields }), last))
}

fn order_json(order: &IcebergSortOrder, schema: &Schema) -> Result<Value> {
    if (order.order_id == 0) != order.fields.is_empty() {
        return Err(invalid("A sort order has the OrderId 0 if it has no fields, and another if it has some"));
    }
    let mut fields = Vec::new();
    for field in &order.fields {
        check_transform(&field.transform)?;
        check_source(field.source_id, "a sort field", schema)?;
        fields.push(json!({
            "transform": field.transform, "source-id": field.source_id, "direction": field.direction,
            "null-order": field.null_order,
        }));
    }
    Ok(json!({ "order-id": order.order_id, "fields": fields }))
}

fn check_source(id: i32, of: &str, schema: &Schema) -> Result<()> {
    match schema.ids.contains(&i64::from(id)) {
        true => Ok(()),
        false => Err(invalid(format!("SourceId {id} of {of}: the schema has no such field"))),
    }
}

fn check_transform(transform: &str) -> Result<()> {
    let width = |prefix: &str| {
        let number = transform.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(']'));
        number.is_some_and(|number| number.parse::<u32>().is_ok_and(|width| width > 0))
    };
    let known = ["identity", "void", "year", "month", "day", "hour"].contains(&transform);
    match known || width("bucket[") || width("truncate[") {
        true => Ok(()),
        false => Err(invalid(format!("Transform {transform:?} is none of Iceberg's"))),
    }
}

/// The file of the metadata of a table at this place, whose number counts the changes.
fn file_of(location: &str, number: u64, metadata: &Value) -> NewFile {
    NewFile {
        location: format!("{location}/metadata/{number:05}-{}.metadata.json", Uuid::new_v4()),
        content: metadata.to_string().into_bytes(),
    }
}

fn point_to(definition: &mut TableInput, file: &NewFile, previous: Option<String>) {
    let parameters: &mut parameters::Parameters = definition.parameters.get_or_insert_default();
    parameters.insert("metadata_location".to_owned(), file.location.clone());
    if let Some(previous) = previous {
        parameters.insert("previous_metadata_location".to_owned(), previous);
    }
}

fn show_columns(storage: &mut StorageDescriptor, schema: Schema) {
    storage.columns = Some(schema.columns);
}

fn now_ms() -> i64 {
    (propolis_glue_api::Timestamp::now().0 * 1000.0) as i64
}

fn invalid(message: impl Into<String>) -> Failure {
    Exception::invalid_input(message).into()
}

/// The schema that a metadata file has as its current one.
fn current_schema(metadata: &Value) -> Result<Schema> {
    let id = &metadata["current-schema-id"];
    let schemas = metadata["schemas"].as_array().map(Vec::as_slice).unwrap_or_default();
    let current = schemas.iter().find(|schema| schema["schema-id"] == *id);
    let current = current.ok_or_else(|| invalid(format!("The table's metadata has no schema {id}")))?;
    let fields = current["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |field: &Value, key: &str| field[key].as_str().map(str::to_owned);
    let number = |value: &Value| value.as_i64().and_then(|number| i32::try_from(number).ok());
    let field = |field: &Value| {
        Some(propolis_glue_api::types::IcebergStructField {
            id: number(&field["id"])?,
            name: text(field, "name")?,
            r#type: field["type"].clone(),
            required: field["required"].as_bool()?,
            doc: text(field, "doc"),
            initial_default: field.get("initial-default").cloned(),
            write_default: field.get("write-default").cloned(),
        })
    };
    let broken = || invalid("The schema in the table's metadata cannot be read");
    let sent = IcebergSchema {
        fields: fields.iter().map(field).collect::<Option<_>>().ok_or_else(broken)?,
        ..IcebergSchema::default()
    };
    schema(&sent, number(id).ok_or_else(broken)?)
}
