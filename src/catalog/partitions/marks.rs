//! Events that clients mark partitions with, so that others who look for the mark know that the data is complete.

use std::collections::BTreeMap;

use super::super::{Caller, Service, now};
use crate::error::{CatalogError, Result};
use crate::model::{Table, TableName};
use crate::store::partitions::marks;

impl Service {
    /// Marks a partition, which need not exist, with an event of some kind. Marks are kept as long as events are, unless the
    /// rules say otherwise.
    pub async fn mark_partition(
        &self,
        _caller: &Caller,
        name: &TableName,
        given: &BTreeMap<String, String>,
        kind: i32,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let table = self.table_for_partitions(&mut transaction, name).await?;
        let values = values(&table, given)?;
        let now = now();
        marks::mark(&mut transaction, table.id, &values, kind, now, now - self.mark_lifetime()).await?;
        transaction.commit().await
    }

    pub async fn is_partition_marked(
        &self,
        name: &TableName,
        given: &BTreeMap<String, String>,
        kind: i32,
    ) -> Result<bool> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let values = values(&table, given)?;
        marks::is_marked(&mut connection, table.id, &values, kind, now() - self.mark_lifetime()).await
    }

    /// Seconds that a mark is good for.
    fn mark_lifetime(&self) -> i64 {
        let lifetime = self.rules.hive.mark_lifetime.and_then(|lifetime| lifetime.as_secs().try_into().ok());
        lifetime.unwrap_or(self.rules.event_retention)
    }
}

/// A value for each key of the table, and no others.
fn values(table: &Table, given: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let keys = table.partition_key_names();
    let values: Option<Vec<String>> = keys.iter().map(|key| given.get(*key).cloned()).collect();
    values.filter(|_| given.len() == keys.len()).ok_or_else(|| {
        CatalogError::invalid_object(format!(
            "A partition of table {} has a value for each of the keys {}, not for {}",
            table.name,
            keys.join(", "),
            given.keys().cloned().collect::<Vec<_>>().join(", ")
        ))
    })
}
