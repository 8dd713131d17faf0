//! Changes of a table's metadata.

use propolis_glue_api::types::{IcebergTableUpdate, IcebergUpdateAction, TableInput};
use serde_json::{Value, json};

use super::schema::schema;
use super::{current_schema, file_of, invalid, now_ms, order_json, point_to, show_columns, spec_json};
use crate::catalog::tables::NewFile;
use crate::glue::error::Result;

/// The definition after updates of its metadata, in order, and the new metadata file. `current` is what the file
/// `location` holds.
pub fn updated(
    mut definition: TableInput,
    location: &str,
    current: &[u8],
    updates: &[IcebergTableUpdate],
) -> Result<(TableInput, NewFile)> {
    let mut metadata: Value = serde_json::from_slice(current)
        .map_err(|error| invalid(format!("The metadata file {location} cannot be read: {error}")))?;
    let before = metadata["last-updated-ms"].clone();
    for update in updates {
        apply(&mut metadata, update)?;
    }
    metadata["last-updated-ms"] = json!(now_ms());
    let log = json!({ "timestamp-ms": before, "metadata-file": location });
    list(&mut metadata, "metadata-log")?.push(log);
    let place = metadata["location"].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
    if metadata["format-version"] == 1 {
        metadata["schema"] = current_schema(&metadata)?.json;
        let fields = find(&metadata, "partition-specs", "spec-id", &metadata["default-spec-id"])?["fields"].clone();
        metadata["partition-spec"] = fields;
    }
    let file = file_of(&place, number_of(location) + 1, &metadata);
    point_to(&mut definition, &file, Some(location.to_owned()));
    let storage = definition.storage_descriptor.get_or_insert_default();
    show_columns(storage, current_schema(&metadata)?);
    storage.location = Some(place);
    Ok((definition, file))
}

