//! Column statistics of tables and partitions.

use propolis_thrift::{AHashMap, ExceptionKind, FastStr, args, types};

use crate::catalog::statistics::validity::{Write, snapshot};
use crate::catalog::statistics::{PartitionStatistics, Update};
use crate::error::CatalogError;
use crate::hms::call::{Call, required};
use crate::hms::convert::statistics::{Arms, engine, statistics, wire_described, wire_statistics};
use crate::hms::convert::{texts, wire};
use crate::hms::error::{Failure, Result};
use crate::model::TableName;
use crate::model::statistics::DEFAULT_ENGINE;

pub async fn update_table_column_statistics(call: &Call, args: args::UpdateTableColumnStatistics) -> Result<bool> {
    let sent = required(args.stats_obj, "statistics object")?;
    update_table(call, sent, None, Update::default()).await?;
    Ok(true)
}

pub async fn update_table_column_statistics_req(
    call: &Call,
    args: args::UpdateTableColumnStatisticsReq,
) -> Result<types::SetPartitionsStatsResponse> {
    let request = required(args.req, "request")?;
    let (engine, how) = (request.engine.clone(), how_to_update(&request)?);
    update_table(call, only_one(request)?, engine, how).await?;
    Ok(types::SetPartitionsStatsResponse { result: true })
}

pub async fn update_partition_column_statistics(
    call: &Call,
    args: args::UpdatePartitionColumnStatistics,
) -> Result<bool> {
    let sent = required(args.stats_obj, "statistics object")?;
    update_partitions(call, vec![sent], None, Update::default()).await?;
    Ok(true)
}

pub async fn update_partition_column_statistics_req(
    call: &Call,
    args: args::UpdatePartitionColumnStatisticsReq,
) -> Result<types::SetPartitionsStatsResponse> {
    let request = required(args.req, "request")?;
    let (engine, how) = (request.engine.clone(), how_to_update(&request)?);
    update_partitions(call, vec![only_one(request)?], engine, how).await?;
    Ok(types::SetPartitionsStatsResponse { result: true })
}

/// Statistics of a table, or of many of its partitions: the first of them says which.
pub async fn set_aggr_stats_for(call: &Call, args: args::SetAggrStatsFor) -> Result<bool> {
    let request = required(args.request, "request")?;
    let how = how_to_update(&request)?;
    let mut sent = request.col_stats;
    match sent.first() {
        None => {}
        Some(first) if first.stats_desc.is_tbl_level => {
            if sent.len() > 1 {
                return Err(CatalogError::invalid_input(format!(
                    "A table has one statistics object, not {}: statistics of partitions must not be at table level",
                    sent.len()
                ))
                .into());
            }
            update_table(call, sent.remove(0), request.engine, how).await?;
        }
        Some(_) => update_partitions(call, sent, request.engine, how).await?,
    }
    Ok(true)
}

pub async fn get_table_column_statistics(
    call: &Call,
    args: args::GetTableColumnStatistics,
) -> Result<types::ColumnStatistics> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let column = [required(args.col_name, "column name")?.to_string()];
    let found = call.catalog.table_statistics(&name, DEFAULT_ENGINE, Some(&column), None).await?;
    if found.is_empty() {
        return Err(none_of(&format!("Table {name}"), &column[0]));
    }
    Ok(wire_described(&name, None, DEFAULT_ENGINE, found, Arms::All))
}

pub async fn get_partition_column_statistics(
    call: &Call,
    args: args::GetPartitionColumnStatistics,
) -> Result<types::ColumnStatistics> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let partition = [required(args.part_name, "partition name")?.to_string()];
    let column = [required(args.col_name, "column name")?.to_string()];
    let found = call.catalog.partition_statistics(&name, DEFAULT_ENGINE, &partition, Some(&column), None).await?;
    let found: Vec<_> = found.into_iter().flatten().collect();
    if found.is_empty() {
        return Err(none_of(&format!("Partition {} of table {name}", partition[0]), &column[0]));
    }
    Ok(wire_described(&name, Some(&partition[0]), DEFAULT_ENGINE, found, Arms::All))
}

