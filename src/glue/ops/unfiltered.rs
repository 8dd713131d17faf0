//! Tables and partitions for engines that filter columns, rows and cells themselves, as Lake Formation lets them. There
//! is no Lake Formation here: whoever may read a table may read all of it, so that there is nothing that an engine could
//! not keep to, and PermissionTypeMismatchException is never thrown.

use propolis_glue_api::types::{
    GetPartitionsRequest, GetUnfilteredPartitionMetadataRequest, GetUnfilteredPartitionsMetadataRequest,
    GetUnfilteredTableMetadataRequest, GetUnfilteredTableMetadataResponse,
};
use serde_json::json;

use super::super::call::Call;
use super::super::convert::partitions::PartitionWriter;
use super::super::convert::tables::wire_table;
use super::super::error::{Exception, Result};
use super::partitions::{end_page, page_of_partitions};
use crate::model::Table;

pub async fn get_unfiltered_table_metadata(
    call: &Call,
    input: GetUnfilteredTableMetadataRequest,
) -> Result<GetUnfilteredTableMetadataResponse> {
    check_region(call, input.region.as_deref())?;
    let name = call.table(Some(&input.catalog_id), &input.database_name, &input.name)?;
    let stored = call.catalog.get_table(&name).await?;
    let table = wire_table(call, &stored);
    Ok(GetUnfilteredTableMetadataResponse {
        authorized_columns: Some(columns(&stored)),
        is_registered_with_lake_formation: Some(false),
        cell_filters: Some(Vec::new()),
        is_multi_dialect_view: table.is_multi_dialect_view,
        is_materialized_view: table.is_materialized_view,
        is_protected: Some(false),
        resource_arn: input.parent_resource_arn,
        permissions: input.permissions,
        table: Some(table),
        query_authorization_id: None,
        row_filter: None,
    })
}

pub async fn get_unfiltered_partition_metadata(
    call: &Call,
    input: GetUnfilteredPartitionMetadataRequest,
) -> Result<Vec<u8>> {
    check_region(call, input.region.as_deref())?;
    let name = call.table(Some(&input.catalog_id), &input.database_name, &input.table_name)?;
    let batch = call.catalog.registered_partition(&name, &input.partition_values).await?;
    let mut out = Vec::new();
    if let Some(row) = batch.row(0) {
        out.extend_from_slice(b"{\"Partition\":");
        PartitionWriter::new(&batch, &call.catalog_id(&name.catalog), false).write(&row, &mut out);
        out.extend_from_slice(&access(&batch.table));
    }
    Ok(out)
}

pub async fn get_unfiltered_partitions_metadata(
    call: &Call,
    input: GetUnfilteredPartitionsMetadataRequest,
) -> Result<Vec<u8>> {
    check_region(call, input.region.as_deref())?;
    let wanted = GetPartitionsRequest {
        catalog_id: Some(input.catalog_id),
        database_name: input.database_name,
        table_name: input.table_name,
        expression: input.expression,
        segment: input.segment,
        max_results: input.max_results,
        next_token: input.next_token,
        ..GetPartitionsRequest::default()
    };
    let (batch, limit, next) = page_of_partitions(call, wanted).await?;
    let mut writer = PartitionWriter::new(&batch, &call.catalog_id(&batch.table.name.catalog), false);
    let access = access(&batch.table);
    let mut out = b"{\"UnfilteredPartitions\":[".to_vec();
    for (at, row) in batch.rows().take(limit).enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"Partition\":");
        writer.write(&row, &mut out);
        out.extend_from_slice(&access);
    }
    out.push(b']');
    end_page(next, &mut out);
    Ok(out)
}

/// The members that follow a partition, and the end of their object.
fn access(table: &Table) -> Vec<u8> {
    let columns = json!(columns(table));
    format!(",\"AuthorizedColumns\":{columns},\"IsRegisteredWithLakeFormation\":false}}").into_bytes()
}

/// The names of all columns, those of the partition keys too.
fn columns(table: &Table) -> Vec<String> {
    table.storage.columns.iter().chain(&table.partition_keys).map(|column| column.name.clone()).collect()
}

/// Where each region has a tree of its own, a caller sees that of its own.
fn check_region(call: &Call, region: Option<&str>) -> Result<()> {
    let own = &call.identity.region;
    match region {
        Some(region) if call.settings.separate_regions && region != own => Err(Exception::invalid_input(format!(
            "Region {region} is another than {own}, which this request is signed for: sign it for {region}"
        ))
        .into()),
        _ => Ok(()),
    }
}
