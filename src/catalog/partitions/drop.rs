//! Dropping partitions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::compactions;
use super::super::transactions::partitions as acid;
use super::super::trash::{Discarded, skips_trash};
use super::super::{Caller, Service};
use super::formula::check_decides;
use super::{Selection, check_values, events, no_partition};
use crate::error::{CatalogError, Result};
use crate::model::{PartitionBatch, PartitionRow, Table, TableName};
use crate::store::{Connection, privileges, statistics};
use crate::warehouse::Location;

/// How partitions are dropped.
#[derive(Debug, Clone, Copy, Default)]
pub struct DropPartitions {
    /// What is named and not there is passed over; without, it fails the whole call. So does a filter that finds none.
    pub if_exists: bool,
    /// Whether their files go too; those of external tables stay all the same, unless `external.table.purge` is set.
    pub delete_data: bool,
    /// Whether they go past the trash.
    pub purge: bool,
    /// As of a table that is dropped.
    pub transaction: Option<i64>,
}

/// Partitions to drop.
#[derive(Debug, Clone, Copy)]
pub struct ToDrop<'a> {
    pub selection: Selection<'a>,
    /// How many of the first keys the selection goes by. An archive holds all partitions with the same values of some
    /// first keys; if those are fewer than here, it would be dropped in part, which is refused.
    pub archive_level: Option<i32>,
}

impl<'a> From<Selection<'a>> for ToDrop<'a> {
    fn from(selection: Selection<'a>) -> Self {
        ToDrop { selection, archive_level: None }
    }
}

