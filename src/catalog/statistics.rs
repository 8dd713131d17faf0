//! Column statistics: reading, and forgetting. See [`write`] for updates, [`aggregate`] for many partitions as one, and
//! [`verbatim`] for clients who keep the rules themselves.
//!
//! Statistics belong to an engine: each keeps its own of the same column, and sees no other's.

pub(in crate::catalog) mod accurate;
mod aggregate;
pub mod validity;
mod verbatim;
mod write;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use serde_json::json;

use super::{Caller, Service};
use crate::error::{CatalogError, Result};
use crate::model::name::fold;
use crate::model::parameters::unpack;
use crate::model::partition_name::parse_partition_name;
use crate::model::transaction::WriteIdSnapshot;
use crate::model::{ColumnStatistics, EventKind, PartitionBatch, Table, TableName};
use crate::store::partitions::Which;
use crate::store::{Connection, statistics};

pub use write::{PartitionStatistics, Update};

impl Service {
    /// Statistics of a table's columns, by column name. Columns without any are left out; no columns mean all. Of an
    /// ACID table there are none that are not good for who has `seen` these writes.
    pub async fn table_statistics(
        &self,
        name: &TableName,
        engine: &str,
        columns: Option<&[String]>,
        seen: Option<&WriteIdSnapshot>,
    ) -> Result<Vec<ColumnStatistics>> {
        let mut connection = self.store.read().await?;
        let table = self.store.get_table(&mut connection, name).await?;
        let table = self.found_table(&mut connection, name, table).await?;
        let seen = seen.filter(|_| table.is_transactional());
        if seen.is_some_and(|seen| !validity::are_valid(&table.parameters, table.write_id, seen)) {
            return Ok(Vec::new());
        }
        let found = statistics::of_table(&mut connection, table.id, engine, folded(columns).as_deref()).await?;
        Ok(self.shown(found))
    }

    /// Without the sketches that the rules do not show.
    fn shown(&self, mut found: Vec<ColumnStatistics>) -> Vec<ColumnStatistics> {
        for column in &mut found {
            column.bit_vector.take_if(|_| !self.rules.hive.shows_bit_vectors);
            column.histogram.take_if(|_| !self.rules.hive.shows_histograms);
        }
        found
    }

    /// Statistics of the columns of partitions, given by name: for each name in its turn a list, by column name. What
    /// is no name of a partition has none, nor has a partition of an ACID table whose statistics are not good for who has
    /// `seen` these writes.
    pub async fn partition_statistics(
        &self,
        name: &TableName,
        engine: &str,
        partitions: &[String],
        columns: Option<&[String]>,
        seen: Option<&WriteIdSnapshot>,
    ) -> Result<Vec<Vec<ColumnStatistics>>> {
        let mut connection = self.store.read().await?;
        let table = self.store.get_table(&mut connection, name).await?;
        let table = self.found_table(&mut connection, name, table).await?;
        let values: Vec<_> = partitions.iter().map(|name| values_of(&table, name).unwrap_or_default()).collect();
        let columns = folded(columns);
        let mut found =
            statistics::of_partitions(&mut connection, table.id, engine, &values, columns.as_deref()).await?;
        if let Some(seen) = seen {
            let stale = self.stale_partitions(&mut connection, &table, &values, seen).await?;
            for (list, values) in found.iter_mut().zip(&values) {
                if stale.contains(values) {
                    list.clear();
                }
            }
        }
        Ok(found.into_iter().map(|list| self.shown(list)).collect())
    }

    /// Of these partitions of a table those whose statistics are not good for who has `seen` these writes: none where it
    /// is no ACID table.
    async fn stale_partitions(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        partitions: &[Vec<String>],
        seen: &WriteIdSnapshot,
    ) -> Result<HashSet<Vec<String>>> {
        if !table.is_transactional() {
            return Ok(HashSet::new());
        }
        let wanted: Vec<Vec<String>> = partitions
            .iter()
            .filter(|values| !values.is_empty())
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let batch = self.store.partitions(connection, table, &Which::Values(&wanted), None).await?;
        let mut stale = HashSet::new();
        for row in batch.rows() {
            if !validity::are_valid(&unpack(row.packed_parameters)?, row.write_id, seen) {
                stale.insert(row.values().map(str::to_owned).collect());
            }
        }
        Ok(stale)
    }

    /// Those statistics of a table that its parameters call accurate: what a client gets that asks for a table with
    /// its statistics.
    pub async fn accurate_table_statistics(&self, table: &Table, engine: &str) -> Result<Vec<ColumnStatistics>> {
        let columns = accurate::columns(&table.parameters);
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let columns: Vec<String> = columns.into_iter().collect();
        let found = statistics::of_table(&mut *self.store.read().await?, table.id, engine, Some(&columns)).await?;
        Ok(self.shown(found))
    }

