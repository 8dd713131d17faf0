//! Reading and listing tables.

use std::sync::Arc;

use propolis_thrift::{ExceptionKind, FastStr, args, types};

use crate::catalog::statistics::validity::{COLUMN_STATS_ACCURATE, are_valid, snapshot};
use crate::error::{CatalogError, ErrorKind};
use crate::hms::call::{Call, null, required};
use crate::hms::convert::statistics::{Arms, engine, wire_described};
use crate::hms::convert::storage::wire_columns;
use crate::hms::convert::tables::wire_table;
use crate::hms::convert::{texts, wire, wire_list, wire_option, wire_principal_type};
use crate::hms::error::{Failure, Result};
use crate::hms::methods::projection::Projection;
use crate::hms::translation::{self, Access, Capabilities};
use crate::model::{DatabaseName, Table, TableName};

pub async fn get_table(call: &Call, args: args::GetTable) -> Result<types::Table> {
    let name = call.table(args.dbname, args.tbl_name)?;
    let table = call.catalog.get_table(&name).await?;
    translation::check_client(call, None, &[&table])?;
    Ok(wire_table(&table))
}

pub async fn get_table_req(call: &Call, args: args::GetTableReq) -> Result<types::GetTableResult> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let mut table = call.catalog.get_table(&name).await?;
    translation::check_client(call, request.capabilities.as_ref(), &[&table])?;
    let valid = match snapshot(request.valid_write_id_list.as_deref())? {
        Some(seen) if table.is_transactional() && !table.is_partitioned() => {
            Some(are_valid(&table.parameters, table.write_id, &seen))
        }
        _ => None,
    };
    if valid == Some(false) {
        Arc::make_mut(&mut table).parameters.remove(COLUMN_STATS_ACCURATE);
    }
    let mut answer = wire_table(&table);
    answer.is_stats_compliant = valid;
    translation::show_table(call, &table, &Capabilities::new(request.processor_capabilities), &mut answer);
    if request.get_column_stats.unwrap_or_default() {
        let sent_engine = request.engine.as_ref();
        let found = call.catalog.accurate_table_statistics(&table, engine(sent_engine)).await?;
        if !found.is_empty() {
            answer.col_stats =
                Some(wire_described(&table.name, None, engine(sent_engine), found, Arms::of(sent_engine)));
        }
    }
    Ok(types::GetTableResult { table: answer, is_stats_compliant: None })
}

pub async fn get_table_objects_by_name(call: &Call, args: args::GetTableObjectsByName) -> Result<Vec<types::Table>> {
    let database = named(call.database(args.dbname))?;
    let names = args.tbl_names.ok_or_else(|| null_tables(&database))?;
    let tables = objects(call, &database, names).await?;
    translation::check_client(call, None, &tables.iter().collect::<Vec<_>>())?;
    Ok(tables.iter().map(wire_table).collect())
}

pub async fn get_table_objects_by_name_req(
    call: &Call,
    args: args::GetTableObjectsByNameReq,
) -> Result<types::GetTablesResult> {
    let request = required(args.req, "request")?;
    let database = named(call.database_in(request.cat_name.as_ref(), Some(request.db_name)))?;
    let projection = Projection::of_tables(request.projection_spec)?;
    let tables = match (request.tbl_names, request.tables_pattern) {
        (Some(names), _) => objects(call, &database, names).await?,
        // With a pattern for tables, the name of the database is one too.
        (None, Some(pattern)) => {
            let found = call.catalog.tables_like(&database, &pattern).await;
            found.map_err(|error| unknown_database(&database, error))?
        }
        (None, None) => return Err(null_tables(&database)),
    };
    translation::check_client(call, request.capabilities.as_ref(), &tables.iter().collect::<Vec<_>>())?;
    let capabilities = Capabilities::new(request.processor_capabilities);
    let shown = tables.iter().map(|table| {
        let mut shown = wire_table(table);
        translation::show_table(call, table, &capabilities, &mut shown);
        projection.table(shown)
    });
    Ok(types::GetTablesResult { tables: shown.collect() })
}

async fn objects(call: &Call, database: &DatabaseName, names: Vec<FastStr>) -> Result<Vec<Table>> {
    let found = call.catalog.get_tables(database, &texts(Some(names))).await;
    found.map_err(|error| unknown_database(database, error))
}

fn null_tables(database: &DatabaseName) -> Failure {
    ExceptionKind::InvalidOperation
        .with(format!("Of {database} null tables are asked for: name some, or send a pattern for their names"))
        .into()
}

