//! Tables.

mod attributes;
mod views;

use propolis_glue_api::types::{
    BatchDeleteTableRequest, BatchDeleteTableResponse, CreateTableRequest, CreateTableResponse, DeleteTableRequest,
    DeleteTableResponse, GetTableRequest, GetTableResponse, GetTablesRequest, GetTablesResponse, TableError,
    TableInput, TableResourceShareType, UpdateTableRequest, UpdateTableResponse,
};

use self::attributes::Attributes;
use super::super::call::Call;
use super::super::convert::tables::{input as input_of, is_federated, table};
use super::super::error::{Exception, Failure, Result};
use super::super::iceberg;
use super::super::page::Page;
use super::databases::PAGE;
use super::table_versions::version;
use crate::catalog::DropTable;
use crate::catalog::tables::{RegisterTable, ReplaceTable};
use crate::error::CatalogError;
use crate::filter::NamePattern;
use crate::model::PartitionIndex;

pub async fn create_table(call: &Call, input: CreateTableRequest) -> Result<CreateTableResponse> {
    refuse_transaction(input.transaction_id.as_deref())?;
    let iceberg = input.open_table_format_input.and_then(|format| format.iceberg_input);
    let mut definition = named(input.table_input, input.name, iceberg.is_some())?;
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &definition.name)?;
    let file = match iceberg {
        Some(input) => iceberg::create(&mut definition, input)?,
        None => None,
    };
    let indexes = input.partition_indexes.unwrap_or_default().into_iter();
    let indexes = indexes.map(|index| PartitionIndex { name: index.index_name, keys: index.keys }).collect();
    let with = RegisterTable { indexes, file };
    call.catalog.register_table(&call.caller(), table(definition, name, None), with).await?;
    Ok(CreateTableResponse {})
}

pub async fn get_table(call: &Call, input: GetTableRequest) -> Result<GetTableResponse> {
    refuse_transaction(input.transaction_id.as_deref())?;
    refuse_past(input.query_as_of_time.is_some())?;
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.name)?;
    let attributes = Attributes::read(input.attributes_to_get.as_deref())?;
    let found = call.catalog.get_table(&name).await?;
    Ok(GetTableResponse { table: Some(attributes.show(call, &found).await?) })
}

pub async fn get_tables(call: &Call, input: GetTablesRequest) -> Result<GetTablesResponse> {
    refuse_transaction(input.transaction_id.as_deref())?;
    refuse_past(input.query_as_of_time.is_some())?;
    let database = call.database(input.catalog_id.as_deref(), &input.database_name)?;
    let page = Page::<String>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let attributes = Attributes::read(input.attributes_to_get.as_deref())?;
    let pattern = match input.expression.as_deref().map(str::trim) {
        None | Some("") => NamePattern::all(),
        Some(expression) => NamePattern::parse_strict(expression).map_err(CatalogError::from)?,
    };
    let after = page.after.as_deref().unwrap_or_default();
    let mut found = call.catalog.tables_after(&database, &pattern, after, page.fetch()).await?;
    if found.is_empty() {
        call.catalog.get_used_database(&database).await?;
    }
    let next_token = page.cut(&mut found, |table| table.name.table.clone());
    if input.resource_share_type == Some(TableResourceShareType::Federated) {
        found.retain(is_federated);
    }
    let mut tables = Vec::with_capacity(found.len());
    for table in &found {
        tables.push(attributes.show(call, table).await?);
    }
    Ok(GetTablesResponse { table_list: Some(tables), next_token })
}

/// Replaces the definition of a table, or with a ViewUpdateAction what a view is in some dialects.
pub async fn update_table(call: &Call, input: UpdateTableRequest) -> Result<UpdateTableResponse> {
    refuse_transaction(input.transaction_id.as_deref())?;
    let updates = input.update_open_table_format_input.and_then(|format| format.update_iceberg_input);
    let is_given = input.table_input.is_some();
    let mut definition = named(input.table_input, input.name, updates.is_some())?;
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &definition.name)?;
    let mut how = ReplaceTable {
        expected_version: input.version_id.as_deref().map(|id| version(call, id)).transpose()?,
        skip_archive: input.skip_archive.unwrap_or_default(),
        file: None,
    };
    if let Some(updates) = updates {
        let current = call.catalog.get_table(&name).await?;
        let location = iceberg::metadata_location(&current)?;
        let metadata = call.catalog.read_file(location).await?;
        // The new metadata follow from those of this version only.
        how.expected_version.get_or_insert(current.version);
        let updates = updates.update_iceberg_table_input.updates;
        let base = if is_given { definition } else { input_of(&current) };
        let (updated, file) = iceberg::updated(base, location, &metadata, &updates)?;
        (definition, how.file) = (updated, Some(file));
    }
    let change = |before: &crate::model::Table| {
        let definition = match input.view_update_action {
            Some(action) => views::update(before, definition, action, input.force.unwrap_or_default())?,
            None => definition,
        };
        Ok::<_, Failure>(table(definition, before.name.clone(), Some(before)))
    };
    call.catalog.replace_table(&call.caller(), &name, how, change).await?;
    Ok(UpdateTableResponse {})
}

pub async fn delete_table(call: &Call, input: DeleteTableRequest) -> Result<DeleteTableResponse> {
    refuse_transaction(input.transaction_id.as_deref())?;
    let name = call.table(input.catalog_id.as_deref(), &input.database_name, &input.name)?;
    call.catalog.drop_table(&call.caller(), &name, DropTable::default()).await?;
    Ok(DeleteTableResponse {})
}

pub async fn batch_delete_table(call: &Call, input: BatchDeleteTableRequest) -> Result<BatchDeleteTableResponse> {
    refuse_transaction(input.transaction_id.as_deref())?;
    let database = call.database(input.catalog_id.as_deref(), &input.database_name)?;
    call.catalog.get_database(&database).await?;
    let mut errors = Vec::new();
    for name in input.tables_to_delete {
        let outcome = call.catalog.drop_table(&call.caller(), &database.table(&name), DropTable::default()).await;
        if let Err(error) = outcome {
            let exception = Exception::from(&error);
            if exception.status.is_server_error() {
                return Err(error.into());
            }
            errors.push(TableError { table_name: Some(name), error_detail: Some(exception.detail()) });
        }
    }
    Ok(BatchDeleteTableResponse { errors: Some(errors).filter(|errors| !errors.is_empty()) })
}

/// The definition, whose name may also stand beside it, or be all there is.
fn named(definition: Option<TableInput>, name: Option<String>, name_is_enough: bool) -> Result<TableInput> {
    match (definition, name) {
        (Some(definition), Some(name)) if definition.name != name => Err(Exception::invalid_input(format!(
            "Name {name:?} is not TableInput.Name {:?}: tables keep their name",
            definition.name
        ))
        .into()),
        (Some(definition), _) => Ok(definition),
        (None, Some(name)) if name_is_enough => Ok(TableInput { name, ..TableInput::default() }),
        (None, _) => Err(Exception::invalid_input("TableInput is missing").into()),
    }
}

fn refuse_transaction(id: Option<&str>) -> Result<()> {
    match id {
        None => Ok(()),
        Some(_) => {
            Err(Exception::invalid_input("There are no transactions over tables here: leave TransactionId out").into())
        }
    }
}

fn refuse_past(is_asked: bool) -> Result<()> {
    match is_asked {
        false => Ok(()),
        true => Err(Exception::invalid_input(
            "Tables are read as they are now: leave QueryAsOfTime out, or ask for a version",
        )
        .into()),
    }
}
