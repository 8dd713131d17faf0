//! Types with a name of their own.

use sqlx::types::Json;

use crate::error::Result;
use crate::model::Column;
use crate::model::named_type::NamedType;
use crate::store::Connection;

/// Those of these names that exist.
pub async fn get(connection: &mut Connection, names: &[String]) -> Result<Vec<NamedType>> {
    let rows = sqlx::query!(
        r#"select name, type1, type2, fields as "fields: Json<Vec<Column>>" from named_types where name = any($1)"#,
        names
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| NamedType { name: row.name, type1: row.type1, type2: row.type2, fields: row.fields.0 })
        .collect())
}

/// False where there is one of this name already.
pub async fn insert(connection: &mut Connection, named: &NamedType) -> Result<bool> {
    let done = sqlx::query!(
        "insert into named_types (name, type1, type2, fields) values ($1, $2, $3, $4) on conflict (name) do nothing",
        named.name,
        named.type1,
        named.type2,
        Json(&named.fields) as _
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn delete(connection: &mut Connection, name: &str) -> Result<()> {
    sqlx::query!("delete from named_types where name = $1", name).execute(connection).await?;
    Ok(())
}
