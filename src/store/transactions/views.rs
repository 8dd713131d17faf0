//! Materialized views and the tables that they were built from.

use serde_json::json;
use sqlx::types::Json;

use crate::error::Result;
use crate::model::{Table, TableName};
use crate::store::{Connection, Transaction};

/// Those that count the changed rows of a table, in the order of their ids.
pub async fn of(connection: &mut Connection, source: &TableName) -> Result<Vec<TableName>> {
    let rows = sqlx::query!(
        "select c.name as catalog_name, d.name as database_name, t.name
         from tables t join databases d on d.id = t.database_id join catalogs c on c.id = d.catalog_id
         where t.kind = 'MATERIALIZED_VIEW' and t.creation_metadata -> 'source_tables' @> $1
         order by t.id",
        json!([{ "name": source }])
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TableName { catalog: row.catalog_name, database: row.database_name, table: row.name })
        .collect())
}

/// Without a new version: what the server itself notes.
pub async fn set_creation_metadata(transaction: &mut Transaction, view: &Table) -> Result<()> {
    transaction.changes_table(&view.name);
    sqlx::query!("update tables set creation_metadata = $2 where id = $1", view.id, Json(&view.creation_metadata) as _)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
