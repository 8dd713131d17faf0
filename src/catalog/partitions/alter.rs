//! Altering and renaming partitions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::super::locations::kept_location;
use super::super::statistics::validity::{Changed, Write};
use super::super::tables::create::BASIC_STATISTICS;
use super::super::transactions::partitions as acid;
use super::super::{Caller, Service, now};
use super::{Selection, check_values, events, no_partition};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::parameters::LAST_DDL_TIME;
use crate::model::partition_name::partition_name;
use crate::model::{Column, Partition, PartitionBatch, StorageDescriptor, Table, TableName};
use crate::store::partitions::{self, Which};
use crate::store::{Connection, privileges, statistics};
use crate::warehouse::{Location, Renamed};

impl Service {
    /// Replaces partitions, which their values identify; all or none. What a client leaves out of a location or a
    /// descriptor stays. Data is not moved. Partitions of ACID tables change within their own write where they have one.
    pub async fn alter_partitions(
        &self,
        _caller: &Caller,
        name: &TableName,
        changed: Vec<Partition>,
        write: &Write,
    ) -> Result<()> {
        if changed.is_empty() {
            return Err(CatalogError::invalid_operation(format!("No partitions of table {name} are given to alter")));
        }
        let mut transaction = self.store.begin().await?;
        let table = self.table_for_partitions(&mut transaction, name).await?;
        let changed = check_changes(&table, changed)?;
        let values: Vec<Vec<String>> = changed.iter().map(|partition| partition.values.clone()).collect();
        let before = self.store.partitions_for_update(&mut transaction, &table, &Which::Values(&values)).await?;
        // Both are in order of the values.
        let old = before.partitions()?;
        if old.len() < changed.len() {
            let missing =
                values.iter().enumerate().find(|(at, values)| old.get(*at).is_none_or(|old| old.values != **values));
            let missing = missing.map_or(&[][..], |(_, values)| values);
            return Err(no_partition(&table, missing).with_kind(ErrorKind::InvalidOperation));
        }
        let after = changed.into_iter().zip(&old).map(|(new, old)| complete(&table, new, old, write));
        let after = after.collect::<Result<Vec<_>>>()?;
        let after = share_storage(keep_extra(after, &old), &old);
        for (columns, values) in changed_columns(&old, &after) {
            statistics::delete_from_partitions(&mut transaction, table.id, None, &values, Some(&columns)).await?;
        }
        let after = self.stored_batch(&mut transaction, &table, &after, &before.storage).await?;
        partitions::update(&mut transaction, &after).await?;
        events::record_altered(&mut transaction, &before, &after).await?;
        transaction.commit().await
    }

    /// Gives a partition other values, and all else that is in `new`. Of a managed table the folder is renamed too;
    /// partitions of external tables stay where they are. Column statistics go along.
    pub async fn rename_partition(
        &self,
        _caller: &Caller,
        name: &TableName,
        old_values: &[String],
        new: Partition,
        write: &Write,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let table = self.table_for_partitions(&mut transaction, name).await?;
        let old_values = check_values(&table, old_values)?;
        let new_values = check_values(&table, &new.values)?;
        let both = [old_values, new_values];
        let before = self.store.partitions_for_update(&mut transaction, &table, &Which::Values(&both[..1])).await?;
        let [old_values, new_values] = &both;
        let old = before.partitions()?.pop().ok_or_else(|| no_partition(&table, old_values))?;
        let mut after = complete(&table, Partition { values: new_values.clone(), ..new }, &old, write)?;
        let taken = old_values != new_values
            && partitions::count(&mut transaction, &table, &Which::Values(&both[1..])).await? > 0;
        if taken {
            return Err(super::taken(&table, new_values));
        }
        let mut renamed = None;
        if old_values != new_values {
            after.location.clone_from(&old.location);
            renamed = self.move_partition(&table, &mut after).await?;
        }
        let written = async {
            let old = std::slice::from_ref(&old);
            let after = share_storage(keep_extra(vec![after], old), old);
            let after = self.stored_batch(&mut transaction, &table, &after, &before.storage).await?;
            partitions::rename(&mut transaction, old_values, &after).await?;
            statistics::rename_partition(&mut transaction, table.id, old_values, new_values).await?;
            privileges::rename_partition(&mut transaction, table.id, old_values, new_values).await?;
            acid::rename(&mut transaction, &table, old_values, new_values).await?;
            events::record_altered(&mut transaction, &before, &after).await?;
            transaction.commit().await
        }
        .await;
        self.settle_rename(renamed, written).await
    }

