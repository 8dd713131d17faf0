//! Write ids: what transactions call themselves in the files of a table.

use serde_json::json;

use super::super::{Caller, Service, record};
use super::{held, not_open};
use crate::error::{CatalogError, Result};
use crate::model::transaction::{
    TransactionKind, TransactionSnapshot, TransactionState, Transactions, WriteIdRequest, WriteIdSnapshot,
};
use crate::model::{EventKind, TableName};
use crate::store::Connection;
use crate::store::transactions::{self as store, replay, tables, write_ids};

/// As whom a reader asks for write ids.
#[derive(Debug)]
pub enum Reader {
    /// As one who sees these transactions.
    Snapshot(TransactionSnapshot),
    /// As the transaction that has this write id in the first of the tables.
    WriteId(i64),
    /// As one who comes now.
    Now,
}

impl Service {
    /// Gives transactions their write ids in a table: the next ones, in the order of the transactions, but to each that
    /// has one the same. Transaction and write id, in order.
    pub async fn allocate_write_ids(
        &self,
        _caller: &Caller,
        table: &TableName,
        request: WriteIdRequest,
    ) -> Result<Vec<(i64, i64)>> {
        let mut transaction = self.store.begin().await?;
        let (mut ids, first, anew) = match request {
            WriteIdRequest::Transactions { ids, anew } => (ids, None, anew),
            WriteIdRequest::Replayed { policy, ids } => {
                let sources: Vec<i64> = ids.iter().map(|(source, _)| *source).collect();
                let targets = replay::targets(&mut transaction, &policy, &sources).await?;
                if targets.len() != sources.len() {
                    // They are ended, so this has been done before.
                    return Ok(Vec::new());
                }
                (targets, ids.iter().map(|(_, write_id)| *write_id).min(), false)
            }
        };
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Err(CatalogError::invalid_input(format!("Write ids in {table}: no transaction is named")));
        }
        check_writers(&mut transaction, table, &ids).await?;

        let counter = write_ids::counter(&mut transaction, table).await?;
        if anew {
            write_ids::remove(&mut transaction, counter.table_id, Some(&ids)).await?;
        }
        let mut known = write_ids::of(&mut transaction, counter.table_id, &ids).await?;
        ids.retain(|id| !known.contains_key(id));
        if !ids.is_empty() {
            let next = counter.last.unwrap_or_default() + 1;
            let first = first.unwrap_or(next);
            if first != next {
                // Replication follows the other catalog: what was known of the table before is not of that.
                write_ids::remove(&mut transaction, counter.table_id, None).await?;
            }
            let new: Vec<i64> = (first..).take(ids.len()).collect();
            write_ids::insert(&mut transaction, counter.table_id, &ids, &new).await?;
            write_ids::set_last(&mut transaction, counter.table_id, first + ids.len() as i64 - 1).await?;
            let body = json!({ "transactions": ids, "write_ids": new });
            let names = (Some(table.database.as_str()), Some(table.table.as_str()));
            record(&mut transaction, EventKind::AllocateWriteIds, &table.catalog, names.0, names.1, body).await?;
            known.extend(ids.into_iter().zip(new));
        }
        transaction.commit().await?;
        Ok(known.into_iter().collect())
    }

    /// The highest write id that was given out in a table, 0 where there is none.
    pub async fn last_write_id(&self, table: &TableName) -> Result<i64> {
        write_ids::last(&mut *self.store.read().await?, table).await
    }

    /// Lets write ids go on after `last`, in a table that has none yet.
    pub async fn seed_write_ids(&self, _caller: &Caller, table: &TableName, last: i64) -> Result<()> {
        if last < 0 {
            return Err(CatalogError::invalid_input(format!("Write ids cannot go on after {last}: they begin at 1")));
        }
        let mut transaction = self.store.begin().await?;
        let counter = write_ids::counter(&mut transaction, table).await?;
        if let Some(known) = counter.last {
            return Err(CatalogError::invalid_input(format!(
                "Table {table} has write ids already, up to {known}: they cannot go on after {last}"
            )));
        }
        write_ids::set_last(&mut transaction, counter.table_id, last).await?;
        transaction.commit().await
    }

    /// What a reader sees of tables, each in its turn under the name that it was given by.
    pub async fn valid_write_ids(&self, named: &[(String, TableName)], reader: Reader) -> Result<Vec<WriteIdSnapshot>> {
        let mut connection = self.store.read().await?;
        let snapshot = match reader {
            Reader::Snapshot(snapshot) => snapshot,
            Reader::Now => snapshot(&store::list(&mut connection).await?, None),
            Reader::WriteId(write_id) => {
                let (text, table) = named.first().ok_or_else(|| {
                    CatalogError::invalid_input(format!("Write id {write_id} without a table means nothing"))
                })?;
                let found = write_ids::transaction(&mut connection, table, write_id).await?;
                let transaction = found.ok_or_else(|| {
                    CatalogError::invalid_input(format!("invalid write id {write_id} for table {text}"))
                })?;
                snapshot(&store::list(&mut connection).await?, Some(transaction))
            }
        };
        seen_write_ids(&mut connection, named, &snapshot).await
    }

    /// Notes the lowest write ids that an open transaction saw as open.
    pub async fn note_seen_write_ids(&self, _caller: &Caller, id: i64, seen: &[(TableName, i64)]) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        held(&mut transaction, id, false).await?;
        let names: Vec<&TableName> = seen.iter().map(|(table, _)| table).collect();
        let tables = tables::ids(&mut transaction, &names).await?;
        let mut lowest = std::collections::BTreeMap::new();
        for (table, (_, write_id)) in tables.into_iter().zip(seen) {
            let known = lowest.entry(table).or_insert(*write_id);
            *known = (*known).min(*write_id);
        }
        let (tables, ids): (Vec<i64>, Vec<i64>) = lowest.into_iter().unzip();
        write_ids::see(&mut transaction, id, &tables, &ids).await?;
        transaction.commit().await
    }
}