    /// For each partition of a batch in its turn those statistics that its parameters call accurate.
    pub async fn accurate_partition_statistics(
        &self,
        batch: &PartitionBatch,
        engine: &str,
    ) -> Result<Vec<Vec<ColumnStatistics>>> {
        let accurate: Vec<BTreeSet<String>> = batch
            .rows()
            .map(|row| row.parameter(accurate::PARAMETER).map(accurate::columns_of).unwrap_or_default())
            .collect();
        let all: Vec<String> = accurate.iter().flatten().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        if all.is_empty() {
            return Ok(vec![Vec::new(); batch.len()]);
        }
        let values: Vec<Vec<String>> = batch.rows().map(|row| row.values().map(str::to_owned).collect()).collect();
        let mut connection = self.store.read().await?;
        let mut found = statistics::of_partitions(&mut connection, batch.table.id, engine, &values, Some(&all)).await?;
        for (list, accurate) in found.iter_mut().zip(&accurate) {
            list.retain(|column| accurate.contains(&column.column));
        }
        Ok(found.into_iter().map(|list| self.shown(list)).collect())
    }

    /// Forgets statistics of a table's columns. No engine means any, no columns mean all; a column that is named and
    /// has none is an error.
    pub async fn delete_table_statistics(
        &self,
        _caller: &Caller,
        name: &TableName,
        engine: Option<&str>,
        columns: Option<&[String]>,
    ) -> Result<()> {
        let columns = folded(columns);
        let mut transaction = self.store.begin().await?;
        let table = self.store.get_table_for_update(&mut transaction, name).await?;
        let mut table = self.found_table(&mut transaction, name, table).await?;
        let gone = statistics::delete_from_table(&mut transaction, table.id, engine, columns.as_deref()).await?;
        check_gone(columns.as_deref(), &gone, || format!("Table {name}"))?;
        if accurate::unmark(&mut table.parameters, &gone) {
            self.store.set_table_parameters(&mut transaction, &table).await?;
        }
        let body = json!({ "table": table, "engine": engine, "columns": columns });
        self.record_table(&mut transaction, EventKind::DeleteTableColumnStatistics, &table.name, body).await?;
        transaction.commit().await
    }

    /// Forgets statistics of the columns of partitions, given by name, all of which exist. No partitions mean all. No
    /// engine means any, no columns mean all; a column that is named and has none in any of the partitions is an error.
    pub async fn delete_partition_statistics(
        &self,
        _caller: &Caller,
        name: &TableName,
        partitions: Option<&[String]>,
        engine: Option<&str>,
        columns: Option<&[String]>,
    ) -> Result<()> {
        let columns = folded(columns);
        let mut transaction = self.store.begin().await?;
        let table = self.store.get_table_for_child(&mut transaction, name).await?;
        let table = self.found_table(&mut transaction, name, table).await?;
        let batch = self.partitions_to_change(&mut transaction, &Arc::new(table), partitions).await?;
        let values: Vec<Vec<String>> = batch.rows().map(|row| row.values().map(str::to_owned).collect()).collect();
        let gone =
            statistics::delete_from_partitions(&mut transaction, batch.table.id, engine, &values, columns.as_deref())
                .await?;
        let any: Vec<String> = gone.values().flatten().cloned().collect();
        check_gone(columns.as_deref(), &any, || format!("The chosen partitions of table {name}"))?;
        self.note_in_parameters(&mut transaction, &batch, |at, parameters, _| {
            Ok(gone.get(&at).is_some_and(|columns| accurate::unmark(parameters, columns)))
        })
        .await?;
        let told =
            gone.iter().map(|(at, columns)| json!({ "values": values[*at], "engine": engine, "columns": columns }));
        let kind = EventKind::DeletePartitionColumnStatistics;
        write::record_partitions(&mut transaction, kind, &batch.table, told).await?;
        transaction.commit().await
    }
}

/// A column that was named had statistics; where all were meant there may have been none.
fn check_gone(named: Option<&[String]>, gone: &[String], owner: impl Fn() -> String) -> Result<()> {
    match named.unwrap_or_default().iter().find(|column| !gone.contains(*column)) {
        None => Ok(()),
        Some(column) => Err(CatalogError::not_found(format!("{} has no statistics of a column {column}", owner()))),
    }
}

fn folded(columns: Option<&[String]>) -> Option<Vec<String>> {
    columns.map(|columns| columns.iter().map(|column| fold(column)).collect::<BTreeSet<_>>().into_iter().collect())
}

/// The values that a partition's name tells, in the order of the table's keys; None where it names no partition of
/// this table.
fn values_of(table: &Table, name: &str) -> Option<Vec<String>> {
    let parts = parse_partition_name(name).ok()?;
    let fits = parts.iter().map(|(key, _)| key.as_str()).eq(table.partition_key_names());
    fits.then(|| parts.into_iter().map(|(_, value)| value).collect())
}
