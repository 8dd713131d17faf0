//! Tags.

use propolis_glue_api::types::{
    GetTagsRequest, GetTagsResponse, TagResourceRequest, TagResourceResponse, UntagResourceRequest,
    UntagResourceResponse,
};

use super::super::call::Call;
use super::super::error::Result;

pub async fn get_tags(call: &Call, input: GetTagsRequest) -> Result<GetTagsResponse> {
    let resource = call.arn_resource(&input.resource_arn)?;
    let tags = call.catalog.tags(&call.scope(), resource).await?;
    Ok(GetTagsResponse { tags: Some(tags) })
}

pub async fn tag_resource(call: &Call, input: TagResourceRequest) -> Result<TagResourceResponse> {
    let resource = call.arn_resource(&input.resource_arn)?;
    call.catalog.tag(&call.scope(), resource, &input.tags_to_add).await?;
    Ok(TagResourceResponse {})
}

pub async fn untag_resource(call: &Call, input: UntagResourceRequest) -> Result<UntagResourceResponse> {
    let resource = call.arn_resource(&input.resource_arn)?;
    call.catalog.untag(&call.scope(), resource, &input.tags_to_remove).await?;
    Ok(UntagResourceResponse {})
}
