//! Table optimizers: what is to be done to the files of an Iceberg table, and how. They are kept as settings of the table;
//! nothing here rewrites files, so there are no runs.

mod check;

use propolis_glue_api::types::{
    BatchGetTableOptimizerEntry, BatchGetTableOptimizerError, BatchGetTableOptimizerRequest,
    BatchGetTableOptimizerResponse, BatchTableOptimizer, ConfigurationSource, CreateTableOptimizerRequest,
    CreateTableOptimizerResponse, DeleteTableOptimizerRequest, DeleteTableOptimizerResponse, GetTableOptimizerRequest,
    GetTableOptimizerResponse, ListTableOptimizerRunsRequest, ListTableOptimizerRunsResponse, TableOptimizer,
    TableOptimizerConfiguration, TableOptimizerType, UpdateTableOptimizerRequest, UpdateTableOptimizerResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Failure, Result};
use super::kept::members;
use super::parts::{Part, of_table};
use crate::error::ErrorKind;
use crate::model::{Resource, TableName};

/// A part of the table, called by its type.
const OPTIMIZER: Part = Part { kind: "tableOptimizer", missing: "The table has no optimizer for {}." };

pub async fn create_table_optimizer(
    call: &Call,
    input: CreateTableOptimizerRequest,
) -> Result<CreateTableOptimizerResponse> {
    let name = call.table(Some(&input.catalog_id), &input.database_name, &input.table_name)?;
    let table = call.catalog.get_table(&name).await?;
    check::configuration(call, &table, input.r#type, &input.table_optimizer_configuration).await?;
    let document = members(json!(input.table_optimizer_configuration));
    match OPTIMIZER.create(call, &of_table(&table), input.r#type.as_str(), document).await {
        Err(Failure::Catalog(error)) if error.kind == ErrorKind::AlreadyExists => {
            let message = format!("Table {name} has an optimizer for {} already", input.r#type);
            Err(Exception::already_exists(message).into())
        }
        outcome => outcome.map(|_| CreateTableOptimizerResponse {}),
    }
}

pub async fn get_table_optimizer(call: &Call, input: GetTableOptimizerRequest) -> Result<GetTableOptimizerResponse> {
    let name = call.table(Some(&input.catalog_id), &input.database_name, &input.table_name)?;
    let optimizer = optimizer(call, &name, input.r#type).await?;
    Ok(GetTableOptimizerResponse {
        catalog_id: Some(input.catalog_id),
        database_name: Some(name.database),
        table_name: Some(name.table),
        table_optimizer: Some(optimizer),
    })
}

/// What is missing of a batch is told item by item.
pub async fn batch_get_table_optimizer(
    call: &Call,
    input: BatchGetTableOptimizerRequest,
) -> Result<BatchGetTableOptimizerResponse> {
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for entry in input.entries {
        match entry_optimizer(call, &entry).await {
            Ok(optimizer) => found.push(BatchTableOptimizer {
                catalog_id: entry.catalog_id,
                database_name: entry.database_name,
                table_name: entry.table_name,
                table_optimizer: Some(optimizer),
            }),
            Err(failure) => {
                let exception = Exception::from(&failure);
                if exception.status.is_server_error() {
                    return Err(failure);
                }
                failures.push(BatchGetTableOptimizerError {
                    error: Some(exception.detail()),
                    catalog_id: entry.catalog_id,
                    database_name: entry.database_name,
                    table_name: entry.table_name,
                    r#type: entry.r#type,
                });
            }
        }
    }
    Ok(BatchGetTableOptimizerResponse { table_optimizers: Some(found), failures: Some(failures) })
}

/// Replaces the configuration.
pub async fn update_table_optimizer(
    call: &Call,
    input: UpdateTableOptimizerRequest,
) -> Result<UpdateTableOptimizerResponse> {
    let name = call.table(Some(&input.catalog_id), &input.database_name, &input.table_name)?;
    let table = call.catalog.get_table(&name).await?;
    check::configuration(call, &table, input.r#type, &input.table_optimizer_configuration).await?;
    let document = members(json!(input.table_optimizer_configuration));
    let parent = of_table(&table);
    OPTIMIZER.update(call, &parent, input.r#type.as_str(), |_| Ok(document)).await?;
    Ok(UpdateTableOptimizerResponse {})
}

pub async fn delete_table_optimizer(
    call: &Call,
    input: DeleteTableOptimizerRequest,
) -> Result<DeleteTableOptimizerResponse> {
    let name = call.table(Some(&input.catalog_id), &input.database_name, &input.table_name)?;
    let table = call.catalog.get_table(&name).await?;
    let key = OPTIMIZER.key(call, &of_table(&table), input.r#type.as_str());
    if !call.catalog.delete_resource(&key, &[], |_| Ok::<_, Failure>(())).await? {
        return Err(OPTIMIZER.not_found(input.r#type.as_str()));
    }
    Ok(DeleteTableOptimizerResponse {})
}

pub async fn list_table_optimizer_runs(
    call: &Call,
    input: ListTableOptimizerRunsRequest,
) -> Result<ListTableOptimizerRunsResponse> {
    let name = call.table(Some(&input.catalog_id), &input.database_name, &input.table_name)?;
    optimizer(call, &name, input.r#type).await?;
    Ok(ListTableOptimizerRunsResponse {
        catalog_id: Some(input.catalog_id),
        database_name: Some(name.database),
        table_name: Some(name.table),
        next_token: None,
        table_optimizer_runs: Some(Vec::new()),
    })
}

async fn optimizer(call: &Call, name: &TableName, kind: TableOptimizerType) -> Result<TableOptimizer> {
    let table = call.catalog.get_table(name).await?;
    let Resource { document, .. } = OPTIMIZER.get(call, &of_table(&table), kind.as_str()).await?;
    Ok(TableOptimizer {
        r#type: Some(kind),
        configuration: TableOptimizerConfiguration::deserialize(Value::Object(document)).ok(),
        last_run: None,
        configuration_source: Some(ConfigurationSource::Table),
    })
}

async fn entry_optimizer(call: &Call, entry: &BatchGetTableOptimizerEntry) -> Result<TableOptimizer> {
    let (Some(database), Some(table), Some(kind)) = (&entry.database_name, &entry.table_name, entry.r#type) else {
        return Err(Exception::invalid_input("An entry has a databaseName, a tableName and a type").into());
    };
    optimizer(call, &call.table(entry.catalog_id.as_deref(), database, table)?, kind).await
}
