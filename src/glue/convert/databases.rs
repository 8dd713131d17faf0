//! Databases and links to databases elsewhere.

use propolis_glue_api::types;

use super::extra::{Omitted, keep, kept, shown};
use crate::glue::call::Call;
use crate::model::database::LOCATION_BY_DEFAULT;
use crate::model::{Database, DatabaseName, Extra};

/// A database as it is to be stored. What the service has no words for comes from the one that it replaces.
pub fn database(sent: types::DatabaseInput, name: DatabaseName, before: Option<&Database>) -> Database {
    let mut omitted = Omitted::default();
    let mut extra = Extra::new();
    let parameters = omitted.or_default("Parameters", sent.parameters);
    keep(&mut extra, "CreateTableDefaultPermissions", sent.create_table_default_permissions.as_ref());
    keep(&mut extra, "TargetDatabase", sent.target_database.as_ref());
    keep(&mut extra, "FederatedDatabase", sent.federated_database.as_ref());
    omitted.keep(&mut extra);
    Database {
        id: 0,
        name,
        description: sent.description,
        location: sent.location_uri,
        managed_location: before.and_then(|before| before.managed_location.clone()),
        parameters,
        owner_name: before.and_then(|before| before.owner_name.clone()),
        owner_type: before.and_then(|before| before.owner_type),
        created_at: 0,
        kind: before.map_or_else(|| "NATIVE".to_owned(), |before| before.kind.clone()),
        connector_name: before.and_then(|before| before.connector_name.clone()),
        remote_name: before.and_then(|before| before.remote_name.clone()),
        implicit: false,
        extra,
        version: 0,
    }
}

/// The definition with what the server says of it.
pub fn wire_database(call: &Call, database: &Database) -> types::Database {
    types::Database {
        catalog_id: Some(call.catalog_id(&database.name.catalog)),
        create_time: Some(database.created_at.into()),
        ..definition(database)
    }
}

/// What a client defined.
pub fn definition(database: &Database) -> types::Database {
    let extra = &database.extra;
    types::Database {
        name: database.name.database.clone(),
        description: database.description.clone(),
        location_uri: database.location.clone().filter(|_| !extra.contains_key(LOCATION_BY_DEFAULT)),
        parameters: shown(extra, "Parameters", database.parameters.clone()),
        create_table_default_permissions: kept(extra, "CreateTableDefaultPermissions"),
        target_database: kept(extra, "TargetDatabase"),
        federated_database: kept(extra, "FederatedDatabase"),
        ..types::Database::default()
    }
}