/// Refuses unless all are open and may write. They stay open until the end of the database transaction.
async fn check_writers(connection: &mut Connection, table: &TableName, ids: &[i64]) -> Result<()> {
    let open = store::hold_all(connection, ids).await?;
    let refused = ids.iter().find_map(|id| match open.iter().find(|(open, _)| open == id) {
        None => Some((*id, None)),
        Some((_, kind)) => (*kind == TransactionKind::ReadOnly).then_some((*id, Some(*kind))),
    });
    let Some((id, kind)) = refused else {
        return Ok(());
    };
    let problem = match kind {
        None => not_open(connection, id).await,
        Some(_) => CatalogError::invalid_input(format!("Transaction txnid:{id} is read-only.")),
    };
    let message = format!(
        "Write ID allocation failed on {}.{} as not all input txns in open state or read-only. {}",
        table.database, table.table, problem.message
    );
    Err(CatalogError::new(problem.kind, message))
}

/// What is seen now: by somebody without a transaction, or by transaction `own`. Readers are of no concern to others.
fn snapshot(all: &Transactions, own: Option<i64>) -> TransactionSnapshot {
    let others = || {
        all.uncommitted
            .iter()
            .filter(|other| other.kind != TransactionKind::ReadOnly && own.is_none_or(|own| other.id < own))
    };
    let those = |state| others().filter(|other| other.state == state).map(|other| other.id).collect();
    let high = own.unwrap_or(all.high_water_mark);
    TransactionSnapshot::new(high, those(TransactionState::Open), those(TransactionState::Aborted))
}

/// The write ids of tables that one sees who sees these transactions.
pub(super) async fn seen_write_ids(
    connection: &mut Connection,
    named: &[(String, TableName)],
    reader: &TransactionSnapshot,
) -> Result<Vec<WriteIdSnapshot>> {
    let names: Vec<&TableName> = named.iter().map(|(_, table)| table).collect();
    let allocated = write_ids::allocated(connection, &names, reader.high_water_mark()).await?;
    Ok(named
        .iter()
        .zip(allocated)
        .map(|((text, _), table)| {
            let mut high = table.high_water_mark;
            let mut invisible: Vec<(i64, bool)> = table
                .ids
                .iter()
                .filter(|(_, transaction)| !reader.sees(*transaction))
                .map(|(write_id, transaction)| (*write_id, reader.is_aborted(*transaction)))
                .collect();
            let min_open = invisible.iter().find(|(_, aborted)| !aborted).map(|(write_id, _)| *write_id);
            // Where nothing visible lies among what is not, the lowest of it says all.
            if invisible.len() == table.ids.len()
                && let Some(lowest) = invisible.first().copied()
            {
                high = lowest.0;
                invisible = vec![lowest];
            }
            WriteIdSnapshot::new(text.clone(), high, min_open, &invisible)
        })
        .collect())
}
