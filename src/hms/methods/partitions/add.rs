//! Adding partitions.

use propolis_thrift::{FastStr, args, types};

use super::{check_characters, columns_for_all, one};
use crate::catalog::partitions::AddPartitions;
use crate::catalog::tables::DO_NOT_UPDATE_STATS;
use crate::error::CatalogError;
use crate::hms::call::{Call, null, required};
use crate::hms::convert::partitions::PartitionReader;
use crate::hms::convert::storage::wire_columns;
use crate::hms::convert::texts;
use crate::hms::encode::Wrap;
use crate::hms::encode::partitions::PartitionList;
use crate::hms::error::{Failure, Result};
use crate::hms::methods::Body;
use crate::hms::methods::tables::Context;
use crate::model::{Partition, PartitionBatch, TableName};

pub async fn add_partition(call: &Call, args: args::AddPartition) -> Result<types::Partition> {
    one(&add_one(call, args.new_part, None).await?)
}

pub async fn add_partition_with_environment_context(
    call: &Call,
    args: args::AddPartitionWithEnvironmentContext,
) -> Result<types::Partition> {
    one(&add_one(call, args.new_part, args.environment_context).await?)
}

async fn add_one(
    call: &Call,
    sent: Option<types::Partition>,
    context: Option<types::EnvironmentContext>,
) -> Result<PartitionBatch> {
    let sent = required(sent, "partition")?;
    let name = table_of(call, &sent)?;
    let partitions = PartitionReader::default().read_all(vec![sent])?;
    add(call, &name, partitions, false, context).await
}

pub async fn add_partitions(call: &Call, args: args::AddPartitions) -> Result<i32> {
    let sent = required(args.new_parts, "list of partitions")?;
    let Some(first) = sent.first() else { return Ok(0) };
    let name = table_of(call, first)?;
    check_spelling(call, &name, &sent).await?;
    check_table(call, &name, &sent).await?;
    let partitions = PartitionReader::default().read_all(sent)?;
    let added = add(call, &name, partitions, false, None).await?;
    Ok(added.len() as i32)
}

