//! Tables, views and links to tables elsewhere.

use propolis_glue_api::{Timestamp, types};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::extra::{Omitted, is_omitted, keep, kept, shown};
use super::storage::{columns, storage, wire_columns, wire_storage};
use crate::glue::call::Call;
use crate::model::{Extra, Table, TableName, table_kind};

/// The parameter that holds a table's description, as Hive and its engines have it.
const COMMENT: &str = "comment";
/// Noted where the description was no parameter as well.
const COMMENT_PARAMETER: &str = "Parameters.comment";

/// A definition as it is to be stored. What the service has no words for comes from the table that it replaces.
pub fn table(sent: types::TableInput, name: TableName, before: Option<&Table>) -> Table {
    let mut omitted = Omitted::default();
    let mut extra = Extra::new();
    let mut parameters = omitted.or_default("Parameters", sent.parameters);
    match (sent.description, parameters.get(COMMENT)) {
        (None, Some(_)) => omitted.note("Description"),
        (Some(description), None) => {
            omitted.note(COMMENT_PARAMETER);
            parameters.insert(COMMENT.to_owned(), description);
        }
        (Some(description), Some(comment)) if description != *comment => {
            keep(&mut extra, "Description", Some(&description));
        }
        _ => {}
    }
    let sent_keys = omitted.or_default("PartitionKeys", sent.partition_keys);
    let partition_keys = columns(sent_keys, "PartitionKeyDetails", &mut extra);
    let (storage, location) = storage(sent.storage_descriptor, before.map(|before| &*before.storage));
    keep(&mut extra, "LastAnalyzedTime", sent.last_analyzed_time.as_ref());
    keep(&mut extra, "TargetTable", sent.target_table.as_ref());
    keep(&mut extra, "FederatedTable", sent.federated_table.as_ref());
    keep(&mut extra, "ViewDefinition", sent.view_definition.as_ref());
    let table = Table {
        id: 0,
        name,
        kind: kind(sent.table_type, &mut omitted, &mut extra),
        owner_name: sent.owner,
        owner_type: before.and_then(|before| before.owner_type),
        created_at: 0,
        updated_at: 0,
        created_by: None,
        last_access_time: last_access(sent.last_access_time, &mut extra),
        retention: omitted.or_default("Retention", sent.retention).into(),
        storage: storage.into(),
        storage_id: 0,
        location,
        partition_base: None,
        partition_keys,
        parameters,
        view_original_text: sent.view_original_text,
        view_expanded_text: sent.view_expanded_text,
        rewrite_enabled: before.and_then(|before| before.rewrite_enabled),
        creation_metadata: before.and_then(|before| before.creation_metadata.clone()),
        write_id: before.map_or(-1, |before| before.write_id),
        extra: Extra::new(),
        version: 0,
    };
    omitted.keep(&mut extra);
    Table { extra, ..table }
}

/// The definition with what the server says of it.
pub fn wire_table(call: &Call, table: &Table) -> types::Table {
    let created_by = table.created_by.as_ref().filter(|user| !user.is_empty());
    types::Table {
        catalog_id: Some(call.catalog_id(&table.name.catalog)),
        database_name: Some(table.name.database.clone()),
        create_time: Some(table.created_at.into()),
        update_time: Some(table.updated_at.into()),
        created_by: created_by.map(|user| format!("arn:aws:iam::{}:user/{user}", call.account())),
        version_id: Some(shown_version(call, table.version)),
        is_registered_with_lake_formation: Some(false),
        is_multi_dialect_view: Some(table.extra.contains_key("ViewDefinition")),
        is_materialized_view: Some(table.kind == table_kind::MATERIALIZED_VIEW),
        ..definition(table)
    }
}

