//! Tables and views.

use propolis_thrift::types;

use super::storage::{columns, storage, wire_columns, wire_storage};
use super::{parameters, principal_type, seconds, text, wire, wire_option, wire_parameters, wire_principal_type};
use crate::error::{CatalogError, Result};
use crate::model::{CreationMetadata, SourceTable, Table, TableName};

/// A table as a client wants it stored. The parts that the metastore insists on are refused when null.
pub fn table(sent: types::Table, name: TableName) -> Result<Table> {
    let missing = |part: &str| CatalogError::invalid_input(format!("Table {name} has no {part}: null is not allowed"));
    let sd = sent.sd.ok_or_else(|| missing("storage descriptor"))?;
    if sd.cols.is_none() {
        return Err(missing("columns"));
    }
    if sd.serde_info.is_none() {
        return Err(missing("SerDe"));
    }
    let (descriptor, location) = storage(sd)?;
    Ok(Table {
        id: 0,
        kind: text(sent.table_type).unwrap_or_default(),
        owner_name: text(sent.owner),
        owner_type: sent.owner_type.map(principal_type).transpose()?,
        created_at: 0,
        updated_at: 0,
        created_by: None,
        last_access_time: sent.last_access_time.unwrap_or_default().into(),
        retention: sent.retention.unwrap_or_default().into(),
        storage: descriptor.into(),
        storage_id: 0,
        location,
        partition_base: None,
        partition_keys: columns("partition key", sent.partition_keys.unwrap_or_default())?,
        parameters: parameters(sent.parameters),
        view_original_text: text(sent.view_original_text),
        view_expanded_text: text(sent.view_expanded_text),
        rewrite_enabled: sent.rewrite_enabled,
        creation_metadata: sent.creation_metadata.map(creation_metadata),
        write_id: sent.write_id.unwrap_or(-1),
        extra: Default::default(),
        version: 0,
        name,
    })
}

/// A table as clients of every release read it: what Java's server always fills is filled, empty rather than null.
pub fn wire_table(table: &Table) -> types::Table {
    types::Table {
        table_name: Some(wire(&table.name.table)),
        db_name: Some(wire(&table.name.database)),
        owner: wire_option(table.owner_name.as_ref()),
        create_time: Some(seconds(table.created_at)),
        last_access_time: Some(seconds(table.last_access_time)),
        retention: Some(seconds(table.retention)),
        sd: Some(wire_storage(&table.storage, table.location.as_deref().map(wire))),
        partition_keys: Some(wire_columns(&table.partition_keys)),
        parameters: Some(wire_parameters(&table.parameters)),
        view_original_text: wire_option(table.view_original_text.as_ref()),
        view_expanded_text: wire_option(table.view_expanded_text.as_ref()),
        table_type: Some(wire(&table.kind)),
        privileges: None,
        // Apache's server leaves it out, and clients compare.
        temporary: None,
        rewrite_enabled: Some(table.rewrite_enabled.unwrap_or_default()),
        creation_metadata: table.creation_metadata.as_ref().map(wire_creation_metadata),
        cat_name: Some(wire(&table.name.catalog)),
        owner_type: table.owner_type.map(wire_principal_type),
        write_id: Some(table.write_id),
        id: Some(table.id),
        ..Default::default()
    }
}

pub fn creation_metadata(sent: types::CreationMetadata) -> CreationMetadata {
    let mut tables_used: Vec<String> = sent.tables_used.into_iter().map(|name| name.to_string()).collect();
    tables_used.sort();
    CreationMetadata {
        catalog: sent.cat_name.to_lowercase(),
        database: sent.db_name.to_lowercase(),
        table: sent.tbl_name.to_lowercase(),
        tables_used,
        valid_transactions: text(sent.valid_txn_list),
        materialized_at: sent.materialization_time,
        source_tables: sent
            .source_tables
            .unwrap_or_default()
            .into_iter()
            .map(|source| SourceTable {
                name: TableName::new(
                    source.table.cat_name.as_deref().unwrap_or(crate::model::name::DEFAULT_CATALOG),
                    source.table.db_name.as_deref().unwrap_or_default(),
                    source.table.table_name.as_deref().unwrap_or_default(),
                ),
                inserted: source.inserted_count,
                updated: source.updated_count,
                deleted: source.deleted_count,
            })
            .collect(),
    }
}

fn wire_creation_metadata(metadata: &CreationMetadata) -> types::CreationMetadata {
    types::CreationMetadata {
        cat_name: wire(&metadata.catalog),
        db_name: wire(&metadata.database),
        tbl_name: wire(&metadata.table),
        tables_used: metadata.tables_used.iter().map(|name| wire(name)).collect(),
        valid_txn_list: wire_option(metadata.valid_transactions.as_ref()),
        materialization_time: metadata.materialized_at,
        source_tables: Some(
            metadata
                .source_tables
                .iter()
                .map(|source| types::SourceTable {
                    table: types::Table {
                        table_name: Some(wire(&source.name.table)),
                        db_name: Some(wire(&source.name.database)),
                        cat_name: Some(wire(&source.name.catalog)),
                        ..Default::default()
                    },
                    inserted_count: source.inserted,
                    updated_count: source.updated,
                    deleted_count: source.deleted,
                })
                .collect(),
        ),
    }
}
