//! Transactions of ACID tables. The catalog numbers them, says who sees what, and keeps two from changing the same
//! rows; readers and writers of the files do the rest.

mod end;
pub mod materializations;
pub(super) mod partitions;
mod replication;
pub mod statistics;
pub mod write_ids;
mod writes;

use serde_json::{Value, json};

pub use writes::{AcidWrite, WriteEvent};

use super::{Caller, Service, record};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::transaction::{Component, NewTransactions, TransactionKind, TransactionState, Transactions};
use crate::model::{EventKind, TableName};
use crate::store::Connection;
use crate::store::transactions::{self as store, Leases, components, replay};

/// Transactions that one call may keep alive.
const MAX_HEARTBEATS: i64 = 100_000;

impl Service {
    pub(super) fn transaction_leases(&self) -> Leases {
        Leases { usual: self.rules.lock_lease, replayed: self.rules.hive.transactions.replayed_lease }
    }

    /// Opens transactions, and gives their numbers, which follow each other. Replication that repeats itself gets those
    /// that it has.
    pub async fn open_transactions(&self, _caller: &Caller, mut new: NewTransactions) -> Result<Vec<i64>> {
        if new.count < 1 {
            return Err(CatalogError::invalid_input(format!(
                "{} transactions cannot be opened: there must be one at least",
                new.count
            )));
        }
        let limits = self.rules.hive.transactions;
        new.count = new.count.min(limits.opened);
        let replayed = new.kind == TransactionKind::Replayed;
        if replayed {
            new.count = replayed_count(&new, limits.opened)?;
        }
        let mut transaction = self.store.begin().await?;
        if store::reach(&mut transaction, limits.open).await? {
            return Err(CatalogError::new(
                ErrorKind::LimitExceeded,
                format!(
                    "Maximum allowed number of open transactions ({}, setting metastore.max.open.txns) has been reached: \
                     SHOW TRANSACTIONS tells whose they are",
                    limits.open
                ),
            ));
        }
        if let (true, Some(policy)) = (replayed, &new.policy) {
            let known = replay::targets(&mut transaction, policy, &new.source_ids).await?;
            if !known.is_empty() {
                return Ok(known);
            }
        }
        let ids = store::open(&mut transaction, &new, self.transaction_leases()).await?;
        if let (true, Some(policy)) = (replayed, &new.policy) {
            replay::insert(&mut transaction, policy, &new.source_ids, &ids).await?;
        }
        let of_replication = new.policy.is_some() && new.kind == TransactionKind::Default;
        if new.kind != TransactionKind::ReadOnly && !of_replication {
            let body = json!({ "first": ids.first(), "last": ids.last() });
            self.record_transaction(&mut transaction, EventKind::OpenTransactions, body).await?;
        }
        transaction.commit().await?;
        Ok(ids)
    }

    /// Transactions are of no catalog; Hive's readers look for their events in the one that they read by default.
    async fn record_transaction(&self, connection: &mut Connection, kind: EventKind, body: Value) -> Result<()> {
        record(connection, kind, &self.rules.hive.default_catalog, None, None, body).await
    }

    /// All transactions that are not committed, at one moment.
    pub async fn transactions(&self) -> Result<Transactions> {
        store::list(&mut *self.store.read().await?).await
    }

    /// Keeps an open transaction for another lease.
    pub async fn heartbeat_transaction(&self, id: i64) -> Result<()> {
        let mut connection = self.store.read().await?;
        let kept = store::heartbeat(&mut connection, id, id, self.transaction_leases()).await?;
        if kept.is_empty() { Err(not_open(&mut connection, id).await) } else { Ok(()) }
    }

    /// Keeps those with numbers from `first` to `last`. Of the others, the aborted and then those that are not there, or
    /// not any more.
    pub async fn heartbeat_transactions(&self, first: i64, last: i64) -> Result<(Vec<i64>, Vec<i64>)> {
        if last.saturating_sub(first) >= MAX_HEARTBEATS {
            return Err(CatalogError::new(
                ErrorKind::LimitExceeded,
                format!("Heartbeats from transaction {first} to {last}: one call may name {MAX_HEARTBEATS} at most"),
            ));
        }
        let mut connection = self.store.read().await?;
        let mut kept = store::heartbeat(&mut connection, first, last, self.transaction_leases()).await?;
        kept.sort_unstable();
        let aborted = store::aborted(&mut connection, first, last).await?;
        let unknown = (first..=last).filter(|id| kept.binary_search(id).is_err() && !aborted.contains(id)).collect();
        Ok((aborted, unknown))
    }

    /// Lets numbers of transactions go on from `next`, for a catalog that takes over from another.
    pub async fn seed_transactions(&self, _caller: &Caller, next: i64) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        if !store::seed(&mut transaction, next).await? {
            let last = store::commit_id(&mut transaction, false).await?;
            return Err(CatalogError::invalid_input(format!("Invalid txnId seed {next}, the highWaterMark is {last}")));
        }
        transaction.commit().await
    }

    /// Tells which partitions an open transaction writes to, which was not known when it took its locks.
    pub async fn add_dynamic_partitions(
        &self,
        _caller: &Caller,
        id: i64,
        table: &TableName,
        written: Vec<Component>,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        held(&mut transaction, id, false).await?;
        components::insert(&mut transaction, id, &written).await?;
        components::remove_whole_table(&mut transaction, id, table).await?;
        transaction.commit().await
    }

    /// The newest transaction that wrote to what this one changes since this one was opened; 0 where there is none.
    pub async fn latest_transaction_in_conflict(&self, id: i64) -> Result<i64> {
        Ok(components::latest_in_conflict(&mut *self.store.read().await?, id).await?.unwrap_or_default())
    }
}

fn replayed_count(new: &NewTransactions, most: i64) -> Result<i64> {
    let sources = new.source_ids.len() as i64;
    if new.policy.is_none() || sources == 0 {
        return Err(CatalogError::invalid_input(
            "Transactions of a replication need its policy (replPolicy) and their numbers there (replSrcTxnIds)",
        ));
    }
    if sources != new.count {
        return Err(CatalogError::invalid_input(format!(
            "{} transactions were asked for, but {sources} numbers given (replSrcTxnIds): there must be one for each, \
             and {most} at most",
            new.count
        )));
    }
    Ok(sources)
}

/// The kind of a transaction that stays open until the end of this database transaction.
pub(super) async fn held(connection: &mut Connection, id: i64, alone: bool) -> Result<TransactionKind> {
    match store::hold(connection, id, alone).await? {
        Some(kind) => Ok(kind),
        None => Err(not_open(connection, id).await),
    }
}

/// Why a transaction cannot be used.
pub(super) async fn not_open(connection: &mut Connection, id: i64) -> CatalogError {
    match store::state(connection, id).await {
        Err(error) => error,
        Ok(Some(TransactionState::Aborted)) => CatalogError::new(
            ErrorKind::TransactionAborted,
            format!(
                "Transaction txnid:{id} already aborted: by its owner, because of a conflict, or because nothing was \
                 heard of it"
            ),
        ),
        Ok(Some(TransactionState::Committed)) => {
            CatalogError::new(ErrorKind::NoSuchTransaction, format!("Transaction txnid:{id} is already committed."))
        }
        Ok(_) => CatalogError::new(
            ErrorKind::NoSuchTransaction,
            format!("No such transaction txnid:{id}: it is not open, and was not lately"),
        ),
    }
}
