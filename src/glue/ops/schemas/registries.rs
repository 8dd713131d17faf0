//! Registries of schemas.

use propolis_glue_api::types::{
    CreateRegistryInput, CreateRegistryResponse, DeleteRegistryInput, DeleteRegistryResponse, GetRegistryInput,
    GetRegistryResponse, ListRegistriesInput, ListRegistriesResponse, RegistryId, RegistryStatus, UpdateRegistryInput,
    UpdateRegistryResponse,
};

use super::{PAGE, registry_name};
use crate::glue::call::Call;
use crate::glue::convert::schemas::{registry_arn, registry_item, time};
use crate::glue::error::Result;
use crate::glue::page::Page;
use crate::model::schema_registry::DEFAULT_REGISTRY;

pub async fn create_registry(call: &Call, input: CreateRegistryInput) -> Result<CreateRegistryResponse> {
    let tags = input.tags.unwrap_or_default();
    let name = &input.registry_name;
    let registry = call.catalog.create_registry(&call.scope(), name, input.description.as_deref(), &tags).await?;
    Ok(CreateRegistryResponse {
        registry_arn: Some(registry_arn(call, &registry.name)),
        registry_name: Some(registry.name),
        description: registry.description,
        tags: Some(tags).filter(|tags| !tags.is_empty()),
    })
}

pub async fn get_registry(call: &Call, input: GetRegistryInput) -> Result<GetRegistryResponse> {
    let registry = call.catalog.registry(&call.scope(), &named(call, &input.registry_id)?).await?;
    Ok(GetRegistryResponse {
        registry_arn: Some(registry_arn(call, &registry.name)),
        registry_name: Some(registry.name),
        description: registry.description,
        status: Some(RegistryStatus::Available),
        created_time: Some(time(registry.created_at)),
        updated_time: Some(time(registry.updated_at)),
    })
}

pub async fn list_registries(call: &Call, input: ListRegistriesInput) -> Result<ListRegistriesResponse> {
    let page = Page::<String>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let mut registries = call.catalog.registries(&call.scope(), page.after.as_deref(), page.fetch()).await?;
    let next_token = page.cut(&mut registries, |registry| registry.name.clone());
    let registries = registries.into_iter().map(|registry| registry_item(call, registry)).collect();
    Ok(ListRegistriesResponse { registries: Some(registries), next_token })
}

pub async fn update_registry(call: &Call, input: UpdateRegistryInput) -> Result<UpdateRegistryResponse> {
    let name = named(call, &input.registry_id)?;
    call.catalog.update_registry(&call.scope(), &name, &input.description).await?;
    Ok(UpdateRegistryResponse { registry_arn: Some(registry_arn(call, &name)), registry_name: Some(name) })
}

pub async fn delete_registry(call: &Call, input: DeleteRegistryInput) -> Result<DeleteRegistryResponse> {
    let name = named(call, &input.registry_id)?;
    call.catalog.delete_registry(&call.scope(), &name).await?;
    Ok(DeleteRegistryResponse {
        registry_arn: Some(registry_arn(call, &name)),
        registry_name: Some(name),
        status: Some(RegistryStatus::Deleting),
    })
}

fn named(call: &Call, id: &RegistryId) -> Result<String> {
    Ok(registry_name(call, Some(id))?.unwrap_or_else(|| DEFAULT_REGISTRY.to_owned()))
}
