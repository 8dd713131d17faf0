//! Metrics of replication and runtime statistics.

use crate::error::Result;
use crate::model::measurement::{ReplicationMetrics, RuntimeStatistics, WhichMetrics};
use crate::store::Connection;

/// Adds metrics, or brings those of the same execution up to date: metadata and progress that are None stay as they are,
/// policy and dump never change.
pub async fn put_replication_metrics(connection: &mut Connection, all: &[ReplicationMetrics], now: i64) -> Result<()> {
    // One by one, since a list may name an execution twice.
    for metrics in all {
        sqlx::query!(
            "insert into replication_metrics as before (scheduled_execution_id, policy, dump_execution_id, metadata,
                                                        progress, message_format, started_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (scheduled_execution_id) do update
             set metadata = coalesce($4, before.metadata), progress = coalesce($5, before.progress), message_format = $6",
            metrics.scheduled_execution_id,
            metrics.policy,
            metrics.dump_execution_id,
            metrics.metadata,
            metrics.progress,
            metrics.message_format,
            now
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The newest execution first.
pub async fn replication_metrics(connection: &mut Connection, which: &WhichMetrics) -> Result<Vec<ReplicationMetrics>> {
    Ok(sqlx::query_as!(
        ReplicationMetrics,
        "select scheduled_execution_id, policy, dump_execution_id, metadata, progress, message_format
         from replication_metrics
         where ($1::text is null or policy = $1) and ($2::bigint is null or scheduled_execution_id = $2)
           and ($3::bigint is null or dump_execution_id = $3)
         order by scheduled_execution_id desc",
        which.policy,
        which.scheduled_execution_id,
        which.dump_execution_id
    )
    .fetch_all(connection)
    .await?)
}

/// Removes metrics that came before `before`, at most `limit`.
pub async fn forget_replication_metrics(connection: &mut Connection, before: i64, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from replication_metrics where scheduled_execution_id in (
             select scheduled_execution_id from replication_metrics where started_at <= $1 limit $2)",
        before,
        limit
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

pub async fn insert_runtime_statistics(connection: &mut Connection, statistics: &RuntimeStatistics) -> Result<()> {
    sqlx::query!(
        "insert into runtime_statistics (created_at, weight, payload) values ($1, $2, $3)",
        statistics.created_at,
        statistics.weight,
        statistics.payload
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest of those from before `before`, up to the one with which the sum of weights comes to `weight`.
pub async fn runtime_statistics(
    connection: &mut Connection,
    before: Option<i64>,
    weight: Option<i64>,
) -> Result<Vec<RuntimeStatistics>> {
    Ok(sqlx::query_as!(
        RuntimeStatistics,
        r#"select s.created_at, s.weight, s.payload from (
               select id, coalesce(sum(weight) over (order by created_at desc, id desc
                                                     rows between unbounded preceding and 1 preceding), 0) as newer
               from runtime_statistics where $1::bigint is null or created_at < $1
           ) place join runtime_statistics s on s.id = place.id
           where $2::bigint is null or place.newer < $2 order by s.created_at desc, s.id desc"#,
        before,
        weight
    )
    .fetch_all(connection)
    .await?)
}

/// Removes statistics that came before `before`, at most `limit`.
pub async fn forget_runtime_statistics(connection: &mut Connection, before: i64, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from runtime_statistics where id in (
             select id from runtime_statistics where created_at <= $1 order by created_at limit $2)",
        before,
        limit
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
