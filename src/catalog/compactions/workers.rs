//! What workers of the compaction queue ask for and tell.

use super::super::{Caller, Service};
use super::only;
use crate::error::{CatalogError, Result};
use crate::model::compaction::{
    Compaction, CompactionFilter, CompactionKind, CompactionMetric, CompactionState, CompactionWorker, MetricKind,
    NewCompaction,
};
use crate::model::transaction::{Component, Operation};
use crate::model::{Table, TableName};
use crate::store::transactions::{components, tables};
use crate::store::{Connection, compactions, statistics};

/// States in which something is still to be done.
const QUEUE: [CompactionState; 3] =
    [CompactionState::Initiated, CompactionState::Working, CompactionState::ReadyForCleaning];

/// A compaction as its worker describes it.
#[derive(Debug, Clone)]
pub struct Told {
    /// 0: it never was in the queue.
    pub id: i64,
    pub table: TableName,
    pub partition: Option<String>,
    pub kind: CompactionKind,
    pub run_as: Option<String>,
    /// Up to where it compacts; None: not known.
    pub highest_write_id: Option<i64>,
    pub error: Option<String>,
}

impl Service {
    /// Hands a worker the oldest request that it may take; nobody else gets it.
    pub async fn next_compaction(&self, _caller: &Caller, worker: &CompactionWorker) -> Result<Option<Compaction>> {
        let mut transaction = self.store.begin().await?;
        let Some(id) = compactions::take(&mut transaction, worker, self.rules.hive.compactor.pool_patience).await?
        else {
            return Ok(None);
        };
        let filter = CompactionFilter { id: Some(id), ..Default::default() };
        let taken = compactions::list(&mut transaction, &filter, None).await?.pop();
        transaction.commit().await?;
        Ok(taken)
    }

    /// A worker is done; files are left to be cleaned up.
    pub async fn compaction_compacted(&self, _caller: &Caller, id: i64) -> Result<()> {
        found(compactions::set_compacted(&mut *self.store.read().await?, id).await?, id)
    }

    /// All is cleaned up, or there was nothing to do. What the compaction took in is settled.
    pub async fn compaction_cleaned(&self, _caller: &Caller, done: &Told) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let partition = done.partition.as_deref();
        let after_aborts = done.kind == CompactionKind::AbortCleanup;
        let table_id = only(tables::ids(&mut transaction, &[&done.table]).await?)?;
        compactions::end(&mut transaction, done.id, &QUEUE, CompactionState::Succeeded, None).await?;
        if !after_aborts {
            compactions::remove_abort_cleanups(&mut transaction, table_id, partition).await?;
        }
        if !after_aborts {
            components::compacted(&mut transaction, table_id, partition, done.highest_write_id).await?;
        }
        components::aborts_cleaned(&mut transaction, table_id, partition, done.highest_write_id).await?;
        transaction.commit().await
    }

    /// A worker failed; where the request never was in the queue, it could not even be made.
    pub async fn compaction_failed(&self, _caller: &Caller, failed: &Told) -> Result<()> {
        let state = if failed.id == 0 { CompactionState::DidNotInitiate } else { CompactionState::Failed };
        self.end_compaction(failed, state).await
    }

    pub async fn compaction_refused(&self, _caller: &Caller, refused: &Told) -> Result<()> {
        self.end_compaction(refused, CompactionState::Refused).await
    }

    async fn end_compaction(&self, ended: &Told, state: CompactionState) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let error = ended.error.as_deref();
        if ended.id == 0 {
            let table_id = only(tables::ids(&mut transaction, &[&ended.table]).await?)?;
            let new = NewCompaction {
                run_as: ended.run_as.clone(),
                ..NewCompaction::new(ended.table.clone(), ended.partition.clone(), ended.kind)
            };
            compactions::insert_ended(&mut transaction, table_id, &new, state, error).await?;
        } else {
            found(compactions::end(&mut transaction, ended.id, &QUEUE, state, error).await?, ended.id)?;
        }
        transaction.commit().await
    }

    /// A worker tells up to where it compacts, in which transaction. That it writes there is kept until the end of the
    /// transaction, and beyond if it is aborted, until that was cleaned up.
    pub async fn compaction_works(&self, _caller: &Caller, working: &Told, transaction_id: i64) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        super::super::transactions::held(&mut transaction, transaction_id, false).await?;
        let run_as = working.run_as.as_deref();
        let (id, highest) = (working.id, working.highest_write_id);
        found(compactions::set_worker_state(&mut transaction, id, highest, run_as, transaction_id).await?, id)?;
        let component = Component {
            table: working.table.clone(),
            partition: working.partition.clone().unwrap_or_default(),
            operation: Operation::Compact,
            write_id: highest,
        };
        components::insert(&mut transaction, transaction_id, &[component]).await?;
        transaction.commit().await
    }

    pub async fn set_compaction_job(&self, _caller: &Caller, id: i64, job: Option<&str>) -> Result<()> {
        found(compactions::set_hadoop_job(&mut *self.store.read().await?, id, job).await?, id)
    }

    /// Columns of a table or partition of which there are statistics, by name.
    pub async fn columns_with_statistics(&self, name: &TableName, partition: Option<&str>) -> Result<Vec<String>> {
        let mut connection = self.store.read().await?;
        let Some(table) = self.store.get_table(&mut connection, name).await? else {
            return Ok(Vec::new());
        };
        let values = match partition {
            None => None,
            Some(partition) => Some(self.values_of_partition(&mut connection, &table, partition).await?),
        };
        statistics::columns(&mut connection, table.id, values.as_deref()).await
    }

    async fn values_of_partition(
        &self,
        connection: &mut Connection,
        table: &Table,
        partition: &str,
    ) -> Result<Vec<String>> {
        let batch = self.batch_by_names(connection, table, &[partition.to_owned()]).await?;
        let row = batch
            .row(0)
            .ok_or_else(|| CatalogError::not_found(format!("Table {} has no partition {partition}", table.name)))?;
        Ok(row.values().map(str::to_owned).collect())
    }

    /// Keeps what a compactor measured, as long as it reaches its threshold.
    pub async fn put_compaction_metric(&self, _caller: &Caller, metric: &CompactionMetric) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let table_id = only(tables::ids(&mut transaction, &[&metric.table]).await?)?;
        if metric.value >= metric.threshold {
            compactions::put_metric(&mut transaction, table_id, metric).await?;
        } else {
            let partition = metric.partition.as_deref();
            compactions::remove_metric(&mut transaction, table_id, partition, metric.kind).await?;
        }
        transaction.commit().await
    }

    pub async fn remove_compaction_metric(
        &self,
        _caller: &Caller,
        table: &TableName,
        partition: Option<&str>,
        kind: MetricKind,
    ) -> Result<()> {
        let mut connection = self.store.read().await?;
        match tables::find(&mut connection, table).await? {
            None => Ok(()),
            Some(table_id) => compactions::remove_metric(&mut connection, table_id, partition, kind).await,
        }
    }
}

fn found(there: bool, id: i64) -> Result<()> {
    if there {
        return Ok(());
    }
    Err(CatalogError::invalid_operation(format!(
        "The compaction queue has no entry {id}: it ended already, or its table was dropped"
    )))
}
