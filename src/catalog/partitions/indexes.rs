//! Partition indexes. They are definitions only: partitions are found as quickly without them.

use super::super::{Caller, Service};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::name::fold;
use crate::model::{Column, PartitionIndex, Table, TableName};
use crate::store::Connection;
use crate::store::partitions::indexes;

/// AWS Glue's limit, which it never lifts.
const MAX_INDEXES: usize = 3;

impl Service {
    /// A table's indexes by name, each with those of its keys that the table still has.
    pub async fn partition_indexes(&self, name: &TableName) -> Result<Vec<(PartitionIndex, Vec<Column>)>> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let indexes = indexes::of_table(&mut connection, table.id).await?;
        let keys = |index: &PartitionIndex| -> Vec<Column> {
            let key = |name: &String| table.partition_keys.iter().find(|key| key.name == *name).cloned();
            index.keys.iter().filter_map(key).collect()
        };
        Ok(indexes.into_iter().map(|index| (index.clone(), keys(&index))).collect())
    }

    pub async fn create_partition_index(
        &self,
        _caller: &Caller,
        name: &TableName,
        index: PartitionIndex,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        // Alone with the table: the number of its indexes is limited.
        let table = self.store.get_table_for_update(&mut transaction, name).await?;
        let table = self.found_table(&mut transaction, name, table).await?;
        self.add_partition_indexes(&mut transaction, &table, vec![index]).await?;
        transaction.commit().await
    }

    /// The same within a transaction that has the table alone.
    pub(in crate::catalog) async fn add_partition_indexes(
        &self,
        connection: &mut Connection,
        table: &Table,
        new: Vec<PartitionIndex>,
    ) -> Result<()> {
        let mut known = indexes::of_table(connection, table.id).await?;
        for index in new {
            let index = PartitionIndex { keys: index.keys.iter().map(|key| fold(key)).collect(), ..index };
            check(table, &known, &index)?;
            indexes::insert(connection, table.id, &index).await?;
            known.push(index);
        }
        Ok(())
    }

    pub async fn delete_partition_index(&self, _caller: &Caller, table: &TableName, name: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let found = self.table_for_partitions(&mut transaction, table).await?;
        if !indexes::delete(&mut transaction, found.id, name).await? {
            return Err(CatalogError::not_found(format!("Table {table} has no partition index {name}")));
        }
        transaction.commit().await
    }
}

fn check(table: &Table, known: &[PartitionIndex], index: &PartitionIndex) -> Result<()> {
    let PartitionIndex { name, keys } = index;
    if keys.is_empty() {
        return Err(CatalogError::invalid_input(format!("Partition index {name} of table {} has no keys", table.name)));
    }
    if let Some(key) = keys.iter().find(|key| !table.partition_keys.iter().any(|column| column.name == **key)) {
        return Err(CatalogError::invalid_input(format!(
            "Partition index {name}: {key} is not a partition key of table {}, whose keys are {}",
            table.name,
            table.partition_key_names().join(", ")
        )));
    }
    if let Some((_, key)) = keys.iter().enumerate().find(|(at, key)| keys[..*at].contains(key)) {
        return Err(CatalogError::invalid_input(format!("Partition index {name} has the key {key} twice")));
    }
    if known.iter().any(|other| other.name == *name) {
        return Err(CatalogError::already_exists(format!("Table {} already has a partition index {name}", table.name)));
    }
    if let Some(same) = known.iter().find(|other| other.keys == *keys) {
        return Err(CatalogError::already_exists(format!(
            "Table {} already has a partition index with the keys {}: {}",
            table.name,
            keys.join(", "),
            same.name
        )));
    }
    if known.len() >= MAX_INDEXES {
        return Err(CatalogError::new(
            ErrorKind::LimitExceeded,
            format!("Table {} has {MAX_INDEXES} partition indexes, and no table may have more", table.name),
        ));
    }
    Ok(())
}
