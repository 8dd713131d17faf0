//! Databases.

use propolis_thrift::{FastStr, args, types};

use crate::catalog::DropDatabase;
use crate::hms::call::{Call, required};
use crate::hms::convert::databases::{database, wire_database};
use crate::hms::convert::wire_list;
use crate::hms::error::Result;
use crate::hms::translation::{self, Capabilities};

pub async fn create_database(call: &Call, args: args::CreateDatabase) -> Result<()> {
    let sent = required(args.database, "database")?;
    let name = call.database_in(sent.catalog_name.as_ref(), sent.name.clone())?;
    call.catalog.create_database(&call.caller(), database(sent, name)?).await?;
    Ok(())
}

pub async fn create_database_req(call: &Call, args: args::CreateDatabaseReq) -> Result<()> {
    let request = required(args.create_database_request, "request")?;
    let sent = types::Database {
        name: Some(request.database_name),
        description: request.description,
        location_uri: request.location_uri,
        parameters: request.parameters,
        privileges: request.privileges,
        owner_name: request.owner_name,
        owner_type: request.owner_type,
        catalog_name: request.catalog_name,
        create_time: request.create_time,
        managed_location_uri: request.managed_location_uri,
        r#type: request.r#type,
        connector_name: request.data_connector_name,
        remote_dbname: request.remote_dbname,
    };
    create_database(call, args::CreateDatabase { database: Some(sent) }).await
}

pub async fn get_database(call: &Call, args: args::GetDatabase) -> Result<types::Database> {
    let name = call.database(args.name)?;
    Ok(wire_database(&*call.catalog.get_database(&name).await?))
}

pub async fn get_database_req(call: &Call, args: args::GetDatabaseReq) -> Result<types::Database> {
    let request = required(args.request, "request")?;
    let name = call.database_in(request.catalog_name.as_ref(), request.name)?;
    let database = call.catalog.get_database(&name).await?;
    let mut shown = wire_database(&database);
    let capabilities = Capabilities::new(request.processor_capabilities);
    translation::show_database(call, &database, &capabilities, &mut shown);
    Ok(shown)
}

pub async fn get_databases(call: &Call, args: args::GetDatabases) -> Result<Vec<FastStr>> {
    let (catalog, pattern) = call.database_pattern(args.pattern)?;
    Ok(wire_list(&call.catalog.database_names(&catalog, pattern.as_deref()).await?))
}

pub async fn get_databases_req(call: &Call, args: args::GetDatabasesReq) -> Result<types::GetDatabaseObjectsResponse> {
    let request = required(args.request, "request")?;
    let (packed_catalog, pattern) = call.database_pattern(request.pattern)?;
    let catalog = request.catalog_name.as_deref().unwrap_or(&packed_catalog);
    let databases = call.catalog.databases(catalog, pattern.as_deref()).await?;
    Ok(types::GetDatabaseObjectsResponse { databases: databases.iter().map(wire_database).collect() })
}

pub async fn get_all_databases(call: &Call, _: args::GetAllDatabases) -> Result<Vec<FastStr>> {
    Ok(wire_list(&call.catalog.database_names(call.default_catalog(), None).await?))
}

pub async fn alter_database(call: &Call, args: args::AlterDatabase) -> Result<()> {
    let name = call.database(args.dbname)?;
    let sent = required(args.db, "database")?;
    Ok(call.catalog.alter_database(&call.caller(), &name, database(sent, name.clone())?).await?)
}

pub async fn alter_database_req(call: &Call, args: args::AlterDatabaseReq) -> Result<()> {
    let request = required(args.alter_db_req, "request")?;
    let catalog = request.new_db.catalog_name.clone();
    let old = call.database_in(catalog.as_ref(), Some(request.old_db_name))?;
    let packed = FastStr::from(format!("@{}#{}", old.catalog, old.database));
    alter_database(call, args::AlterDatabase { dbname: Some(packed), db: Some(request.new_db) }).await
}

pub async fn drop_database(call: &Call, args: args::DropDatabase) -> Result<()> {
    let name = call.database(args.name)?;
    let how = DropDatabase {
        if_exists: false,
        delete_data: args.delete_data.unwrap_or_default(),
        cascade: args.cascade.unwrap_or_default(),
    };
    Ok(call.catalog.drop_database(&call.caller(), &name, how).await?)
}

pub async fn drop_database_req(call: &Call, args: args::DropDatabaseReq) -> Result<()> {
    let request = required(args.req, "request")?;
    let name = call.database_in(request.catalog_name.as_ref(), Some(request.name))?;
    let how = DropDatabase {
        if_exists: request.ignore_unknown_db,
        delete_data: request.delete_data,
        cascade: request.cascade,
    };
    Ok(call.catalog.drop_database(&call.caller(), &name, how).await?)
}
