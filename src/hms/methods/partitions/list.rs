//! Lists of partitions.

use propolis_thrift::{FastStr, args};

use super::{EITHER, Omitted, Viewer, hide_buckets, limit, whole, with_privileges};
use crate::catalog::partitions::Selection;
use crate::error::{CatalogError, ErrorKind, Object};
use crate::filter::LikeDialect;
use crate::hms::call::{Call, required};
use crate::hms::convert::statistics::{Arms, engine, wire_described};
use crate::hms::convert::texts;
use crate::hms::encode::Wrap;
use crate::hms::encode::partitions::PartitionList;
use crate::hms::error::Result;
use crate::hms::expr::{self, Sent, Unreadable};
use crate::hms::methods::Body;
use crate::hms::translation::{self, Capabilities};
use crate::model::{PartitionBatch, TableName};

pub async fn get_partitions(call: &Call, args: args::GetPartitions) -> Result<Box<dyn Body>> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let batch = call.catalog.partitions(&name, &Selection::All, limit(args.max_parts)).await?;
    Ok(Box::new(PartitionList::new(batch, Wrap::Bare)))
}

pub async fn get_partitions_req(call: &Call, args: args::GetPartitionsReq) -> Result<Box<dyn Body>> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let batch = call.catalog.partitions(&name, &Selection::All, limit(request.max_parts)).await?;
    let omitted = Omitted {
        columns: request.skip_column_schema_for_partition.unwrap_or_default(),
        include: request.include_param_key_pattern,
        exclude: request.exclude_param_key_pattern,
    };
    omitted.apply(batch, Wrap::Response)
}

pub async fn get_partitions_with_auth(call: &Call, args: args::GetPartitionsWithAuth) -> Result<Box<dyn Body>> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let batch = call.catalog.partitions(&name, &Selection::All, limit(args.max_parts)).await?;
    let viewer = Viewer { user: args.user_name, groups: args.group_names };
    with_privileges(call, batch, viewer, Wrap::Bare).await
}

pub async fn get_partitions_ps(call: &Call, args: args::GetPartitionsPs) -> Result<Box<dyn Body>> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let batch = by_prefix(call, &name, args.part_vals, limit(args.max_parts)).await?;
    Ok(Box::new(PartitionList::new(batch, Wrap::Bare)))
}

pub async fn get_partitions_ps_with_auth(call: &Call, args: args::GetPartitionsPsWithAuth) -> Result<Box<dyn Body>> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let batch = by_prefix(call, &name, args.part_vals, limit(args.max_parts)).await?;
    let viewer = Viewer { user: args.user_name, groups: args.group_names };
    with_privileges(call, batch, viewer, Wrap::Bare).await
}

pub async fn get_partitions_ps_with_auth_req(
    call: &Call,
    args: args::GetPartitionsPsWithAuthReq,
) -> Result<Box<dyn Body>> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let limit = limit(request.max_parts);
    let batch = match (request.part_vals, request.part_names) {
        (Some(values), _) => by_prefix(call, &name, Some(values), limit).await?,
        (None, Some(names)) => call.catalog.partitions(&name, &Selection::Names(&texts(Some(names))), limit).await?,
        (None, None) => call.catalog.partitions(&name, &Selection::All, limit).await?,
    };
    let omitted = Omitted {
        columns: request.skip_column_schema_for_partition.unwrap_or_default(),
        include: request.include_param_key_pattern,
        exclude: request.exclude_param_key_pattern,
    };
    if omitted.is_nothing() {
        let viewer = Viewer { user: request.user_name, groups: request.group_names };
        return with_privileges(call, batch, viewer, Wrap::Response).await;
    }
    omitted.apply(batch, Wrap::Response)
}

async fn by_prefix(
    call: &Call,
    table: &TableName,
    values: Option<Vec<FastStr>>,
    limit: Option<i64>,
) -> Result<PartitionBatch> {
    let values = texts(Some(required(values, "list of partition values")?));
    Ok(call.catalog.partitions(table, &Selection::Prefix(&values), limit).await?)
}

pub async fn get_partitions_by_names(call: &Call, args: args::GetPartitionsByNames) -> Result<Box<dyn Body>> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let names = texts(Some(required(args.names, "list of partition names")?));
    let batch = call.catalog.partitions(&name, &Selection::Names(&names), None).await?;
    Ok(Box::new(PartitionList::new(batch, Wrap::Bare)))
}

