//! Events that clients mark partitions with.

use crate::error::Result;
use crate::store::Connection;

/// Marks a partition, and forgets marks of the table from before `expired`.
pub async fn mark(
    connection: &mut Connection,
    table_id: i64,
    values: &[String],
    kind: i32,
    now: i64,
    expired: i64,
) -> Result<()> {
    sqlx::query!("delete from partition_marks where table_id = $1 and marked_at < $2", table_id, expired)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "insert into partition_marks (table_id, values, kind, marked_at) values ($1, $2, $3, $4)
         on conflict (table_id, values, kind) do update set marked_at = excluded.marked_at",
        table_id,
        values,
        kind,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a partition was marked since `expired`.
pub async fn is_marked(
    connection: &mut Connection,
    table_id: i64,
    values: &[String],
    kind: i32,
    expired: i64,
) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from partition_marks where table_id = $1 and values = $2 and kind = $3 and marked_at >= $4
           ) as "exists!""#,
        table_id,
        values,
        kind,
        expired
    )
    .fetch_one(connection)
    .await?)
}
