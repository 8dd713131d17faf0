//! Column statistics of tables and partitions. They are those of Hive's engine, which Thrift clients see by default.

use propolis_glue_api::types::{
    ColumnError, ColumnStatistics as Wire, ColumnStatisticsError, DeleteColumnStatisticsForPartitionRequest,
    DeleteColumnStatisticsForPartitionResponse, DeleteColumnStatisticsForTableRequest,
    DeleteColumnStatisticsForTableResponse, GetColumnStatisticsForPartitionRequest,
    GetColumnStatisticsForPartitionResponse, GetColumnStatisticsForTableRequest, GetColumnStatisticsForTableResponse,
    UpdateColumnStatisticsForPartitionRequest, UpdateColumnStatisticsForPartitionResponse,
    UpdateColumnStatisticsForTableRequest, UpdateColumnStatisticsForTableResponse,
};

use super::super::call::Call;
use super::super::convert::statistics::{statistics, wire_statistics};
use super::super::error::{Exception, Result};
use crate::catalog::partitions::Refused;
use crate::error::{CatalogError, ErrorKind};
use crate::model::TableName;
use crate::model::name::fold;
use crate::model::statistics::{ColumnStatistics, DEFAULT_ENGINE};

pub async fn get_column_statistics_for_table(
    call: &Call,
    input: GetColumnStatisticsForTableRequest,
) -> Result<GetColumnStatisticsForTableResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let columns = input.column_names;
    let found = call.catalog.table_statistics(&name, DEFAULT_ENGINE, Some(&columns), None).await?;
    let (column_statistics_list, errors) = asked_for(&columns, &found);
    Ok(GetColumnStatisticsForTableResponse { column_statistics_list, errors })
}

pub async fn get_column_statistics_for_partition(
    call: &Call,
    input: GetColumnStatisticsForPartitionRequest,
) -> Result<GetColumnStatisticsForPartitionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let columns = input.column_names;
    let found = call.catalog.registered_statistics(&name, &input.partition_values, &columns).await?;
    let (column_statistics_list, errors) = asked_for(&columns, &found);
    Ok(GetColumnStatisticsForPartitionResponse { column_statistics_list, errors })
}

pub async fn update_column_statistics_for_table(
    call: &Call,
    input: UpdateColumnStatisticsForTableRequest,
) -> Result<UpdateColumnStatisticsForTableResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let sent = Sent::read(input.column_statistics_list);
    let refused = call.catalog.put_table_statistics(&call.caller(), &name, sent.readable.clone()).await?;
    Ok(UpdateColumnStatisticsForTableResponse { errors: sent.errors(refused) })
}

pub async fn update_column_statistics_for_partition(
    call: &Call,
    input: UpdateColumnStatisticsForPartitionRequest,
) -> Result<UpdateColumnStatisticsForPartitionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let sent = Sent::read(input.column_statistics_list);
    let values = &input.partition_values;
    let refused = call.catalog.put_partition_statistics(&call.caller(), &name, values, sent.readable.clone()).await?;
    Ok(UpdateColumnStatisticsForPartitionResponse { errors: sent.errors(refused) })
}

pub async fn delete_column_statistics_for_table(
    call: &Call,
    input: DeleteColumnStatisticsForTableRequest,
) -> Result<DeleteColumnStatisticsForTableResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let columns = [input.column_name];
    let outcome =
        call.catalog.delete_table_statistics(&call.caller(), &name, Some(DEFAULT_ENGINE), Some(&columns)).await;
    forgotten(call, &name, &columns[0], outcome).await?;
    Ok(DeleteColumnStatisticsForTableResponse {})
}

pub async fn delete_column_statistics_for_partition(
    call: &Call,
    input: DeleteColumnStatisticsForPartitionRequest,
) -> Result<DeleteColumnStatisticsForPartitionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let (values, column) = (&input.partition_values, &input.column_name);
    let outcome = call.catalog.forget_partition_statistics(&call.caller(), &name, values, column).await;
    forgotten(call, &name, column, outcome).await?;
    Ok(DeleteColumnStatisticsForPartitionResponse {})
}

/// That a column has no statistics is no error: Trino deletes those of every column that it writes, whether or not there
/// are any.
async fn forgotten(call: &Call, table: &TableName, column: &str, outcome: crate::error::Result<()>) -> Result<()> {
    let error = match outcome {
        Err(error) if error.kind == ErrorKind::NotFound && error.object.is_none() => error,
        outcome => return Ok(outcome?),
    };
    let table = call.catalog.get_table(table).await?;
    let mut columns = table.storage.columns.iter().chain(&table.partition_keys);
    if columns.any(|known| known.name == fold(column)) { Ok(()) } else { Err(error.into()) }
}

/// The statistics in the order in which their columns are asked for, and an error for each column that has none.
fn asked_for(names: &[String], found: &[ColumnStatistics]) -> (Option<Vec<Wire>>, Option<Vec<ColumnError>>) {
    let (mut list, mut errors) = (Vec::new(), Vec::new());
    for name in names {
        let folded = fold(name);
        match found.iter().find(|statistics| statistics.column == folded) {
            Some(statistics) => list.push(wire_statistics(statistics)),
            None => errors.push(ColumnError {
                column_name: Some(name.clone()),
                error: Some(Exception::not_found(format!("Column {name} has no statistics.")).detail()),
            }),
        }
    }
    (Some(list), unless_empty(errors))
}

/// Statistics as they were sent: those that can be read, and why the others cannot.
struct Sent {
    sent: Vec<Wire>,
    /// Without those in `unreadable`.
    readable: Vec<ColumnStatistics>,
    unreadable: Vec<(usize, CatalogError)>,
}

impl Sent {
    fn read(sent: Vec<Wire>) -> Self {
        let (mut readable, mut unreadable) = (Vec::new(), Vec::new());
        for (place, column) in sent.iter().enumerate() {
            match statistics(column) {
                Ok(statistics) => readable.push(statistics),
                Err(error) => unreadable.push((place, error)),
            }
        }
        Self { sent, readable, unreadable }
    }

    /// Of what could not be read, and then of what the catalog refused of the rest.
    fn errors(self, refused: Refused) -> Option<Vec<ColumnStatisticsError>> {
        let readable: Vec<usize> =
            (0..self.sent.len()).filter(|place| !self.unreadable.iter().any(|(other, _)| other == place)).collect();
        let refused = refused.into_iter().map(|(place, error)| (readable[place], error));
        let errors = self.unreadable.into_iter().chain(refused).map(|(place, error)| ColumnStatisticsError {
            column_statistics: Some(self.sent[place].clone()),
            error: Some(Exception::from(&error).detail()),
        });
        unless_empty(errors.collect())
    }
}

fn unless_empty<T>(errors: Vec<T>) -> Option<Vec<T>> {
    Some(errors).filter(|errors| !errors.is_empty())
}
