//! Databases.

use propolis_thrift::types;

use super::{parameters, principal_type, seconds, text, wire, wire_option, wire_parameters, wire_principal_type};
use crate::error::Result;
use crate::model::{Database, DatabaseName};

const NATIVE: types::DatabaseType = types::DatabaseType::NATIVE;
const REMOTE: types::DatabaseType = types::DatabaseType::REMOTE;

pub fn database(sent: types::Database, name: DatabaseName) -> Result<Database> {
    Ok(Database {
        id: 0,
        name,
        description: text(sent.description),
        location: text(sent.location_uri),
        managed_location: text(sent.managed_location_uri),
        parameters: parameters(sent.parameters),
        owner_name: text(sent.owner_name),
        owner_type: sent.owner_type.map(principal_type).transpose()?,
        created_at: 0,
        kind: if sent.r#type == Some(REMOTE) { "REMOTE" } else { "NATIVE" }.to_owned(),
        connector_name: text(sent.connector_name),
        remote_name: text(sent.remote_dbname),
        implicit: false,
        extra: Default::default(),
        version: 0,
    })
}

pub fn wire_database(database: &Database) -> types::Database {
    types::Database {
        name: Some(wire(&database.name.database)),
        description: wire_option(database.description.as_ref()),
        location_uri: wire_option(database.location.as_ref()),
        parameters: Some(wire_parameters(&database.parameters)),
        owner_name: wire_option(database.owner_name.as_ref()),
        owner_type: database.owner_type.map(wire_principal_type),
        catalog_name: Some(wire(&database.name.catalog)),
        create_time: Some(seconds(database.created_at)),
        managed_location_uri: wire_option(database.managed_location.as_ref()),
        r#type: Some(if database.kind == "REMOTE" { REMOTE } else { NATIVE }),
        connector_name: wire_option(database.connector_name.as_ref()),
        remote_dbname: wire_option(database.remote_name.as_ref()),
        ..Default::default()
    }
}
