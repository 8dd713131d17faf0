//! How many rows of a table transactions have changed since materialized views were built from it.

use super::super::{Caller, Service};
use crate::error::Result;
use crate::store::transactions::views;

/// Rows that a transaction changed in a table.
#[derive(Debug, Clone, Copy)]
pub struct ChangedRows {
    pub inserted: i64,
    pub updated: i64,
    pub deleted: i64,
}

impl Service {
    /// Adds to what materialized views know of a source table, given by its id. A table without views, or one that is
    /// gone, needs nothing.
    pub async fn count_changed_rows(&self, _caller: &Caller, table_id: i64, rows: ChangedRows) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let Some(source) = self.store.tables_by_id(&mut transaction, &[table_id]).await?.remove(&table_id) else {
            return Ok(());
        };
        for view in views::of(&mut transaction, &source.name).await? {
            let Some(mut view) = self.store.get_table_for_update(&mut transaction, &view).await? else {
                continue;
            };
            let Some(metadata) = &mut view.creation_metadata else {
                continue;
            };
            for known in metadata.source_tables.iter_mut().filter(|known| known.name == source.name) {
                known.inserted = known.inserted.saturating_add(rows.inserted);
                known.updated = known.updated.saturating_add(rows.updated);
                known.deleted = known.deleted.saturating_add(rows.deleted);
            }
            views::set_creation_metadata(&mut transaction, &view).await?;
        }
        transaction.commit().await
    }
}
