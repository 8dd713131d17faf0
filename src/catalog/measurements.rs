//! What engines measured: metrics of replication and runtime statistics. Both are forgotten after a while.

use super::{Caller, Service, now};
use crate::error::{CatalogError, Result};
use crate::model::measurement::{ReplicationMetrics, RuntimeStatistics, WhichMetrics};
use crate::store::{Connection, measurements};

/// Characters of metadata, and of progress: Hive's limits. What is longer is not kept, and progress says so.
const MOST_METADATA: usize = 4000;
const MOST_PROGRESS: usize = 10_000;

impl Service {
    /// Adds metrics, or brings those of the same execution up to date.
    pub async fn add_replication_metrics(&self, _caller: &Caller, all: Vec<ReplicationMetrics>) -> Result<()> {
        let all: Vec<_> = all.into_iter().map(limited).collect();
        let mut transaction = self.store.begin().await?;
        measurements::put_replication_metrics(&mut transaction, &all, now()).await?;
        transaction.commit().await
    }

    /// The newest execution first.
    pub async fn replication_metrics(&self, which: &WhichMetrics) -> Result<Vec<ReplicationMetrics>> {
        let WhichMetrics { policy, scheduled_execution_id, dump_execution_id } = which;
        if policy.is_none() && scheduled_execution_id.is_none() && dump_execution_id.is_none() {
            return Err(CatalogError::invalid_input(
                "Replication metrics are found by policy, scheduled execution or dump execution: give one of them",
            ));
        }
        measurements::replication_metrics(&mut *self.store.read().await?, which).await
    }

    /// The time is the server's.
    pub async fn add_runtime_statistics(&self, _caller: &Caller, mut statistics: RuntimeStatistics) -> Result<()> {
        statistics.created_at = now();
        let mut transaction = self.store.begin().await?;
        measurements::insert_runtime_statistics(&mut transaction, &statistics).await?;
        transaction.commit().await
    }

    /// The newest of those from before `before`, up to the one with which the sum of weights comes to `weight`.
    pub async fn runtime_statistics(&self, before: Option<i64>, weight: Option<i64>) -> Result<Vec<RuntimeStatistics>> {
        measurements::runtime_statistics(&mut *self.store.read().await?, before, weight).await
    }

    /// Forgets what is old, at most `limit` of each kind; answers the larger count.
    pub(super) async fn tidy_measurements(&self, connection: &mut Connection, limit: i64) -> Result<u64> {
        let hive = &self.rules.hive;
        let before = now().saturating_sub(hive.replication_metrics_kept.as_secs() as i64);
        let metrics = measurements::forget_replication_metrics(connection, before, limit).await?;
        let before = now().saturating_sub(hive.runtime_statistics_kept.as_secs() as i64);
        let statistics = measurements::forget_runtime_statistics(connection, before, limit).await?;
        Ok(metrics.max(statistics))
    }
}

fn limited(mut metrics: ReplicationMetrics) -> ReplicationMetrics {
    let too_long = |text: &Option<String>, most| {
        text.as_ref().map(|text| text.encode_utf16().count()).filter(|length| *length > most)
    };
    let progress = too_long(&metrics.progress, MOST_PROGRESS).map(|length| ("Progress", length));
    let metadata = too_long(&metrics.metadata, MOST_METADATA).map(|length| ("Metadata", length));
    if let Some((what, length)) = metadata {
        metrics.metadata = None;
        metrics.progress.get_or_insert_with(|| format!("RM_{what} limit exceeded to {length}"));
    }
    if let Some((what, length)) = progress {
        metrics.progress = Some(format!("RM_{what} limit exceeded to {length}"));
    }
    metrics
}
