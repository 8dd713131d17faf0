//! Catalogs: the default one, which is called by the account's id, and those below it.

use propolis_glue_api::types::{
    Catalog as WireCatalog, CreateCatalogRequest, CreateCatalogResponse, DeleteCatalogRequest, DeleteCatalogResponse,
    GetCatalogRequest, GetCatalogResponse, GetCatalogsRequest, GetCatalogsResponse, UpdateCatalogRequest,
    UpdateCatalogResponse,
};

use super::super::call::Call;
use super::super::convert::catalogs::{catalog, wire_catalog};
use super::super::error::{Exception, Result};
use super::super::page::Page;

/// How many catalogs a page has where a request says nothing.
const PAGE: usize = 1000;

pub async fn create_catalog(call: &Call, input: CreateCatalogRequest) -> Result<CreateCatalogResponse> {
    let name = call.catalog_name(Some(&input.name))?;
    let new = catalog(input.catalog_input, &name, None);
    call.catalog.register_catalog(&call.caller(), new, &input.tags.unwrap_or_default()).await?;
    Ok(CreateCatalogResponse {})
}

pub async fn get_catalog(call: &Call, input: GetCatalogRequest) -> Result<GetCatalogResponse> {
    let name = call.catalog_name(Some(&input.catalog_id))?;
    let found = call.catalog.get_catalog(&name).await?;
    Ok(GetCatalogResponse { catalog: Some(wire_catalog(call, &found)) })
}

/// Catalogs right below the account's or the parent that is named, with `Recursive` all below it.
pub async fn get_catalogs(call: &Call, input: GetCatalogsRequest) -> Result<GetCatalogsResponse> {
    let page = Page::<String>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let parent = match input.parent_catalog_id.as_deref() {
        Some(id) if id != call.account() => {
            if input.include_root.is_some() {
                return Err(Exception::invalid_input("IncludeRoot goes with the catalog of the account only").into());
            }
            let parent = call.catalog.get_catalog(&call.catalog_name(Some(id))?).await?;
            Some(format!("{}/", call.catalog_id(&parent.name)))
        }
        _ => None,
    };
    let prefix = parent.unwrap_or_else(|| format!("{}:", call.account()));
    let recursive = input.recursive.unwrap_or_default();
    let is_wanted = |id: &str| match id.strip_prefix(&prefix) {
        Some(below) => recursive || !below.contains('/'),
        None => input.include_root.unwrap_or_default() && id == call.account(),
    };
    let own = call.default_catalog();
    let is_ours = |name: &str| {
        let below = name.strip_prefix(&own);
        !call.settings.separate_regions || below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    };
    let mut found = Vec::new();
    for stored in call.catalog.catalogs().await? {
        let wire = wire_catalog(call, &stored);
        if is_ours(&stored.name)
            && is_wanted(id(&wire))
            && (!input.has_databases.unwrap_or_default()
                || !call.catalog.used_databases_after(&stored.name, "", 1).await?.is_empty())
        {
            found.push(wire);
        }
    }
    found.sort_by(|a, b| id(a).cmp(id(b)));
    let (catalog_list, next_token) = page.of(found, |wire| id(wire).to_owned());
    Ok(GetCatalogsResponse { catalog_list, next_token })
}

pub async fn update_catalog(call: &Call, input: UpdateCatalogRequest) -> Result<UpdateCatalogResponse> {
    let name = call.catalog_name(Some(&input.catalog_id))?;
    let change = |before: &_| catalog(input.catalog_input, &name, Some(before));
    call.catalog.replace_catalog(&call.caller(), &name, change).await?;
    Ok(UpdateCatalogResponse {})
}

pub async fn delete_catalog(call: &Call, input: DeleteCatalogRequest) -> Result<DeleteCatalogResponse> {
    let name = call.catalog_name(Some(&input.catalog_id))?;
    if name == call.default_catalog() {
        return Err(Exception::invalid_input("The catalog of the account cannot be deleted").into());
    }
    call.catalog.unregister_catalog(&call.caller(), &name).await?;
    Ok(DeleteCatalogResponse {})
}

fn id(catalog: &WireCatalog) -> &str {
    catalog.catalog_id.as_deref().unwrap_or_default()
}
