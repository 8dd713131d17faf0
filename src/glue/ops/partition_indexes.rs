//! Partition indexes. One is active as soon as it is made, for nothing is built for it.

use propolis_glue_api::types::{
    CreatePartitionIndexRequest, CreatePartitionIndexResponse, DeletePartitionIndexRequest,
    DeletePartitionIndexResponse, GetPartitionIndexesRequest, GetPartitionIndexesResponse, KeySchemaElement,
    PartitionIndexDescriptor, PartitionIndexStatus,
};

use super::super::call::Call;
use super::super::error::Result;
use super::super::page::Page;
use crate::model::{Column, PartitionIndex};

pub async fn create_partition_index(
    call: &Call,
    input: CreatePartitionIndexRequest,
) -> Result<CreatePartitionIndexResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let index = PartitionIndex { name: input.partition_index.index_name, keys: input.partition_index.keys };
    call.catalog.create_partition_index(&call.caller(), &name, index).await?;
    Ok(CreatePartitionIndexResponse {})
}

pub async fn get_partition_indexes(
    call: &Call,
    input: GetPartitionIndexesRequest,
) -> Result<GetPartitionIndexesResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let page = Page::<String>::read(input.next_token.as_deref(), None, usize::MAX - 1)?;
    let indexes = call.catalog.partition_indexes(&name).await?;
    let (indexes, next_token) = page.of(indexes, |(index, _)| index.name.clone());
    Ok(GetPartitionIndexesResponse {
        partition_index_descriptor_list: Some(indexes.into_iter().map(descriptor).collect()),
        next_token,
    })
}

pub async fn delete_partition_index(
    call: &Call,
    input: DeletePartitionIndexRequest,
) -> Result<DeletePartitionIndexResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    call.catalog.delete_partition_index(&call.caller(), &name, &input.index_name).await?;
    Ok(DeletePartitionIndexResponse {})
}

/// With those keys of the index that the table has: one that lost some is of no use.
fn descriptor((index, keys): (PartitionIndex, Vec<Column>)) -> PartitionIndexDescriptor {
    let whole = keys.len() == index.keys.len();
    PartitionIndexDescriptor {
        index_name: index.name,
        keys: keys.into_iter().map(|key| KeySchemaElement { name: key.name, r#type: key.type_name }).collect(),
        index_status: if whole { PartitionIndexStatus::Active } else { PartitionIndexStatus::Failed },
        backfill_errors: None,
    }
}