pub async fn add_partitions_req(call: &Call, args: args::AddPartitionsReq) -> Result<Box<dyn Body>> {
    let request = required(args.request, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    check_spelling(call, &name, &request.parts).await?;
    check_table(call, &name, &request.parts).await?;
    if request.parts.is_empty() {
        return Ok(Box::new(PartitionList::whole(Vec::new(), Wrap::Response)));
    }
    let skips = request.skip_column_schema_for_partition;
    let columns = columns_for_all(call, &name, skips, request.partition_col_schema).await?;
    let partitions = PartitionReader::with_columns(columns).read_all(request.parts)?;
    let added = add(call, &name, partitions, request.if_not_exists, request.environment_context).await?;
    Ok(Box::new(match (request.need_result, skips) {
        (Some(false), _) => PartitionList::unset(),
        // The columns once, in place of each partition's.
        (_, Some(true)) => {
            let storage = added.rows().next().and_then(|row| added.storage.get(&row.storage_id?));
            let columns = storage.map(|storage| wire_columns(&storage.columns)).unwrap_or_default();
            PartitionList::without_columns(added, Wrap::ResponseAndColumns(columns))
        }
        _ => PartitionList::new(added, Wrap::Response),
    }))
}

pub async fn add_partitions_pspec(call: &Call, args: args::AddPartitionsPspec) -> Result<i32> {
    let specs = required(args.new_parts, "list of partition specs")?;
    let Some(first) = specs.first() else { return Ok(0) };
    let name = call.table_in(first.cat_name.as_ref(), first.db_name.clone(), first.table_name.clone())?;
    let mut sent = Vec::new();
    for spec in specs {
        sent.append(&mut partitions_of(spec)?);
    }
    check_table(call, &name, &sent).await?;
    let partitions = PartitionReader::default().read_all(sent)?;
    Ok(add(call, &name, partitions, false, None).await?.len() as i32)
}

/// The partitions of a spec: listed one by one, or with one storage descriptor and paths relative to its location.
fn partitions_of(spec: types::PartitionSpec) -> Result<Vec<types::Partition>> {
    if let Some(list) = spec.partition_list {
        return required(list.partitions, "list of partitions");
    }
    let shared = required(spec.shared_sd_partition_spec, "list of partitions")?;
    let sd = required(shared.sd, "shared storage descriptor")?;
    let root = required(sd.location.clone(), "location of the shared storage descriptor")?;
    let partition = |sent: types::PartitionWithoutSd| types::Partition {
        values: sent.values,
        db_name: spec.db_name.clone(),
        table_name: spec.table_name.clone(),
        create_time: sent.create_time,
        last_access_time: sent.last_access_time,
        sd: Some(types::StorageDescriptor {
            // Without a path it is this name in Apache's server, and so it is what clients find there.
            location: Some(FastStr::from(format!("{root}{}", sent.relative_path.as_deref().unwrap_or("null")))),
            ..sd.clone()
        }),
        parameters: sent.parameters,
        cat_name: spec.cat_name.clone(),
        ..Default::default()
    };
    Ok(required(shared.partitions, "list of partitions")?.into_iter().map(partition).collect())
}

pub async fn append_partition(call: &Call, args: args::AppendPartition) -> Result<types::Partition> {
    let name = call.table(args.db_name, args.tbl_name)?;
    append(call, &name, args.part_vals, None).await
}

pub async fn append_partition_with_environment_context(
    call: &Call,
    args: args::AppendPartitionWithEnvironmentContext,
) -> Result<types::Partition> {
    let name = call.table(args.db_name, args.tbl_name)?;
    append(call, &name, args.part_vals, args.environment_context).await
}

pub async fn append_partition_by_name(call: &Call, args: args::AppendPartitionByName) -> Result<types::Partition> {
    let name = call.table(args.db_name, args.tbl_name)?;
    append_by_name(call, &name, args.part_name, None).await
}

pub async fn append_partition_by_name_with_environment_context(
    call: &Call,
    args: args::AppendPartitionByNameWithEnvironmentContext,
) -> Result<types::Partition> {
    let name = call.table(args.db_name, args.tbl_name)?;
    append_by_name(call, &name, args.part_name, args.environment_context).await
}

pub async fn append_partition_req(call: &Call, args: args::AppendPartitionReq) -> Result<types::Partition> {
    let request = required(args.append_partitions_req, "request")?;
    let name = call.table_in(request.catalog_name.as_ref(), Some(request.db_name), Some(request.table_name))?;
    match request.name {
        Some(partition) => append_by_name(call, &name, Some(partition), request.environment_context).await,
        None => append(call, &name, request.part_vals, request.environment_context).await,
    }
}

async fn append_by_name(
    call: &Call,
    table: &TableName,
    partition: Option<FastStr>,
    context: Option<types::EnvironmentContext>,
) -> Result<types::Partition> {
    let partition = partition.filter(|name| !name.is_empty()).ok_or_else(|| null("partition name"))?;
    let values = super::values_of(call, table, &partition).await?;
    append_values(call, table, values, context).await
}

async fn append(
    call: &Call,
    table: &TableName,
    values: Option<Vec<FastStr>>,
    context: Option<types::EnvironmentContext>,
) -> Result<types::Partition> {
    append_values(call, table, texts(Some(required(values, "list of partition values")?)), context).await
}

async fn append_values(
    call: &Call,
    table: &TableName,
    values: Vec<String>,
    context: Option<types::EnvironmentContext>,
) -> Result<types::Partition> {
    check_characters(call, &values)?;
    let take_statistics = !Context::new(context).is_true(DO_NOT_UPDATE_STATS);
    one(&call.catalog.append_partition(&call.caller(), table, values, take_statistics).await?)
}

async fn add(
    call: &Call,
    table: &TableName,
    partitions: Vec<Partition>,
    if_not_exists: bool,
    context: Option<types::EnvironmentContext>,
) -> Result<PartitionBatch> {
    for partition in &partitions {
        check_characters(call, &partition.values)?;
    }
    let take_statistics = !Context::new(context).is_true(DO_NOT_UPDATE_STATS);
    let how = AddPartitions { if_not_exists, take_statistics };
    Ok(call.catalog.add_partitions(&call.caller(), table, partitions, how).await?)
}

fn table_of(call: &Call, sent: &types::Partition) -> Result<TableName> {
    call.table_in(sent.cat_name.as_ref(), sent.db_name.clone(), sent.table_name.clone())
}

/// Refuses partitions that say they are of another table than the call. That the table is not there goes before.
async fn check_table(call: &Call, name: &TableName, sent: &[types::Partition]) -> Result<()> {
    let catalog = FastStr::new(&name.catalog);
    for partition in sent {
        let own = call.table_in(Some(&catalog), partition.db_name.clone(), partition.table_name.clone())?;
        if own != *name {
            return Err(other_table(call, name, &own.to_string()).await);
        }
    }
    Ok(())
}

/// Refuses lists that spell the name of their table in two ways, as Apache's server does where they are no specs.
async fn check_spelling(call: &Call, name: &TableName, sent: &[types::Partition]) -> Result<()> {
    let spelled = |partition: &types::Partition| (partition.db_name.clone(), partition.table_name.clone());
    for pair in sent.windows(2) {
        let (one, other) = (spelled(&pair[0]), spelled(&pair[1]));
        if one != other {
            let (database, table) = other;
            let other = [database, table].map(Option::unwrap_or_default).join(".");
            return Err(other_table(call, name, &other).await);
        }
    }
    Ok(())
}

async fn other_table(call: &Call, name: &TableName, own: &str) -> Failure {
    if let Err(error) = call.catalog.get_table(name).await {
        return error.into();
    }
    CatalogError::invalid_input(format!(
        "A partition that says it is of table {own} cannot be added to table {name}: all of one call must name the \
         same table, and alike"
    ))
    .into()
}
