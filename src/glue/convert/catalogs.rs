//! Catalogs.

use propolis_glue_api::types;

use super::extra::{Omitted, keep, kept, shown};
use crate::glue::call::Call;
use crate::model::{Catalog, Extra};

/// A catalog as it is to be stored. What the service has no words for comes from the one that it replaces.
pub fn catalog(sent: types::CatalogInput, name: &str, before: Option<&Catalog>) -> Catalog {
    let mut omitted = Omitted::default();
    let mut extra = Extra::new();
    let parameters = omitted.or_default("Parameters", sent.parameters);
    keep(&mut extra, "TargetRedshiftCatalog", sent.target_redshift_catalog.as_ref());
    keep(&mut extra, "FederatedCatalog", sent.federated_catalog.as_ref());
    keep(&mut extra, "CatalogProperties", sent.catalog_properties.as_ref());
    keep(&mut extra, "CreateTableDefaultPermissions", sent.create_table_default_permissions.as_ref());
    keep(&mut extra, "CreateDatabaseDefaultPermissions", sent.create_database_default_permissions.as_ref());
    keep(&mut extra, "AllowFullTableExternalDataAccess", sent.allow_full_table_external_data_access.as_ref());
    omitted.keep(&mut extra);
    Catalog {
        id: 0,
        name: name.to_owned(),
        description: sent.description,
        location: before.map(|before| before.location.clone()).unwrap_or_default(),
        parameters,
        created_at: 0,
        updated_at: 0,
        extra,
    }
}

/// The definition with what the server says of it. The default catalog is called by the account.
pub fn wire_catalog(call: &Call, catalog: &Catalog) -> types::Catalog {
    let id = call.catalog_id(&catalog.name);
    let name = id.rsplit([':', '/']).next().unwrap_or(&id).to_owned();
    let path = id.split_once(':').map_or("catalog".to_owned(), |(_, path)| format!("catalog/{path}"));
    let extra = &catalog.extra;
    types::Catalog {
        resource_arn: Some(call.arn(&path)),
        catalog_id: Some(id),
        name,
        description: catalog.description.clone(),
        parameters: shown(extra, "Parameters", catalog.parameters.clone()),
        create_time: Some(catalog.created_at.into()),
        update_time: Some(catalog.updated_at.into()),
        target_redshift_catalog: kept(extra, "TargetRedshiftCatalog"),
        federated_catalog: kept(extra, "FederatedCatalog"),
        catalog_properties: kept(extra, "CatalogProperties"),
        create_table_default_permissions: kept(extra, "CreateTableDefaultPermissions"),
        create_database_default_permissions: kept(extra, "CreateDatabaseDefaultPermissions"),
        allow_full_table_external_data_access: kept(extra, "AllowFullTableExternalDataAccess"),
    }
}
