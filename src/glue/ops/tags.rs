//! Tags. What they are on is named by its ARN, and must be there.

use propolis_glue_api::types::{
    GetTagsRequest, GetTagsResponse, TagResourceRequest, TagResourceResponse, UntagResourceRequest,
    UntagResourceResponse,
};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use crate::model::schema_registry::SchemaName;

pub async fn get_tags(call: &Call, input: GetTagsRequest) -> Result<GetTagsResponse> {
    let resource = existing(call, &input.resource_arn).await?;
    let tags = call.catalog.tags(&call.scope(), resource).await?;
    Ok(GetTagsResponse { tags: Some(tags) })
}

pub async fn tag_resource(call: &Call, input: TagResourceRequest) -> Result<TagResourceResponse> {
    let resource = existing(call, &input.resource_arn).await?;
    call.catalog.tag(&call.scope(), resource, &input.tags_to_add).await?;
    Ok(TagResourceResponse {})
}

pub async fn untag_resource(call: &Call, input: UntagResourceRequest) -> Result<UntagResourceResponse> {
    let resource = existing(call, &input.resource_arn).await?;
    call.catalog.untag(&call.scope(), resource, &input.tags_to_remove).await?;
    Ok(UntagResourceResponse {})
}

/// What an ARN names, such as `job/nightly`. EntityNotFoundException where there is no such thing.
async fn existing<'a>(call: &Call, arn: &'a str) -> Result<&'a str> {
    let resource = call.arn_resource(arn)?;
    let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
    let parts: Vec<&str> = name.split('/').collect();
    match (kind, parts.as_slice()) {
        ("catalog", [""]) => {}
        ("catalog", catalog) => drop(call.catalog.get_catalog(&in_tree(call, catalog)?).await?),
        ("database", [catalog @ .., database]) => {
            let name = call.database(catalog_of(catalog).as_deref(), database)?;
            call.catalog.get_database(&name).await?;
        }
        ("table", [catalog @ .., database, table]) => {
            let name = call.table(catalog_of(catalog).as_deref(), database, table)?;
            call.catalog.get_table(&name).await?;
        }
        ("registry", _) => drop(call.catalog.registry(&call.scope(), name).await?),
        ("schema", [registry, schema]) => {
            let name = SchemaName { registry: (*registry).to_owned(), schema: (*schema).to_owned() };
            call.catalog.schema(&call.scope(), &name).await?;
        }
        _ => {
            if call.catalog.named_resources(&call.scope(), kind, &[name.to_owned()]).await?.is_empty() {
                return Err(Exception::not_found(format!("{resource} not found.")).into());
            }
        }
    }
    Ok(resource)
}

/// The catalog in an ARN, which has none where it is the account's own.
fn catalog_of(parts: &[&str]) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join("/"))
}

fn in_tree(call: &Call, parts: &[&str]) -> Result<String> {
    call.catalog_name(catalog_of(parts).as_deref())
}
