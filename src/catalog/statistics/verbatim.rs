//! Column statistics for clients who keep the rules themselves. They are the statistics of the default engine; writing
//! them leaves the parameters of tables and partitions as they are, and what is told of one column is refused or written
//! without regard to the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::super::partitions::Refused;
use super::super::partitions::verbatim::given_values;
use super::super::{Caller, Service};
use super::write::{check_columns, prepared, record_partitions};
use super::{accurate, check_gone, folded};
use crate::error::{CatalogError, Object, Result};
use crate::model::statistics::DEFAULT_ENGINE;
use crate::model::{Column, ColumnStatistics, EventKind, PartitionBatch, Table, TableName};
use crate::store::partitions::Which;
use crate::store::{Connection, statistics};

impl Service {
    /// Statistics of the columns of the partition with these values, by column name. Columns without any are left out.
    pub async fn registered_statistics(
        &self,
        name: &TableName,
        values: &[String],
        columns: &[String],
    ) -> Result<Vec<ColumnStatistics>> {
        let batch = self.registered_partition(name, values).await?;
        let values: Vec<Vec<String>> = batch.rows().map(|row| row.values().map(str::to_owned).collect()).collect();
        let columns = folded(Some(columns));
        let mut connection = self.store.read().await?;
        let table = batch.table.id;
        let found =
            statistics::of_partitions(&mut connection, table, DEFAULT_ENGINE, &values, columns.as_deref()).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Writes statistics of a table's columns over those that are there. Refused are those that fit no column.
    pub async fn put_table_statistics(
        &self,
        _caller: &Caller,
        name: &TableName,
        columns: Vec<ColumnStatistics>,
    ) -> Result<Refused> {
        let mut transaction = self.store.begin().await?;
        let table = self.store.get_table_for_update(&mut transaction, name).await?;
        let table = self.found_table(&mut transaction, name, table).await?;
        let (accepted, refused) = sorted_out(&table, &[&table.storage.columns], columns);
        if accepted.is_empty() {
            return Ok(refused);
        }
        statistics::put_table(&mut transaction, table.id, DEFAULT_ENGINE, &accepted).await?;
        let body = json!({ "table": table, "engine": DEFAULT_ENGINE, "statistics": accepted });
        self.record_table(&mut transaction, EventKind::UpdateTableColumnStatistics, &table.name, body).await?;
        transaction.commit().await?;
        Ok(refused)
    }

    /// The same of the partition with these values.
    pub async fn put_partition_statistics(
        &self,
        _caller: &Caller,
        name: &TableName,
        values: &[String],
        columns: Vec<ColumnStatistics>,
    ) -> Result<Refused> {
        let mut transaction = self.store.begin().await?;
        let (batch, values) = self.partition_with_statistics(&mut transaction, name, values).await?;
        let table = &batch.table;
        let own = batch.storage.values().next().map(|storage| &storage.columns[..]).unwrap_or_default();
        let (accepted, refused) = sorted_out(table, &[own, &table.storage.columns], columns);
        if accepted.is_empty() {
            return Ok(refused);
        }
        let written = [(&values[..], &accepted[..])];
        statistics::put_partitions(&mut transaction, table.id, DEFAULT_ENGINE, &written).await?;
        let told = json!({ "values": values, "engine": DEFAULT_ENGINE, "statistics": accepted });
        let kind = EventKind::UpdatePartitionColumnStatistics;
        record_partitions(&mut transaction, kind, table, std::iter::once(told)).await?;
        transaction.commit().await?;
        Ok(refused)
    }

    /// Forgets the statistics of one column of the partition with these values. That it had none is an error.
    pub async fn forget_partition_statistics(
        &self,
        _caller: &Caller,
        name: &TableName,
        values: &[String],
        column: &str,
    ) -> Result<()> {
        let columns = folded(Some(&[column.to_owned()]));
        let mut transaction = self.store.begin().await?;
        let (batch, values) = self.partition_with_statistics(&mut transaction, name, values).await?;
        let given = [values];
        let gone = statistics::delete_from_partitions(
            &mut transaction,
            batch.table.id,
            Some(DEFAULT_ENGINE),
            &given,
            columns.as_deref(),
        )
        .await?;
        let gone: Vec<String> = gone.into_values().flatten().collect();
        check_gone(columns.as_deref(), &gone, || format!("The partition of table {name}"))?;
        self.note_in_parameters(&mut transaction, &batch, |_, parameters, _| Ok(accurate::unmark(parameters, &gone)))
            .await?;
        let told = json!({ "values": given[0], "engine": DEFAULT_ENGINE, "columns": columns });
        let kind = EventKind::DeletePartitionColumnStatistics;
        record_partitions(&mut transaction, kind, &batch.table, std::iter::once(told)).await?;
        transaction.commit().await
    }

    /// The one partition with these values, locked until the transaction ends, and its values as they are stored.
    async fn partition_with_statistics(
        &self,
        connection: &mut Connection,
        name: &TableName,
        values: &[String],
    ) -> Result<(PartitionBatch, Vec<String>)> {
        let table = self.store.get_table_for_child(connection, name).await?;
        let table = Arc::new(self.found_table(connection, name, table).await?);
        let wanted = [given_values(&table, values)?];
        let batch = self.store.partitions_for_update(connection, &table, &Which::Values(&wanted)).await?;
        let [values] = wanted;
        if batch.is_empty() {
            let message = format!("Table {name} has no partition with the values {}", values.join(", "));
            return Err(CatalogError::not_found(message).about(Object::Partition(values)));
        }
        Ok((batch, values))
    }
}

/// Statistics that fit one of the schemas, as they are stored, and the others.
fn sorted_out(
    table: &Table,
    schemas: &[&[Column]],
    columns: Vec<ColumnStatistics>,
) -> (Vec<ColumnStatistics>, Refused) {
    let mut refused = Refused::new();
    let mut accepted = BTreeMap::new();
    for (place, column) in columns.into_iter().enumerate() {
        let column = prepared(column);
        match check_columns(table, schemas, std::slice::from_ref(&column)) {
            Ok(()) => drop(accepted.insert(column.column.clone(), column)),
            Err(error) => refused.push((place, error)),
        }
    }
    (accepted.into_values().collect(), refused)
}
