//! Ends of transactions.

use serde_json::json;

use super::super::{Caller, Service, record};
use super::{held, not_open};
use crate::error::{CatalogError, ErrorKind, Result};
use crate::model::transaction::{Abort, Commit, CommitParameter, TransactionKind, TransactionState};
use crate::model::{DatabaseName, EventKind};
use crate::store::transactions::{self as store, components, replay, write_ids};
use crate::store::{Connection, Transaction, compactions};

/// Parameters that a commit may change begin so.
const COMMIT_PARAMETER: &str = "_meta";

/// What keeps transactions that nobody speaks for from staying.
pub(in crate::catalog) const TIMED_OUT: &str = "heartbeat time-out";

impl Service {
    /// Commits a transaction with all that goes with it. Of two that changed the same rows at the same time the first to
    /// commit wins, and the other is aborted here. Committing again changes nothing.
    pub async fn commit_transaction(&self, _caller: &Caller, commit: Commit) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let replayed = commit.kind == Some(TransactionKind::Replayed);
        let Some(id) = target(&mut transaction, commit.id, commit.kind, commit.policy.as_deref()).await? else {
            return Ok(());
        };
        let kind = match store::hold(&mut transaction, id, true).await? {
            Some(kind) => kind,
            None if store::state(&mut transaction, id).await? == Some(TransactionState::Committed) => return Ok(()),
            None => return Err(not_open(&mut transaction, id).await),
        };

