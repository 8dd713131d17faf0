//! Partitions: looking them up and listing them. See [`add`], [`alter`], [`drop`] and [`exchange`] for the rest, and
//! [`verbatim`] for clients who keep the rules themselves.

mod add;
mod alter;
mod drop;
mod events;
mod exchange;
mod formula;
mod indexes;
mod marks;
mod parameters;
mod selection;
pub(super) mod verbatim;

use std::collections::HashMap;
use std::sync::Arc;

use super::Service;
use crate::error::{CatalogError, ErrorKind, Object, Result};
use crate::model::partition_name::partition_name;
use crate::model::{Partition, PartitionBatch, StorageDescriptor, Table, TableName};
use crate::store::{Connection, partitions};

pub use add::AddPartitions;
pub use drop::{DropPartitions, ToDrop};
pub use selection::Selection;
pub use verbatim::Refused;

pub use crate::store::partitions::{Part, Segment};

/// Which values of partitions are asked for, and how they come.
#[derive(Debug, Clone, Copy)]
pub struct KeyValues<'a> {
    /// Names of partition keys.
    pub keys: &'a [String],
    /// Each combination once.
    pub distinct: bool,
    pub ascending: bool,
    pub limit: Option<i64>,
}

impl Service {
    pub async fn partition(&self, name: &TableName, values: &[String]) -> Result<PartitionBatch> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let values = [check_values(&table, values)?];
        let batch = self.store.partitions(&mut connection, &table, &partitions::Which::Values(&values), None).await?;
        if batch.is_empty() { Err(no_partition(&table, &values[0])) } else { Ok(batch) }
    }

    /// Partitions in order of their values, at most `limit`. More than the rules allow in one call are an error, so
    /// that one forgotten filter does not take everybody down.
    pub async fn partitions(
        &self,
        name: &TableName,
        selection: &Selection<'_>,
        limit: Option<i64>,
    ) -> Result<PartitionBatch> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let chosen = selection.resolve(&table)?;
        self.partitions_within_rules(&mut connection, &table, &chosen.which(), limit).await
    }

    async fn partitions_within_rules(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        which: &partitions::Which<'_>,
        limit: Option<i64>,
    ) -> Result<PartitionBatch> {
        let Some(most) = self.rules.max_partitions else {
            return self.store.partitions(connection, table, which, limit).await;
        };
        // One more than allowed, in the same statement: counting first would cost as much again.
        let limit = limit.unwrap_or(i64::MAX).min(most + 1);
        let batch = self.store.partitions(connection, table, which, Some(limit)).await?;
        if batch.len() as i64 > most {
            return Err(CatalogError::new(
                ErrorKind::LimitExceeded,
                format!(
                    "The call asks for more than {most} partitions of table {}, which the setting max_partitions \
                     does not allow: filter by partition keys, or ask for fewer",
                    table.name
                ),
            ));
        }
        Ok(batch)
    }

    /// Names of partitions, in order, at most `limit`.
    pub async fn partition_names(
        &self,
        name: &TableName,
        selection: &Selection<'_>,
        limit: Option<i64>,
    ) -> Result<Vec<String>> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let chosen = selection.resolve(&table)?;
        if !table.is_partitioned() {
            // There may be partitions all the same, but a name is made of keys.
            return Ok(Vec::new());
        }
        let mut names = partitions::names(&mut connection, &table, &chosen.which(), limit).await?;
        // In order of the values already: seldom is anything moved.
        names.sort();
        Ok(names)
    }

    pub async fn count_partitions(&self, name: &TableName, selection: &Selection<'_>) -> Result<i64> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let chosen = selection.resolve(&table)?;
        partitions::count(&mut connection, &table, &chosen.which()).await
    }

    /// The values that partitions have for some keys, in the order of those values.
    pub async fn partition_values(
        &self,
        name: &TableName,
        selection: &Selection<'_>,
        wanted: KeyValues<'_>,
    ) -> Result<Vec<Vec<String>>> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let chosen = selection.resolve(&table)?;
        let position = |key: &String| {
            let key = key.to_lowercase();
            table.partition_keys.iter().position(|column| column.name == key).ok_or_else(|| {
                CatalogError::invalid_input(format!("{key:?} is not a partition key of table {}", table.name))
            })
        };
        let keys = wanted.keys.iter().map(position).collect::<Result<Vec<_>>>()?;
        let KeyValues { distinct, ascending, limit, .. } = wanted;
        partitions::values_of_keys(&mut connection, &table, &chosen.which(), &keys, distinct, ascending, limit).await
    }

    async fn table_of_partitions(&self, connection: &mut Connection, name: &TableName) -> Result<Arc<Table>> {
        let table = self.store.get_table(connection, name).await?;
        self.found_table(connection, name, table).await
    }

    /// The table, kept from being dropped or changed until the transaction ends. Writers of partitions do not wait for
    /// each other here: what they meet at is the partitions themselves.
    async fn table_for_partitions(&self, connection: &mut Connection, name: &TableName) -> Result<Arc<Table>> {
        let table = self.store.get_table_for_child(connection, name).await?;
        self.found_table(connection, name, table).await.map(Arc::new)
    }

    /// A batch of these partitions, with their descriptors stored; those of `known` are stored already, by their ids.
    async fn stored_batch(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        partitions: &[Partition],
        known: &HashMap<i64, Arc<StorageDescriptor>>,
    ) -> Result<PartitionBatch> {
        let (new, stored) = distinct_storage(partitions, known);
        let new_ids = self.store.put_descriptors(connection, &new).await?;
        let mut batch = PartitionBatch::new(Arc::clone(table));
        for (partition, stored) in partitions.iter().zip(stored) {
            let id = stored.map(|stored| match stored {
                Stored::Known(id) => id,
                Stored::New(at) => new_ids[at],
            });
            batch.push_partition(partition, id);
        }
        Ok(batch)
    }
}

