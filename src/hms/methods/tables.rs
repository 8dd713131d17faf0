//! Tables: creating, altering, dropping. See [`read`] for the rest.

mod read;

use propolis_thrift::{AHashMap, FastStr, args, types};

use crate::catalog::statistics::validity::Write;
use crate::catalog::tables::DO_NOT_UPDATE_STATS;
use crate::catalog::{AlterTable, CreateTable, DropTable, Expected};
use crate::error::{CatalogError, ErrorKind};
use crate::hms::call::{Call, null, required};
use crate::hms::convert::constraints as convert;
use crate::hms::convert::privileges::privilege_set;
use crate::hms::convert::statistics::{engine, statistics};
use crate::hms::convert::tables::{creation_metadata, table, wire_table};
use crate::hms::convert::texts;
use crate::hms::error::{Failure, Result};
use crate::hms::session::meta_conf::DISALLOW_INCOMPATIBLE_COLUMN_CHANGES;
use crate::hms::translation::{self, CREATE_AS_EXTERNAL, Capabilities};
use crate::model::{Constraint, TableName, table_kind};

pub use read::*;

/// The properties of a call's environment context, which carries what the IDL has no argument for.
#[derive(Debug, Default)]
pub struct Context(AHashMap<FastStr, FastStr>);

impl Context {
    pub fn new(sent: Option<types::EnvironmentContext>) -> Self {
        Self(sent.and_then(|context| context.properties).unwrap_or_default())
    }

    pub fn get(&self, key: &str) -> Option<&FastStr> {
        self.0.get(key)
    }

    /// Whether data goes past the trash.
    pub fn purges(&self) -> bool {
        self.is_true("ifPurge")
    }

    /// The transaction of the caller that drops something which others may still read.
    pub fn transaction(&self) -> Option<i64> {
        self.get("txnId").and_then(|id| id.parse().ok()).filter(|id| *id > 0)
    }