/// What a client defined.
pub fn definition(table: &Table) -> types::Table {
    let extra = &table.extra;
    let mut parameters = table.parameters.clone();
    let comment = parameters.get(COMMENT).cloned();
    if is_omitted(extra, COMMENT_PARAMETER) {
        parameters.remove(COMMENT);
    }
    types::Table {
        name: table.name.table.clone(),
        description: kept(extra, "Description").or(comment).filter(|_| !is_omitted(extra, "Description")),
        owner: table.owner_name.clone(),
        last_access_time: shown_last_access(table),
        last_analyzed_time: kept(extra, "LastAnalyzedTime"),
        retention: shown(extra, "Retention", i32::try_from(table.retention).unwrap_or(i32::MAX)),
        storage_descriptor: wire_storage(&table.storage, table.location.as_deref()),
        partition_keys: shown(
            extra,
            "PartitionKeys",
            wire_columns(&table.partition_keys, extra, "PartitionKeyDetails"),
        ),
        view_original_text: table.view_original_text.clone(),
        view_expanded_text: table.view_expanded_text.clone(),
        table_type: shown_kind(table),
        parameters: shown(extra, "Parameters", parameters),
        target_table: kept(extra, "TargetTable"),
        federated_table: kept(extra, "FederatedTable"),
        view_definition: kept(extra, "ViewDefinition"),
        ..types::Table::default()
    }
}

/// Whether a connection serves the table.
pub fn is_federated(table: &Table) -> bool {
    table.extra.contains_key("FederatedTable")
}

/// A definition as input for the service, so that part of it can be changed.
pub fn input(table: &Table) -> types::TableInput {
    let shown = definition(table);
    types::TableInput {
        name: shown.name,
        description: shown.description,
        owner: shown.owner,
        last_access_time: shown.last_access_time,
        last_analyzed_time: shown.last_analyzed_time,
        retention: shown.retention,
        storage_descriptor: shown.storage_descriptor,
        partition_keys: shown.partition_keys,
        view_original_text: shown.view_original_text,
        view_expanded_text: shown.view_expanded_text,
        table_type: shown.table_type,
        parameters: shown.parameters,
        target_table: shown.target_table,
        federated_table: shown.federated_table,
        view_definition: shown.view_definition.as_ref().and_then(same_shape),
    }
}

/// A value as another shape with the same members.
fn same_shape<T: Serialize, U: DeserializeOwned>(value: &T) -> Option<U> {
    serde_json::from_value(serde_json::to_value(value).ok()?).ok()
}

/// The VersionId of a version. The catalog counts from 1.
pub fn shown_version(call: &Call, version: i64) -> String {
    (version - 1 + call.settings.first_version).to_string()
}

/// Kinds that Hive does not know, and none, are external tables to it.
fn kind(sent: Option<String>, omitted: &mut Omitted, extra: &mut Extra) -> String {
    use table_kind::{EXTERNAL, MANAGED, MATERIALIZED_VIEW, VIEW};
    let kind = omitted.or("TableType", sent, EXTERNAL.to_owned());
    if [EXTERNAL, MANAGED, MATERIALIZED_VIEW, VIEW].contains(&kind.as_str()) {
        return kind;
    }
    keep(extra, "TableType", Some(&kind));
    EXTERNAL.to_owned()
}

fn shown_kind(table: &Table) -> Option<String> {
    if table.kind != table_kind::EXTERNAL {
        return Some(table.kind.clone());
    }
    let other = kept(&table.extra, "TableType");
    other.or_else(|| (!is_omitted(&table.extra, "TableType")).then(|| table.kind.clone()))
}

/// The model has whole seconds, and 0 for never.
fn last_access(sent: Option<Timestamp>, extra: &mut Extra) -> i64 {
    let Some(time) = sent else { return 0 };
    let seconds = time.0.floor();
    if seconds != time.0 || seconds == 0.0 {
        keep(extra, "LastAccessTime", Some(&time));
    }
    seconds as i64
}

fn shown_last_access(table: &Table) -> Option<Timestamp> {
    let exact =
        kept(&table.extra, "LastAccessTime").filter(|time: &Timestamp| time.0.floor() as i64 == table.last_access_time);
    exact.or_else(|| (table.last_access_time != 0).then(|| table.last_access_time.into()))
}
