//! Events of partitions. A change of many is told in several events, so that no reader has to take a hundred thousand
//! partitions at once.

use serde::Serialize;
use serde_json::{Value, json};

use super::super::record;
use crate::error::Result;
use crate::model::{EventKind, PartitionBatch, PartitionRow};
use crate::store::Connection;

/// The most partitions that one event tells of.
const PER_EVENT: usize = 1000;

/// A partition in an event. Its storage descriptor is immutable and kept for ever: the id says enough.
#[derive(Serialize)]
struct Told<'a> {
    values: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_id: Option<i64>,
    location: Option<String>,
    parameters: std::collections::BTreeMap<&'a str, &'a str>,
    created_at: i64,
    last_access_time: i64,
    write_id: i64,
}

fn told<'a>(batch: &'a PartitionBatch, row: &PartitionRow<'a>) -> Told<'a> {
    Told {
        values: row.values().collect(),
        storage_id: row.storage_id,
        location: batch.location(row),
        parameters: row.parameters().collect(),
        created_at: row.created_at,
        last_access_time: row.last_access_time,
        write_id: row.write_id,
    }
}

/// `{table, partitions}`
pub(super) async fn record_added(connection: &mut Connection, added: &PartitionBatch) -> Result<()> {
    for from in (0..added.len()).step_by(PER_EVENT) {
        let body = json!({ "table": *added.table, "partitions": some(added, from) });
        tell(connection, EventKind::AddPartition, added, body).await?;
    }
    Ok(())
}

/// `{table, partitions}`, where a partition has its values and location only.
pub(super) async fn record_dropped(connection: &mut Connection, dropped: &PartitionBatch) -> Result<()> {
    for from in (0..dropped.len()).step_by(PER_EVENT) {
        let partitions: Vec<Value> = dropped
            .rows()
            .skip(from)
            .take(PER_EVENT)
            .map(|row| json!({ "values": row.values().collect::<Vec<_>>(), "location": dropped.location(&row) }))
            .collect();
        let body = json!({ "table": *dropped.table, "partitions": partitions });
        tell(connection, EventKind::DropPartition, dropped, body).await?;
    }
    Ok(())
}

/// `{table, before, after}`: two lists in the same order.
pub(super) async fn record_altered(
    connection: &mut Connection,
    before: &PartitionBatch,
    after: &PartitionBatch,
) -> Result<()> {
    tell_altered(connection, before, after, false).await
}

/// The same, with `truncated`.
pub(super) async fn record_truncated(
    connection: &mut Connection,
    before: &PartitionBatch,
    after: &PartitionBatch,
) -> Result<()> {
    tell_altered(connection, before, after, true).await
}

async fn tell_altered(
    connection: &mut Connection,
    before: &PartitionBatch,
    after: &PartitionBatch,
    truncated: bool,
) -> Result<()> {
    for from in (0..after.len()).step_by(PER_EVENT) {
        let (old, new) = (some(before, from), some(after, from));
        let body = json!({ "table": *after.table, "before": old, "after": new, "truncated": truncated });
        tell(connection, EventKind::AlterPartition, after, body).await?;
    }
    Ok(())
}

fn some(batch: &PartitionBatch, from: usize) -> Vec<Told<'_>> {
    (from..batch.len().min(from + PER_EVENT)).filter_map(|at| Some(told(batch, &batch.row(at)?))).collect()
}

async fn tell(connection: &mut Connection, kind: EventKind, batch: &PartitionBatch, body: Value) -> Result<()> {
    let name = &batch.table.name;
    record(connection, kind, &name.catalog, Some(&name.database), Some(&name.table), body).await
}
