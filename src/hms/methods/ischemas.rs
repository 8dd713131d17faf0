//! Schemas of databases, their versions, and SerDes.

use propolis_thrift::{args, types};

use crate::hms::call::{Call, required};
use crate::hms::convert::ischemas::{ischema, version, wire_ischema, wire_ischema_name, wire_version};
use crate::hms::convert::storage::{serde, wire_serde};
use crate::hms::error::Result;
use crate::model::ischema::ISchemaName;
use crate::model::name::fold;
use crate::model::numbered::Numbered;

pub async fn create_ischema(call: &Call, args: args::CreateIschema) -> Result<()> {
    let sent = required(args.schema, "schema")?;
    let name = types::ISchemaName {
        cat_name: sent.cat_name.clone(),
        db_name: sent.db_name.clone(),
        schema_name: sent.name.clone(),
    };
    let name = schema_name(call, Some(name))?;
    Ok(call.catalog.create_ischema(&call.caller(), ischema(sent, name)?).await?)
}

pub async fn alter_ischema(call: &Call, args: args::AlterIschema) -> Result<()> {
    let request = required(args.rqst, "request")?;
    let name = schema_name(call, request.name)?;
    let changed = ischema(required(request.new_schema, "schema")?, name.clone())?;
    Ok(call.catalog.alter_ischema(&call.caller(), &name, changed).await?)
}

pub async fn get_ischema(call: &Call, args: args::GetIschema) -> Result<types::ISchema> {
    let name = schema_name(call, args.name)?;
    Ok(wire_ischema(&call.catalog.get_ischema(&name).await?))
}

pub async fn drop_ischema(call: &Call, args: args::DropIschema) -> Result<()> {
    let name = schema_name(call, args.name)?;
    Ok(call.catalog.drop_ischema(&call.caller(), &name).await?)
}

pub async fn add_schema_version(call: &Call, args: args::AddSchemaVersion) -> Result<()> {
    let mut sent = required(args.schema_version, "schema version")?;
    let name = schema_name(call, sent.schema.take())?;
    Ok(call.catalog.add_ischema_version(&call.caller(), version(sent, name)?).await?)
}

pub async fn get_schema_version(call: &Call, args: args::GetSchemaVersion) -> Result<types::SchemaVersion> {
    let (name, version) = version_of(call, args.schema_version)?;
    Ok(wire_version(&call.catalog.get_ischema_version(&name, version).await?))
}

pub async fn get_schema_latest_version(
    call: &Call,
    args: args::GetSchemaLatestVersion,
) -> Result<types::SchemaVersion> {
    let name = schema_name(call, args.schema_name)?;
    let latest = call.catalog.ischema_versions(&name, Some(1)).await?;
    Ok(wire_version(required(latest.first(), "schema version")?))
}

pub async fn get_schema_all_versions(
    call: &Call,
    args: args::GetSchemaAllVersions,
) -> Result<Vec<types::SchemaVersion>> {
    let name = schema_name(call, args.schema_name)?;
    Ok(call.catalog.ischema_versions(&name, None).await?.iter().map(wire_version).collect())
}

pub async fn drop_schema_version(call: &Call, args: args::DropSchemaVersion) -> Result<()> {
    let (name, version) = version_of(call, args.schema_version)?;
    Ok(call.catalog.drop_ischema_version(&call.caller(), &name, version).await?)
}

pub async fn get_schemas_by_cols(call: &Call, args: args::GetSchemasByCols) -> Result<types::FindSchemasByColsResp> {
    let request = required(args.rqst, "request")?;
    let (name, type_name) = (request.col_name.map(|name| fold(&name)), request.r#type.map(|name| fold(&name)));
    let found = call
        .catalog
        .ischema_versions_with_column(name.as_deref(), request.col_namespace.as_deref(), type_name.as_deref())
        .await?;
    let schema_versions = found
        .iter()
        .map(|(name, version)| types::SchemaVersionDescriptor {
            schema: Some(wire_ischema_name(name)),
            version: Some(*version),
        })
        .collect();
    Ok(types::FindSchemasByColsResp { schema_versions: Some(schema_versions) })
}

pub async fn map_schema_version_to_serde(call: &Call, args: args::MapSchemaVersionToSerde) -> Result<()> {
    let request = required(args.rqst, "request")?;
    let (name, version) = version_of(call, request.schema_version)?;
    let serde = required(request.serde_name, "SerDe's name")?;
    Ok(call.catalog.map_ischema_version_to_serde(&call.caller(), &name, version, &serde).await?)
}

pub async fn set_schema_version_state(call: &Call, args: args::SetSchemaVersionState) -> Result<()> {
    let request = required(args.rqst, "request")?;
    let (name, version) = version_of(call, request.schema_version)?;
    let state = required(request.state, "schema version's state")?;
    let state = Numbered::of_number("schema version state", state.inner())?;
    Ok(call.catalog.set_ischema_version_state(&call.caller(), &name, version, state).await?)
}

pub async fn add_serde(call: &Call, args: args::AddSerde) -> Result<()> {
    let sent = serde(required(args.serde, "SerDe")?);
    Ok(call.catalog.add_serde(&call.caller(), sent).await?)
}

pub async fn get_serde(call: &Call, args: args::GetSerde) -> Result<types::SerDeInfo> {
    let name = required(required(args.rqst, "request")?.serde_name, "SerDe's name")?;
    call.about(&name);
    Ok(wire_serde(&call.catalog.get_serde(&name).await?))
}

fn schema_name(call: &Call, sent: Option<types::ISchemaName>) -> Result<ISchemaName> {
    let sent = required(sent, "schema name")?;
    let name = required(sent.schema_name, "schema name")?;
    Ok(ISchemaName { database: call.database_in(sent.cat_name.as_ref(), sent.db_name)?, name: fold(&name) })
}

fn version_of(call: &Call, sent: Option<types::SchemaVersionDescriptor>) -> Result<(ISchemaName, i32)> {
    let sent = required(sent, "schema version")?;
    Ok((schema_name(call, sent.schema)?, required(sent.version, "schema version's number")?))
}
