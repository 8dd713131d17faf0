//! Partitions as specs: grouped by what they share.

use propolis_thrift::{FastStr, args, types};

use super::list::by_expression;
use super::{EITHER, hide_buckets, limit, whole};
use crate::catalog::partitions::Selection;
use crate::error::CatalogError;
use crate::hms::call::{Call, null, required};
use crate::hms::convert::privileges::wire_privilege_set;
use crate::hms::convert::{texts, wire, wire_option};
use crate::hms::error::{Failure, Result};
use crate::hms::methods::projection::Projection;
use crate::hms::translation::{self, Capabilities};
use crate::model::parameters::is_true;
use crate::model::{PartitionBatch, Table};

/// Set on tables of which partitions may be shown with a shared storage descriptor.
const GROUPING: &str = "hive.hcatalog.partition.spec.grouping.enabled";

pub async fn get_partitions_pspec(call: &Call, args: args::GetPartitionsPspec) -> Result<Vec<types::PartitionSpec>> {
    // Apache's server fails here without one of the exceptions it declares.
    let table = args.tbl_name.ok_or_else(|| Failure::Undeclared(null("table name")))?;
    let name = call.table(args.db_name, Some(table))?;
    specs(&call.catalog.partitions(&name, &Selection::All, limit(args.max_parts)).await?)
}

pub async fn get_part_specs_by_filter(
    call: &Call,
    args: args::GetPartSpecsByFilter,
) -> Result<Vec<types::PartitionSpec>> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let filter = args.filter.unwrap_or_default();
    specs(&call.catalog.partitions(&name, &Selection::Filter(&filter, EITHER), limit(args.max_parts)).await?)
}

pub async fn get_partitions_spec_by_expr(
    call: &Call,
    args: args::GetPartitionsSpecByExpr,
) -> Result<types::PartitionsSpecByExprResult> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let (batch, unknown) = by_expression(call, &name, &request.expr, limit(request.max_parts)).await?;
    Ok(types::PartitionsSpecByExprResult {
        partitions_spec: grouped(&batch.table, whole(&batch)?, &batch),
        has_unknown_partitions: unknown,
    })
}

fn specs(batch: &PartitionBatch) -> Result<Vec<types::PartitionSpec>> {
    let partitions = whole(batch)?;
    if is_true(&batch.table.parameters, GROUPING) {
        return Ok(grouped(&batch.table, partitions, batch));
    }
    Ok(vec![listed(&batch.table, partitions, batch.table.location.as_ref())])
}

pub async fn get_partitions_with_specs(
    call: &Call,
    args: args::GetPartitionsWithSpecs,
) -> Result<types::GetPartitionsResponse> {
    let request = required(args.request, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), request.db_name, request.tbl_name)?;
    let projection = Projection::of_partitions(request.projection_spec)?;
    let filter = request.filter_spec.unwrap_or_default();
    let filters = texts(filter.filters);
    if filter.filter_mode.is_some() && filters.is_empty() {
        return Err(CatalogError::invalid_input("Invalid filter expressions in the filter spec: there are none").into());
    }
    let joined: String;
    let selection = match filter.filter_mode {
        None => Selection::All,
        Some(types::PartitionFilterMode::BY_NAMES) => Selection::Names(&filters),
        Some(types::PartitionFilterMode::BY_VALUES) => Selection::Prefix(&filters),
        Some(_) => {
            joined = filters.iter().map(|filter| format!("({filter})")).collect::<Vec<_>>().join(" and ");
            Selection::Filter(&joined, EITHER)
        }
    };
    let batch = call.catalog.partitions(&name, &selection, None).await?;
    let mut partitions = whole(&batch)?;
    let capabilities = Capabilities::new(request.processor_capabilities);
    hide_buckets(&mut partitions, translation::hides_buckets(call, &batch.table, &capabilities));
    if request.with_auth.unwrap_or_default() {
        let groups = texts(request.group_names);
        let privileges = call.catalog.partition_privileges(&batch.table, request.user.as_deref(), &groups).await?;
        for partition in &mut partitions {
            let values = texts(partition.values.clone());
            partition.privileges = privileges.as_ref().map(|known| wire_privilege_set(known.of(&values)));
        }
    }
    let partitions = partitions.into_iter().map(|partition| projection.partition(partition)).collect();
    Ok(types::GetPartitionsResponse { partition_spec: Some(grouped(&batch.table, partitions, &batch)) })
}

/// One spec for each storage descriptor that partitions below the table's folder share, and one that lists all others.
/// `partitions` are those of the batch, in its order.
fn grouped(table: &Table, partitions: Vec<types::Partition>, batch: &PartitionBatch) -> Vec<types::PartitionSpec> {
    let root = table.location.as_deref();
    let mut groups: Vec<(Option<i64>, Group)> = Vec::new();
    let mut elsewhere = Vec::new();
    for (partition, row) in partitions.into_iter().zip(batch.rows()) {
        let location = partition.sd.as_ref().and_then(|sd| sd.location.as_deref());
        let path = match (location, root) {
            (None, _) => None,
            (Some(location), Some(root)) => match location.strip_prefix(root) {
                Some(path) if path.is_empty() || path.starts_with('/') => Some(FastStr::new(path)),
                _ => {
                    elsewhere.push(partition);
                    continue;
                }
            },
            (Some(_), None) => {
                elsewhere.push(partition);
                continue;
            }
        };
        let key = partition.sd.as_ref().and(row.storage_id);
        let at = match groups.iter().position(|(id, _)| *id == key) {
            Some(at) => at,
            None => {
                let sd = partition
                    .sd
                    .clone()
                    .map(|sd| types::StorageDescriptor { location: path.as_ref().and(root).map(wire), ..sd });
                groups.push((key, Group { sd, partitions: Vec::new() }));
                groups.len() - 1
            }
        };
        groups[at].1.partitions.push(types::PartitionWithoutSd {
            values: partition.values,
            create_time: Some(partition.create_time.unwrap_or_default()),
            last_access_time: Some(partition.last_access_time.unwrap_or_default()),
            relative_path: path,
            parameters: partition.parameters,
            privileges: partition.privileges,
        });
    }
    let mut specs: Vec<_> = groups.into_iter().map(|(_, group)| group.spec(table)).collect();
    if !elsewhere.is_empty() {
        specs.push(listed(table, elsewhere, None));
    }
    specs
}

/// Partitions that share a storage descriptor.
struct Group {
    sd: Option<types::StorageDescriptor>,
    partitions: Vec<types::PartitionWithoutSd>,
}

impl Group {
    fn spec(self, table: &Table) -> types::PartitionSpec {
        let sd = self.sd.unwrap_or_default();
        types::PartitionSpec {
            db_name: Some(wire(&table.name.database)),
            table_name: Some(wire(&table.name.table)),
            root_path: sd.location.clone(),
            shared_sd_partition_spec: Some(types::PartitionSpecWithSharedSd {
                partitions: Some(self.partitions),
                sd: Some(sd),
            }),
            cat_name: Some(wire(&table.name.catalog)),
            ..Default::default()
        }
    }
}

fn listed(table: &Table, partitions: Vec<types::Partition>, root: Option<&String>) -> types::PartitionSpec {
    types::PartitionSpec {
        db_name: Some(wire(&table.name.database)),
        table_name: Some(wire(&table.name.table)),
        root_path: wire_option(root),
        partition_list: Some(types::PartitionListComposingSpec { partitions: Some(partitions) }),
        cat_name: Some(wire(&table.name.catalog)),
        ..Default::default()
    }
}
