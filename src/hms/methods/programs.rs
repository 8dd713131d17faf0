//! Stored procedures and packages of HPL/SQL.

use propolis_thrift::{FastStr, args, types};

use crate::hms::call::{Call, required};
use crate::hms::convert::{text, wire, wire_list, wire_option};
use crate::hms::error::Result;
use crate::model::name::fold;
use crate::model::program::{Package, StoredProcedure};

pub async fn create_stored_procedure(call: &Call, args: args::CreateStoredProcedure) -> Result<()> {
    let sent = required(args.proc, "stored procedure")?;
    let procedure = StoredProcedure {
        database: call.database_in(sent.cat_name.as_ref(), sent.db_name)?,
        name: required(sent.name, "stored procedure's name")?.to_string(),
        owner_name: text(sent.owner_name),
        source: text(sent.source),
    };
    Ok(call.catalog.put_stored_procedure(&call.caller(), procedure).await?)
}

pub async fn get_stored_procedure(call: &Call, args: args::GetStoredProcedure) -> Result<types::StoredProcedure> {
    let request = required(args.request, "request")?;
    let database = call.database_in(Some(&request.cat_name), Some(request.db_name))?;
    let procedure = call.catalog.get_stored_procedure(&database, &request.proc_name).await?;
    Ok(types::StoredProcedure {
        name: Some(wire(&procedure.name)),
        db_name: Some(wire(&database.database)),
        cat_name: Some(wire(&database.catalog)),
        owner_name: wire_option(procedure.owner_name.as_ref()),
        source: wire_option(procedure.source.as_ref()),
    })
}

pub async fn drop_stored_procedure(call: &Call, args: args::DropStoredProcedure) -> Result<()> {
    let request = required(args.request, "request")?;
    let database = call.database_in(Some(&request.cat_name), Some(request.db_name))?;
    Ok(call.catalog.drop_stored_procedure(&call.caller(), &database, &request.proc_name).await?)
}

pub async fn get_all_stored_procedures(call: &Call, args: args::GetAllStoredProcedures) -> Result<Vec<FastStr>> {
    let request = required(args.request, "request")?;
    let database = request.db_name.map(|name| fold(&name));
    Ok(wire_list(&call.catalog.stored_procedure_names(&request.cat_name, database.as_deref()).await?))
}

pub async fn add_package(call: &Call, args: args::AddPackage) -> Result<()> {
    let sent = required(args.request, "request")?;
    let package = Package {
        database: call.database_in(sent.cat_name.as_ref(), sent.db_name)?,
        name: required(sent.package_name, "package's name")?.to_string(),
        owner_name: text(sent.owner_name),
        header: text(sent.header),
        body: text(sent.body),
    };
    Ok(call.catalog.put_package(&call.caller(), package).await?)
}

pub async fn find_package(call: &Call, args: args::FindPackage) -> Result<types::Package> {
    let request = required(args.request, "request")?;
    let database = call.database_in(Some(&request.cat_name), Some(request.db_name))?;
    let package = call.catalog.get_package(&database, &request.package_name).await?;
    Ok(types::Package {
        cat_name: Some(wire(&database.catalog)),
        db_name: Some(wire(&database.database)),
        package_name: Some(wire(&package.name)),
        owner_name: wire_option(package.owner_name.as_ref()),
        header: wire_option(package.header.as_ref()),
        body: wire_option(package.body.as_ref()),
    })
}

pub async fn get_all_packages(call: &Call, args: args::GetAllPackages) -> Result<Vec<FastStr>> {
    let request = required(args.request, "request")?;
    let database = request.db_name.map(|name| fold(&name));
    Ok(wire_list(&call.catalog.package_names(&request.cat_name, database.as_deref()).await?))
}

pub async fn drop_package(call: &Call, args: args::DropPackage) -> Result<()> {
    let request = required(args.request, "request")?;
    let database = call.database_in(Some(&request.cat_name), Some(request.db_name))?;
    Ok(call.catalog.drop_package(&call.caller(), &database, &request.package_name).await?)
}
