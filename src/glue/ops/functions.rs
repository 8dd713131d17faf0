//! User-defined functions.

use propolis_glue_api::types::{
    CreateUserDefinedFunctionRequest, CreateUserDefinedFunctionResponse, DeleteUserDefinedFunctionRequest,
    DeleteUserDefinedFunctionResponse, GetUserDefinedFunctionRequest, GetUserDefinedFunctionResponse,
    GetUserDefinedFunctionsRequest, GetUserDefinedFunctionsResponse, UpdateUserDefinedFunctionRequest,
    UpdateUserDefinedFunctionResponse,
};

use super::super::call::Call;
use super::super::convert::functions::{function, function_type, wire_function};
use super::super::error::{Exception, Result};
use super::super::page::Page;
use super::databases::PAGE;
use crate::error::CatalogError;
use crate::filter::NamePattern;
use crate::model::name::fold;

pub async fn create_user_defined_function(
    call: &Call,
    input: CreateUserDefinedFunctionRequest,
) -> Result<CreateUserDefinedFunctionResponse> {
    let database = call.database(input.catalog_id.as_deref(), &input.database_name)?;
    let name = input.function_input.function_name.clone();
    let name = name.ok_or_else(|| Exception::invalid_input("FunctionInput needs a FunctionName"))?;
    let new = function(input.function_input, &name, database);
    call.catalog.register_function(&call.caller(), new).await?;
    Ok(CreateUserDefinedFunctionResponse {})
}

pub async fn get_user_defined_function(
    call: &Call,
    input: GetUserDefinedFunctionRequest,
) -> Result<GetUserDefinedFunctionResponse> {
    let database = call.database(input.catalog_id.as_deref(), &input.database_name)?;
    let found = call.catalog.get_function(&database, &fold(&input.function_name)).await?;
    Ok(GetUserDefinedFunctionResponse { user_defined_function: Some(wire_function(call, &found)) })
}

/// Pages hold as many functions as they may before those of other types are left out.
pub async fn get_user_defined_functions(
    call: &Call,
    input: GetUserDefinedFunctionsRequest,
) -> Result<GetUserDefinedFunctionsResponse> {
    let catalog = call.catalog_name(input.catalog_id.as_deref())?;
    let database = input.database_name.as_deref();
    let database = database.map(|name| call.database(input.catalog_id.as_deref(), name)).transpose()?;
    let pattern = NamePattern::parse_strict(&input.pattern).map_err(CatalogError::from)?;
    let page = Page::<(String, String)>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let after = page.after.as_ref().map_or(("", ""), |(database, name)| (database.as_str(), name.as_str()));
    let mut found = call.catalog.functions_after(&catalog, database.as_ref(), &pattern, after, page.fetch()).await?;
    let next_token = page.cut(&mut found, |function| (function.database.database.clone(), function.name.clone()));
    if let Some(wanted) = input.function_type {
        found.retain(|function| function_type(function) == wanted);
    }
    let functions = found.iter().map(|function| wire_function(call, function)).collect();
    Ok(GetUserDefinedFunctionsResponse { user_defined_functions: Some(functions), next_token })
}

/// A FunctionName in the input renames the function.
pub async fn update_user_defined_function(
    call: &Call,
    input: UpdateUserDefinedFunctionRequest,
) -> Result<UpdateUserDefinedFunctionResponse> {
    let database = call.database(input.catalog_id.as_deref(), &input.database_name)?;
    let new_name = input.function_input.function_name.clone().unwrap_or_else(|| input.function_name.clone());
    let after = function(input.function_input, &new_name, database.clone());
    let name = fold(&input.function_name);
    call.catalog.replace_function(&call.caller(), &database, &name, |_| Ok(after)).await?;
    Ok(UpdateUserDefinedFunctionResponse {})
}

pub async fn delete_user_defined_function(
    call: &Call,
    input: DeleteUserDefinedFunctionRequest,
) -> Result<DeleteUserDefinedFunctionResponse> {
    let database = call.database(input.catalog_id.as_deref(), &input.database_name)?;
    call.catalog.drop_function(&call.caller(), &database, &fold(&input.function_name)).await?;
    Ok(DeleteUserDefinedFunctionResponse {})
}
