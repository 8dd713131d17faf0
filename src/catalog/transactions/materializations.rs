//! Materialized views: whether what they were built from has changed, and who rebuilds them.

use serde_json::Value;

use super::super::{Caller, Service};
use super::write_ids::seen_write_ids;
use crate::error::Result;
use crate::model::transaction::{TransactionSnapshot, WriteIdSnapshots};
use crate::model::{CreationMetadata, TableName};
use crate::store::compactions;
use crate::store::transactions::{components, replay};

/// What happened to the source tables of a materialized view since it was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Rows were updated or deleted, so what was added does not tell all.
    pub rows: bool,
    pub compacted: bool,
}

impl Changed {
    /// Nothing is certain.
    const UNKNOWN: Self = Self { rows: true, compacted: true };
}

impl Service {
    /// Of `database.table` or `catalog.database.table`, as snapshots have them.
    pub fn full_table_name(&self, text: &str) -> TableName {
        let mut parts = text.rsplitn(3, '.');
        let (table, database) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        TableName::new(parts.next().unwrap_or(&self.rules.hive.default_catalog), database, table)
    }

    /// What happened to the source tables, as a reader sees it.
    pub async fn materialization_changed(
        &self,
        metadata: &CreationMetadata,
        reader: &TransactionSnapshot,
    ) -> Result<Changed> {
        let Some(built_from) = metadata.valid_transactions.as_deref().and_then(built_from) else {
            return Ok(Changed::UNKNOWN);
        };
        let then = WriteIdSnapshots::parse(&built_from)?;
        let named: Vec<(String, TableName)> =
            metadata.tables_used.iter().map(|name| (name.to_lowercase(), self.full_table_name(name))).collect();
        let mut connection = self.store.read().await?;
        let mut changed = Changed { rows: false, compacted: false };
        let now = seen_write_ids(&mut connection, &named, reader).await?;
        for ((text, table), now) in named.iter().zip(now) {
            let Some(then) = then.tables.iter().find(|then| then.table.to_lowercase() == *text) else {
                return Ok(Changed::UNKNOWN);
            };
            if now.min_open() != then.min_open() {
                return Ok(Changed::UNKNOWN);
            }
            let (high, invisible) = (then.high_water_mark(), then.exceptions());
            changed.rows |= components::changed_since(&mut connection, table, high, &invisible, reader).await?;
            changed.compacted |= compactions::since(&mut connection, table, high, &invisible).await?;
        }
        Ok(changed)
    }

    /// Takes the lease to rebuild a view, for a transaction; false where another has it.
    pub async fn lock_rebuild(&self, _caller: &Caller, view: &TableName, transaction: i64) -> Result<bool> {
        replay::lock_rebuild(&mut *self.store.read().await?, view, transaction, self.rules.lock_lease).await
    }

    /// Keeps that lease; false where the transaction does not have it any more.
    pub async fn heartbeat_rebuild(&self, view: &TableName, transaction: i64) -> Result<bool> {
        replay::heartbeat_rebuild(&mut *self.store.read().await?, view, transaction, self.rules.lock_lease).await
    }
}

/// The write ids in what a view says of its sources: a text of their own, or, since Hive 4, within JSON. None where the
/// sources have other snapshots.
fn built_from(text: &str) -> Option<String> {
    if !text.starts_with('{') {
        return Some(text.to_owned());
    }
    let json: Value = serde_json::from_str(text).ok()?;
    let others = json.get("tableSnapshots").and_then(Value::as_object).is_some_and(|others| !others.is_empty());
    json.get("validTxnList").and_then(Value::as_str).filter(|_| !others).map(str::to_owned)
}
