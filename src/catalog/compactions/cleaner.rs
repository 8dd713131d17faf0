//! Cleaning up: what a compaction replaced goes once nobody can need it, and what aborted transactions left.
//!
//! All is judged by what everybody sees, who reads now or will (`transactions::common`): what is obsolete for somebody
//! who sees just that is so for all others. Transactions that were aborted are remembered until no directory is left that
//! may hold what they wrote, since whoever is forgotten counts as committed.

use tokio_util::sync::CancellationToken;

use super::super::Service;
use super::super::housekeeping::rounds;
use super::layout::{Listing, Place};
use crate::error::{CatalogError, Result};
use crate::model::acid::{AcidDirectory, View};
use crate::model::compaction::{Compaction, CompactionFilter, CompactionKind, CompactionState, NewCompaction};
use crate::model::parameters::is_true;
use crate::model::transaction::{TransactionSnapshot, TransactionState};
use crate::store::housekeeping::Job;
use crate::store::transactions::components::{self, Aborted, Littered};
use crate::store::transactions::tables;
use crate::store::{Connection, Transaction, compactions, housekeeping, transactions};
use crate::warehouse::Location;

/// What is cleaned up in one round; the rest waits for the next.
const BATCH: i64 = 100;

/// The parameter of tables and partitions whose files are to stay.
const STAYS: [&str; 2] = ["no_cleanup", "NO_CLEANUP"];

impl Service {
    /// Finds what needs a compaction and cleans up after those that are done, as the rules want it, until shutdown.
    pub async fn compacting(self, shutdown: CancellationToken) {
        let rules = &self.rules.hive.compactor;
        let cleaning = async {
            if rules.cleans {
                let every = rules.cleaning_interval;
                rounds("cleaning up after compactions", every, &shutdown, async || self.clean().await.map(drop)).await;
            }
        };
        let initiating = async {
            if rules.initiates {
                let every = rules.check_interval;
                rounds("looking for what to compact", every, &shutdown, async || self.initiate().await.map(drop)).await;
            }
        };
        tokio::join!(cleaning, initiating);
    }

    /// One round of cleaning up, unless another server is at it. Says how many compactions and how many places with
    /// aborted transactions were dealt with.
    pub async fn clean(&self) -> Result<(usize, usize)> {
        let mut turn = self.store.begin().await?;
        if !housekeeping::alone(&mut turn, Job::Cleaning).await? {
            return Ok((0, 0));
        }
        let rules = &self.rules.hive.compactor;
        let (ready, littered) = {
            let mut connection = self.store.read().await?;
            let min_open = transactions::common(&mut connection).await?.min_open;
            let ready = compactions::ready(&mut connection, min_open, rules.retention, BATCH).await?;
            let littered = match rules.cleans_aborts {
                true => components::littered(&mut connection, rules.aborted_count, rules.aborted_age, BATCH).await?,
                false => Vec::new(),
            };
            (ready, littered)
        };
        for id in &ready {
            self.clean_compaction(*id).await?;
        }
        for place in &littered {
            self.clean_aborted(place).await?;
        }
        turn.commit().await?;
        Ok((ready.len(), littered.len()))
    }

