//! Metadata of versions of schemas.

use std::collections::BTreeMap;

use propolis_glue_api::types::{
    MetadataKeyValuePair, PutSchemaVersionMetadataInput, PutSchemaVersionMetadataResponse,
    QuerySchemaVersionMetadataInput, QuerySchemaVersionMetadataResponse, RemoveSchemaVersionMetadataInput,
    RemoveSchemaVersionMetadataResponse,
};

use super::{PAGE, version_selector};
use crate::catalog::schemas::MetadataFilter;
use crate::glue::call::Call;
use crate::glue::convert::schemas::{metadata_info, schema_arn};
use crate::glue::error::{Exception, Result};
use crate::glue::page::Page;
use crate::model::schema_registry::{SchemaVersion, VersionMetadata, VersionNumber, VersionSelector};

pub async fn put_schema_version_metadata(
    call: &Call,
    input: PutSchemaVersionMetadataInput,
) -> Result<PutSchemaVersionMetadataResponse> {
    let selector = version_selector(
        call,
        input.schema_id.as_ref(),
        input.schema_version_id.as_deref(),
        input.schema_version_number.as_ref(),
    )?;
    let (key, value) = pair(input.metadata_key_value)?;
    let version = call.catalog.put_schema_version_metadata(&call.scope(), &selector, &key, &value).await?;
    let (version_number, latest_version) = as_asked(&selector, &version);
    Ok(PutSchemaVersionMetadataResponse {
        schema_arn: Some(schema_arn(call, &version.schema)),
        schema_name: Some(version.schema.schema),
        registry_name: Some(version.schema.registry),
        latest_version,
        version_number,
        schema_version_id: Some(version.id.to_string()),
        metadata_key: Some(key),
        metadata_value: Some(value),
    })
}

pub async fn remove_schema_version_metadata(
    call: &Call,
    input: RemoveSchemaVersionMetadataInput,
) -> Result<RemoveSchemaVersionMetadataResponse> {
    let selector = version_selector(
        call,
        input.schema_id.as_ref(),
        input.schema_version_id.as_deref(),
        input.schema_version_number.as_ref(),
    )?;
    let (key, value) = pair(input.metadata_key_value)?;
    let version = call.catalog.remove_schema_version_metadata(&call.scope(), &selector, &key, &value).await?;
    let (version_number, latest_version) = as_asked(&selector, &version);
    Ok(RemoveSchemaVersionMetadataResponse {
        schema_arn: Some(schema_arn(call, &version.schema)),
        schema_name: Some(version.schema.schema),
        registry_name: Some(version.schema.registry),
        latest_version,
        version_number,
        schema_version_id: Some(version.id.to_string()),
        metadata_key: Some(key),
        metadata_value: Some(value),
    })
}

pub async fn query_schema_version_metadata(
    call: &Call,
    input: QuerySchemaVersionMetadataInput,
) -> Result<QuerySchemaVersionMetadataResponse> {
    let selector = version_selector(
        call,
        input.schema_id.as_ref(),
        input.schema_version_id.as_deref(),
        input.schema_version_number.as_ref(),
    )?;
    let page = Page::<String>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let filters: Vec<_> = input
        .metadata_list
        .into_iter()
        .flatten()
        .map(|pair| MetadataFilter { key: pair.metadata_key, value: pair.metadata_value })
        .collect();
    let (version, pairs) = call.catalog.schema_version_metadata(&call.scope(), &selector, &filters).await?;
    let mut by_key: BTreeMap<String, Vec<VersionMetadata>> = BTreeMap::new();
    for pair in pairs {
        by_key.entry(pair.key.clone()).or_default().push(pair);
    }
    let (keys, next_token) = page.of(by_key.into_iter().collect(), |(key, _)| key.clone());
    Ok(QuerySchemaVersionMetadataResponse {
        metadata_info_map: Some(keys.into_iter().map(|(key, pairs)| (key, metadata_info(pairs))).collect()),
        schema_version_id: Some(version.id.to_string()),
        next_token,
    })
}

fn pair(pair: MetadataKeyValuePair) -> Result<(String, String)> {
    match (pair.metadata_key, pair.metadata_value) {
        (Some(key), Some(value)) => Ok((key, value)),
        _ => {
            let message = "MetadataKeyValue is not whole: both MetadataKey and MetadataValue have to be provided.";
            Err(Exception::invalid_input(message).into())
        }
    }
}

/// The number of the version and whether it was asked for as the latest, as the service answers it: the number is 0
/// where the version was asked for by its id.
fn as_asked(selector: &VersionSelector, version: &SchemaVersion) -> (Option<i64>, Option<bool>) {
    match selector {
        VersionSelector::Id(_) => (Some(0), Some(false)),
        VersionSelector::Of(_, number) => (Some(version.number), Some(*number == VersionNumber::Latest)),
    }
}
