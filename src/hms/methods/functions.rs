//! Functions.

use propolis_thrift::{FastStr, args, types};

use crate::error::ErrorKind;
use crate::hms::call::{Call, required};
use crate::hms::convert::functions::{function, wire_function};
use crate::hms::convert::wire_list;
use crate::hms::error::{Failure, Result};
use crate::model::name::fold;

pub async fn create_function(call: &Call, args: args::CreateFunction) -> Result<()> {
    let sent = required(args.func, "function")?;
    let database = call.database_in(sent.cat_name.as_ref(), sent.db_name.clone())?;
    Ok(call.catalog.create_function(&call.caller(), function(sent, database)?).await?)
}

/// Whatever is wrong is a MetaException, although the call declares another (the metastore's rule).
pub async fn alter_function(call: &Call, args: args::AlterFunction) -> Result<()> {
    alter(call, args).await.map_err(|failure| match failure {
        Failure::Catalog(error)
            if matches!(
                error.kind,
                ErrorKind::NotFound | ErrorKind::AlreadyExists | ErrorKind::InvalidObject | ErrorKind::InvalidOperation
            ) =>
        {
            error.with_kind(ErrorKind::InvalidInput).into()
        }
        other => other,
    })
}

async fn alter(call: &Call, args: args::AlterFunction) -> Result<()> {
    let database = call.database(args.db_name)?;
    let name = fold(&required(args.func_name, "function name")?);
    let sent = required(args.new_func, "function")?;
    let new_database = call.database_in(sent.cat_name.as_ref(), sent.db_name.clone())?;
    let changed = function(sent, new_database)?;
    Ok(call.catalog.alter_function(&call.caller(), &database, &name, changed).await?)
}

pub async fn drop_function(call: &Call, args: args::DropFunction) -> Result<()> {
    let database = call.database(args.db_name)?;
    let name = fold(&required(args.func_name, "function name")?);
    Ok(call.catalog.drop_function(&call.caller(), &database, &name).await?)
}

pub async fn get_function(call: &Call, args: args::GetFunction) -> Result<types::Function> {
    let database = call.database(args.db_name)?;
    let name = fold(&required(args.func_name, "function name")?);
    Ok(wire_function(&call.catalog.get_function(&database, &name).await?))
}

pub async fn get_functions(call: &Call, args: args::GetFunctions) -> Result<Vec<FastStr>> {
    let database = call.database(args.db_name)?;
    Ok(wire_list(&call.catalog.function_names(&database, args.pattern.as_deref()).await?))
}

pub async fn get_functions_req(call: &Call, args: args::GetFunctionsReq) -> Result<types::GetFunctionsResponse> {
    let request = required(args.request, "request")?;
    let database = call.database_in(request.catalog_name.as_ref(), Some(request.db_name))?;
    let pattern = request.pattern.as_deref();
    if request.return_names.unwrap_or_default() {
        let names = call.catalog.function_names(&database, pattern).await?;
        return Ok(types::GetFunctionsResponse { function_names: Some(wire_list(&names)), functions: None });
    }
    let functions = call.catalog.functions(&database, pattern).await?;
    Ok(types::GetFunctionsResponse {
        function_names: None,
        functions: Some(functions.iter().map(wire_function).collect()),
    })
}

pub async fn get_all_functions(call: &Call, _: args::GetAllFunctions) -> Result<types::GetAllFunctionsResponse> {
    let functions = call.catalog.all_functions().await?;
    Ok(types::GetAllFunctionsResponse { functions: Some(functions.iter().map(wire_function).collect()) })
}