pub async fn get_table_statistics_req(
    call: &Call,
    args: args::GetTableStatisticsReq,
) -> Result<types::TableStatsResult> {
    let request = required(args.request, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let columns = texts(Some(request.col_names));
    let sent = request.engine.as_ref();
    let seen = snapshot(request.valid_write_id_list.as_deref())?;
    let found = call.catalog.table_statistics(&name, engine(sent), Some(&columns), seen.as_ref()).await?;
    Ok(types::TableStatsResult { table_stats: wire_statistics(found, Arms::of(sent)), is_stats_compliant: None })
}

/// Partitions without any of the statistics are not in the answer. The others are, by the names they were asked for.
pub async fn get_partitions_statistics_req(
    call: &Call,
    args: args::GetPartitionsStatisticsReq,
) -> Result<types::PartitionsStatsResult> {
    let request = required(args.request, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let (columns, partitions) = (texts(Some(request.col_names)), texts(Some(request.part_names)));
    let sent = request.engine.as_ref();
    let seen = snapshot(request.valid_write_id_list.as_deref())?;
    let found =
        call.catalog.partition_statistics(&name, engine(sent), &partitions, Some(&columns), seen.as_ref()).await?;
    let part_stats: AHashMap<FastStr, Vec<types::ColumnStatisticsObj>> = partitions
        .iter()
        .zip(found)
        .filter(|(_, found)| !found.is_empty())
        .map(|(partition, found)| (wire(partition), wire_statistics(found, Arms::of(sent))))
        .collect();
    Ok(types::PartitionsStatsResult { part_stats, is_stats_compliant: None })
}

pub async fn get_aggr_stats_for(call: &Call, args: args::GetAggrStatsFor) -> Result<types::AggrStats> {
    let request = required(args.request, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let (columns, partitions) = (texts(Some(request.col_names)), texts(Some(request.part_names)));
    let sent = request.engine.as_ref();
    let seen = snapshot(request.valid_write_id_list.as_deref())?;
    let found = call.catalog.aggregated_statistics(&name, engine(sent), &partitions, &columns, seen.as_ref()).await?;
    Ok(types::AggrStats {
        col_stats: wire_statistics(found.columns, Arms::of(sent)),
        parts_found: found.partitions_found,
        is_stats_compliant: None,
    })
}

/// Without an engine, as clients before Hive 4 call it, statistics of all engines go: none of them outlives what the
/// client says about the column.
pub async fn delete_table_column_statistics(call: &Call, args: args::DeleteTableColumnStatistics) -> Result<bool> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let column = args.col_name.map(|column| [column.to_string()]);
    let columns = column.as_ref().map(|column| &column[..]);
    call.catalog.delete_table_statistics(&call.caller(), &name, args.engine.as_deref(), columns).await?;
    Ok(true)
}

/// See [`delete_table_column_statistics`].
pub async fn delete_partition_column_statistics(
    call: &Call,
    args: args::DeletePartitionColumnStatistics,
) -> Result<bool> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let partition = [required(args.part_name, "partition name")?.to_string()];
    let column = args.col_name.map(|column| [column.to_string()]);
    let columns = column.as_ref().map(|column| &column[..]);
    let engine = args.engine.as_deref();
    call.catalog.delete_partition_statistics(&call.caller(), &name, Some(&partition), engine, columns).await?;
    Ok(true)
}

/// At table level, or of an unpartitioned table: the table's; else those of the named partitions, or of all.
pub async fn delete_column_statistics_req(call: &Call, args: args::DeleteColumnStatisticsReq) -> Result<bool> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let some = |list: Option<Vec<FastStr>>| Some(texts(list)).filter(|list| !list.is_empty());
    let (partitions, columns) = (some(request.part_names), some(request.col_names));
    let engine = Some(engine(request.engine.as_ref()));
    let caller = call.caller();
    let of_table = request.table_level.unwrap_or_default()
        || partitions.is_none() && !call.catalog.get_table(&name).await?.is_partitioned();
    if of_table {
        call.catalog.delete_table_statistics(&caller, &name, engine, columns.as_deref()).await?;
    } else {
        let partitions = partitions.as_deref();
        call.catalog.delete_partition_statistics(&caller, &name, partitions, engine, columns.as_deref()).await?;
    }
    Ok(true)
}