/// Where a partition's descriptor is.
#[derive(Clone, Copy)]
enum Stored {
    Known(i64),
    /// At this position among those that are to be stored.
    New(usize),
}

/// The descriptors of partitions that are not known, and for each partition where its own is. Those that one call
/// brought together share equal descriptors, so looking at their addresses is enough to hash few.
fn distinct_storage(
    partitions: &[Partition],
    known: &HashMap<i64, Arc<StorageDescriptor>>,
) -> (Vec<Arc<StorageDescriptor>>, Vec<Option<Stored>>) {
    let mut new = Vec::new();
    let mut seen: HashMap<_, _> =
        known.iter().map(|(id, storage)| (Arc::as_ptr(storage), Stored::Known(*id))).collect();
    let mut find = |storage: &Arc<StorageDescriptor>| {
        *seen.entry(Arc::as_ptr(storage)).or_insert_with(|| {
            new.push(Arc::clone(storage));
            Stored::New(new.len() - 1)
        })
    };
    let stored = partitions.iter().map(|partition| partition.storage.as_ref().map(&mut find)).collect();
    (new, stored)
}

/// The values as they are stored, one for each key. An empty value is the null value: both have the same name, and so
/// are the same partition.
pub(super) fn check_values(table: &Table, values: &[String]) -> Result<Vec<String>> {
    if !table.is_partitioned() {
        return Err(CatalogError::invalid_input(format!("Table {} is not partitioned", table.name)));
    }
    if values.len() != table.partition_keys.len() {
        return Err(CatalogError::invalid_input(format!(
            "Table {} has the partition keys {}: a partition of it has {} values, not {}",
            table.name,
            table.partition_key_names().join(", "),
            table.partition_keys.len(),
            values.len()
        )));
    }
    Ok(values.iter().map(|value| selection::stored_value(value)).collect())
}

fn no_partition(table: &Table, values: &[String]) -> CatalogError {
    CatalogError::not_found(format!("Partition {} of table {} does not exist", called(table, values), table.name))
        .about(Object::Partition(values.to_vec()))
}

fn taken(table: &Table, values: &[String]) -> CatalogError {
    CatalogError::already_exists(format!("Partition {} of table {} already exists", called(table, values), table.name))
        .about(Object::Partition(values.to_vec()))
}

/// The name of a partition in messages; its values where they have no keys.
fn called(table: &Table, values: &[String]) -> String {
    if table.partition_keys.len() == values.len() {
        partition_name(&table.partition_key_names(), values)
    } else {
        values.join("/")
    }
}
