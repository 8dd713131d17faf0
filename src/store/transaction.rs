//! Transactions, and what has to be forgotten when they end.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::{PgConnection, Postgres};

use super::cache::{Changes, ObjectCache};
use crate::error::{CatalogError, Result};
use crate::model::{DatabaseName, TableName};

/// A transaction to write in: a connection by deref. It rolls back unless it is committed.
#[derive(Debug)]
pub struct Transaction {
    inner: sqlx::Transaction<'static, Postgres>,
    changes: Changes,
    cache: Option<Arc<ObjectCache>>,
}

impl Transaction {
    pub(super) fn new(inner: sqlx::Transaction<'static, Postgres>, cache: Option<Arc<ObjectCache>>) -> Self {
        Self { inner, changes: Changes::default(), cache }
    }

    /// To be called by whatever changes a table's row.
    pub(super) fn changes_table(&mut self, name: &TableName) {
        self.changes.tables.push(name.clone());
    }

    /// To be called by whatever changes a database's row.
    pub(super) fn changes_database(&mut self, name: &DatabaseName) {
        self.changes.databases.push(name.clone());
    }

    /// To be called by whatever changes the names of many objects.
    pub(super) fn changes_everything(&mut self) {
        self.changes.everything = true;
    }

    /// Commits. That happens in a task of its own, so that a caller who goes away in the middle does not leave the
    /// cache behind the database.
    pub async fn commit(self) -> Result<()> {
        let Some(cache) = self.cache else {
            return Ok(self.inner.commit().await?);
        };
        let (inner, changes) = (self.inner, self.changes);
        let committed = tokio::spawn(async move {
            let outcome = inner.commit().await;
            match &outcome {
                Ok(()) if !changes.everything => cache.forget(&changes),
                _ => cache.clear(),
            }
            outcome
        });
        match committed.await {
            Ok(outcome) => Ok(outcome?),
            Err(error) => Err(CatalogError::internal("the commit was cut off").caused_by(error)),
        }
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
