//! Refreshes of materialized views. Nothing here runs queries: a refresh cannot be started, so that there are none.

use propolis_glue_api::types::{
    GetMaterializedViewRefreshTaskRunRequest, GetMaterializedViewRefreshTaskRunResponse,
    ListMaterializedViewRefreshTaskRunsRequest, ListMaterializedViewRefreshTaskRunsResponse,
    StopMaterializedViewRefreshTaskRunRequest, StopMaterializedViewRefreshTaskRunResponse,
};

use super::super::call::Call;
use super::super::error::{Exception, Result};

pub async fn get_materialized_view_refresh_task_run(
    call: &Call,
    input: GetMaterializedViewRefreshTaskRunRequest,
) -> Result<GetMaterializedViewRefreshTaskRunResponse> {
    call.catalog_name(Some(&input.catalog_id))?;
    let id = input.materialized_view_refresh_task_run_id;
    Err(Exception::not_found(format!("Materialized view refresh task run {id} not found.")).into())
}

/// None; but a table that is named has to be there.
pub async fn list_materialized_view_refresh_task_runs(
    call: &Call,
    input: ListMaterializedViewRefreshTaskRunsRequest,
) -> Result<ListMaterializedViewRefreshTaskRunsResponse> {
    let catalog = Some(input.catalog_id.as_str());
    match (&input.database_name, &input.table_name) {
        (None, None) => drop(call.catalog.get_catalog(&call.catalog_name(catalog)?).await?),
        (Some(database), None) => drop(call.catalog.get_database(&call.database(catalog, database)?).await?),
        (Some(database), Some(table)) => drop(call.catalog.get_table(&call.table(catalog, database, table)?).await?),
        (None, Some(_)) => return Err(Exception::invalid_input("TableName is given without DatabaseName").into()),
    }
    Ok(ListMaterializedViewRefreshTaskRunsResponse {
        materialized_view_refresh_task_runs: Some(Vec::new()),
        next_token: None,
    })
}

pub async fn stop_materialized_view_refresh_task_run(
    call: &Call,
    input: StopMaterializedViewRefreshTaskRunRequest,
) -> Result<StopMaterializedViewRefreshTaskRunResponse> {
    let name = call.table(Some(&input.catalog_id), &input.database_name, &input.table_name)?;
    call.catalog.get_table(&name).await?;
    let message = format!("No refresh of materialized view {name} is running");
    Err(Exception::new("MaterializedViewRefreshTaskNotRunningException", message).into())
}
