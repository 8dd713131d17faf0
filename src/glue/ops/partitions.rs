//! Partitions.

mod batch;

pub use batch::{batch_create_partition, batch_delete_partition, batch_get_partition, batch_update_partition};
use propolis_glue_api::types::{
    CreatePartitionRequest, CreatePartitionResponse, DeletePartitionRequest, DeletePartitionResponse,
    GetPartitionRequest, GetPartitionsRequest, UpdatePartitionRequest, UpdatePartitionResponse,
};

use super::super::call::Call;
use super::super::convert::partitions::{PartitionReader, PartitionWriter};
use super::super::error::{Exception, Result};
use super::super::page::{Page, token};
use crate::catalog::partitions::{Part, Refused, Segment};
use crate::model::{PartitionBatch, TableName};

/// Partitions in a page where the request does not say: the most that it could.
const PAGE: usize = 1000;

pub async fn create_partition(call: &Call, input: CreatePartitionRequest) -> Result<CreatePartitionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    refuse_without_keys(call, &name).await?;
    let partition = PartitionReader::default().read(input.partition_input, None);
    let refused = call.catalog.register_partitions(&call.caller(), &name, vec![partition]).await?;
    the_only(refused)?;
    Ok(CreatePartitionResponse {})
}

pub async fn get_partition(call: &Call, input: GetPartitionRequest) -> Result<Vec<u8>> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let batch = call.catalog.registered_partition(&name, &input.partition_values).await?;
    let mut out = b"{\"Partition\":".to_vec();
    if let Some(row) = batch.row(0) {
        PartitionWriter::new(&batch, &call.catalog_id(&name.catalog), false).write(&row, &mut out);
    }
    out.push(b'}');
    Ok(out)
}

pub async fn get_partitions(call: &Call, input: GetPartitionsRequest) -> Result<Vec<u8>> {
    let without_columns = input.exclude_column_schema.unwrap_or_default();
    let (batch, limit, next) = page_of_partitions(call, input).await?;
    let catalog_id = call.catalog_id(&batch.table.name.catalog);
    let mut out = b"{\"Partitions\":".to_vec();
    PartitionWriter::new(&batch, &catalog_id, without_columns).list(batch.rows().take(limit), &mut out);
    end_page(next, &mut out);
    Ok(out)
}

/// What was read for a page, how many rows of it the page has, and the token of the next page if there is one.
pub(super) async fn page_of_partitions(
    call: &Call,
    input: GetPartitionsRequest,
) -> Result<(PartitionBatch, usize, Option<String>)> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let page = Page::<Vec<String>>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let segment = match input.segment {
        Some(segment) if segment.segment_number >= segment.total_segments => {
            return Err(Exception::invalid_input(format!(
                "SegmentNumber {} is not below TotalSegments {}: segments are counted from 0",
                segment.segment_number, segment.total_segments
            ))
            .into());
        }
        segment => segment.map(|s| Segment { number: s.segment_number, total: s.total_segments }),
    };
    let part = Part { after: page.after.as_deref(), segment, limit: Some(page.fetch()) };
    let expression = input.expression.as_deref().unwrap_or_default();
    let batch = call.catalog.part_of_partitions(&name, expression, &part).await?;
    let has_next = batch.len() > page.limit;
    let last = page.limit.checked_sub(1).filter(|_| has_next).and_then(|at| batch.row(at));
    let next = last.map(|row| token(&row.values().collect::<Vec<_>>()));
    Ok((batch, page.limit, next))
}

/// Ends the answer that a list stands in.
pub(super) fn end_page(next: Option<String>, out: &mut Vec<u8>) {
    if let Some(next) = next {
        out.extend_from_slice(format!(",\"NextToken\":\"{next}\"").as_bytes());
    }
    out.push(b'}');
}

/// A partition that is given other values moves: the service's documentation says that values cannot change, but those
/// who imitate it, and the software tested with them, let it be.
pub async fn update_partition(call: &Call, input: UpdatePartitionRequest) -> Result<UpdatePartitionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let given = vec![(input.partition_value_list, input.partition_input)];
    let mut reader = PartitionReader::default();
    let change = |sent, before: &_| reader.read(sent, Some(before));
    let refused = call.catalog.replace_partitions(&call.caller(), &name, given, change).await?;
    the_only(refused)?;
    Ok(UpdatePartitionResponse {})
}

pub async fn delete_partition(call: &Call, input: DeletePartitionRequest) -> Result<DeletePartitionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let refused = call.catalog.unregister_partitions(&call.caller(), &name, &[input.partition_values]).await?;
    the_only(refused)?;
    Ok(DeletePartitionResponse {})
}

/// The error of a list of one.
fn the_only(refused: Refused) -> Result<()> {
    match refused.into_iter().next() {
        None => Ok(()),
        Some((_, error)) => Err(error.into()),
    }
}

/// AWS wants as many values as there are keys, also where there are none.
async fn refuse_without_keys(call: &Call, name: &TableName) -> Result<()> {
    if call.settings.strict && !call.catalog.get_table(name).await?.is_partitioned() {
        return Err(Exception::invalid_input(
            "The number of partition keys do not match the number of partition values",
        )
        .into());
    }
    Ok(())
}
