//! One partition.

use propolis_thrift::{FastStr, args, types};

use super::{one, values_of};
use crate::catalog::statistics::validity::{COLUMN_STATS_ACCURATE, are_valid, snapshot};
use crate::hms::call::{Call, null, required};
use crate::hms::convert::privileges::wire_privilege_set;
use crate::hms::convert::texts;
use crate::hms::error::Result;
use crate::model::TableName;

pub async fn get_partition(call: &Call, args: args::GetPartition) -> Result<types::Partition> {
    let name = call.table(args.db_name, args.tbl_name)?;
    by_values(call, &name, args.part_vals).await
}

pub async fn get_partition_req(call: &Call, args: args::GetPartitionReq) -> Result<types::GetPartitionResponse> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let values = texts(Some(request.part_vals));
    let batch = call.catalog.partition(&name, &values).await?;
    let mut partition = one(&batch)?;
    if let (Some(seen), true) = (snapshot(request.valid_write_id_list.as_deref())?, batch.table.is_transactional())
        && let Some(stored) = batch.partitions()?.first()
    {
        let valid = are_valid(&stored.parameters, stored.write_id, &seen);
        partition.is_stats_compliant = Some(valid);
        if let Some(parameters) = partition.parameters.as_mut().filter(|_| !valid) {
            parameters.remove(COLUMN_STATS_ACCURATE);
        }
    }
    Ok(types::GetPartitionResponse { partition })
}

pub async fn get_partition_by_name(call: &Call, args: args::GetPartitionByName) -> Result<types::Partition> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let partition = args.part_name.filter(|name| !name.is_empty()).ok_or_else(|| null("partition name"))?;
    let values = values_of(call, &name, &partition).await?;
    one(&call.catalog.partition(&name, &values).await?)
}

pub async fn get_partition_with_auth(call: &Call, args: args::GetPartitionWithAuth) -> Result<types::Partition> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let values = texts(Some(required(args.part_vals, "list of partition values")?));
    let batch = call.catalog.partition(&name, &values).await?;
    let mut partition = one(&batch)?;
    let groups = texts(args.group_names);
    let privileges = call.catalog.partition_privileges(&batch.table, args.user_name.as_deref(), &groups).await?;
    partition.privileges = privileges.map(|privileges| wire_privilege_set(privileges.of(&values)));
    Ok(partition)
}

async fn by_values(call: &Call, table: &TableName, values: Option<Vec<FastStr>>) -> Result<types::Partition> {
    let values = texts(Some(required(values, "list of partition values")?));
    one(&call.catalog.partition(table, &values).await?)
}