pub async fn get_partitions_by_names_req(call: &Call, args: args::GetPartitionsByNamesReq) -> Result<Box<dyn Body>> {
    let request = required(args.req, "request")?;
    let name = call.table(Some(request.db_name), Some(request.tbl_name))?;
    let names = texts(Some(required(request.names, "list of partition names")?));
    let batch = call.catalog.partitions(&name, &Selection::Names(&names), None).await;
    // Of a table that is not there Apache's server says so in this way here, unlike in all other lists.
    let batch = match batch {
        Err(error) if matches!(error.object, Some(Object::Table(_))) => {
            return Err(error.with_kind(ErrorKind::InvalidObject).into());
        }
        batch => batch?,
    };
    let capabilities = Capabilities::new(request.processor_capabilities);
    let hides_buckets = translation::hides_buckets(call, &batch.table, &capabilities);
    if request.get_col_stats.unwrap_or_default() {
        let arms = Arms::of(request.engine.as_ref());
        let engine = engine(request.engine.as_ref());
        let statistics = call.catalog.accurate_partition_statistics(&batch, engine).await?;
        let mut partitions = whole(&batch)?;
        for ((partition, row), columns) in partitions.iter_mut().zip(batch.rows()).zip(statistics) {
            if !columns.is_empty() {
                let described = wire_described(&name, Some(&batch.name(&row)), engine, columns, arms);
                partition.col_stats = Some(described);
            }
        }
        hide_buckets(&mut partitions, hides_buckets);
        return Ok(Box::new(PartitionList::whole(partitions, Wrap::Response)));
    }
    let omitted = Omitted {
        columns: request.skip_column_schema_for_partition.unwrap_or_default(),
        include: request.include_param_key_pattern,
        exclude: request.exclude_param_key_pattern,
    };
    if hides_buckets && omitted.is_nothing() {
        let mut partitions = whole(&batch)?;
        hide_buckets(&mut partitions, true);
        return Ok(Box::new(PartitionList::whole(partitions, Wrap::Response)));
    }
    omitted.apply(batch, Wrap::Response)
}

/// Clients of releases before 4.0 call this, and write LIKE patterns as regular expressions.
pub async fn get_partitions_by_filter(call: &Call, args: args::GetPartitionsByFilter) -> Result<Box<dyn Body>> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let filter = args.filter.unwrap_or_default();
    let selection = Selection::Filter(&filter, LikeDialect::Regex);
    let batch = filtered(call, &name, &selection, limit(args.max_parts)).await?;
    Ok(Box::new(PartitionList::new(batch, Wrap::Bare)))
}

/// Clients of later releases call this, and write LIKE patterns as SQL does.
pub async fn get_partitions_by_filter_req(call: &Call, args: args::GetPartitionsByFilterReq) -> Result<Box<dyn Body>> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), request.db_name, request.tbl_name)?;
    let filter = request.filter.unwrap_or_default();
    let selection = Selection::Filter(&filter, LikeDialect::Sql);
    let batch = filtered(call, &name, &selection, limit(request.max_parts)).await?;
    let omitted = Omitted {
        columns: request.skip_column_schema_for_partition.unwrap_or_default(),
        include: request.include_param_key_pattern,
        exclude: request.exclude_param_key_pattern,
    };
    omitted.apply(batch, Wrap::Bare)
}

/// Clients look for these words where the table is not there.
async fn filtered(
    call: &Call,
    name: &TableName,
    selection: &Selection<'_>,
    limit: Option<i64>,
) -> Result<PartitionBatch> {
    let found = call.catalog.partitions(name, selection, limit).await;
    Ok(found.map_err(|mut error| {
        if error.kind == ErrorKind::NotFound {
            error.message = format!("Specified catalog.database.table does not exist : {name}");
        }
        error
    })?)
}

pub async fn get_num_partitions_by_filter(call: &Call, args: args::GetNumPartitionsByFilter) -> Result<i32> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let filter = args.filter.unwrap_or_default();
    let count = call.catalog.count_partitions(&name, &Selection::Filter(&filter, EITHER)).await?;
    Ok(count.try_into().unwrap_or(i32::MAX))
}

pub async fn get_partitions_by_expr(call: &Call, args: args::GetPartitionsByExpr) -> Result<Box<dyn Body>> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let (batch, unknown) = by_expression(call, &name, &request.expr, limit(request.max_parts)).await?;
    let omitted = Omitted {
        columns: request.skip_column_schema_for_partition.unwrap_or_default(),
        include: request.include_param_key_pattern,
        exclude: request.exclude_param_key_pattern,
    };
    omitted.apply(batch, Wrap::ResponseAndFlag(unknown))
}

/// The partitions that an expression selects, and whether it leaves some of them open: the client has to look at each
/// itself then. One that uses what is not known here leaves all open.
pub(super) async fn by_expression(
    call: &Call,
    table: &TableName,
    expression: &[u8],
    limit: Option<i64>,
) -> Result<(PartitionBatch, bool)> {
    match expr::read(expression) {
        Ok(Sent::Filter(filter)) => {
            Ok((call.catalog.partitions(table, &Selection::Filter(filter, EITHER), limit).await?, false))
        }
        Ok(Sent::Formula(formula)) => Ok(call.catalog.possible_partitions(table, &formula, limit).await?),
        Err(Unreadable::Unknown(_)) => Ok((call.catalog.partitions(table, &Selection::All, limit).await?, true)),
        Err(malformed) => Err(CatalogError::from(malformed).into()),
    }
}