impl Service {
    /// Drops partitions, all or none, and answers them as they were, in order of the selections.
    pub async fn drop_partitions(
        &self,
        caller: &Caller,
        name: &TableName,
        selections: &[ToDrop<'_>],
        how: DropPartitions,
    ) -> Result<PartitionBatch> {
        let mut transaction = self.store.begin().await?;
        let table = self.table_for_partitions(&mut transaction, name).await?;
        let mut dropped = PartitionBatch::new(Arc::clone(&table));
        for selection in selections {
            let gone = self.take_out(&mut transaction, &table, &selection.selection, how.if_exists).await?;
            selection.check_archives(&gone)?;
            dropped.storage.extend(gone.storage.iter().map(|(id, storage)| (*id, Arc::clone(storage))));
            gone.rows().for_each(|row| dropped.push(row));
        }
        let folders = if how.delete_data && table.owns_data() { folders(&dropped) } else { Vec::new() };
        self.check_may_delete(caller, &format!("A partition of table {name}"), &folders.iter().collect::<Vec<_>>())
            .await?;
        if !dropped.is_empty() {
            forget(&mut transaction, &dropped).await?;
            if let (Some(id), false) = (how.transaction, how.delete_data) {
                let left = dropped.rows().map(|row| (dropped.name(&row), folder(&dropped, &row)));
                for (name, location) in left.collect::<Vec<_>>() {
                    compactions::leave_to_cleaner(&mut transaction, &table, Some(name), location.as_deref(), id)
                        .await?;
                }
            }
            transaction.commit().await?;
        }
        self.discard_partition_folders(&table, folders, how.purge || skips_trash(&table)).await;
        Ok(dropped)
    }

    /// Drops the one partition with these values.
    pub async fn drop_partition(
        &self,
        caller: &Caller,
        name: &TableName,
        values: &[String],
        delete_data: bool,
        purge: bool,
    ) -> Result<()> {
        let table = self.get_table(name).await?;
        let values = [check_values(&table, values)?];
        let how = DropPartitions { if_exists: true, delete_data, purge, transaction: None };
        let dropped = self.drop_partitions(caller, name, &[Selection::Values(&values).into()], how).await?;
        if dropped.is_empty() { Err(no_partition(&table, &values[0])) } else { Ok(()) }
    }

    async fn take_out(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        selection: &Selection<'_>,
        if_exists: bool,
    ) -> Result<PartitionBatch> {
        let chosen = selection.resolve(table)?;
        if matches!(selection, Selection::Formula(_)) {
            check_decides(connection, table, &chosen).await?;
        }
        let gone = self.store.delete_partitions(connection, table, &chosen.which()).await?;
        let wanted = match (selection, chosen.named()) {
            (Selection::Names(names), _) => names.iter().collect::<BTreeSet<_>>().len(),
            (_, Some(named)) => named,
            (Selection::All, _) => 0,
            (_, None) => 1,
        };
        if gone.len() < wanted && !if_exists {
            return Err(CatalogError::not_found(match chosen.named() {
                Some(_) => format!(
                    "Table {}: of the {wanted} partitions named to be dropped only {} exist",
                    table.name,
                    gone.len()
                ),
                None => format!("Table {}: no partition fits the filter of those to be dropped", table.name),
            }));
        }
        Ok(gone)
    }

    /// Discards the folders of dropped partitions, and those above them, below the table's, that are empty then.
    async fn discard_partition_folders(&self, table: &Table, folders: Vec<Location>, purge: bool) {
        let discarded = folders.iter().map(|location| Discarded { location: location.clone(), purge });
        self.discard(&discarded.collect::<Vec<_>>()).await;
        let Some(base) = table.partition_base.as_deref().and_then(|base| Location::parse(base).ok()) else {
            return;
        };
        let mut level: Vec<Location> = folders;
        for _ in 1..table.partition_keys.len() {
            let parents: BTreeSet<String> = level
                .iter()
                .filter_map(Location::parent)
                .filter(|parent| parent.is_under(&base) && !parent.is_same(&base))
                .map(|parent| parent.to_string())
                .collect();
            level = parents.iter().filter_map(|parent| Location::parse(parent).ok()).collect();
            for parent in &level {
                if let Err(error) = self.warehouse.delete_if_empty(parent).await {
                    tracing::debug!(%error, "the folder above dropped partitions stays");
                }
            }
        }
    }
}

/// What hangs on partitions whose rows are gone goes too, and the event is recorded.
pub(super) async fn forget(connection: &mut Connection, dropped: &PartitionBatch) -> Result<()> {
    let values: Vec<Vec<String>> = dropped.rows().map(|row| row.values().map(str::to_owned).collect()).collect();
    statistics::delete_partitions(connection, dropped.table.id, &values).await?;
    privileges::forget_dropped_partitions(connection, dropped.table.id).await?;
    acid::forget(connection, &dropped.table, &values).await?;
    events::record_dropped(connection, dropped).await
}

/// The folders of dropped partitions.
fn folders(dropped: &PartitionBatch) -> Vec<Location> {
    let read = |location: String| match Location::parse(&location) {
        Ok(location) => Some(location),
        Err(error) => {
            tracing::warn!(%error, "the folder of a dropped partition stays where it is");
            None
        }
    };
    dropped.rows().filter_map(|row| folder(dropped, &row)).filter_map(read).collect()
}

impl ToDrop<'_> {
    fn check_archives(&self, gone: &PartitionBatch) -> Result<()> {
        let Some(wanted) = self.archive_level else { return Ok(()) };
        // Without a level, a partition is an archive of its own.
        let level = |row: &PartitionRow<'_>| row.parameter("archiving_level").and_then(|level| level.parse().ok());
        let in_part = |row: &PartitionRow<'_>| {
            is_archived(row) && level(row).unwrap_or(gone.table.partition_keys.len() as i32) < wanted
        };
        match gone.rows().find(in_part) {
            None => Ok(()),
            Some(row) => Err(CatalogError::invalid_input(format!(
                "Cannot drop a subset of partitions in an archive, partition {} of table {}",
                gone.name(&row),
                gone.table.name
            ))),
        }
    }
}

fn is_archived(row: &PartitionRow<'_>) -> bool {
    row.parameter("is_archived").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The folder that a partition owns. An archived one lies in an archive now, and keeps the folder it came from in a
/// parameter.
fn folder(batch: &PartitionBatch, row: &PartitionRow<'_>) -> Option<String> {
    match row.parameter("original_location").filter(|_| is_archived(row)) {
        Some(original) => Some(original.to_owned()),
        None => batch.location(row),
    }
}