    /// While the table is held it cannot be dropped, nor the partition: so no other gets its place meanwhile.
    async fn clean_compaction(&self, id: i64) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let Some(table_id) = compactions::table_id(&mut transaction, id).await? else {
            return Ok(());
        };
        if !tables::hold(&mut transaction, table_id).await? {
            return Ok(());
        }
        let Some(attempts) = compactions::hold_ready(&mut transaction, id).await? else {
            return Ok(());
        };
        let filter = CompactionFilter { id: Some(id), ..Default::default() };
        let Some(done) = compactions::list(&mut transaction, &filter, None).await?.pop() else {
            return Ok(());
        };
        let from = [CompactionState::ReadyForCleaning];
        match self.clean_after(&mut transaction, table_id, &done).await {
            Ok((state, problem)) => {
                compactions::end(&mut transaction, id, &from, state, problem.as_deref()).await?;
                transaction.commit().await?;
                metrics::counter!("propolis_compactions_cleaned_total").increment(1);
                return Ok(());
            }
            Err(error) => {
                drop(transaction);
                tracing::warn!(compaction = id, table = %done.table, %error, "cleaning up after a compaction failed");
                let mut transaction = self.store.begin().await?;
                let problem = format!("Cleaning up failed: {error}");
                if attempts + 1 >= self.rules.hive.compactor.cleaning_attempts {
                    compactions::end(&mut transaction, id, &from, CompactionState::Failed, Some(&problem)).await?;
                } else {
                    compactions::put_off_cleaning(&mut transaction, id, self.until_retry(attempts), &problem).await?;
                }
                transaction.commit().await?;
            }
        }
        Ok(())
    }

    /// Seconds, twice as many each time.
    fn until_retry(&self, attempts: i32) -> i64 {
        self.rules.hive.compactor.cleaning_retry.saturating_mul(1 << attempts.clamp(0, 20))
    }

    /// How it ends, and why if not well.
    async fn clean_after(
        &self,
        transaction: &mut Transaction,
        table_id: i64,
        done: &Compaction,
    ) -> Result<(CompactionState, Option<String>)> {
        let partition = done.partition.as_deref();
        let place = self.acid_place(transaction, &done.table, partition).await?;
        let replaced = done.property("location").map(|text| Location::parse(&text)).transpose()?;
        let (place, location) = match (place, replaced) {
            (Some(place), None) => {
                let location = place.location.clone();
                (place, location)
            }
            // Dropped with its data left for those who still read it, and made again at the same place since.
            (Some(place), Some(location)) if partition.is_some() || place.location.is_same(&location) => {
                (place, location)
            }
            (_, Some(location)) => {
                self.warehouse.delete_directory(&location).await?;
                return Ok((CompactionState::Succeeded, None));
            }
            (None, None) => return Ok((CompactionState::Succeeded, None)),
        };
        if keeps_files(&place) {
            return Ok((CompactionState::Refused, Some("no_cleanup is set: its files stay".to_owned())));
        }
        if place.above_partitions {
            return Ok((CompactionState::Succeeded, None));
        }
        let failed = match done.transaction_id {
            Some(id) => transactions::state(transaction, id).await? == Some(TransactionState::Aborted),
            None => false,
        };

        let common = transactions::common(transaction).await?;
        let held = partition.unwrap_or_default();
        let aborted = components::hold_aborted(transaction, table_id, held, common.min_open).await?;
        let seen = &common.transactions;
        let write_ids = self.table_write_ids(transaction, &done.table, seen, done.highest_write_id).await?;
        let listing = self.listing(&location).await?;
        let view = View::new(seen, &write_ids);
        let (reached, beyond): (Vec<_>, Vec<_>) = listing.directories.into_iter().partition(|one| view.reaches(one));
        let chosen = view.choose(&reached);
        let mut gone: Vec<&str> =
            chosen.obsolete.iter().chain(&chosen.aborted).map(|directory| directory.name.as_str()).collect();
        if chosen.base.is_some() {
            gone.extend(listing.originals.iter().map(String::as_str));
        }
        self.delete_children(&location, &gone).await?;
        let left = |directory: &&AcidDirectory| !gone.contains(&directory.name.as_str());
        let left: Vec<&AcidDirectory> = reached.iter().filter(left).chain(&beyond).collect();
        components::remove_from(transaction, table_id, held, &settled(&aborted, &left)).await?;
        if failed {
            let problem = "its transaction was aborted after it had told that it was done";
            return Ok((CompactionState::Failed, Some(problem.to_owned())));
        }
        components::compacted(transaction, table_id, Some(held), done.highest_write_id).await?;
        compactions::remove_abort_cleanups(transaction, table_id, partition).await?;
        tracing::info!(compaction = done.id, table = %done.table, partition, deleted = gone.len(), "cleaned up");
        Ok((CompactionState::Succeeded, None))
    }

    async fn clean_aborted(&self, place: &Littered) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        match self.delete_aborted(&mut transaction, place).await {
            Ok(()) => transaction.commit().await,
            Err(error) => {
                drop(transaction);
                tracing::warn!(table = %place.table, partition = place.partition, %error,
                               "cleaning up after aborted transactions failed");
                let mut transaction = self.store.begin().await?;
                self.put_off_aborted(&mut transaction, place, &error).await?;
                transaction.commit().await
            }
        }
    }

    /// What only aborted transactions wrote is of no use to anybody, whenever they began.
    async fn delete_aborted(&self, transaction: &mut Transaction, littered: &Littered) -> Result<()> {
        let partition = Some(littered.partition.as_str()).filter(|name| !name.is_empty());
        if !tables::hold(transaction, littered.table_id).await? {
            return Ok(());
        }
        compactions::abort_cleanup(transaction, littered.table_id, &littered.partition).await?;
        let aborted = components::hold_aborted(transaction, littered.table_id, &littered.partition, i64::MAX).await?;
        let of_all: Vec<i64> = aborted.iter().map(|one| one.transaction).collect();
        let place = self.acid_place(transaction, &littered.table, partition).await?;
        let Some(place) = place else {
            return components::remove_from(transaction, littered.table_id, &littered.partition, &of_all).await;
        };
        if keeps_files(&place) {
            return Ok(());
        }
        let all = transactions::list(transaction).await?;
        let those = |state| {
            let those = all.uncommitted.iter().filter(move |one| one.state == state);
            those.map(|one| one.id).collect()
        };
        let now = TransactionSnapshot::new(
            all.high_water_mark,
            those(TransactionState::Open),
            those(TransactionState::Aborted),
        );
        let write_ids = self.table_write_ids(transaction, &littered.table, &now, None).await?;
        let view = View::new(&now, &write_ids);
        // A write to partitions that were not known yet went to any of them, registered by now or not.
        let locations = match place.above_partitions {
            true => self.partition_directories(&place.location, place.table.partition_keys.len()).await?,
            false => vec![place.location.clone()],
        };
        let (mut left, mut deleted): (Vec<AcidDirectory>, usize) = (Vec::new(), 0);
        for location in locations {
            let Listing { directories, .. } = self.listing(&location).await?;
            let gone: Vec<String> = view.choose(&directories).aborted.iter().map(|one| one.name.clone()).collect();
            self.delete_children(&location, &gone.iter().map(String::as_str).collect::<Vec<_>>()).await?;
            deleted += gone.len();
            left.extend(directories.into_iter().filter(|directory| !gone.contains(&directory.name)));
        }
        let settled = settled(&aborted, &left.iter().collect::<Vec<_>>());
        components::remove_from(transaction, littered.table_id, &littered.partition, &settled).await?;
        compactions::remove_abort_cleanups(transaction, littered.table_id, partition).await?;
        tracing::info!(table = %littered.table, partition, deleted, settled = settled.len(),
                       "cleaned up after aborted transactions");
        Ok(())
    }

    async fn put_off_aborted(&self, connection: &mut Connection, place: &Littered, error: &CatalogError) -> Result<()> {
        let problem = format!("Cleaning up failed: {error}");
        let known = compactions::abort_cleanup(connection, place.table_id, &place.partition).await?;
        let (id, attempts) = match known {
            Some(known) => known,
            None => {
                let partition = Some(place.partition.clone()).filter(|name| !name.is_empty());
                let new = NewCompaction::new(place.table.clone(), partition, CompactionKind::AbortCleanup);
                let state = CompactionState::ReadyForCleaning;
                (compactions::insert(connection, place.table_id, &new, state, None).await?, 0)
            }
        };
        compactions::put_off_cleaning(connection, id, self.until_retry(attempts), &problem).await
    }

    async fn delete_children(&self, location: &Location, names: &[&str]) -> Result<()> {
        let children = names.iter().map(|name| location.join(name)).collect::<Result<Vec<_>, _>>()?;
        let mut problems = self.warehouse.delete_directories(&children).await;
        metrics::counter!("propolis_acid_directories_deleted_total")
            .increment(children.len().saturating_sub(problems.len()) as u64);
        match problems.pop() {
            None => Ok(()),
            Some(problem) => Err(problem.into()),
        }
    }
}

fn keeps_files(place: &Place) -> bool {
    let set = |parameters| STAYS.iter().any(|name| is_true(parameters, name));
    set(&place.parameters) || set(&place.table.parameters)
}

/// Those of whom nothing can be left in these directories.
fn settled(aborted: &[Aborted], left: &[&AcidDirectory]) -> Vec<i64> {
    let may_be_left = |one: &Aborted| {
        left.iter().any(|directory| {
            directory.made_by == one.transaction
                || one.write_id.is_some_and(|write_id| directory.may_hold_aborted(write_id))
        })
    };
    let unsettled: Vec<i64> = aborted.iter().filter(|one| may_be_left(one)).map(|one| one.transaction).collect();
    aborted.iter().map(|one| one.transaction).filter(|id| !unsettled.contains(id)).collect()
}
