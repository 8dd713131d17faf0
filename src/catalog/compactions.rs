//! The compaction queue. Hive's servers fill it and its workers empty it; the catalog hands each request to one worker,
//! and remembers what became of it. As the rules want it, it also finds what needs a compaction, and cleans up after
//! those that are done.

mod cleaner;
mod initiator;
mod layout;
mod workers;

pub use workers::Told;

use super::{Caller, Service};
use crate::error::{CatalogError, Result};
use crate::model::compaction::{
    Compaction, CompactionFilter, CompactionKind, CompactionState, Enqueued, NewCompaction, pack_properties,
};
use crate::model::parameters::is_true;
use crate::model::{Table, TableName};
use crate::store::transactions::{self, tables, write_ids};
use crate::store::{Connection, compactions};

impl Service {
    /// Asks for a compaction, unless there is one under way for the same table or partition.
    pub async fn compact(&self, _caller: &Caller, new: &NewCompaction) -> Result<Enqueued> {
        check(new)?;
        let mut transaction = self.store.begin().await?;
        let enqueued = self.enqueue(&mut transaction, new).await?;
        transaction.commit().await?;
        Ok(enqueued)
    }

    pub(super) async fn enqueue(&self, connection: &mut Connection, new: &NewCompaction) -> Result<Enqueued> {
        compactions::guard(connection).await?;
        let table_id = only(tables::ids(connection, &[&new.table]).await?)?;
        let newest = transactions::list(connection).await?;
        let open = newest.uncommitted.iter().map(|transaction| transaction.id).min();
        // A compaction takes in what lies below everything that is open.
        let below = open.map_or(newest.high_water_mark, |open| open - 1);
        let high = write_ids::allocated(connection, &[&new.table], below).await?;
        let high = high.first().map_or(0, |allocated| allocated.high_water_mark);
        if let Some((id, state)) = compactions::pending(connection, table_id, new.partition.as_deref(), high).await? {
            return Ok(Enqueued::Refused { id, state });
        }
        let id = compactions::insert(connection, table_id, new, CompactionState::Initiated, None).await?;
        Ok(Enqueued::New(id))
    }

    /// Enqueues what is compacted already, up to a write id and by a transaction, to be cleaned up.
    pub async fn submit_for_cleanup(
        &self,
        _caller: &Caller,
        new: &NewCompaction,
        highest_write_id: i64,
        transaction_id: i64,
    ) -> Result<()> {
        check(new)?;
        let mut transaction = self.store.begin().await?;
        let table_id = only(tables::ids(&mut transaction, &[&new.table]).await?)?;
        let compacted = Some((highest_write_id, transaction_id));
        compactions::insert(&mut transaction, table_id, new, CompactionState::ReadyForCleaning, compacted).await?;
        transaction.commit().await
    }

    /// The queue and the history, the newest first.
    pub async fn compactions(&self, filter: &CompactionFilter) -> Result<Vec<Compaction>> {
        compactions::list(&mut *self.store.read().await?, filter, None).await
    }

    /// Takes requests out of the queue that no worker has begun with: for each id whether that was done, or why not.
    pub async fn abort_compactions(&self, _caller: &Caller, ids: &[i64]) -> Result<Vec<(i64, Result<(), String>)>> {
        let mut transaction = self.store.begin().await?;
        let mut outcomes = Vec::with_capacity(ids.len());
        for id in ids {
            let error = "Compaction aborted by request.";
            let from = [CompactionState::Initiated];
            let outcome = if compactions::end(&mut transaction, *id, &from, CompactionState::Aborted, Some(error))
                .await?
            {
                Ok(())
            } else {
                let filter = CompactionFilter { id: Some(*id), ..Default::default() };
                Err(match compactions::list(&mut transaction, &filter, None).await?.first() {
                    None => "No Such Compaction Id Available".to_owned(),
                    Some(there) => {
                        format!("Error while aborting compaction as compaction is in state-{}", there.state.as_str())
                    }
                })
            };
            outcomes.push((*id, outcome));
        }
        transaction.commit().await?;
        Ok(outcomes)
    }

    /// The last committed one of each partition, or of those named, after the one with id `after`, the newest first.
    pub async fn latest_committed_compactions(
        &self,
        table: &TableName,
        partitions: &[String],
        after: Option<i64>,
    ) -> Result<Vec<(i64, Option<String>, CompactionKind)>> {
        let mut connection = self.store.read().await?;
        compactions::latest_committed(&mut connection, table, partitions, after.unwrap_or_default()).await
    }
}

/// Leaves the files of what a transaction drops, a table or a partition, to those who still read them: they are deleted
/// when nobody can any more.
pub(super) async fn leave_to_cleaner(
    connection: &mut Connection,
    table: &Table,
    partition: Option<String>,
    location: Option<&str>,
    transaction_id: i64,
) -> Result<()> {
    let (true, true, Some(location)) = (is_true(&table.parameters, "transactional"), table.owns_data(), location)
    else {
        return Ok(());
    };
    let new = NewCompaction {
        properties: Some(pack_properties([("ifPurge", "true"), ("location", location)])),
        run_as: table.owner_name.clone(),
        ..NewCompaction::new(table.name.clone(), partition, CompactionKind::Major)
    };
    let table_id = only(tables::ids(connection, &[&new.table]).await?)?;
    let dropped = Some((table.write_id.max(0), transaction_id));
    compactions::insert(connection, table_id, &new, CompactionState::ReadyForCleaning, dropped).await?;
    Ok(())
}

/// Names alone, since what is compacted may be gone by now.
fn check(new: &NewCompaction) -> Result<()> {
    if new.table.database.is_empty() || new.table.table.is_empty() {
        return Err(CatalogError::invalid_input(format!("A compaction of {} names no table", new.table)));
    }
    if new.kind == CompactionKind::AbortCleanup {
        return Err(CatalogError::invalid_input(
            "Compactions of the type ABORT_TXN_CLEANUP are made by the server alone: ask for MINOR, MAJOR or REBALANCE",
        ));
    }
    Ok(())
}

fn only(ids: Vec<i64>) -> Result<i64> {
    ids.first().copied().ok_or_else(|| CatalogError::internal("a table that was just made known is not"))
}
