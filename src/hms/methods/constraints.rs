//! Constraints.

use propolis_thrift::{FastStr, args, types};

use crate::catalog::constraints::WhichConstraints;
use crate::error::ErrorKind;
use crate::hms::call::{Call, required};
use crate::hms::convert::constraints as convert;
use crate::hms::error::{Failure, Result};
use crate::model::{Constraint, ConstraintKind, TableName};

pub async fn add_primary_key(call: &Call, args: args::AddPrimaryKey) -> Result<()> {
    let request = required(args.req, "request")?;
    add(call, convert::primary_keys(call, request.primary_key_cols)).await
}

pub async fn add_foreign_key(call: &Call, args: args::AddForeignKey) -> Result<()> {
    let request = required(args.req, "request")?;
    add(call, convert::foreign_keys(call, request.foreign_key_cols)).await
}

pub async fn add_unique_constraint(call: &Call, args: args::AddUniqueConstraint) -> Result<()> {
    let request = required(args.req, "request")?;
    add(call, convert::unique_constraints(call, request.unique_constraint_cols)).await
}

pub async fn add_not_null_constraint(call: &Call, args: args::AddNotNullConstraint) -> Result<()> {
    let request = required(args.req, "request")?;
    add(call, convert::not_null_constraints(call, request.not_null_constraint_cols)).await
}

pub async fn add_default_constraint(call: &Call, args: args::AddDefaultConstraint) -> Result<()> {
    let request = required(args.req, "request")?;
    add(call, convert::default_constraints(call, request.default_constraint_cols)).await
}

pub async fn add_check_constraint(call: &Call, args: args::AddCheckConstraint) -> Result<()> {
    let request = required(args.req, "request")?;
    add(call, convert::check_constraints(call, request.check_constraint_cols)).await
}

async fn add(call: &Call, added: crate::error::Result<Vec<Constraint>>) -> Result<()> {
    let add = async { call.catalog.add_constraints(&call.caller(), added?).await };
    add.await.map_err(undeclared)
}

pub async fn drop_constraint(call: &Call, args: args::DropConstraint) -> Result<()> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.dbname), Some(request.tablename))?;
    call.catalog.drop_constraint(&call.caller(), &name, &request.constraintname).await.map_err(undeclared)
}

/// Apache's server throws InvalidObjectException for objects that are missing or taken, which these methods do not
/// declare: what arrives is an error of the protocol, and that is what its clients expect.
fn undeclared(error: crate::error::CatalogError) -> Failure {
    match error.kind {
        ErrorKind::InvalidObject | ErrorKind::NotFound | ErrorKind::AlreadyExists => Failure::Undeclared(error),
        _ => error.into(),
    }
}

pub async fn get_primary_keys(call: &Call, args: args::GetPrimaryKeys) -> Result<types::PrimaryKeysResponse> {
    let request = required(args.request, "request")?;
    let found = of(call, request.cat_name, request.db_name, request.tbl_name, ConstraintKind::PrimaryKey).await?;
    Ok(types::PrimaryKeysResponse { primary_keys: found.iter().flat_map(convert::wire_primary_key).collect() })
}

pub async fn get_unique_constraints(
    call: &Call,
    args: args::GetUniqueConstraints,
) -> Result<types::UniqueConstraintsResponse> {
    let request = required(args.request, "request")?;
    let found = of(call, Some(request.cat_name), request.db_name, request.tbl_name, ConstraintKind::Unique).await?;
    Ok(types::UniqueConstraintsResponse { unique_constraints: found.iter().flat_map(convert::wire_unique).collect() })
}

pub async fn get_not_null_constraints(
    call: &Call,
    args: args::GetNotNullConstraints,
) -> Result<types::NotNullConstraintsResponse> {
    let request = required(args.request, "request")?;
    let found = of(call, Some(request.cat_name), request.db_name, request.tbl_name, ConstraintKind::NotNull).await?;
    Ok(types::NotNullConstraintsResponse { not_null_constraints: found.iter().map(convert::wire_not_null).collect() })
}

pub async fn get_default_constraints(
    call: &Call,
    args: args::GetDefaultConstraints,
) -> Result<types::DefaultConstraintsResponse> {
    let request = required(args.request, "request")?;
    let found = of(call, Some(request.cat_name), request.db_name, request.tbl_name, ConstraintKind::Default).await?;
    Ok(types::DefaultConstraintsResponse { default_constraints: found.iter().map(convert::wire_default).collect() })
}

pub async fn get_check_constraints(
    call: &Call,
    args: args::GetCheckConstraints,
) -> Result<types::CheckConstraintsResponse> {
    let request = required(args.request, "request")?;
    let found = of(call, Some(request.cat_name), request.db_name, request.tbl_name, ConstraintKind::Check).await?;
    Ok(types::CheckConstraintsResponse { check_constraints: found.iter().map(convert::wire_check).collect() })
}

/// Either end may be left out, or given by its database alone.
pub async fn get_foreign_keys(call: &Call, args: args::GetForeignKeys) -> Result<types::ForeignKeysResponse> {
    let request = required(args.request, "request")?;
    let name = |database: Option<FastStr>, table: Option<FastStr>| {
        let database =
            database.map(|database| call.database_in(request.cat_name.as_ref(), Some(database))).transpose()?;
        Ok::<_, Failure>((database, table.map(|table| crate::model::name::fold(&table))))
    };
    let (database, table) = name(request.foreign_db_name, request.foreign_tbl_name)?;
    let (parent_database, parent_table) = name(request.parent_db_name, request.parent_tbl_name)?;
    let Some(catalog) = database.as_ref().or(parent_database.as_ref()).map(|name| name.catalog.clone()) else {
        return Ok(types::ForeignKeysResponse { foreign_keys: Vec::new() });
    };
    let which = WhichConstraints {
        kind: Some(ConstraintKind::ForeignKey),
        database: database.as_ref().map(|name| name.database.as_str()),
        table: table.as_deref(),
        parent_database: parent_database.as_ref().map(|name| name.database.as_str()),
        parent_table: parent_table.as_deref(),
    };
    let found = call.catalog.constraints(&catalog, which).await?;
    Ok(types::ForeignKeysResponse { foreign_keys: found.iter().flat_map(convert::wire_foreign_key).collect() })
}

pub async fn get_all_table_constraints(
    call: &Call,
    args: args::GetAllTableConstraints,
) -> Result<types::AllTableConstraintsResponse> {
    let request = required(args.request, "request")?;
    let name = call.table_in(Some(&request.cat_name), Some(request.db_name), Some(request.tbl_name))?;
    let found = constraints(call, &name, None).await?;
    Ok(types::AllTableConstraintsResponse { all_table_constraints: convert::wire_all(&found) })
}

async fn of(
    call: &Call,
    catalog: Option<FastStr>,
    database: FastStr,
    table: FastStr,
    kind: ConstraintKind,
) -> Result<Vec<Constraint>> {
    let name = call.table_in(catalog.as_ref(), Some(database), Some(table))?;
    constraints(call, &name, Some(kind)).await
}

async fn constraints(call: &Call, name: &TableName, kind: Option<ConstraintKind>) -> Result<Vec<Constraint>> {
    let which =
        WhichConstraints { kind, database: Some(&name.database), table: Some(&name.table), ..Default::default() };
    Ok(call.catalog.constraints(&name.catalog, which).await?)
}
