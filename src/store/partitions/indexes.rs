//! Partition indexes, as they were defined.

use crate::error::Result;
use crate::model::PartitionIndex;
use crate::store::Connection;

/// By name.
pub async fn of_table(connection: &mut Connection, table_id: i64) -> Result<Vec<PartitionIndex>> {
    Ok(sqlx::query_as!(
        PartitionIndex,
        "select name, keys from partition_indexes where table_id = $1 order by name",
        table_id
    )
    .fetch_all(connection)
    .await?)
}

pub async fn insert(connection: &mut Connection, table_id: i64, index: &PartitionIndex) -> Result<()> {
    sqlx::query!(
        "insert into partition_indexes (table_id, name, keys) values ($1, $2, $3)",
        table_id,
        index.name,
        &index.keys
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// False where the table has no such index.
pub async fn delete(connection: &mut Connection, table_id: i64, name: &str) -> Result<bool> {
    let done = sqlx::query!("delete from partition_indexes where table_id = $1 and name = $2", table_id, name)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
