//! The import of the catalog that Athena had before there was this API. There is no other catalog here to import from:
//! whatever Athena's clients see is in this one, so the import is complete from the start. That somebody asked for it is
//! kept, and told.

use propolis_glue_api::Timestamp;
use propolis_glue_api::types::{
    CatalogImportStatus, GetCatalogImportStatusRequest, GetCatalogImportStatusResponse, ImportCatalogToGlueRequest,
    ImportCatalogToGlueResponse,
};
use serde_json::{Map, json};

use super::super::call::Call;
use super::super::error::Result;

const KIND: &str = "catalogImport";

pub async fn import_catalog_to_glue(
    call: &Call,
    input: ImportCatalogToGlueRequest,
) -> Result<ImportCatalogToGlueResponse> {
    let catalog = call.catalog_name(input.catalog_id.as_deref())?;
    let document = Map::from_iter([("ImportedBy".to_owned(), json!(call.caller().user))]);
    call.catalog.put_resource(&call.resource(KIND, &catalog), document).await?;
    Ok(ImportCatalogToGlueResponse {})
}

pub async fn get_catalog_import_status(
    call: &Call,
    input: GetCatalogImportStatusRequest,
) -> Result<GetCatalogImportStatusResponse> {
    let catalog = call.catalog_name(input.catalog_id.as_deref())?;
    let asked = call.catalog.resource(&call.resource(KIND, &catalog)).await?;
    let status = CatalogImportStatus {
        import_completed: Some(true),
        import_time: asked.as_ref().map(|asked| Timestamp(asked.updated_at)),
        imported_by: asked.and_then(|asked| asked.document.get("ImportedBy")?.as_str().map(str::to_owned)),
    };
    Ok(GetCatalogImportStatusResponse { import_status: Some(status) })
}
