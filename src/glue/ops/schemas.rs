//! The schema registry: how its objects are named in requests, and schemas. Registries, versions and metadata of
//! versions are in files of their own.

pub mod metadata;
pub mod registries;
pub mod versions;

use propolis_glue_api::types::{
    CreateSchemaInput, CreateSchemaResponse, DeleteSchemaInput, DeleteSchemaResponse, GetSchemaInput,
    GetSchemaResponse, ListSchemasInput, ListSchemasResponse, RegistryId, SchemaId, SchemaStatus, SchemaVersionNumber,
    UpdateSchemaInput, UpdateSchemaResponse,
};
use propolis_glue_api::{Constraint, Invalid, OperationInfo, Violation};
use uuid::Uuid;

use crate::catalog::schemas::{NewSchema, SchemaChange};
use crate::data_schema::Undeclared;
use crate::glue::call::Call;
use crate::glue::convert::schemas::{
    compatibility_in, compatibility_out, format_in, format_out, registry_arn, schema_arn, schema_item, status, time,
};
use crate::glue::error::{Exception, Result};
use crate::glue::page::Page;
use crate::model::schema_registry::{Compatibility, DEFAULT_REGISTRY, SchemaName, VersionNumber, VersionSelector};

/// What a page holds where the request does not say, as the service documents it.
const PAGE: usize = 25;

pub async fn create_schema(call: &Call, input: CreateSchemaInput) -> Result<CreateSchemaResponse> {
    let registry = registry_name(call, input.registry_id.as_ref())?.unwrap_or_else(|| DEFAULT_REGISTRY.to_owned());
    let tags = input.tags.unwrap_or_default();
    let new = NewSchema {
        name: SchemaName { registry, schema: input.schema_name },
        format: format_in(input.data_format),
        // What the service recommends.
        compatibility: input.compatibility.map_or(Compatibility::Backward, compatibility_in),
        description: input.description,
        definition: input.schema_definition,
        tags: tags.clone(),
    };
    let (schema, version) = call.catalog.create_schema(&call.scope(), new).await?;
    Ok(CreateSchemaResponse {
        registry_arn: Some(registry_arn(call, &schema.name.registry)),
        schema_arn: Some(schema_arn(call, &schema.name)),
        registry_name: Some(schema.name.registry),
        schema_name: Some(schema.name.schema),
        description: schema.description,
        data_format: Some(format_out(schema.format)),
        compatibility: Some(compatibility_out(schema.compatibility)),
        schema_checkpoint: Some(schema.checkpoint),
        latest_schema_version: schema.latest_version,
        next_schema_version: Some(schema.next_version),
        schema_status: Some(SchemaStatus::Available),
        tags: Some(tags).filter(|tags| !tags.is_empty()),
        schema_version_status: version.as_ref().map(status),
        schema_version_id: version.map(|version| version.id.to_string()),
    })
}

pub async fn get_schema(call: &Call, input: GetSchemaInput) -> Result<GetSchemaResponse> {
    let schema = call.catalog.schema(&call.scope(), &schema_name(call, &input.schema_id)?).await?;
    Ok(GetSchemaResponse {
        registry_arn: Some(registry_arn(call, &schema.name.registry)),
        schema_arn: Some(schema_arn(call, &schema.name)),
        registry_name: Some(schema.name.registry),
        schema_name: Some(schema.name.schema),
        description: schema.description,
        data_format: Some(format_out(schema.format)),
        compatibility: Some(compatibility_out(schema.compatibility)),
        schema_checkpoint: Some(schema.checkpoint),
        latest_schema_version: schema.latest_version,
        next_schema_version: Some(schema.next_version),
        schema_status: Some(SchemaStatus::Available),
        created_time: Some(time(schema.created_at)),
        updated_time: Some(time(schema.updated_at)),
    })
}

pub async fn list_schemas(call: &Call, input: ListSchemasInput) -> Result<ListSchemasResponse> {
    let registry = registry_name(call, input.registry_id.as_ref())?;
    let page = Page::<(String, String)>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let after = page.after.clone().map(|(registry, schema)| SchemaName { registry, schema });
    let mut schemas = call.catalog.schemas(&call.scope(), registry.as_deref(), after.as_ref(), page.fetch()).await?;
    let next_token = page.cut(&mut schemas, |schema| (schema.name.registry.clone(), schema.name.schema.clone()));
    let schemas = schemas.into_iter().map(|schema| schema_item(call, schema)).collect();
    Ok(ListSchemasResponse { schemas: Some(schemas), next_token })
}

pub async fn update_schema(call: &Call, input: UpdateSchemaInput) -> Result<UpdateSchemaResponse> {
    let name = schema_name(call, &input.schema_id)?;
    let change = SchemaChange {
        compatibility: input.compatibility.map(compatibility_in),
        checkpoint: input.schema_version_number.as_ref().map(version_number).transpose()?,
        description: input.description,
    };
    call.catalog.update_schema(&call.scope(), &name, change).await?;
    Ok(UpdateSchemaResponse {
        schema_arn: Some(schema_arn(call, &name)),
        schema_name: Some(name.schema),
        registry_name: Some(name.registry),
    })
}

