//! Stored procedures and packages.

use crate::error::Result;
use crate::model::DatabaseName;
use crate::model::program::{Package, StoredProcedure};
use crate::store::Connection;

/// Writes the procedure over the one of its name.
pub async fn put_procedure(connection: &mut Connection, database_id: i64, procedure: &StoredProcedure) -> Result<()> {
    sqlx::query!(
        "insert into stored_procedures (database_id, name, owner_name, source) values ($1, $2, $3, $4)
         on conflict (database_id, name) do update set owner_name = $3, source = $4",
        database_id,
        procedure.name,
        procedure.owner_name,
        procedure.source
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn get_procedure(
    connection: &mut Connection,
    database: &DatabaseName,
    name: &str,
) -> Result<Option<StoredProcedure>> {
    let row = sqlx::query!(
        "select p.name, p.owner_name, p.source
         from stored_procedures p join databases d on d.id = p.database_id join catalogs c on c.id = d.catalog_id
         where c.name = $1 and d.name = $2 and p.name = $3",
        database.catalog,
        database.database,
        name
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| StoredProcedure {
        database: database.clone(),
        name: row.name,
        owner_name: row.owner_name,
        source: row.source,
    }))
}

/// Names in order, of a database or of a whole catalog.
pub async fn procedure_names(
    connection: &mut Connection,
    catalog: &str,
    database: Option<&str>,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select p.name
         from stored_procedures p join databases d on d.id = p.database_id join catalogs c on c.id = d.catalog_id
         where c.name = $1 and ($2::text is null or d.name = $2) order by p.name, d.name",
        catalog,
        database
    )
    .fetch_all(connection)
    .await?)
}

pub async fn delete_procedure(connection: &mut Connection, database: &DatabaseName, name: &str) -> Result<()> {
    sqlx::query!(
        "delete from stored_procedures p using databases d, catalogs c
         where d.id = p.database_id and c.id = d.catalog_id and c.name = $1 and d.name = $2 and p.name = $3",
        database.catalog,
        database.database,
        name
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the package over the one of its name.
pub async fn put_package(connection: &mut Connection, database_id: i64, package: &Package) -> Result<()> {
    sqlx::query!(
        "insert into packages (database_id, name, owner_name, header, body) values ($1, $2, $3, $4, $5)
         on conflict (database_id, name) do update set owner_name = $3, header = $4, body = $5",
        database_id,
        package.name,
        package.owner_name,
        package.header,
        package.body
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn get_package(connection: &mut Connection, database: &DatabaseName, name: &str) -> Result<Option<Package>> {
    let row = sqlx::query!(
        "select p.name, p.owner_name, p.header, p.body
         from packages p join databases d on d.id = p.database_id join catalogs c on c.id = d.catalog_id
         where c.name = $1 and d.name = $2 and p.name = $3",
        database.catalog,
        database.database,
        name
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Package {
        database: database.clone(),
        name: row.name,
        owner_name: row.owner_name,
        header: row.header,
        body: row.body,
    }))
}

/// Names in order, of a database or of a whole catalog.
pub async fn package_names(connection: &mut Connection, catalog: &str, database: Option<&str>) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select p.name
         from packages p join databases d on d.id = p.database_id join catalogs c on c.id = d.catalog_id
         where c.name = $1 and ($2::text is null or d.name = $2) order by p.name, d.name",
        catalog,
        database
    )
    .fetch_all(connection)
    .await?)
}

pub async fn delete_package(connection: &mut Connection, database: &DatabaseName, name: &str) -> Result<()> {
    sqlx::query!(
        "delete from packages p using databases d, catalogs c
         where d.id = p.database_id and c.id = d.catalog_id and c.name = $1 and d.name = $2 and p.name = $3",
        database.catalog,
        database.database,
        name
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is in a database besides tables and functions, each as kind and name, at most `limit`. It goes with the
/// database's row.
pub async fn others_in(connection: &mut Connection, database_id: i64, limit: i64) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        r#"select kind as "kind!", name as "name!" from (
               select 'stored procedure' as kind, name from stored_procedures where database_id = $1
               union all select 'package', name from packages where database_id = $1
               union all select 'schema', name from ischemas where database_id = $1
           ) others order by kind, name limit $2"#,
        database_id,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.name)).collect())
}