/// The database of a call that declares UnknownDBException, which is for one that is not named, too. Clients look for
/// words of Apache's messages, here and below.
fn named(database: Result<DatabaseName>) -> Result<DatabaseName> {
    match database {
        Ok(name) if name.database.is_empty() => {
            Err(ExceptionKind::UnknownDb.with("The DB name is null or empty").into())
        }
        Err(Failure::Catalog(error)) => Err(ExceptionKind::UnknownDb.with(error.message).into()),
        other => other,
    }
}

fn unknown_database(name: &DatabaseName, error: CatalogError) -> Failure {
    match error.kind {
        ErrorKind::NotFound => ExceptionKind::UnknownDb.with(format!("Could not find database {name}")).into(),
        _ => error.into(),
    }
}

pub async fn get_all_tables(call: &Call, args: args::GetAllTables) -> Result<Vec<FastStr>> {
    let database = call.database(args.db_name)?;
    Ok(wire_list(&call.catalog.table_names(&database, None, None).await?))
}

pub async fn get_tables(call: &Call, args: args::GetTables) -> Result<Vec<FastStr>> {
    let database = call.database(args.db_name)?;
    Ok(wire_list(&call.catalog.table_names(&database, args.pattern.as_deref(), None).await?))
}

pub async fn get_tables_by_type(call: &Call, args: args::GetTablesByType) -> Result<Vec<FastStr>> {
    let database = call.database(args.db_name)?;
    let kind = args.table_type.as_deref().filter(|kind| !kind.is_empty());
    Ok(wire_list(&call.catalog.table_names(&database, args.pattern.as_deref(), kind).await?))
}

pub async fn get_materialized_views_for_rewriting(
    call: &Call,
    args: args::GetMaterializedViewsForRewriting,
) -> Result<Vec<FastStr>> {
    let database = call.database(args.db_name)?;
    Ok(wire_list(&call.catalog.rewriting_views(Some(&database)).await?.iter().map(|v| &v.table).collect::<Vec<_>>()))
}

pub async fn get_all_materialized_view_objects_for_rewriting(
    call: &Call,
    _: args::GetAllMaterializedViewObjectsForRewriting,
) -> Result<Vec<types::Table>> {
    let mut views = Vec::new();
    for name in call.catalog.rewriting_views(None).await? {
        views.push(wire_table(&*call.catalog.get_table(&name).await?));
    }
    Ok(views)
}

pub async fn get_tables_ext(call: &Call, args: args::GetTablesExt) -> Result<Vec<types::ExtendedTableInfo>> {
    let request = required(args.req, "request")?;
    let database = call.database_in(Some(&request.catalog), Some(request.database))?;
    let mut names = call.catalog.table_names(&database, Some(&request.table_name_pattern), None).await?;
    if let Some(limit) = request.limit.and_then(|limit| usize::try_from(limit).ok()) {
        names.truncate(limit);
    }
    let mask = request.requested_fields;
    let asks = |field: types::GetTablesExtRequestFields| mask & field.inner() == field.inner();
    let capabilities = Capabilities::new(request.processor_capabilities);
    let tables = call.catalog.get_tables(&database, &names).await?;
    let told = tables.iter().map(|table| {
        let access = translation::access_to(call, table, &capabilities);
        let access = access.as_ref();
        let tells_needs = asks(types::GetTablesExtRequestFields::PROCESSOR_CAPABILITIES);
        types::ExtendedTableInfo {
            tbl_name: wire(&table.name.table),
            access_type: access
                .filter(|_| asks(types::GetTablesExtRequestFields::ACCESS_TYPE))
                .map(|access| access.kind.into()),
            required_read_capabilities: access.filter(|_| tells_needs).and_then(Access::wire_reads),
            required_write_capabilities: access.filter(|_| tells_needs).and_then(Access::wire_writes),
        }
    });
    Ok(told.collect())
}

pub async fn get_table_meta(call: &Call, args: args::GetTableMeta) -> Result<Vec<types::TableMeta>> {
    let (catalog, databases) = call.database_pattern(args.db_patterns)?;
    let (databases, tables) = (databases.as_deref(), args.tbl_patterns.as_deref());
    let summaries = call.catalog.table_summaries(&catalog, databases, tables, &texts(args.tbl_types)).await?;
    Ok(summaries
        .iter()
        .map(|summary| types::TableMeta {
            db_name: wire(&summary.name.database),
            table_name: wire(&summary.name.table),
            table_type: wire(&summary.kind),
            comments: wire_option(summary.comment.as_ref()),
            cat_name: Some(wire(&summary.name.catalog)),
            owner_name: wire_option(summary.owner_name.as_ref()),
            owner_type: summary.owner_type.as_deref().and_then(|kind| kind.parse().ok()).map(wire_principal_type),
        })
        .collect())
}