        if let Some(error) = self.commit_writes(&mut transaction, id, kind, replayed, &commit).await? {
            self.abort(&mut transaction, &[id], Some("write conflicts"), false).await?;
            transaction.commit().await?;
            return Err(error);
        }
        if let Some(parameter) = &commit.parameter {
            self.set_commit_parameter(&mut transaction, id, parameter).await?;
        }
        if let Some(replicated) = &commit.replicated {
            self.note_replicated(&mut transaction, replicated).await?;
        }
        let of_replication = commit.policy.is_some() && commit.kind == Some(TransactionKind::Default);
        if kind != TransactionKind::ReadOnly && !of_replication {
            let body = json!({ "transaction": id });
            self.record_transaction(&mut transaction, EventKind::CommitTransaction, body).await?;
            record_compaction(&mut transaction, id).await?;
        }
        transaction.commit().await
    }

    /// Makes what the transaction wrote visible. The error is that of a conflict, for which it is to be aborted.
    async fn commit_writes(
        &self,
        transaction: &mut Transaction,
        id: i64,
        kind: TransactionKind,
        replayed: bool,
        commit: &Commit,
    ) -> Result<Option<CatalogError>> {
        if kind == TransactionKind::ReadOnly {
            components::remove(transaction, id).await?;
            store::commit(transaction, id, None).await?;
            return Ok(None);
        }
        let changes_rows = components::changes_rows(transaction, id).await?;
        let alone = changes_rows || matches!(kind, TransactionKind::Compaction | TransactionKind::SoftDelete);
        let commit_id = store::commit_id(transaction, alone).await?;
        if replayed {
            components::remove(transaction, id).await?;
            components::commit_replayed(transaction, id, &commit.writes).await?;
            replay::remove(transaction, &[id]).await?;
        } else {
            if changes_rows
                && !commit.exclusive_write
                && kind != TransactionKind::SoftDelete
                && let Some(conflict) = components::conflict(transaction, id).await?
            {
                let partition = if conflict.partition.is_empty() { "" } else { "/" };
                return Ok(Some(CatalogError::new(
                    ErrorKind::TransactionAborted,
                    format!(
                        "Aborting [txnid:{id},{commit_id}] due to a write conflict on {}/{}{partition}{} committed by \
                         [txnid:{},{}] {}/{}",
                        conflict.table.database,
                        conflict.table.table,
                        conflict.partition,
                        conflict.transaction,
                        conflict.commit_id,
                        conflict.operation,
                        conflict.other_operation
                    ),
                )));
            }
            components::commit(transaction, id, commit_id, changes_rows).await?;
        }
        if kind.is_compaction() || kind == TransactionKind::SoftDelete {
            compactions::set_committed(transaction, id, commit_id).await?;
        }
        store::commit(transaction, id, Some(commit_id)).await?;
        Ok(None)
    }

    /// A parameter that is there already, as streaming writers keep theirs.
    async fn set_commit_parameter(&self, transaction: &mut Transaction, id: i64, set: &CommitParameter) -> Result<()> {
        let CommitParameter { table_id, key, value } = set;
        let refuse = |problem: String| {
            Err(CatalogError::invalid_input(format!(
                "Error updating key/value with txnId={id}, tableId={table_id}, key={key}, value={value}. {problem}"
            )))
        };
        if !key.starts_with(COMMIT_PARAMETER) {
            return refuse(format!("key should start with {COMMIT_PARAMETER}."));
        }
        let found = self.store.tables_by_id(transaction, &[*table_id]).await?.remove(table_id);
        let locked = match found {
            Some(table) => self.store.get_table_for_update(transaction, &table.name).await?,
            None => None,
        };
        match locked {
            Some(mut table) if table.id == *table_id && table.parameters.contains_key(key) => {
                table.parameters.insert(key.clone(), value.clone());
                self.store.set_table_parameters(transaction, &table).await
            }
            Some(_) => refuse(
                "Only one row should have been affected but 0 rows where affected: the table has no such parameter."
                    .to_owned(),
            ),
            None => {
                refuse("Only one row should have been affected but 0 rows where affected: no such table.".to_owned())
            }
        }
    }

    /// Aborts a transaction; again changes nothing.
    pub async fn abort_transaction(&self, _caller: &Caller, abort: Abort) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let replayed = abort.kind == Some(TransactionKind::Replayed);
        let Some(id) = target(&mut transaction, abort.id, abort.kind, abort.policy.as_deref()).await? else {
            return Ok(());
        };
        if store::state(&mut transaction, id).await? != Some(TransactionState::Aborted) {
            held(&mut transaction, id, true).await?;
        }
        let of_replication = abort.policy.is_some() && abort.kind == Some(TransactionKind::Default);
        let reason = match (replayed, of_replication) {
            (true, _) => Some("Replication:replayed replication transaction abort"),
            (_, true) => Some("Replication:default replication transaction abort"),
            _ => abort.reason,
        };
        if replayed {
            replay::remove(&mut transaction, &[id]).await?;
        }
        self.abort(&mut transaction, &[id], reason, of_replication).await?;
        transaction.commit().await
    }

    /// Aborts those of these that are open.
    pub async fn abort_transactions(&self, _caller: &Caller, ids: &[i64], reason: Option<&'static str>) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let done = self.abort(&mut transaction, ids, reason, false).await?;
        transaction.commit().await?;
        if done < ids.len() {
            tracing::info!(asked = ids.len(), done, "some transactions that were to be aborted were not open");
        }
        Ok(())
    }

    /// Aborts open ones with all that they hold, and says how many. A database whose replication loses a transaction
    /// this way is marked: what is replayed into it no longer fits.
    pub(in crate::catalog) async fn abort(
        &self,
        transaction: &mut Transaction,
        ids: &[i64],
        reason: Option<&str>,
        silent: bool,
    ) -> Result<usize> {
        let aborted = store::abort(transaction, ids, reason).await?;
        let ids: Vec<i64> = aborted.iter().map(|(id, _)| *id).collect();
        for policy in replay::remove(transaction, &ids).await? {
            self.mark_incompatible(transaction, &policy).await?;
        }
        if silent {
            return Ok(ids.len());
        }
        let mut databases = write_ids::databases(transaction, &ids).await?;
        for (id, kind) in aborted {
            if kind != TransactionKind::ReadOnly {
                let body = json!({ "transaction": id, "databases": databases.remove(&id).unwrap_or_default() });
                self.record_transaction(transaction, EventKind::AbortTransaction, body).await?;
            }
        }
        Ok(ids.len())
    }

    /// Aborts open ones of which nothing was heard for too long, at most `limit`; says how many.
    pub(in crate::catalog) async fn abort_expired(&self, transaction: &mut Transaction, limit: i64) -> Result<usize> {
        let expired = store::expired(transaction, limit).await?;
        if expired.is_empty() {
            return Ok(0);
        }
        self.abort(transaction, &expired, Some(TIMED_OUT), false).await
    }

    async fn mark_incompatible(&self, transaction: &mut Transaction, policy: &str) -> Result<()> {
        let database = policy.split('.').next().unwrap_or_default();
        let name = DatabaseName::new(&self.rules.hive.default_catalog, database);
        self.set_database_parameter(transaction, &name, "repl.incompatible", "true").await.map(drop)
    }
}

/// The transaction that is meant: for one that is replayed, the number is that of the other catalog. None where
/// replication has ended it already.
async fn target(
    connection: &mut Connection,
    id: i64,
    kind: Option<TransactionKind>,
    policy: Option<&str>,
) -> Result<Option<i64>> {
    if kind != Some(TransactionKind::Replayed) {
        return Ok(Some(id));
    }
    let policy = policy.ok_or_else(|| {
        CatalogError::invalid_input(format!(
            "Transaction txnid:{id} of a replication cannot be found without its policy (replPolicy)"
        ))
    })?;
    Ok(replay::targets(connection, policy, &[id]).await?.first().copied())
}

async fn record_compaction(connection: &mut Connection, id: i64) -> Result<()> {
    for done in compactions::list(connection, &Default::default(), Some(id)).await? {
        let body = json!({
            "transaction": id, "compaction": done.id, "kind": done.kind.as_str(), "partition": done.partition,
        });
        let table = &done.table;
        let names = (Some(table.database.as_str()), Some(table.table.as_str()));
        record(connection, EventKind::CommitCompaction, &table.catalog, names.0, names.1, body).await?;
    }
    Ok(())
}
