//! What is known of transactions and compactions goes with a partition, and follows it to a new name.

use crate::error::Result;
use crate::model::lock::{LockComponent, LockKind};
use crate::model::partition_name::partition_name;
use crate::model::{Table, TableName};
use crate::store::transactions::{components, tables};
use crate::store::{Connection, compactions, locks};

/// Of partitions that were dropped, given by their values.
pub(in crate::catalog) async fn forget(
    connection: &mut Connection,
    table: &Table,
    values: &[Vec<String>],
) -> Result<()> {
    let Some(table_id) = tables::find(connection, &table.name).await? else {
        return Ok(());
    };
    let keys = table.partition_key_names();
    let names: Vec<String> =
        values.iter().filter(|values| values.len() == keys.len()).map(|values| partition_name(&keys, values)).collect();
    compactions::remove_partitions(connection, table_id, &names).await?;
    components::remove_partitions(connection, table_id, &names).await
}

/// Of a partition whose values change.
pub(in crate::catalog) async fn rename(
    connection: &mut Connection,
    table: &Table,
    old: &[String],
    new: &[String],
) -> Result<()> {
    let keys = table.partition_key_names();
    if old == new || old.len() != keys.len() || new.len() != keys.len() {
        return Ok(());
    }
    let (old, new) = (partition_name(&keys, old), partition_name(&keys, new));
    locks::guard(connection, &[whole(&table.name)]).await?;
    locks::rename_partition(connection, &table.name, &old, &new).await?;
    if let Some(table_id) = tables::find(connection, &table.name).await? {
        compactions::rename_partition(connection, table_id, &old, &new).await?;
        components::rename_partition(connection, table_id, &old, &new).await?;
    }
    Ok(())
}

fn whole(table: &TableName) -> LockComponent {
    LockComponent {
        database: table.database_name(),
        table: Some(table.table.clone()),
        partition: None,
        kind: LockKind::Exclusive,
    }
}
