//! Functions.

use sqlx::types::Json;

use crate::error::Result;
use crate::filter::NamePattern;
use crate::model::function::{Function, Resource};
use crate::model::{DatabaseName, Extra, PrincipalType};
use crate::store::{Connection, NameMatch};

struct Row {
    id: i64,
    catalog: String,
    database: String,
    name: String,
    class_name: String,
    owner_name: Option<String>,
    owner_type: Option<String>,
    created_at: i64,
    resources: Json<Vec<Resource>>,
    extra: Json<Extra>,
}

impl From<Row> for Function {
    fn from(row: Row) -> Self {
        Function {
            id: row.id,
            database: DatabaseName { catalog: row.catalog, database: row.database },
            name: row.name,
            class_name: row.class_name,
            owner_name: row.owner_name,
            owner_type: row.owner_type.and_then(|text| text.parse().ok()),
            created_at: row.created_at,
            resources: row.resources.0,
            extra: row.extra.0,
        }
    }
}

macro_rules! select_functions {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select f.id, c.name as catalog, d.name as database, f.name, f.class_name, f.owner_name, f.owner_type,
                      f.created_at, f.resources as "resources: Json<Vec<Resource>>", f.extra as "extra: Json<Extra>"
               from functions f join databases d on d.id = f.database_id join catalogs c on c.id = d.catalog_id "# + $rest,
            $($bind),*
        )
    };
}

pub async fn get(connection: &mut Connection, database: &DatabaseName, name: &str) -> Result<Option<Function>> {
    let row = select_functions!(
        "where c.name = $1 and d.name = $2 and f.name = $3",
        database.catalog,
        database.database,
        name
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Function::from))
}

/// The function, locked until the transaction ends.
pub async fn get_for_update(
    connection: &mut Connection,
    database: &DatabaseName,
    name: &str,
) -> Result<Option<Function>> {
    let row = select_functions!(
        "where c.name = $1 and d.name = $2 and f.name = $3 for update of f",
        database.catalog,
        database.database,
        name
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Function::from))
}

/// Functions of a database by name; no pattern means all.
pub async fn list(
    connection: &mut Connection,
    database: &DatabaseName,
    pattern: Option<&NamePattern>,
) -> Result<Vec<Function>> {
    let all = NamePattern::all();
    let matching = NameMatch::from(pattern.unwrap_or(&all));
    let rows = select_functions!(
        "where c.name = $1 and d.name = $2 and ($3 or f.name = any($4) or f.name like any($5) or f.name ~ $6)
         order by f.name",
        database.catalog,
        database.database,
        matching.all,
        &matching.names,
        &matching.like,
        matching.regex
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Function::from).collect())
}

/// All functions of a catalog, by database and name.
pub async fn list_catalog(connection: &mut Connection, catalog: &str) -> Result<Vec<Function>> {
    let rows = select_functions!("where c.name = $1 order by d.name, f.name", catalog).fetch_all(connection).await?;
    Ok(rows.into_iter().map(Function::from).collect())
}

/// Functions of a catalog, or of one of its databases, by database and name: of those after `after`, a database and a
/// name, the first `limit`.
pub async fn list_after(
    connection: &mut Connection,
    catalog: &str,
    database: Option<&str>,
    pattern: &NamePattern,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<Function>> {
    let matching = NameMatch::from(pattern);
    let rows = select_functions!(
        "where c.name = $1 and ($2::text is null or d.name = $2)
           and ($3 or f.name = any($4) or f.name like any($5) or f.name ~ $6) and (d.name, f.name) > ($7, $8)
         order by d.name, f.name limit $9",
        catalog,
        database,
        matching.all,
        &matching.names,
        &matching.like,
        matching.regex,
        after.0,
        after.1,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Function::from).collect())
}

/// Names of a database's functions in order; no pattern means all.
pub async fn names(
    connection: &mut Connection,
    database: &DatabaseName,
    pattern: Option<&NamePattern>,
) -> Result<Vec<String>> {
    let all = NamePattern::all();
    let matching = NameMatch::from(pattern.unwrap_or(&all));
    Ok(sqlx::query_scalar!(
        "select f.name from functions f join databases d on d.id = f.database_id join catalogs c on c.id = d.catalog_id
         where c.name = $1 and d.name = $2 and ($3 or f.name = any($4) or f.name like any($5) or f.name ~ $6)
         order by f.name",
        database.catalog,
        database.database,
        matching.all,
        &matching.names,
        &matching.like,
        matching.regex
    )
    .fetch_all(connection)
    .await?)
}

/// None where the name is taken. `id` is ignored.
pub async fn insert(connection: &mut Connection, database_id: i64, function: &Function) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "insert into functions (database_id, name, class_name, owner_name, owner_type, created_at, resources, extra)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (database_id, name) do nothing returning id",
        database_id,
        function.name,
        function.class_name,
        function.owner_name,
        function.owner_type.map(PrincipalType::as_str),
        function.created_at,
        Json(&function.resources) as _,
        Json(&function.extra) as _
    )
    .fetch_optional(connection)
    .await?)
}

/// Writes everything but the identity, the name included.
pub async fn update(connection: &mut Connection, database_id: i64, function: &Function) -> Result<()> {
    sqlx::query!(
        "update functions set database_id = $2, name = $3, class_name = $4, owner_name = $5, owner_type = $6,
                resources = $7, extra = $8
         where id = $1",
        function.id,
        database_id,
        function.name,
        function.class_name,
        function.owner_name,
        function.owner_type.map(PrincipalType::as_str),
        Json(&function.resources) as _,
        Json(&function.extra) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete(connection: &mut Connection, id: i64) -> Result<()> {
    sqlx::query!("delete from functions where id = $1", id).execute(connection).await?;
    Ok(())
}

/// Deletes all functions of a database.
pub async fn delete_all(connection: &mut Connection, database_id: i64) -> Result<()> {
    sqlx::query!("delete from functions where database_id = $1", database_id).execute(connection).await?;
    Ok(())
}
