//! Transactions that are replayed from another catalog.

use super::super::{Caller, Service};
use crate::error::{CatalogError, Result};
use crate::model::compaction::{CompactionKind, NewCompaction};
use crate::model::transaction::{NewTransactions, Replicated, TransactionKind, WriteIdSnapshot};
use crate::model::{DatabaseName, TableName};
use crate::store::transactions::{self as store, replay, write_ids};
use crate::store::{Transaction, databases};

/// The parameter that says how far a database, table or partition is replicated.
const LAST_EVENT: &str = "repl.last.id";

impl Service {
    /// Takes over which write ids of a table were aborted in another catalog, and how far these are. Once a table has
    /// write ids it changes nothing.
    pub async fn replicate_write_ids(
        &self,
        _caller: &Caller,
        table: &TableName,
        state: &WriteIdSnapshot,
        (user, host): (String, String),
        partitions: Option<Vec<String>>,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let aborted = state.aborted();
        // A transaction for each, opened and aborted in one: nobody sees them open, so no event tells of them. They are
        // opened first, since who opens waits for who commits, and who commits may wait for a table.
        let ids = if aborted.is_empty() {
            Vec::new()
        } else {
            let new = NewTransactions {
                count: aborted.len() as i64,
                kind: TransactionKind::Default,
                user,
                host,
                agent: None,
                policy: None,
                source_ids: Vec::new(),
            };
            store::open(&mut transaction, &new, self.transaction_leases()).await?
        };
        let counter = write_ids::counter(&mut transaction, table).await?;
        if counter.last.is_some() {
            return Ok(());
        }
        write_ids::insert(&mut transaction, counter.table_id, &ids, aborted).await?;
        let reason = "Replication:abort of allocated txns for referring mapped write ids as aborted ones";
        self.abort(&mut transaction, &ids, Some(reason), true).await?;
        write_ids::set_last(&mut transaction, counter.table_id, state.high_water_mark()).await?;
        if !aborted.is_empty() {
            let partitions = partitions.map_or_else(|| vec![None], |names| names.into_iter().map(Some).collect());
            for partition in partitions {
                let compaction = NewCompaction::new(table.clone(), partition, CompactionKind::Major);
                self.enqueue(&mut transaction, &compaction).await?;
            }
        }
        transaction.commit().await
    }

    /// The transactions that a policy has open, each with that of the other catalog before it.
    pub async fn replayed_transactions(&self, policy: &str) -> Result<Vec<(i64, i64)>> {
        replay::of_policy(&mut *self.store.read().await?, policy).await
    }

    pub(super) async fn note_replicated(&self, transaction: &mut Transaction, done: &Replicated) -> Result<()> {
        let value = done.last_event.to_string();
        if !self.set_database_parameter(transaction, &done.database, LAST_EVENT, &value).await? {
            return Err(CatalogError::not_found(format!("Database {} does not exist", done.database)));
        }
        let Some(table) = &done.table else {
            return Ok(());
        };
        let name = done.database.table(table);
        let mut table = self
            .store
            .get_table_for_update(transaction, &name)
            .await?
            .ok_or_else(|| CatalogError::not_found(format!("Table {name} does not exist")))?;
        table.parameters.insert(LAST_EVENT.to_owned(), value.clone());
        self.store.set_table_parameters(transaction, &table).await?;
        if !done.partitions.is_empty() {
            self.set_partition_parameter(transaction, &table, &done.partitions, LAST_EVENT, &value).await?;
        }
        Ok(())
    }

    /// False where there is no such database.
    pub(super) async fn set_database_parameter(
        &self,
        transaction: &mut Transaction,
        name: &DatabaseName,
        key: &str,
        value: &str,
    ) -> Result<bool> {
        let Some(mut database) = databases::get_for_update(transaction, name).await? else {
            return Ok(false);
        };
        let before = database.parameters.insert(key.to_owned(), value.to_owned());
        if before.as_deref() != Some(value) {
            databases::update(transaction, name, &database).await?;
        }
        Ok(true)
    }
}