/// How often the metadata was changed, by the name of its file.
fn number_of(location: &str) -> u64 {
    let name = location.rsplit('/').next().unwrap_or_default();
    name.split('-').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// An update without an action is all of the definition at once.
fn apply(metadata: &mut Value, update: &IcebergTableUpdate) -> Result<()> {
    use IcebergUpdateAction as Action;
    let Some(action) = update.action else {
        let mut all = vec![Action::AddSchema, Action::SetCurrentSchema, Action::SetLocation];
        if update.partition_spec.is_some() {
            all.extend([Action::AddSpec, Action::SetDefaultSpec]);
        }
        if update.sort_order.is_some() {
            all.extend([Action::AddSortOrder, Action::SetDefaultSortOrder]);
        }
        if update.properties.is_some() {
            all.push(Action::SetProperties);
        }
        return all.into_iter().try_for_each(|action| act(metadata, update, action, true));
    };
    act(metadata, update, action, false)
}

fn act(metadata: &mut Value, update: &IcebergTableUpdate, action: IcebergUpdateAction, latest: bool) -> Result<()> {
    use IcebergUpdateAction as Action;
    let missing = |member: &str| invalid(format!("The update {action} needs {member}"));
    match action {
        Action::AddSchema => {
            let id = match update.schema.schema_id.filter(|_| !latest) {
                Some(id) => id.into(),
                None => last_id(metadata, "schemas", "schema-id") + 1,
            };
            let new = schema(&update.schema, i32::try_from(id).unwrap_or_default())?;
            let last = metadata["last-column-id"].as_i64().unwrap_or_default().max(new.last_id());
            metadata["last-column-id"] = json!(last);
            add(metadata, "schemas", "schema-id", new.json)
        }
        Action::SetCurrentSchema => {
            let given = update.schema.schema_id.filter(|id| !latest && *id >= 0);
            let id = given.map_or_else(|| last_id(metadata, "schemas", "schema-id"), i64::from);
            choose(metadata, "schemas", "schema-id", "current-schema-id", id)
        }
        Action::AddSpec => {
            let spec = update.partition_spec.as_ref().ok_or_else(|| missing("PartitionSpec"))?;
            let id = match spec.spec_id.filter(|_| !latest) {
                Some(id) => id.into(),
                None => last_id(metadata, "partition-specs", "spec-id") + 1,
            };
            let last = metadata["last-partition-id"].as_i64().unwrap_or_default();
            let (new, last) = spec_json(spec, id, last, &current_schema(metadata)?)?;
            metadata["last-partition-id"] = json!(last);
            add(metadata, "partition-specs", "spec-id", new)
        }
        Action::SetDefaultSpec => {
            let given = update.partition_spec.as_ref().and_then(|spec| spec.spec_id).filter(|id| !latest && *id >= 0);
            let id = given.map_or_else(|| last_id(metadata, "partition-specs", "spec-id"), i64::from);
            choose(metadata, "partition-specs", "spec-id", "default-spec-id", id)
        }
        Action::AddSortOrder => {
            let order = update.sort_order.as_ref().ok_or_else(|| missing("SortOrder"))?;
            let new = order_json(order, &current_schema(metadata)?)?;
            // The order without fields is there always.
            let is_known = list(metadata, "sort-orders")?.contains(&new);
            if is_known { Ok(()) } else { add(metadata, "sort-orders", "order-id", new) }
        }
        Action::SetDefaultSortOrder => {
            let given = update.sort_order.as_ref().map(|order| order.order_id).filter(|id| *id >= 0);
            let id = given.map_or_else(|| last_id(metadata, "sort-orders", "order-id"), i64::from);
            choose(metadata, "sort-orders", "order-id", "default-sort-order-id", id)
        }
        Action::SetLocation => {
            metadata["location"] = json!(update.location.trim_end_matches('/'));
            Ok(())
        }
        Action::SetProperties | Action::RemoveProperties => {
            let sent = update.properties.as_ref().ok_or_else(|| missing("Properties"))?;
            let properties = metadata.get_mut("properties").and_then(Value::as_object_mut);
            let properties = properties.ok_or_else(|| invalid("The table's metadata has no properties"))?;
            for (key, value) in sent {
                match action {
                    Action::SetProperties => properties.insert(key.clone(), json!(value)),
                    _ => properties.remove(key),
                };
            }
            Ok(())
        }
        Action::AddEncryptionKey | Action::RemoveEncryptionKey => {
            Err(invalid(format!("{action} is for tables of Iceberg's format version 3, which are not served")))
        }
    }
}

fn list<'a>(metadata: &'a mut Value, key: &str) -> Result<&'a mut Vec<Value>> {
    let entry = metadata.as_object_mut().map(|object| object.entry(key).or_insert_with(|| json!([])));
    entry.and_then(Value::as_array_mut).ok_or_else(|| invalid(format!("The table's metadata has no {key}")))
}

fn last_id(metadata: &Value, key: &str, id: &str) -> i64 {
    let entries = metadata[key].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().filter_map(|entry| entry[id].as_i64()).max().unwrap_or(-1)
}

fn find<'a>(metadata: &'a Value, key: &str, id: &str, wanted: &Value) -> Result<&'a Value> {
    let found = metadata[key].as_array().and_then(|entries| entries.iter().find(|entry| entry[id] == *wanted));
    found.ok_or_else(|| invalid(format!("The table's metadata has no {id} {wanted} in {key}")))
}

fn add(metadata: &mut Value, key: &str, id: &str, new: Value) -> Result<()> {
    let entries = list(metadata, key)?;
    if entries.iter().any(|entry| entry[id] == new[id]) {
        return Err(invalid(format!("The table's metadata has the {id} {} already", new[id])));
    }
    entries.push(new);
    Ok(())
}

fn choose(metadata: &mut Value, key: &str, id: &str, chosen: &str, wanted: i64) -> Result<()> {
    let wanted = json!(wanted);
    find(metadata, key, id, &wanted)?;
    metadata[chosen] = wanted;
    Ok(())
}