pub async fn delete_schema(call: &Call, input: DeleteSchemaInput) -> Result<DeleteSchemaResponse> {
    let name = schema_name(call, &input.schema_id)?;
    call.catalog.delete_schema(&call.scope(), &name).await?;
    Ok(DeleteSchemaResponse {
        schema_arn: Some(schema_arn(call, &name)),
        schema_name: Some(name.schema),
        status: Some(SchemaStatus::Deleting),
    })
}

/// How strict a comparison is: to the letter where the service is imitated.
fn undeclared(call: &Call) -> Undeclared {
    if call.settings.strict { Undeclared::Anything } else { Undeclared::Absent }
}

/// The registry that a request names; None where it names none.
fn registry_name(call: &Call, id: Option<&RegistryId>) -> Result<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    match (&id.registry_name, &id.registry_arn) {
        (Some(_), Some(_)) => {
            let message = "One of registryName or registryArn has to be provided, both cannot be provided.";
            Err(Exception::invalid_input(message).into())
        }
        (Some(name), None) => Ok(Some(name.clone())),
        (None, Some(arn)) => {
            let name = call.arn_resource(arn)?.strip_prefix("registry/").filter(|name| !name.contains('/'));
            Ok(Some(name.ok_or_else(|| bad_characters("registryArn"))?.to_owned()))
        }
        (None, None) => Ok(None),
    }
}

fn schema_name(call: &Call, id: &SchemaId) -> Result<SchemaName> {
    match (&id.schema_arn, &id.registry_name, &id.schema_name) {
        (Some(arn), None, None) => {
            let (registry, schema) = call
                .arn_resource(arn)?
                .strip_prefix("schema/")
                .and_then(|path| path.split_once('/'))
                .filter(|(_, schema)| !schema.contains('/'))
                .ok_or_else(|| bad_characters("schemaArn"))?;
            Ok(SchemaName { registry: registry.to_owned(), schema: schema.to_owned() })
        }
        (Some(_), _, _) => {
            let message =
                "One of (registryName and schemaName) or schemaArn has to be provided, both cannot be provided.";
            Err(Exception::invalid_input(message).into())
        }
        (None, Some(registry), Some(schema)) => Ok(SchemaName { registry: registry.clone(), schema: schema.clone() }),
        (None, _, _) => Err(no_schema_id().into()),
    }
}

fn version_number(number: &SchemaVersionNumber) -> Result<VersionNumber> {
    match (number.latest_version.unwrap_or_default(), number.version_number) {
        (true, Some(_)) => {
            Err(Exception::invalid_input("Only one of VersionNumber or LatestVersion is required.").into())
        }
        (true, None) => Ok(VersionNumber::Latest),
        (false, Some(number)) => Ok(VersionNumber::Number(number)),
        (false, None) => Err(no_version_number().into()),
    }
}

/// The version that a request names, by its id or by its schema and number.
fn version_selector(
    call: &Call,
    schema: Option<&SchemaId>,
    id: Option<&str>,
    number: Option<&SchemaVersionNumber>,
) -> Result<VersionSelector> {
    match (id, schema, number) {
        (Some(id), None, None) => {
            Ok(VersionSelector::Id(Uuid::parse_str(id).map_err(|_| bad_characters("SchemaVersionId"))?))
        }
        (Some(_), _, _) => {
            let message = "No other input parameters can be specified when fetching by SchemaVersionId.";
            Err(Exception::invalid_input(message).into())
        }
        (None, None, _) => Err(no_schema_id().into()),
        (None, Some(_), None) => Err(no_version_number().into()),
        (None, Some(schema), Some(number)) => {
            Ok(VersionSelector::Of(schema_name(call, schema)?, version_number(number)?))
        }
    }
}

fn no_schema_id() -> Exception {
    Exception::invalid_input("At least one of (registryName and schemaName) or schemaArn has to be provided.")
}

fn no_version_number() -> Exception {
    Exception::invalid_input("One of version number (or) latest version is required.")
}

fn bad_characters(parameter: &str) -> Exception {
    Exception::invalid_input(format!(
        "The parameter value contains one or more characters that are not valid. Parameter Name: {parameter}"
    ))
}

/// How the schema registry says that a request violates the model; None for operations of other parts.
pub fn invalid(operation: &OperationInfo, invalid: &Invalid) -> Option<Exception> {
    let ours = operation.name.contains("Registr") || operation.name.contains("Schema");
    match invalid {
        Invalid::Constraints(violations) if ours => violations.first().and_then(violated),
        _ => None,
    }
}

fn violated(violation: &Violation) -> Option<Exception> {
    let parameter = match violation.path.rsplit('.').next()? {
        "metadataKey" => "key",
        "metadataValue" => "value",
        "schemaVersionId" => "SchemaVersionId",
        "schemaDefinition" => "SchemaDefinition",
        last => last,
    };
    match (&violation.constraint, violation.shape) {
        (Constraint::Values(_), "DataFormat") => Some(Exception::invalid_input("Data format is not valid.")),
        (Constraint::Values(_), "Compatibility") => Some(Exception::invalid_input("Compatibility is not valid.")),
        (Constraint::MaxLength(_), "TagsMap") => {
            Some(Exception::invalid_input("New Tags cannot be empty or more than 50"))
        }
        (Constraint::MinLength(_) | Constraint::MaxLength(_), _) => Some(Exception::invalid_input(format!(
            "The resource name contains too many or too few characters. Parameter Name: {parameter}"
        ))),
        (Constraint::Pattern(_), _) => Some(bad_characters(parameter)),
        _ => None,
    }
}
