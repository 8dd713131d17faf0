//! Single parameters of partitions.

use std::sync::Arc;

use super::super::Service;
use super::Selection;
use crate::error::Result;
use crate::model::Table;
use crate::store::{Connection, partitions};

impl Service {
    /// Sets a parameter of the named partitions that exist, without an event: what is noted about them is no change.
    pub(in crate::catalog) async fn set_partition_parameter(
        &self,
        connection: &mut Connection,
        table: &Table,
        names: &[String],
        key: &str,
        value: &str,
    ) -> Result<()> {
        let table = Arc::new(table.clone());
        let chosen = Selection::Names(names).resolve(&table)?;
        let before = self.store.partitions_for_update(connection, &table, &chosen.which()).await?;
        let mut partitions = before.partitions()?;
        for partition in &mut partitions {
            partition.parameters.insert(key.to_owned(), value.to_owned());
        }
        let after = self.stored_batch(connection, &table, &partitions, &before.storage).await?;
        if !after.is_empty() {
            partitions::update(connection, &after).await?;
        }
        Ok(())
    }
}