    pub fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

pub async fn create_table(call: &Call, args: args::CreateTable) -> Result<()> {
    create(call, args.tbl, None, Vec::new(), None).await
}

pub async fn create_table_with_environment_context(
    call: &Call,
    args: args::CreateTableWithEnvironmentContext,
) -> Result<()> {
    create(call, args.tbl, args.environment_context, Vec::new(), None).await
}

pub async fn create_table_with_constraints(call: &Call, args: args::CreateTableWithConstraints) -> Result<()> {
    let constraints = [
        convert::primary_keys(call, args.primary_keys.unwrap_or_default())?,
        convert::foreign_keys(call, args.foreign_keys.unwrap_or_default())?,
        convert::unique_constraints(call, args.unique_constraints.unwrap_or_default())?,
        convert::not_null_constraints(call, args.not_null_constraints.unwrap_or_default())?,
        convert::default_constraints(call, args.default_constraints.unwrap_or_default())?,
        convert::check_constraints(call, args.check_constraints.unwrap_or_default())?,
    ];
    create(call, args.tbl, None, constraints.concat(), None).await
}

pub async fn create_table_req(call: &Call, args: args::CreateTableReq) -> Result<()> {
    let request = required(args.request, "request")?;
    let constraints = [
        convert::primary_keys(call, request.primary_keys.unwrap_or_default())?,
        convert::foreign_keys(call, request.foreign_keys.unwrap_or_default())?,
        convert::unique_constraints(call, request.unique_constraints.unwrap_or_default())?,
        convert::not_null_constraints(call, request.not_null_constraints.unwrap_or_default())?,
        convert::default_constraints(call, request.default_constraints.unwrap_or_default())?,
        convert::check_constraints(call, request.check_constraints.unwrap_or_default())?,
    ];
    let capabilities = request.processor_capabilities;
    create(call, Some(request.table), request.env_context, constraints.concat(), capabilities).await
}

/// What a create would store, without storing it.
pub async fn translate_table_dryrun(call: &Call, args: args::TranslateTableDryrun) -> Result<types::Table> {
    let request = required(args.request, "request")?;
    let name = name_of(call, &request.table)?;
    let mut planned = table(request.table, name)?;
    let capabilities = Capabilities::new(request.processor_capabilities);
    translation::of_new_table(call, &mut planned, &capabilities).await?;
    Ok(wire_table(&call.catalog.plan_table(planned).await?))
}

async fn create(
    call: &Call,
    sent: Option<types::Table>,
    context: Option<types::EnvironmentContext>,
    constraints: Vec<Constraint>,
    capabilities: Option<Vec<FastStr>>,
) -> Result<()> {
    let context = Context::new(context);
    let mut sent = required(sent, "table")?;
    let name = name_of(call, &sent)?;
    let how = CreateTable {
        without_statistics: context.is_true(DO_NOT_UPDATE_STATS),
        privileges: sent.privileges.take().map(privilege_set).transpose()?,
        column_statistics: sent
            .col_stats
            .take()
            .map(|sent| Ok::<_, CatalogError>((engine(sent.engine.as_ref()).to_owned(), statistics(sent.stats_obj)?)))
            .transpose()?,
        constraints,
    };
    let mut new = table(sent, name)?;
    translation::of_new_table(call, &mut new, &Capabilities::new(capabilities)).await?;
    if context.is_true(CREATE_AS_EXTERNAL) && matches!(new.kind.as_str(), "" | table_kind::MANAGED) {
        new.parameters.insert("EXTERNAL".to_owned(), "TRUE".to_owned());
    }
    call.catalog.create_table(&call.caller(), new, how).await?;
    Ok(())
}

fn name_of(call: &Call, sent: &types::Table) -> Result<TableName> {
    call.table_in(sent.cat_name.as_ref(), sent.db_name.clone(), sent.table_name.clone())
}

pub async fn alter_table(call: &Call, args: args::AlterTable) -> Result<()> {
    alter(call, None, args.dbname, args.tbl_name, args.new_tbl, AlterTable::default()).await
}

pub async fn alter_table_with_cascade(call: &Call, args: args::AlterTableWithCascade) -> Result<()> {
    let how = AlterTable { cascade: args.cascade.unwrap_or_default(), ..AlterTable::default() };
    alter(call, None, args.dbname, args.tbl_name, args.new_tbl, how).await
}

pub async fn alter_table_with_environment_context(
    call: &Call,
    args: args::AlterTableWithEnvironmentContext,
) -> Result<()> {
    let how = how_to_alter(&Context::new(args.environment_context));
    alter(call, None, args.dbname, args.tbl_name, args.new_tbl, how).await
}

pub async fn alter_table_req(call: &Call, args: args::AlterTableReq) -> Result<types::AlterTableResponse> {
    let request = required(args.req, "request")?;
    let mut how = how_to_alter(&Context::new(request.environment_context));
    how.write = Write::new(request.write_id, request.valid_write_id_list.as_deref())?;
    if let Some(key) = request.expected_parameter_key {
        let value = request.expected_parameter_value.map(|value| value.to_string());
        how.expected = Some(Expected { key: key.to_string(), value });
    }
    let (catalog, database, name) = (request.cat_name, Some(request.db_name), Some(request.table_name));
    alter(call, catalog, database, name, Some(request.table), how).await?;
    Ok(types::AlterTableResponse {})
}

/// Environment properties that clients set: CASCADE, and what Iceberg's HiveCatalog and Hive 4 use for compare-and-set.
fn how_to_alter(context: &Context) -> AlterTable {
    AlterTable {
        cascade: context.is_true("CASCADE"),
        expected: context.get("expected_parameter_key").map(|key| Expected {
            key: key.to_string(),
            value: context.get("expected_parameter_value").map(|value| value.to_string()),
        }),
        ..AlterTable::default()
    }
}

async fn alter(
    call: &Call,
    catalog: Option<FastStr>,
    database: Option<FastStr>,
    name: Option<FastStr>,
    sent: Option<types::Table>,
    mut how: AlterTable,
) -> Result<()> {
    let name = call.table_in(catalog.as_ref(), database, name)?;
    let sent = required(sent, "table")?;
    let disallowed = call.meta_conf(DISALLOW_INCOMPATIBLE_COLUMN_CHANGES)?;
    how.incompatible_columns = disallowed.eq_ignore_ascii_case("false");
    let new_name = TableName::new(
        sent.cat_name.as_deref().unwrap_or(&name.catalog),
        sent.db_name.as_deref().ok_or_else(|| null("new database name"))?,
        sent.table_name.as_deref().ok_or_else(|| null("new table name"))?,
    );
    let after = table(sent, new_name)?;
    how.write.id = how.write.id.or(Some(after.write_id).filter(|id| *id > 0));
    if let Ok(before) = call.catalog.get_table(&name).await {
        // Other faces make tables that lie nowhere; no other may lose its place.
        let moves_to_nowhere = before.location.is_some() && after.location.is_none() && !after.is_view();
        if moves_to_nowhere && before.name.catalog == after.name.catalog {
            return Err(null("new location").into());
        }
        translation::of_altered_table(call, &before, &after).await?;
    }
    call.catalog.alter_table(&call.caller(), &name, after, how).await?;
    Ok(())
}

pub async fn drop_table(call: &Call, args: args::DropTable) -> Result<()> {
    let name = call.table(args.dbname, args.name)?;
    drop(call, name, args.delete_data, None).await
}

pub async fn drop_table_with_environment_context(
    call: &Call,
    args: args::DropTableWithEnvironmentContext,
) -> Result<()> {
    let name = call.table(args.dbname, args.name)?;
    drop(call, name, args.delete_data, args.environment_context).await
}

pub async fn drop_table_req(call: &Call, args: args::DropTableReq) -> Result<()> {
    let request = required(args.drop_table_req, "request")?;
    let name = call.table_in(request.catalog_name.as_ref(), Some(request.db_name), Some(request.table_name))?;
    drop(call, name, request.delete_data, request.env_context).await
}

async fn drop(
    call: &Call,
    name: TableName,
    delete_data: Option<bool>,
    context: Option<types::EnvironmentContext>,
) -> Result<()> {
    let context = Context::new(context);
    let how = DropTable {
        if_exists: false,
        delete_data: delete_data.unwrap_or_default(),
        purge: context.purges(),
        transaction: context.transaction(),
    };
    Ok(call.catalog.drop_table(&call.caller(), &name, how).await?)
}

pub async fn truncate_table(call: &Call, args: args::TruncateTable) -> Result<()> {
    let name = call.table(args.db_name, args.table_name)?;
    truncate(call, &name, args.part_names, Write::default()).await
}

async fn truncate(call: &Call, name: &TableName, partitions: Option<Vec<FastStr>>, write: Write) -> Result<()> {
    let truncated = call.catalog.truncate_table(&call.caller(), name, &texts(partitions), &write).await;
    truncated.map_err(|error| match error.kind {
        // Which the method does not declare, and Apache's server throws all the same.
        ErrorKind::NotFound => Failure::Undeclared(error),
        _ => error.into(),
    })
}

pub async fn truncate_table_req(call: &Call, args: args::TruncateTableReq) -> Result<types::TruncateTableResponse> {
    let request = required(args.req, "request")?;
    let name = call.table(Some(request.db_name), Some(request.table_name))?;
    let write = Write::new(request.write_id, request.valid_write_id_list.as_deref())?;
    truncate(call, &name, request.part_names, write).await?;
    Ok(types::TruncateTableResponse {})
}

pub async fn update_creation_metadata(call: &Call, args: args::UpdateCreationMetadata) -> Result<()> {
    let name = call.table_in(args.cat_name.as_ref(), args.dbname, args.tbl_name)?;
    let metadata = creation_metadata(required(args.creation_metadata, "creation metadata")?);
    Ok(call.catalog.update_creation_metadata(&call.caller(), &name, metadata).await?)
}