async fn update_table(
    call: &Call,
    sent: types::ColumnStatistics,
    request_engine: Option<FastStr>,
    how: Update,
) -> Result<()> {
    let engine = engine_of(&sent, request_engine);
    let name = table_of(call, &sent.stats_desc)?;
    let columns = statistics(sent.stats_obj)?;
    Ok(call.catalog.update_table_statistics(&call.caller(), &name, &engine, columns, &how).await?)
}

async fn update_partitions(
    call: &Call,
    sent: Vec<types::ColumnStatistics>,
    request_engine: Option<FastStr>,
    how: Update,
) -> Result<()> {
    let mut target: Option<(TableName, String)> = None;
    let mut partitions = Vec::with_capacity(sent.len());
    for sent in sent {
        let this = (table_of(call, &sent.stats_desc)?, engine_of(&sent, request_engine.clone()));
        match &target {
            None => target = Some(this),
            Some(first) if *first == this => {}
            Some((name, _)) => {
                return Err(invalid_input(format!(
                    "One request writes statistics of one table and engine: {name} and {} are told",
                    this.0
                )));
            }
        }
        let Some(partition) = sent.stats_desc.part_name else {
            return Err(invalid_input("Statistics of a partition need its name, and there is none".to_owned()));
        };
        partitions.push(PartitionStatistics { partition: partition.to_string(), columns: statistics(sent.stats_obj)? });
    }
    match target {
        None => Ok(()),
        Some((name, engine)) => {
            let caller = call.caller();
            Ok(call.catalog.update_partition_statistics(&caller, &name, &engine, partitions, &how).await?)
        }
    }
}

fn how_to_update(request: &types::SetPartitionsStatsRequest) -> Result<Update> {
    let write = Write::new(request.write_id, request.valid_write_id_list.as_deref())?;
    Ok(Update { merge: request.need_merge.unwrap_or_default(), write })
}

fn table_of(call: &Call, described: &types::ColumnStatisticsDesc) -> Result<TableName> {
    let (database, table) = (described.db_name.clone(), described.table_name.clone());
    call.table_in(described.cat_name.as_ref(), Some(database), Some(table))
}

/// The engine stands in the object and in the request. Either may be the default alone, so the other one counts then.
fn engine_of(sent: &types::ColumnStatistics, request_engine: Option<FastStr>) -> String {
    let own = engine(sent.engine.as_ref());
    if own == DEFAULT_ENGINE { engine(request_engine.as_ref()).to_owned() } else { own.to_owned() }
}

/// The object of a request that takes a list, but of one, and does not merge (the metastore's rule).
fn only_one(request: types::SetPartitionsStatsRequest) -> Result<types::ColumnStatistics> {
    if request.need_merge.unwrap_or_default() {
        return Err(invalid_input("This call does not merge statistics: use set_aggr_stats_for".to_owned()));
    }
    let count = request.col_stats.len();
    match <[_; 1]>::try_from(request.col_stats) {
        Ok([one]) => Ok(one),
        Err(_) => Err(invalid_input(format!("This call takes one statistics object, not {count}"))),
    }
}

fn invalid_input(message: String) -> Failure {
    ExceptionKind::InvalidInput.with(message).into()
}

fn none_of(owner: &str, column: &str) -> Failure {
    CatalogError::not_found(format!("{owner} has no statistics of a column {column}")).into()
}
