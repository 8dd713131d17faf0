//! Databases.

use propolis_glue_api::types::{
    CreateDatabaseRequest, CreateDatabaseResponse, Database, DatabaseAttributes, DeleteDatabaseRequest,
    DeleteDatabaseResponse, GetDatabaseRequest, GetDatabaseResponse, GetDatabasesRequest, GetDatabasesResponse,
    ResourceShareType, UpdateDatabaseRequest, UpdateDatabaseResponse,
};

use super::super::call::Call;
use super::super::convert::databases::{database, wire_database};
use super::super::error::{Exception, Result};
use super::super::page::Page;

/// The most databases, tables or functions of a page, and how many there are where a request says nothing.
pub const PAGE: usize = 100;

pub async fn create_database(call: &Call, input: CreateDatabaseRequest) -> Result<CreateDatabaseResponse> {
    let name = call.database(input.catalog_id.as_deref(), &input.database_input.name)?;
    let new = database(input.database_input, name, None);
    call.catalog.register_database(&call.caller(), new, &input.tags.unwrap_or_default()).await?;
    Ok(CreateDatabaseResponse {})
}

pub async fn get_database(call: &Call, input: GetDatabaseRequest) -> Result<GetDatabaseResponse> {
    let name = call.database(input.catalog_id.as_deref(), &input.name)?;
    let found = call.catalog.get_used_database(&name).await?;
    Ok(GetDatabaseResponse { database: Some(wire_database(call, &found)) })
}

pub async fn get_databases(call: &Call, input: GetDatabasesRequest) -> Result<GetDatabasesResponse> {
    let catalog = call.catalog_name(input.catalog_id.as_deref())?;
    let page = Page::<String>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let attributes = input.attributes_to_get.as_deref().map(Attributes::read).transpose()?;
    let after = page.after.as_deref().unwrap_or_default();
    let mut found = call.catalog.used_databases_after(&catalog, after, page.fetch()).await?;
    if found.is_empty() {
        // None of them, or no such catalog.
        call.catalog.get_catalog(&catalog).await?;
    }
    let next_token = page.cut(&mut found, |database| database.name.database.clone());
    let shared = |database: &Database| match input.resource_share_type {
        // Nobody else's are here.
        Some(ResourceShareType::Foreign) => false,
        Some(ResourceShareType::Federated) => database.federated_database.is_some(),
        Some(ResourceShareType::All) | None => true,
    };
    let databases = found.iter().map(|database| wire_database(call, database)).filter(shared);
    let database_list = match attributes {
        Some(attributes) => databases.map(|database| attributes.of(database)).collect(),
        None => databases.collect(),
    };
    Ok(GetDatabasesResponse { database_list, next_token })
}

pub async fn update_database(call: &Call, input: UpdateDatabaseRequest) -> Result<UpdateDatabaseResponse> {
    let name = call.database(input.catalog_id.as_deref(), &input.name)?;
    let new_name = call.database(input.catalog_id.as_deref(), &input.database_input.name)?;
    let change = |before: &_| Ok(database(input.database_input, new_name, Some(before)));
    call.catalog.replace_database(&call.caller(), &name, change).await?;
    Ok(UpdateDatabaseResponse {})
}

pub async fn delete_database(call: &Call, input: DeleteDatabaseRequest) -> Result<DeleteDatabaseResponse> {
    let name = call.database(input.catalog_id.as_deref(), &input.name)?;
    call.catalog.unregister_database(&call.caller(), &name).await?;
    Ok(DeleteDatabaseResponse {})
}

/// Which members a list shows.
struct Attributes {
    target: bool,
}

impl Attributes {
    fn read(attributes: &[DatabaseAttributes]) -> Result<Self> {
        if !attributes.contains(&DatabaseAttributes::Name) {
            return Err(Exception::invalid_input("AttributesToGet must have NAME in it").into());
        }
        Ok(Self { target: attributes.contains(&DatabaseAttributes::TargetDatabase) })
    }

    fn of(&self, database: Database) -> Database {
        Database {
            name: database.name,
            catalog_id: database.catalog_id,
            target_database: database.target_database.filter(|_| self.target),
            ..Database::default()
        }
    }
}