    /// Moves the folder of a partition of a managed table to where its new values want it.
    async fn move_partition(&self, table: &Table, partition: &mut Partition) -> Result<Option<Renamed>> {
        let (Some(base), Some(location)) = (&table.partition_base, &partition.location) else {
            return Ok(None);
        };
        // Hive 4 makes managed tables external and marks them; their folders still move.
        if table.is_external() && !table.is_translated() {
            return Ok(None);
        }
        let name = partition_name(&table.partition_key_names(), &partition.values);
        let from = Location::parse(location)?;
        let to = Location::parse(&format!("{base}/{name}"))?;
        if from.is_same(&to) {
            return Ok(None);
        }
        if self.warehouse.exists(&to).await? {
            return Err(CatalogError::invalid_operation(format!(
                "Partition {name} of table {}: its folder {to} is there already",
                table.name
            )));
        }
        let renamed = if self.warehouse.exists(&from).await? {
            Some(self.warehouse.rename_directory(&from, &to).await?)
        } else {
            None
        };
        partition.location = Some(to.to_string());
        Ok(renamed)
    }

    /// Ends the move of a folder as the transaction ended.
    pub(super) async fn settle_rename<T>(&self, renamed: Option<Renamed>, outcome: Result<T>) -> Result<T> {
        if let Some(renamed) = renamed {
            let settled = match &outcome {
                Ok(_) => self.warehouse.finish_rename(renamed).await,
                Err(_) => self.warehouse.undo_rename(renamed).await,
            };
            if let Err(error) = settled {
                tracing::warn!(%error, "the folder of a renamed partition is left at both places or the wrong one");
            }
        }
        outcome
    }

    /// After a truncate: basic statistics of partitions are zero, of all where no names are given.
    pub(in crate::catalog) async fn reset_partition_statistics(
        &self,
        connection: &mut Connection,
        table: &Table,
        names: &[String],
        write: &Write,
    ) -> Result<()> {
        let table = Arc::new(table.clone());
        let selection = if names.is_empty() { Selection::All } else { Selection::Names(names) };
        let chosen = selection.resolve(&table)?;
        let before = self.store.partitions_for_update(connection, &table, &chosen.which()).await?;
        let mut partitions = before.partitions()?;
        for partition in &mut partitions {
            for key in BASIC_STATISTICS {
                partition.parameters.insert(key.to_owned(), "0".to_owned());
            }
            write.settle_truncated(&table, &mut partition.parameters, &mut partition.write_id)?;
            partition.parameters.insert(LAST_DDL_TIME.to_owned(), now().to_string());
        }
        let after = self.stored_batch(connection, &table, &partitions, &before.storage).await?;
        if !after.is_empty() {
            partitions::update(connection, &after).await?;
            events::record_truncated(connection, &before, &after).await?;
        }
        Ok(())
    }

    /// The named partitions that exist.
    pub(in crate::catalog) async fn batch_by_names(
        &self,
        connection: &mut Connection,
        table: &Table,
        names: &[String],
    ) -> Result<PartitionBatch> {
        let table = Arc::new(table.clone());
        let chosen = Selection::Names(names).resolve(&table)?;
        self.store.partitions(connection, &table, &chosen.which(), None).await
    }
}

