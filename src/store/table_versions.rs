//! The table as each change left it.

use sqlx::types::Json;

use crate::error::Result;
use crate::model::Table;
use crate::store::Connection;

/// Keeps this version, and of the older ones the newest `kept - 1`.
pub async fn append(connection: &mut Connection, table: &Table, changed_by: Option<&str>, kept: i64) -> Result<()> {
    sqlx::query!(
        "insert into table_versions (table_id, version, changed_by, storage_descriptor_id, definition)
         values ($1, $2, $3, $4, $5)",
        table.id,
        table.version,
        changed_by,
        table.storage_id,
        Json(table) as _
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!("delete from table_versions where table_id = $1 and version <= $2", table.id, table.version - kept)
        .execute(connection)
        .await?;
    Ok(())
}
