//! Taking in column statistics.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{Caller, Service, now};
use super::validity::{Changed, Write};
use super::{accurate, validity, values_of};
use crate::error::{CatalogError, Result};
use crate::model::name::fold;
use crate::model::parameters::{pack, unpack};
use crate::model::partition::unpack_values;
use crate::model::statistics::{DEFAULT_ENGINE, is_number};
use crate::model::{
    Column, ColumnStatistics, EventKind, NewEvent, Parameters, PartitionBatch, PartitionRow, Table, TableName,
};
use crate::store::partitions::Which;
use crate::store::{Connection, Transaction, events, partitions, statistics};

/// Statistics of the columns of one partition, given by its name.
#[derive(Debug, Clone)]
pub struct PartitionStatistics {
    pub partition: String,
    pub columns: Vec<ColumnStatistics>,
}

/// How statistics are written.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// They are of rows that were added: they are joined to the old ones, and columns whose old ones are not exact are
    /// passed over.
    pub merge: bool,
    /// Of an ACID table: within which write.
    pub write: Write,
}

impl Update {
    /// Whether the old statistics of an ACID table or partition are not to be seen by the writer, and so cannot be joined.
    fn is_blind_to(&self, parameters: &Parameters, write_id: i64) -> bool {
        self.write.seen.as_ref().is_some_and(|seen| !validity::are_valid(parameters, write_id, seen))
    }

    /// Notes that no statistics are exact any more.
    fn invalidate(&self, parameters: &mut Parameters, write_id: &mut i64) {
        parameters.remove(accurate::PARAMETER);
        *write_id = self.write.id.unwrap_or(*write_id);
    }

    /// Notes which columns have exact statistics now, and of which write they are. True where that changed something.
    /// Hive trusts what is marked and answers queries from it: so only its own are.
    fn note(
        &self,
        table: &Table,
        engine: &str,
        columns: &[ColumnStatistics],
        parameters: &mut Parameters,
        write_id: &mut i64,
    ) -> Result<bool> {
        if engine != DEFAULT_ENGINE || columns.is_empty() {
            return Ok(false);
        }
        if !table.is_transactional() {
            return Ok(accurate::mark(parameters, columns.iter().map(|column| column.column.as_str())));
        }
        let before = (parameters.clone(), *write_id);
        accurate::mark(parameters, columns.iter().map(|column| column.column.as_str()));
        self.write.settle((&before.0, before.1), (parameters, write_id), Changed::Columns)?;
        Ok(before != (parameters.clone(), *write_id))
    }
}

impl Service {
    /// Writes statistics of a table's columns over those that are there.
    pub async fn update_table_statistics(
        &self,
        _caller: &Caller,
        name: &TableName,
        engine: &str,
        columns: Vec<ColumnStatistics>,
        how: &Update,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let table = self.store.get_table_for_update(&mut transaction, name).await?;
        let mut table = self.found_table(&mut transaction, name, table).await?;
        self.write_table_statistics(&mut transaction, &mut table, engine, columns, how).await?;
        transaction.commit().await
    }

    /// The same within a transaction that holds the table's row.
    pub(in crate::catalog) async fn write_table_statistics(
        &self,
        transaction: &mut Transaction,
        table: &mut Table,
        engine: &str,
        columns: Vec<ColumnStatistics>,
        how: &Update,
    ) -> Result<()> {
        let mut columns = all_prepared(columns);
        check_columns(table, &[&table.storage.columns], &columns)?;
        if how.merge && table.is_transactional() && how.is_blind_to(&table.parameters, table.write_id) {
            how.invalidate(&mut table.parameters, &mut table.write_id);
            return self.store.set_table_parameters(transaction, table).await;
        }
        if how.merge {
            let exact = accurate::columns(&table.parameters);
            columns.retain(|column| exact.contains(&column.column));
            let named: Vec<String> = columns.iter().map(|column| column.column.clone()).collect();
            let old = statistics::of_table(transaction, table.id, engine, Some(&named)).await?;
            merge_all(&mut columns, &old);
        }
        if columns.is_empty() {
            return Ok(());
        }
        statistics::put_table(transaction, table.id, engine, &columns).await?;
        let Table { mut parameters, mut write_id, .. } = table.clone();
        if how.note(table, engine, &columns, &mut parameters, &mut write_id)? {
            (table.parameters, table.write_id) = (parameters, write_id);
            self.store.set_table_parameters(transaction, table).await?;
        }
        let body = json!({ "table": *table, "engine": engine, "statistics": columns });
        self.record_table(transaction, EventKind::UpdateTableColumnStatistics, &table.name, body).await
    }

