//! Catalogs.

use propolis_thrift::{args, types};

use crate::hms::call::{Call, required};
use crate::hms::convert::catalogs::{catalog, wire_catalog};
use crate::hms::convert::wire_list;
use crate::hms::error::Result;

pub async fn create_catalog(call: &Call, args: args::CreateCatalog) -> Result<()> {
    let sent = required(args.catalog.and_then(|request| request.catalog), "catalog")?;
    call.about(sent.name.as_deref().unwrap_or_default());
    Ok(call.catalog.create_catalog(&call.caller(), catalog(sent), false).await?)
}

pub async fn alter_catalog(call: &Call, args: args::AlterCatalog) -> Result<()> {
    let request = required(args.rqst, "request")?;
    let name = required(request.name, "catalog name")?;
    call.about(&name);
    let changed = catalog(required(request.new_cat, "new catalog")?);
    Ok(call.catalog.alter_catalog(&call.caller(), &name, changed).await?)
}

pub async fn get_catalog(call: &Call, args: args::GetCatalog) -> Result<types::GetCatalogResponse> {
    let name = required(args.cat_name.and_then(|request| request.name), "catalog name")?;
    call.about(&name);
    let catalog = call.catalog.get_catalog(&name).await?;
    Ok(types::GetCatalogResponse { catalog: Some(wire_catalog(&catalog)) })
}

pub async fn get_catalogs(call: &Call, _: args::GetCatalogs) -> Result<types::GetCatalogsResponse> {
    let names = call.catalog.catalog_names().await?;
    Ok(types::GetCatalogsResponse { names: Some(wire_list(&names)) })
}

pub async fn drop_catalog(call: &Call, args: args::DropCatalog) -> Result<()> {
    let request = required(args.cat_name, "request")?;
    let name = required(request.name, "catalog name")?;
    call.about(&name);
    Ok(call.catalog.drop_catalog(&call.caller(), &name, request.if_exists.unwrap_or_default()).await?)
}
