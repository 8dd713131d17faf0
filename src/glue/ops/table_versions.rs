//! Versions of tables.

use propolis_glue_api::types::{
    BatchDeleteTableVersionRequest, BatchDeleteTableVersionResponse, DeleteTableVersionRequest,
    DeleteTableVersionResponse, GetTableVersionRequest, GetTableVersionResponse, GetTableVersionsRequest,
    GetTableVersionsResponse, TableVersion, TableVersionError,
};

use super::super::call::Call;
use super::super::convert::tables::{shown_version, wire_table};
use super::super::error::{Exception, Result};
use super::super::page::Page;
use super::databases::PAGE;
use crate::model::Table;

pub async fn get_table_version(call: &Call, input: GetTableVersionRequest) -> Result<GetTableVersionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let version = input.version_id.as_deref().map(|id| version(call, id)).transpose()?;
    let found = call.catalog.table_version(&name, version).await?;
    Ok(GetTableVersionResponse { table_version: Some(wire_version(call, &found)) })
}

pub async fn get_table_versions(call: &Call, input: GetTableVersionsRequest) -> Result<GetTableVersionsResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let page = Page::<i64>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let mut found = call.catalog.table_versions(&name, page.after.unwrap_or_default(), page.fetch()).await?;
    let next_token = page.cut(&mut found, |table| table.version);
    let versions = found.iter().map(|table| wire_version(call, table)).collect();
    Ok(GetTableVersionsResponse { table_versions: Some(versions), next_token })
}

pub async fn delete_table_version(call: &Call, input: DeleteTableVersionRequest) -> Result<DeleteTableVersionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let version = version(call, &input.version_id)?;
    call.catalog
        .delete_table_versions(&call.caller(), &name, &[version])
        .await?
        .into_iter()
        .collect::<Result<(), _>>()?;
    Ok(DeleteTableVersionResponse {})
}

pub async fn batch_delete_table_version(
    call: &Call,
    input: BatchDeleteTableVersionRequest,
) -> Result<BatchDeleteTableVersionResponse> {
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.table_name)?;
    let error = |id: &String, exception: &Exception| TableVersionError {
        table_name: Some(name.table.clone()),
        version_id: Some(id.clone()),
        error_detail: Some(exception.detail()),
    };
    let mut errors = Vec::new();
    let mut versions = Vec::new();
    let mut ids = Vec::new();
    for id in &input.version_ids {
        match version(call, id) {
            Ok(version) => {
                versions.push(version);
                ids.push(id);
            }
            Err(failure) => errors.push(error(id, &Exception::from(&failure))),
        }
    }
    let outcomes = call.catalog.delete_table_versions(&call.caller(), &name, &versions).await?;
    for (id, outcome) in ids.into_iter().zip(outcomes) {
        if let Err(failure) = outcome {
            errors.push(error(id, &Exception::from(&failure)));
        }
    }
    Ok(BatchDeleteTableVersionResponse { errors: Some(errors).filter(|errors| !errors.is_empty()) })
}

/// The catalog's number of a VersionId.
pub fn version(call: &Call, id: &str) -> Result<i64> {
    let number: i64 = id.parse().map_err(|_| Exception::invalid_input(format!("VersionId {id:?} is no number")))?;
    Ok(number.saturating_sub(call.settings.first_version).saturating_add(1))
}

fn wire_version(call: &Call, table: &Table) -> TableVersion {
    TableVersion { table: Some(wire_table(call, table)), version_id: Some(shown_version(call, table.version)) }
}
