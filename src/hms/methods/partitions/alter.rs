//! Altering, renaming and exchanging partitions.

use std::collections::BTreeMap;

use propolis_thrift::{AHashMap, FastStr, args, types};

use super::{check_characters, columns_for_all};
use crate::catalog::statistics::validity::Write;
use crate::error::CatalogError;
use crate::hms::call::{Call, null, required};
use crate::hms::convert::partitions::PartitionReader;
use crate::hms::convert::texts;
use crate::hms::encode::Wrap;
use crate::hms::encode::partitions::PartitionList;
use crate::hms::error::Result;
use crate::hms::methods::Body;
use crate::model::name::fold;
use crate::model::{PartitionBatch, TableName};

pub async fn alter_partition(call: &Call, args: args::AlterPartition) -> Result<()> {
    let name = call.table(args.db_name, args.tbl_name)?;
    alter(call, &name, vec![required(args.new_part, "partition")?], None, Write::default()).await
}

pub async fn alter_partition_with_environment_context(
    call: &Call,
    args: args::AlterPartitionWithEnvironmentContext,
) -> Result<()> {
    let name = call.table(args.db_name, args.tbl_name)?;
    alter(call, &name, vec![required(args.new_part, "partition")?], None, Write::default()).await
}

pub async fn alter_partitions(call: &Call, args: args::AlterPartitions) -> Result<()> {
    let name = call.table(args.db_name, args.tbl_name)?;
    alter(call, &name, required(args.new_parts, "list of partitions")?, None, Write::default()).await
}

pub async fn alter_partitions_with_environment_context(
    call: &Call,
    args: args::AlterPartitionsWithEnvironmentContext,
) -> Result<()> {
    let name = call.table(args.db_name, args.tbl_name)?;
    alter(call, &name, required(args.new_parts, "list of partitions")?, None, Write::default()).await
}

pub async fn alter_partitions_req(
    call: &Call,
    args: args::AlterPartitionsReq,
) -> Result<types::AlterPartitionsResponse> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.table_name))?;
    let skips = request.skip_column_schema_for_partition;
    let columns = columns_for_all(call, &name, skips, request.partition_col_schema).await?;
    let write = Write::new(request.write_id, request.valid_write_id_list.as_deref())?;
    alter(call, &name, request.partitions, columns, write).await?;
    Ok(types::AlterPartitionsResponse {})
}

async fn alter(
    call: &Call,
    table: &TableName,
    sent: Vec<types::Partition>,
    columns: Option<Vec<types::FieldSchema>>,
    write: Write,
) -> Result<()> {
    for partition in &sent {
        check_table(call, table, partition).await?;
    }
    let partitions = PartitionReader::with_columns(columns).read_all(sent)?;
    Ok(call.catalog.alter_partitions(&call.caller(), table, partitions, &write).await?)
}

pub async fn rename_partition(call: &Call, args: args::RenamePartition) -> Result<()> {
    let name = call.table(args.db_name, args.tbl_name)?;
    rename(call, &name, args.part_vals, args.new_part, Write::default()).await
}

pub async fn rename_partition_req(
    call: &Call,
    args: args::RenamePartitionReq,
) -> Result<types::RenamePartitionResponse> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.table_name))?;
    let write = Write::new(None, request.valid_write_id_list.as_deref())?;
    rename(call, &name, Some(request.part_vals), Some(request.new_part), write).await?;
    Ok(types::RenamePartitionResponse {})
}

async fn rename(
    call: &Call,
    table: &TableName,
    old_values: Option<Vec<FastStr>>,
    sent: Option<types::Partition>,
    write: Write,
) -> Result<()> {
    let sent = required(sent, "new partition")?;
    check_table(call, table, &sent).await?;
    if sent.db_name.is_none() || sent.table_name.is_none() {
        call.catalog.get_table(table).await?;
        return Err(null("database or table name in the new partition").into());
    }
    let new = PartitionReader::default().read(sent)?;
    match old_values.filter(|values| !values.is_empty()) {
        // Old clients alter a partition so.
        None => Ok(call.catalog.alter_partitions(&call.caller(), table, vec![new], &write).await?),
        Some(old_values) => {
            check_characters(call, &new.values)?;
            Ok(call.catalog.rename_partition(&call.caller(), table, &texts(Some(old_values)), new, &write).await?)
        }
    }
}

/// Refuses a partition that says it is of another table than the call. That the table is not there goes before.
async fn check_table(call: &Call, table: &TableName, sent: &types::Partition) -> Result<()> {
    let differs = |sent: Option<&FastStr>, own: &str| sent.is_some_and(|name| fold(name) != own);
    if differs(sent.db_name.as_ref(), &table.database) || differs(sent.table_name.as_ref(), &table.table) {
        call.catalog.get_table(table).await?;
        return Err(CatalogError::invalid_input(format!(
            "A partition of another table cannot be altered in table {table}: a partition stays in its table"
        ))
        .into());
    }
    Ok(())
}

/// Apache's server answers an empty partition here.
pub async fn exchange_partition(call: &Call, args: args::ExchangePartition) -> Result<types::Partition> {
    exchange(
        call,
        args.partition_specs,
        (args.source_db, args.source_table_name),
        (args.dest_db, args.dest_table_name),
    )
    .await?;
    Ok(types::Partition { create_time: Some(0), last_access_time: Some(0), ..Default::default() })
}

pub async fn exchange_partitions(call: &Call, args: args::ExchangePartitions) -> Result<Box<dyn Body>> {
    let exchanged = exchange(
        call,
        args.partition_specs,
        (args.source_db, args.source_table_name),
        (args.dest_db, args.dest_table_name),
    )
    .await?;
    Ok(Box::new(PartitionList::new(exchanged, Wrap::Bare)))
}

async fn exchange(
    call: &Call,
    given: Option<AHashMap<FastStr, FastStr>>,
    source: (Option<FastStr>, Option<FastStr>),
    target: (Option<FastStr>, Option<FastStr>),
) -> Result<PartitionBatch> {
    let given: BTreeMap<String, String> = given
        .ok_or_else(|| null("partition specs"))?
        .into_iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    let source = call.table(source.0, source.1)?;
    let target = call.table(target.0, target.1)?;
    Ok(call.catalog.exchange_partitions(&call.caller(), &given, &source, &target).await?)
}
