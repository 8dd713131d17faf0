//! Dropping partitions.

use propolis_thrift::{FastStr, args, types};

use super::EITHER;
use crate::catalog::partitions::{DropPartitions, Selection, ToDrop};
use crate::error::CatalogError;
use crate::hms::call::{Call, null, required};
use crate::hms::convert::texts;
use crate::hms::encode::Wrap;
use crate::hms::encode::partitions::PartitionList;
use crate::hms::error::Result;
use crate::hms::expr::{self, Sent};
use crate::hms::methods::Body;
use crate::hms::methods::tables::Context;
use crate::model::TableName;

pub async fn drop_partition(call: &Call, args: args::DropPartition) -> Result<bool> {
    let name = call.table(args.db_name, args.tbl_name)?;
    by_values(call, &name, args.part_vals, args.delete_data, None).await
}

pub async fn drop_partition_with_environment_context(
    call: &Call,
    args: args::DropPartitionWithEnvironmentContext,
) -> Result<bool> {
    let name = call.table(args.db_name, args.tbl_name)?;
    by_values(call, &name, args.part_vals, args.delete_data, args.environment_context).await
}

pub async fn drop_partition_by_name(call: &Call, args: args::DropPartitionByName) -> Result<bool> {
    let name = call.table(args.db_name, args.tbl_name)?;
    by_name(call, &name, args.part_name, args.delete_data, None).await
}

pub async fn drop_partition_by_name_with_environment_context(
    call: &Call,
    args: args::DropPartitionByNameWithEnvironmentContext,
) -> Result<bool> {
    let name = call.table(args.db_name, args.tbl_name)?;
    by_name(call, &name, args.part_name, args.delete_data, args.environment_context).await
}

pub async fn drop_partition_req(call: &Call, args: args::DropPartitionReq) -> Result<bool> {
    let request = required(args.drop_partition_req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let context = request.environment_context;
    match request.part_name {
        Some(partition) => by_name(call, &name, Some(partition), request.delete_data, context).await,
        None => by_values(call, &name, request.part_vals, request.delete_data, context).await,
    }
}

async fn by_values(
    call: &Call,
    table: &TableName,
    values: Option<Vec<FastStr>>,
    delete_data: Option<bool>,
    context: Option<types::EnvironmentContext>,
) -> Result<bool> {
    let values = texts(Some(required(values, "list of partition values")?));
    let (delete_data, purge) = (delete_data.unwrap_or_default(), Context::new(context).purges());
    call.catalog.drop_partition(&call.caller(), table, &values, delete_data, purge).await?;
    Ok(true)
}

async fn by_name(
    call: &Call,
    table: &TableName,
    partition: Option<FastStr>,
    delete_data: Option<bool>,
    context: Option<types::EnvironmentContext>,
) -> Result<bool> {
    let partition = partition.filter(|name| !name.is_empty()).ok_or_else(|| null("partition name"))?;
    let values = super::values_of(call, table, &partition).await?;
    let (delete_data, purge) = (delete_data.unwrap_or_default(), Context::new(context).purges());
    call.catalog.drop_partition(&call.caller(), table, &values, delete_data, purge).await?;
    Ok(true)
}

pub async fn drop_partitions_req(call: &Call, args: args::DropPartitionsReq) -> Result<Box<dyn Body>> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let how = DropPartitions {
        if_exists: request.if_exists.unwrap_or_default(),
        delete_data: request.delete_data.unwrap_or_default(),
        purge: Context::new(request.environment_context.clone()).purges(),
        transaction: Context::new(request.environment_context.clone()).transaction(),
    };
    let dropped = match &request.parts {
        types::RequestPartsSpec::Names(names) => {
            let names = texts(Some(names.clone()));
            call.catalog.drop_partitions(&call.caller(), &name, &[Selection::Names(&names).into()], how).await?
        }
        types::RequestPartsSpec::Exprs(expressions) => {
            let read = expressions.iter().map(|sent| read(&sent.expr)).collect::<Result<Vec<_>>>()?;
            let selections: Vec<_> = expressions
                .iter()
                .zip(&read)
                .map(|(sent, read)| ToDrop {
                    selection: match read {
                        Sent::Filter(text) => Selection::Filter(text, EITHER),
                        Sent::Formula(formula) => Selection::Formula(formula),
                    },
                    archive_level: sent.part_archive_level,
                })
                .collect();
            call.catalog.drop_partitions(&call.caller(), &name, &selections, how).await?
        }
    };
    Ok(Box::new(match (request.need_result, request.skip_column_schema_for_partition) {
        (Some(false), _) => PartitionList::unset(),
        (_, Some(true)) => PartitionList::without_columns(dropped, Wrap::Response),
        _ => PartitionList::new(dropped, Wrap::Response),
    }))
}

/// Which partitions an expression drops: it has to say so.
fn read(expression: &[u8]) -> Result<Sent<'_>> {
    match expr::read(expression).map_err(CatalogError::from)? {
        Sent::Filter(text) if text.trim().is_empty() => Err(CatalogError::invalid_input(
            "The expression that names partitions to drop is empty, and would drop all of them",
        )
        .into()),
        sent => Ok(sent),
    }
}