pub async fn get_table_names_by_filter(call: &Call, args: args::GetTableNamesByFilter) -> Result<Vec<FastStr>> {
    let database = named(call.database(args.dbname))?;
    let filter = args.filter.ok_or_else(|| ExceptionKind::InvalidOperation.with("The filter is null"))?;
    let limit = args.max_tables.filter(|limit| *limit >= 0).map(i64::from);
    let found = call.catalog.table_names_by_filter(&database, &filter, limit).await;
    let names = found.map_err(|error| unknown_database(&database, error))?;
    Ok(wire_list(&names))
}

pub async fn get_fields(call: &Call, args: args::GetFields) -> Result<Vec<types::FieldSchema>> {
    fields(call, None, args.db_name, args.table_name, false).await
}

pub async fn get_fields_with_environment_context(
    call: &Call,
    args: args::GetFieldsWithEnvironmentContext,
) -> Result<Vec<types::FieldSchema>> {
    fields(call, None, args.db_name, args.table_name, false).await
}

pub async fn get_fields_req(call: &Call, args: args::GetFieldsReq) -> Result<types::GetFieldsResponse> {
    let request = required(args.req, "request")?;
    let fields = fields(call, request.cat_name, Some(request.db_name), Some(request.tbl_name), false).await?;
    Ok(types::GetFieldsResponse { fields })
}

pub async fn get_schema(call: &Call, args: args::GetSchema) -> Result<Vec<types::FieldSchema>> {
    fields(call, None, args.db_name, args.table_name, true).await
}

pub async fn get_schema_with_environment_context(
    call: &Call,
    args: args::GetSchemaWithEnvironmentContext,
) -> Result<Vec<types::FieldSchema>> {
    fields(call, None, args.db_name, args.table_name, true).await
}

pub async fn get_schema_req(call: &Call, args: args::GetSchemaReq) -> Result<types::GetSchemaResponse> {
    let request = required(args.req, "request")?;
    let fields = fields(call, request.cat_name, Some(request.db_name), Some(request.tbl_name), true).await?;
    Ok(types::GetSchemaResponse { fields })
}

/// A table's columns, and behind them its partition keys where the whole schema is asked for.
async fn fields(
    call: &Call,
    catalog: Option<FastStr>,
    database: Option<FastStr>,
    table: Option<FastStr>,
    with_keys: bool,
) -> Result<Vec<types::FieldSchema>> {
    // A table may be named DATABASE.TABLE here, as Hive's own clients once did.
    let table = table.ok_or_else(|| null("table name"))?;
    let table = table.split_once('.').map_or(table.clone(), |(_, name)| FastStr::new(name));
    let name = call.table_in(catalog.as_ref(), database, Some(table))?;
    let table = match call.catalog.get_table(&name).await {
        Ok(table) => table,
        Err(error) if error.kind == ErrorKind::NotFound => return Err(no_such_table(call, &name, error).await),
        Err(error) => return Err(error.into()),
    };
    check_kept_schema(call, &table)?;
    let mut fields = wire_columns(&table.storage.columns);
    if with_keys {
        fields.extend(wire_columns(&table.partition_keys));
    }
    Ok(fields)
}

/// Refuses a table whose columns its files tell, where the rules want them read there.
fn check_kept_schema(call: &Call, table: &Table) -> Result<()> {
    let rules = &call.catalog.rules().hive;
    match &table.storage.serde.library {
        Some(library) if rules.reads_no_schemas && !rules.kept_schemas.contains(library) => {
            Err(CatalogError::invalid_input(format!(
                "The columns of table {} are in its files, which its SerDe {library} would have to read: no class of \
                 Java's can be loaded here. Unset metastore.storage.schema.reader.impl for the columns that are kept \
                 here",
                table.name
            ))
            .into())
        }
        _ => Ok(()),
    }
}

async fn no_such_table(call: &Call, name: &TableName, error: CatalogError) -> Failure {
    match call.catalog.get_database(&name.database_name()).await {
        Err(missing) if missing.kind == ErrorKind::NotFound => ExceptionKind::UnknownDb.with(missing.message).into(),
        _ => ExceptionKind::UnknownTable.with(error.message).into(),
    }
}
