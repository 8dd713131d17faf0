//! The table as each change left it.

use std::sync::Arc;

use sqlx::types::Json;

use crate::error::Result;
use crate::model::Table;
use crate::store::{Connection, Store};

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

struct Row {
    storage_descriptor_id: i64,
    definition: Json<Table>,
    changed_at: i64,
}

impl Store {
    /// Versions of a table before the current one, in order: of those after `after`, the first `limit`. They have the
    /// name that the table has now.
    pub async fn table_versions(
        &self,
        connection: &mut Connection,
        current: &Table,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Table>> {
        let rows = sqlx::query_as!(
            Row,
            r#"select storage_descriptor_id, definition as "definition: Json<Table>",
                      floor(extract(epoch from changed_at))::bigint as "changed_at!"
               from table_versions where table_id = $1 and version > $2 and version < $3
               order by version limit $4"#,
            current.id,
            after,
            current.version,
            limit
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut descriptors = self.descriptors(connection, rows.iter().map(|row| row.storage_descriptor_id)).await?;
        let table = |row: Row| Table {
            name: current.name.clone(),
            updated_at: row.changed_at,
            storage_id: row.storage_descriptor_id,
            storage: Arc::clone(descriptors.entry(row.storage_descriptor_id).or_default()),
            ..row.definition.0
        };
        Ok(rows.into_iter().map(table).collect())
    }
}

/// Forgets versions of a table, and answers which of them there were.
pub async fn delete(connection: &mut Connection, table_id: i64, versions: &[i64]) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "delete from table_versions where table_id = $1 and version = any($2) returning version",
        table_id,
        versions
    )
    .fetch_all(connection)
    .await?)
}
