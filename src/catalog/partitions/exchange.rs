//! Moving partitions from one table to another of the same shape.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::transactions::partitions as acid;
use super::super::{Caller, Service};
use super::{Selection, events};
use crate::error::{CatalogError, ErrorKind, Result, ResultExt};
use crate::model::partition::PartitionNamer;
use crate::model::{Column, Partition, PartitionBatch, Table, TableName};
use crate::store::{partitions, privileges, statistics};
use crate::warehouse::Location;

/// Whatever is wrong with an exchange is wrong with what was asked for, unknown tables too.
const INPUT: ErrorKind = ErrorKind::InvalidInput;

impl Service {
    /// Moves the partitions that have these values for these keys, with their data, from one table to another with the
    /// same columns and keys, and answers them as they are there. The folder that the given keys name is moved as a
    /// whole.
    pub async fn exchange_partitions(
        &self,
        _caller: &Caller,
        given: &BTreeMap<String, String>,
        source: &TableName,
        target: &TableName,
    ) -> Result<PartitionBatch> {
        if source.catalog != target.catalog {
            return Err(CatalogError::invalid_input(format!(
                "Partitions of table {source} cannot be exchanged with {target}: they are in two catalogs"
            )));
        }
        if source == target {
            return Err(CatalogError::invalid_input(format!(
                "Partitions of table {source} cannot be exchanged with the same table"
            )));
        }
        let mut transaction = self.store.begin().await?;
        // In the order of their names, so that two exchanges never wait for each other.
        let (first, second) = if source < target { (source, target) } else { (target, source) };
        let first = self.table_for_partitions(&mut transaction, first).await.map_kind(ErrorKind::NotFound, INPUT)?;
        let second = self.table_for_partitions(&mut transaction, second).await.map_kind(ErrorKind::NotFound, INPUT)?;
        let (from, to) = if first.name == *source { (first, second) } else { (second, first) };
        check_same_shape(&from, &to)?;
        let (prefix, folder) = read_given(&from, given)?;

        let selection = Selection::Prefix(&prefix).resolve(&from)?;
        let gone = self.store.delete_partitions(&mut transaction, &from, &selection.which()).await?;
        if gone.is_empty() {
            return Err(CatalogError::invalid_input(format!("Table {source} has no partition {folder}")));
        }
        let arrived = arrived(&to, &gone)?;
        let arrived = self.stored_batch(&mut transaction, &to, &arrived, &gone.storage).await?;
        if let Some(inserted) = partitions::insert(&mut transaction, &arrived).await? {
            let taken = arrived.rows().find(|row| !inserted.contains(row.packed_values));
            let name = taken.map(|row| arrived.name(&row)).unwrap_or_default();
            return Err(CatalogError::invalid_input(format!("Partition {name} of table {target} already exists")));
        }
        let values: Vec<Vec<String>> = gone.rows().map(|row| row.values().map(str::to_owned).collect()).collect();
        statistics::delete_partitions(&mut transaction, from.id, &values).await?;
        privileges::forget_dropped_partitions(&mut transaction, from.id).await?;
        acid::forget(&mut transaction, &from, &values).await?;
        events::record_dropped(&mut transaction, &gone).await?;
        events::record_added(&mut transaction, &arrived).await?;
        let renamed = self.warehouse.rename_directory(&below(&from, &folder)?, &below(&to, &folder)?).await?;
        let written = transaction.commit().await.map(|()| arrived);
        self.settle_rename(Some(renamed), written).await
    }
}

fn check_same_shape(from: &Table, to: &Table) -> Result<()> {
    let shape = |columns: &[Column]| -> Vec<(String, String)> {
        columns.iter().map(|column| (column.name.clone(), column.type_name.to_lowercase())).collect()
    };
    let same = shape(&from.storage.columns) == shape(&to.storage.columns)
        && shape(&from.partition_keys) == shape(&to.partition_keys);
    if !same || from.is_view() || to.is_view() {
        return Err(CatalogError::invalid_input(format!(
            "Tables {} and {} have different columns or partition keys: their partitions cannot be exchanged",
            from.name, to.name
        )));
    }
    Ok(())
}

/// The values given, in the order of the keys, and the folder that they name. Keys must be given from the first on
/// without a gap: else they name no folder. Other names are passed over.
fn read_given(table: &Table, given: &BTreeMap<String, String>) -> Result<(Vec<String>, String)> {
    let keys = table.partition_key_names();
    let given: BTreeMap<String, &String> = given.iter().map(|(key, value)| (key.to_lowercase(), value)).collect();
    let prefix: Vec<String> =
        keys.iter().map_while(|key| given.get(*key).filter(|value| !value.is_empty())).map(|v| v.to_string()).collect();
    let gap = keys.iter().skip(prefix.len()).any(|key| given.get(*key).is_some_and(|value| !value.is_empty()));
    if prefix.is_empty() || gap {
        return Err(CatalogError::invalid_input(format!(
            "Which partitions of table {} to exchange must be given by its keys from the first on: {}",
            table.name,
            keys.join(", ")
        )));
    }
    let folder = PartitionNamer::new(&keys).name(prefix.iter().map(String::as_str));
    Ok((prefix, folder))
}

/// The partitions as they will be in their new table: each in the folder of its name.
fn arrived(to: &Arc<Table>, gone: &PartitionBatch) -> Result<Vec<Partition>> {
    let base = to.partition_base.as_deref().unwrap_or_default();
    gone.rows()
        .map(|row| Ok(Partition { location: Some(format!("{base}/{}", gone.name(&row))), ..gone.partition(&row)? }))
        .collect()
}

fn below(table: &Table, folder: &str) -> Result<Location> {
    let base = table.partition_base.as_deref().unwrap_or_default();
    Ok(Location::parse(&format!("{base}/{folder}"))?)
}
