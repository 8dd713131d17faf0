//! What compactors measure.

use crate::error::Result;
use crate::model::compaction::{CompactionMetric, MetricKind};
use crate::store::Connection;

pub async fn put_metric(connection: &mut Connection, table_id: i64, metric: &CompactionMetric) -> Result<()> {
    sqlx::query!(
        "insert into compaction_metrics (table_id, partition_name, kind, value, version, threshold)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (table_id, partition_name, kind) do update
             set value = excluded.value, version = compaction_metrics.version + 1, threshold = excluded.threshold",
        table_id,
        metric.partition.as_deref().unwrap_or_default(),
        metric.kind.as_str(),
        metric.value,
        metric.version,
        metric.threshold
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn remove_metric(
    connection: &mut Connection,
    table_id: i64,
    partition: Option<&str>,
    kind: MetricKind,
) -> Result<()> {
    sqlx::query!(
        "delete from compaction_metrics where table_id = $1 and partition_name = $2 and kind = $3",
        table_id,
        partition.unwrap_or_default(),
        kind.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}
