//! Many partitions at once. What cannot be done of a batch is told item by item, and the rest is done.

use propolis_glue_api::types::{
    BatchCreatePartitionRequest, BatchCreatePartitionResponse, BatchDeletePartitionRequest,
    BatchDeletePartitionResponse, BatchGetPartitionRequest, BatchUpdatePartitionFailureEntry,
    BatchUpdatePartitionRequest, BatchUpdatePartitionResponse, ErrorDetail, PartitionError,
};

use super::super::super::call::Call;
use super::super::super::convert::partitions::{PartitionReader, PartitionWriter};
use super::super::super::error::{Exception, Result};
use super::refuse_without_keys;
use crate::catalog::partitions::Refused;

pub async fn batch_create_partition(
    call: &Call,
    input: BatchCreatePartitionRequest,
) -> Result<BatchCreatePartitionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    refuse_without_keys(call, &name).await?;
    let mut reader = PartitionReader::default();
    let given: Vec<_> = input.partition_input_list.into_iter().map(|sent| reader.read(sent, None)).collect();
    let lists: Vec<_> = given.iter().map(|partition| partition.values.clone()).collect();
    let refused = call.catalog.register_partitions(&call.caller(), &name, given).await?;
    Ok(BatchCreatePartitionResponse { errors: errors(refused, lists) })
}

/// Partitions that are not there are left out. UnprocessedKeys is for those that were not looked for, which there never
/// are here: clients ask for them again.
pub async fn batch_get_partition(call: &Call, input: BatchGetPartitionRequest) -> Result<Vec<u8>> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let lists: Vec<_> = input.partitions_to_get.into_iter().map(|list| list.values).collect();
    let batch = call.catalog.registered_partitions(&name, &lists).await?;
    let mut out = b"{\"Partitions\":".to_vec();
    PartitionWriter::new(&batch, &call.catalog_id(&name.catalog), false).list(batch.rows(), &mut out);
    out.extend_from_slice(b",\"UnprocessedKeys\":[]}");
    Ok(out)
}

pub async fn batch_update_partition(
    call: &Call,
    input: BatchUpdatePartitionRequest,
) -> Result<BatchUpdatePartitionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let given: Vec<_> =
        input.entries.into_iter().map(|entry| (entry.partition_value_list, entry.partition_input)).collect();
    let lists: Vec<_> = given.iter().map(|(values, _)| values.clone()).collect();
    let mut reader = PartitionReader::default();
    let change = |sent, before: &_| reader.read(sent, Some(before));
    let refused = call.catalog.replace_partitions(&call.caller(), &name, given, change).await?;
    let errors = failures(refused, lists)
        .map(|(values, error)| BatchUpdatePartitionFailureEntry {
            partition_value_list: Some(values),
            error_detail: Some(error),
        })
        .collect();
    Ok(BatchUpdatePartitionResponse { errors: unless_empty(errors) })
}

pub async fn batch_delete_partition(
    call: &Call,
    input: BatchDeletePartitionRequest,
) -> Result<BatchDeletePartitionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let lists: Vec<_> = input.partitions_to_delete.into_iter().map(|list| list.values).collect();
    let refused = call.catalog.unregister_partitions(&call.caller(), &name, &lists).await?;
    Ok(BatchDeletePartitionResponse { errors: errors(refused, lists) })
}

fn errors(refused: Refused, lists: Vec<Vec<String>>) -> Option<Vec<PartitionError>> {
    let error = |(values, error)| PartitionError { partition_values: Some(values), error_detail: Some(error) };
    unless_empty(failures(refused, lists).map(error).collect())
}

fn failures(refused: Refused, mut lists: Vec<Vec<String>>) -> impl Iterator<Item = (Vec<String>, ErrorDetail)> {
    refused.into_iter().map(move |(place, error)| (std::mem::take(&mut lists[place]), Exception::from(&error).detail()))
}

/// Clients take a list that is there for failure.
fn unless_empty<T>(errors: Vec<T>) -> Option<Vec<T>> {
    Some(errors).filter(|errors| !errors.is_empty())
}