/// Partitions that are to be altered, in order of their values, each once.
fn check_changes(table: &Table, changed: Vec<Partition>) -> Result<Vec<Partition>> {
    let mut changed = changed
        .into_iter()
        .map(|partition| Ok(Partition { values: check_values(table, &partition.values)?, ..partition }))
        .collect::<Result<Vec<_>>>()?;
    changed.sort_by(|a, b| a.values.cmp(&b.values));
    match changed.windows(2).find(|pair| pair[0].values == pair[1].values) {
        None => Ok(changed),
        Some(pair) => Err(CatalogError::invalid_operation(format!(
            "Partition {} of table {} is twice in the list",
            partition_name(&table.partition_key_names(), &pair[0].values),
            table.name
        ))),
    }
}

/// Lets descriptors keep what only other faces can say of them.
fn keep_extra(mut changed: Vec<Partition>, old: &[Partition]) -> Vec<Partition> {
    // Each pair once, so that partitions go on sharing. What is looked up by its address is kept alive meanwhile.
    let mut kept: HashMap<_, (Arc<StorageDescriptor>, Arc<StorageDescriptor>)> = HashMap::new();
    for (new, old) in changed.iter_mut().zip(old) {
        if let (Some(storage), Some(old)) = (&mut new.storage, &old.storage)
            && old.extra.is_some()
        {
            let (_, with_extra) = kept.entry((Arc::as_ptr(storage), Arc::as_ptr(old))).or_insert_with(|| {
                let mut with_extra = storage.as_ref().clone();
                with_extra.keep_extra(old);
                (Arc::clone(storage), Arc::new(with_extra))
            });
            *storage = Arc::clone(with_extra);
        }
    }
    changed
}

/// Lets partitions whose descriptor did not change have the old one itself, which is stored already.
pub(super) fn share_storage(mut changed: Vec<Partition>, old: &[Partition]) -> Vec<Partition> {
    // Few pairs of descriptors are compared: most partitions of a call share theirs.
    let mut compared = HashMap::new();
    for (new, old) in changed.iter_mut().zip(old) {
        if let (Some(storage), Some(old)) = (&mut new.storage, &old.storage)
            && *compared.entry((Arc::as_ptr(storage), Arc::as_ptr(old))).or_insert_with(|| storage == old)
        {
            *storage = Arc::clone(old);
        }
    }
    changed
}

/// Columns that are gone or have another type, whose statistics say nothing any more: each set of them with the values
/// of the partitions that it is of.
pub(super) fn changed_columns(old: &[Partition], new: &[Partition]) -> BTreeMap<Vec<String>, Vec<Vec<String>>> {
    let mut changed: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (old, new) in old.iter().zip(new) {
        let (Some(before), Some(after)) = (&old.storage, &new.storage) else { continue };
        if Arc::ptr_eq(before, after) || before.columns == after.columns {
            continue;
        }
        let stays = |column: &&Column| {
            after.columns.iter().any(|new| new.name == column.name && new.type_name == column.type_name)
        };
        let gone: Vec<_> = before.columns.iter().filter(|column| !stays(column)).map(|c| c.name.clone()).collect();
        if !gone.is_empty() {
            changed.entry(gone).or_default().push(new.values.clone());
        }
    }
    changed
}

/// The partition as it is to be stored: what the client left out is as it was.
fn complete(table: &Table, mut new: Partition, old: &Partition, write: &Write) -> Result<Partition> {
    new.location = new.location.filter(|location| !location.is_empty()).map(kept_location);
    new.location = new.location.or_else(|| old.location.clone());
    if table.is_view() {
        new.location = None;
    } else if new.storage.is_none() {
        new.storage.clone_from(&old.storage);
    }
    if new.created_at == 0 {
        new.created_at = old.created_at;
    }
    new.last_analyzed_at = new.last_analyzed_at.or(old.last_analyzed_at);
    let touched = new.parameters.entry(LAST_DDL_TIME.to_owned()).or_default();
    if touched.is_empty() || touched == "0" {
        *touched = now().to_string();
    }
    if table.is_transactional() {
        let write = Write { id: Some(new.write_id).filter(|id| *id > 0).or(write.id), seen: write.seen.clone() };
        let changed = (&mut new.parameters, &mut new.write_id);
        write.settle((&old.parameters, old.write_id), changed, Changed::Definition)?;
    } else {
        new.write_id = old.write_id;
    }
    Ok(new)
}