    /// Writes statistics of the columns of many partitions, all of which exist, or of none. A partition that comes
    /// twice has what is told of it merged.
    pub async fn update_partition_statistics(
        &self,
        _caller: &Caller,
        name: &TableName,
        engine: &str,
        partitions: Vec<PartitionStatistics>,
        how: &Update,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let table = self.store.get_table_for_child(&mut transaction, name).await?;
        let table = self.found_table(&mut transaction, name, table).await?;
        self.write_partition_statistics(&mut transaction, &Arc::new(table), engine, partitions, how).await?;
        transaction.commit().await
    }

    /// The same within a transaction that keeps the table from being dropped.
    pub(in crate::catalog) async fn write_partition_statistics(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        engine: &str,
        sent: Vec<PartitionStatistics>,
        how: &Update,
    ) -> Result<()> {
        let names: Vec<String> = sent.iter().map(|partition| partition.partition.clone()).collect();
        let batch = self.partitions_to_change(connection, table, Some(&names)).await?;
        let mut by_values: HashMap<Vec<String>, Vec<ColumnStatistics>> = HashMap::new();
        for partition in sent {
            let values = values_of(table, &partition.partition).unwrap_or_default();
            let columns = all_prepared(partition.columns);
            match by_values.get_mut(&values) {
                None => drop(by_values.insert(values, columns)),
                Some(known) => add_all(known, columns),
            }
        }

        let rows: Vec<(Vec<String>, PartitionRow<'_>)> =
            batch.rows().map(|row| (unpack_values(row.packed_values).map(str::to_owned).collect(), row)).collect();
        let mut lists: Vec<Vec<ColumnStatistics>> =
            rows.iter().map(|(values, _)| by_values.remove(values).unwrap_or_default()).collect();
        for ((_, row), columns) in rows.iter().zip(&lists) {
            let own = row.storage_id.and_then(|id| batch.storage.get(&id)).map(|storage| &storage.columns[..]);
            check_columns(table, &[own.unwrap_or_default(), &table.storage.columns], columns)?;
        }
        let values: Vec<Vec<String>> = rows.iter().map(|(values, _)| values.clone()).collect();
        let mut invalid = vec![false; rows.len()];
        if how.merge && table.is_transactional() {
            for (((_, row), columns), invalid) in rows.iter().zip(&mut lists).zip(&mut invalid) {
                *invalid = how.is_blind_to(&unpack(row.packed_parameters)?, row.write_id);
                if *invalid {
                    columns.clear();
                }
            }
        }
        if how.merge {
            let old = statistics::of_partitions(connection, table.id, engine, &values, None).await?;
            for (((_, row), columns), old) in rows.iter().zip(&mut lists).zip(&old) {
                let exact = row.parameter(accurate::PARAMETER).map(accurate::columns_of).unwrap_or_default();
                columns.retain(|column| exact.contains(&column.column));
                merge_all(columns, old);
            }
        }

        let written: Vec<(&[String], &[ColumnStatistics])> =
            values.iter().zip(&lists).map(|(values, columns)| (&values[..], &columns[..])).collect();
        statistics::put_partitions(connection, table.id, engine, &written).await?;
        self.note_in_parameters(connection, &batch, |at, parameters, write_id| {
            if invalid[at] {
                how.invalidate(parameters, write_id);
                return Ok(true);
            }
            how.note(table, engine, &lists[at], parameters, write_id)
        })
        .await?;
        let told = written.into_iter().zip(&rows).filter(|((_, columns), _)| !columns.is_empty()).map(
            |((values, columns), (_, row))| {
                let write_id = how.write.id.unwrap_or(row.write_id);
                json!({ "values": values, "engine": engine, "statistics": columns, "write_id": write_id })
            },
        );
        record_partitions(connection, EventKind::UpdatePartitionColumnStatistics, table, told).await
    }

    /// Partitions given by name, locked until the transaction ends; no names mean all. One that is not there is an
    /// error.
    pub(super) async fn partitions_to_change(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        names: Option<&[String]>,
    ) -> Result<PartitionBatch> {
        let Some(names) = names else {
            return self.store.partitions_for_update(connection, table, &Which::All).await;
        };
        let mut named: BTreeMap<Vec<String>, &String> = BTreeMap::new();
        for name in names {
            let values = values_of(table, name).ok_or_else(|| no_partition(table, name))?;
            named.insert(values, name);
        }
        let wanted: Vec<Vec<String>> = named.keys().cloned().collect();
        let batch = self.store.partitions_for_update(connection, table, &Which::Values(&wanted)).await?;
        if batch.len() < wanted.len() {
            for row in batch.rows() {
                named.remove(&row.values().map(str::to_owned).collect::<Vec<_>>());
            }
            if let Some(missing) = named.into_values().next() {
                return Err(no_partition(table, missing));
            }
        }
        Ok(batch)
    }

    /// Writes the parameters and write ids of those partitions where `change`, given the place in the batch, changed
    /// them.
    pub(super) async fn note_in_parameters(
        &self,
        connection: &mut Connection,
        batch: &PartitionBatch,
        change: impl Fn(usize, &mut Parameters, &mut i64) -> Result<bool>,
    ) -> Result<()> {
        let mut changed = PartitionBatch::new(Arc::clone(&batch.table));
        for (at, row) in batch.rows().enumerate() {
            let mut parameters = unpack(row.packed_parameters)?;
            let mut write_id = row.write_id;
            if change(at, &mut parameters, &mut write_id)? {
                changed.push(PartitionRow { packed_parameters: &pack(&parameters), write_id, ..row });
            }
        }
        if !changed.is_empty() {
            partitions::update(connection, &changed).await?;
        }
        Ok(())
    }
}

/// Records an event for each partition, and in it, beside what is told, the table.
pub(super) async fn record_partitions(
    connection: &mut Connection,
    kind: EventKind,
    table: &Table,
    told: impl Iterator<Item = Value>,
) -> Result<()> {
    let described = json!(table);
    let recorded: Vec<NewEvent> = told
        .map(|mut body| {
            body["table"] = described.clone();
            NewEvent {
                kind,
                catalog: table.name.catalog.clone(),
                database: Some(table.name.database.clone()),
                table: Some(table.name.table.clone()),
                body,
            }
        })
        .collect();
    events::append(connection, &recorded, now()).await?;
    Ok(())
}

fn no_partition(table: &Table, name: &str) -> CatalogError {
    CatalogError::not_found(format!("Partition {name} of table {} does not exist", table.name))
}

/// As they are stored, the last of a column that comes twice.
fn all_prepared(columns: Vec<ColumnStatistics>) -> Vec<ColumnStatistics> {
    let columns = columns.into_iter().map(prepared);
    let by_name: BTreeMap<_, _> = columns.map(|statistics| (statistics.column.clone(), statistics)).collect();
    by_name.into_values().collect()
}

/// As it is stored: name and type folded, the time set where the client does not tell it.
pub(super) fn prepared(statistics: ColumnStatistics) -> ColumnStatistics {
    let analyzed_at = if statistics.analyzed_at == 0 { now() } else { statistics.analyzed_at };
    let column_type = statistics.column_type.to_lowercase();
    ColumnStatistics { column: fold(&statistics.column), column_type, analyzed_at, ..statistics }
}

/// Refuses statistics of what is no column, or of a kind that the column's type cannot have. A partition's columns may
/// have other types than the table's, and a client goes by either: a kind that fits one of `schemas` will do. Of numbers
/// it may also be the kind that fits what the client says the type is.
pub(super) fn check_columns(table: &Table, schemas: &[&[Column]], statistics: &[ColumnStatistics]) -> Result<()> {
    for statistics in statistics {
        let named = |schema: &&[Column]| schema.iter().find(|column| column.name == statistics.column).cloned();
        let columns: Vec<Column> = schemas.iter().filter_map(named).collect();
        match columns.first() {
            None if has_schema_elsewhere(table) => {}
            None => {
                return Err(CatalogError::not_found(format!(
                    "Table {} has no column {}, of which there are to be statistics",
                    table.name, statistics.column
                )));
            }
            Some(column) if !columns.iter().any(|column| fits(statistics, &column.type_name)) => {
                return Err(CatalogError::invalid_object(format!(
                    "Column {} of table {} has the type {}: statistics of it cannot be of the kind {}",
                    column.name,
                    table.name,
                    column.type_name,
                    statistics.values.kind()
                )));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn fits(statistics: &ColumnStatistics, column_type: &str) -> bool {
    let told = &statistics.column_type;
    statistics.values.fits(column_type) || is_number(told) && is_number(column_type) && statistics.values.fits(told)
}

/// Avro tables may take their columns from a schema in a file or a property; those in the catalog are then a copy that
/// nobody keeps up to date.
fn has_schema_elsewhere(table: &Table) -> bool {
    ["avro.schema.url", "avro.schema.literal"]
        .iter()
        .any(|key| table.parameters.contains_key(*key) || table.storage.serde.parameters.contains_key(*key))
}

fn merge_all(columns: &mut [ColumnStatistics], old: &[ColumnStatistics]) {
    for column in columns {
        if let Some(old) = old.iter().find(|old| old.column == column.column) {
            column.merge(old);
        }
    }
}

fn add_all(known: &mut Vec<ColumnStatistics>, more: Vec<ColumnStatistics>) {
    for column in more {
        match known.iter_mut().find(|known| known.column == column.column) {
            Some(known) => {
                if !known.merge(&column) {
                    *known = column;
                }
            }
            None => known.push(column),
        }
    }
}
