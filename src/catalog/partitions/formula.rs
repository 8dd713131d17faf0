//! Partitions by formula: those for which it holds, and those that it leaves open.

use std::sync::Arc;

use super::super::Service;
use super::selection::{Chosen, keys};
use crate::error::{CatalogError, Result};
use crate::filter::{Formula, Predicate};
use crate::model::{PartitionBatch, Table, TableName};
use crate::store::Connection;
use crate::store::partitions::{self, Which};

impl Service {
    /// Partitions that a formula lets through or leaves open, in order of their values, at most `limit`, and whether
    /// there are any of the latter. The rules' limit holds as in [`partitions`](Self::partitions).
    pub async fn possible_partitions(
        &self,
        name: &TableName,
        formula: &Formula,
        limit: Option<i64>,
    ) -> Result<(PartitionBatch, bool)> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let predicate = Predicate::of(formula, &keys(&table))?;
        let open = leaves_open(&mut connection, &table, &predicate).await?;
        let which = if open { Which::Possible(&predicate) } else { Which::Matching(&predicate) };
        let batch = self.partitions_within_rules(&mut connection, &table, &which, limit).await?;
        Ok((batch, open))
    }

    /// The names of the same partitions, in order.
    pub async fn possible_partition_names(
        &self,
        name: &TableName,
        formula: &Formula,
        limit: Option<i64>,
    ) -> Result<Vec<String>> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let predicate = Predicate::of(formula, &keys(&table))?;
        let mut names = partitions::names(&mut connection, &table, &Which::Possible(&predicate), limit).await?;
        names.sort();
        Ok(names)
    }
}

/// Refuses what leaves partitions open: what may not be meant is not dropped.
pub(super) async fn check_decides(connection: &mut Connection, table: &Arc<Table>, chosen: &Chosen) -> Result<()> {
    let Chosen::Matching(predicate) = chosen else { return Ok(()) };
    if let Some(why) = predicate.unevaluated() {
        return Err(CatalogError::invalid_input(format!(
            "Unexpected unknown partitions to drop: the expression cannot be evaluated, {why}. Drop the partitions by \
             their names instead"
        )));
    }
    if !predicate.can_leave_open() {
        return Ok(());
    }
    match partitions::names(connection, table, &Which::Open(predicate), Some(1)).await?.first() {
        None => Ok(()),
        Some(open) => Err(CatalogError::invalid_input(format!(
            "Unexpected unknown partitions to drop: the expression does not tell whether it means {open}, which has a \
             value that is none of its type. Drop the partitions by their names instead"
        ))),
    }
}

async fn leaves_open(connection: &mut Connection, table: &Arc<Table>, predicate: &Predicate) -> Result<bool> {
    if !predicate.can_leave_open() {
        return Ok(false);
    }
    Ok(!partitions::names(connection, table, &Which::Open(predicate), Some(1)).await?.is_empty())
}
