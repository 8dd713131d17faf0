//! Versions of schemas.

use propolis_glue_api::types::{
    CheckSchemaVersionValidityInput, CheckSchemaVersionValidityResponse, DeleteSchemaVersionsInput,
    DeleteSchemaVersionsResponse, ErrorDetails, GetSchemaByDefinitionInput, GetSchemaByDefinitionResponse,
    GetSchemaVersionInput, GetSchemaVersionResponse, GetSchemaVersionsDiffInput, GetSchemaVersionsDiffResponse,
    ListSchemaVersionsInput, ListSchemaVersionsResponse, RegisterSchemaVersionInput, RegisterSchemaVersionResponse,
    SchemaVersionErrorItem,
};

use super::{PAGE, schema_name, undeclared, version_number, version_selector};
use crate::glue::call::Call;
use crate::glue::convert::schemas::{format_in, format_out, schema_arn, status, time, version_item};
use crate::glue::error::{Exception, Result};
use crate::glue::page::Page;

/// Characters of an error that say why a definition is not valid, at most: the model's limit.
const LONGEST_ERROR: usize = 5000;

pub async fn register_schema_version(
    call: &Call,
    input: RegisterSchemaVersionInput,
) -> Result<RegisterSchemaVersionResponse> {
    let name = schema_name(call, &input.schema_id)?;
    let version =
        call.catalog.register_schema_version(&call.scope(), &name, &input.schema_definition, undeclared(call)).await?;
    if let Some(failure) = &version.failure {
        // The answer has no place for the reason.
        tracing::info!(
            registry = name.registry,
            schema = name.schema,
            version = version.number,
            "a version of a schema is not compatible: {failure}"
        );
    }
    Ok(RegisterSchemaVersionResponse {
        schema_version_id: Some(version.id.to_string()),
        version_number: Some(version.number),
        status: Some(status(&version)),
    })
}

pub async fn get_schema_version(call: &Call, input: GetSchemaVersionInput) -> Result<GetSchemaVersionResponse> {
    let selector = version_selector(
        call,
        input.schema_id.as_ref(),
        input.schema_version_id.as_deref(),
        input.schema_version_number.as_ref(),
    )?;
    let version = call.catalog.schema_version(&call.scope(), &selector).await?;
    Ok(GetSchemaVersionResponse {
        schema_version_id: Some(version.id.to_string()),
        schema_arn: Some(schema_arn(call, &version.schema)),
        data_format: Some(format_out(version.format)),
        version_number: Some(version.number),
        status: Some(status(&version)),
        created_time: Some(time(version.created_at)),
        schema_definition: Some(version.definition),
    })
}

pub async fn get_schema_by_definition(
    call: &Call,
    input: GetSchemaByDefinitionInput,
) -> Result<GetSchemaByDefinitionResponse> {
    let name = schema_name(call, &input.schema_id)?;
    let version = call.catalog.schema_version_by_definition(&call.scope(), &name, &input.schema_definition).await?;
    Ok(GetSchemaByDefinitionResponse {
        schema_version_id: Some(version.id.to_string()),
        schema_arn: Some(schema_arn(call, &version.schema)),
        data_format: Some(format_out(version.format)),
        status: Some(status(&version)),
        created_time: Some(time(version.created_at)),
    })
}

pub async fn get_schema_versions_diff(
    call: &Call,
    input: GetSchemaVersionsDiffInput,
) -> Result<GetSchemaVersionsDiffResponse> {
    let name = schema_name(call, &input.schema_id)?;
    let first = version_number(&input.first_schema_version_number)?;
    let second = version_number(&input.second_schema_version_number)?;
    let diff = call.catalog.schema_versions_diff(&call.scope(), &name, first, second).await?;
    Ok(GetSchemaVersionsDiffResponse { diff: Some(diff).filter(|diff| !diff.is_empty()) })
}

pub async fn list_schema_versions(call: &Call, input: ListSchemaVersionsInput) -> Result<ListSchemaVersionsResponse> {
    let name = schema_name(call, &input.schema_id)?;
    let page = Page::<i64>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let after = page.after.unwrap_or_default();
    let mut versions = call.catalog.schema_versions(&call.scope(), &name, after, page.fetch()).await?;
    let next_token = page.cut(&mut versions, |version| version.number);
    let schemas = versions.iter().map(|version| version_item(call, version)).collect();
    Ok(ListSchemaVersionsResponse { schemas: Some(schemas), next_token })
}

pub async fn delete_schema_versions(
    call: &Call,
    input: DeleteSchemaVersionsInput,
) -> Result<DeleteSchemaVersionsResponse> {
    let name = schema_name(call, &input.schema_id)?;
    let (from, to) = range(&input.versions)?;
    let missing = call.catalog.delete_schema_versions(&call.scope(), &name, from, to).await?;
    let errors = missing.into_iter().map(|number| SchemaVersionErrorItem {
        version_number: Some(number),
        error_details: Some(ErrorDetails {
            error_code: Some("EntityNotFoundException".to_owned()),
            error_message: Some(format!("Schema version is not found. VersionNumber: {number}")),
        }),
    });
    Ok(DeleteSchemaVersionsResponse { schema_version_errors: Some(errors.collect()) })
}

pub async fn check_schema_version_validity(
    call: &Call,
    input: CheckSchemaVersionValidityInput,
) -> Result<CheckSchemaVersionValidityResponse> {
    let reason = call.catalog.check_definition(format_in(input.data_format), &input.schema_definition).await?;
    Ok(CheckSchemaVersionValidityResponse {
        valid: Some(reason.is_none()),
        error: reason.map(|reason| reason.chars().take(LONGEST_ERROR).collect()),
    })
}

/// `3` or `3-5`.
fn range(text: &str) -> Result<(i64, i64)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) => Ok((from, to)),
        _ => Err(Exception::invalid_input(format!(
            "Versions {text} are none: a number is expected, or two with a hyphen between them"
        ))
        .into()),
    }
}
