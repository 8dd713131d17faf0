//! Tables that transactions write to, known by name.

use crate::error::Result;
use crate::model::{DatabaseName, TableName};
use crate::store::Connection;

/// Makes those known that are not, and gives the id of each in its turn.
pub async fn ids(connection: &mut Connection, names: &[&TableName]) -> Result<Vec<i64>> {
    let [catalogs, databases, tables] = columns(names);
    sqlx::query!(
        "insert into acid_tables (catalog_name, database_name, table_name)
         select distinct * from unnest($1::text[], $2::text[], $3::text[])
         order by 1, 2, 3
         on conflict do nothing",
        &catalogs as _,
        &databases as _,
        &tables as _
    )
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_scalar!(
        "select a.id
         from unnest($1::text[], $2::text[], $3::text[]) with ordinality
              as named (catalog_name, database_name, table_name, position)
         join acid_tables a using (catalog_name, database_name, table_name)
         order by named.position",
        &catalogs as _,
        &databases as _,
        &tables as _
    )
    .fetch_all(connection)
    .await?)
}

/// A table's id, where it is known.
pub async fn find(connection: &mut Connection, name: &TableName) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "select id from acid_tables where (catalog_name, database_name, table_name) = ($1, $2, $3)",
        name.catalog,
        name.database,
        name.table
    )
    .fetch_optional(connection)
    .await?)
}

/// Keeps a table from being dropped or renamed until the end of the transaction; false where that is happening just now.
/// Writers are not hindered. Taken before anything else that hangs on the table, as who drops it does.
pub async fn hold(connection: &mut Connection, id: i64) -> Result<bool> {
    let held = sqlx::query_scalar!("select id from acid_tables where id = $1 for key share skip locked", id);
    Ok(held.fetch_optional(connection).await?.is_some())
}

/// Forgets all tables of a database.
pub async fn remove_database(connection: &mut Connection, name: &DatabaseName) -> Result<()> {
    sqlx::query!("delete from acid_tables where (catalog_name, database_name) = ($1, $2)", name.catalog, name.database)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) fn columns<'a>(names: &[&'a TableName]) -> [Vec<&'a str>; 3] {
    [
        names.iter().map(|name| name.catalog.as_str()).collect(),
        names.iter().map(|name| name.database.as_str()).collect(),
        names.iter().map(|name| name.table.as_str()).collect(),
    ]
}
