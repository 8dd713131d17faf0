//! Events that clients mark partitions with.

use std::collections::BTreeMap;

use propolis_thrift::{AHashMap, ExceptionKind, FastStr, args, types};

use crate::error::{CatalogError, ErrorKind};
use crate::hms::call::{Call, required};
use crate::hms::error::Result;

pub async fn mark_partition_for_event(call: &Call, args: args::MarkPartitionForEvent) -> Result<()> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let (values, kind) = (values(args.part_vals)?, kind(args.event_type)?);
    call.catalog.mark_partition(&call.caller(), &name, &values, kind).await.map_err(exception)
}

pub async fn is_partition_marked_for_event(call: &Call, args: args::IsPartitionMarkedForEvent) -> Result<bool> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let (values, kind) = (values(args.part_vals)?, kind(args.event_type)?);
    call.catalog.is_partition_marked(&name, &values, kind).await.map_err(exception)
}

fn values(sent: Option<AHashMap<FastStr, FastStr>>) -> Result<BTreeMap<String, String>> {
    let sent = required(sent, "map of partition values")?;
    Ok(sent.into_iter().map(|(key, value)| (key.to_lowercase(), value.to_string())).collect())
}

fn kind(sent: Option<types::PartitionEventType>) -> Result<i32> {
    Ok(required(sent, "event type")?.inner())
}

/// These two calls have exceptions of their own.
fn exception(error: CatalogError) -> crate::hms::error::Failure {
    match error.kind {
        ErrorKind::NotFound => ExceptionKind::UnknownTable.with(error.message).into(),
        ErrorKind::InvalidObject => ExceptionKind::InvalidPartition.with(error.message).into(),
        _ => error.into(),
    }
}
