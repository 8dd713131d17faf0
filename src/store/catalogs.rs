//! Catalogs.

use sqlx::types::Json;

use crate::error::Result;
use crate::model::{Catalog, Extra, Parameters};
use crate::store::Connection;

struct Row {
    id: i64,
    name: String,
    description: Option<String>,
    location: String,
    parameters: Json<Parameters>,
    created_at: i64,
    updated_at: i64,
    extra: Json<Extra>,
}

impl From<Row> for Catalog {
    fn from(row: Row) -> Self {
        Catalog {
            id: row.id,
            name: row.name,
            description: row.description,
            location: row.location,
            parameters: row.parameters.0,
            created_at: row.created_at,
            updated_at: row.updated_at,
            extra: row.extra.0,
        }
    }
}

macro_rules! select_catalogs {
    ($rest:literal $(, $bind:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select id, name, description, location, parameters as "parameters: Json<Parameters>", created_at,
                      updated_at, extra as "extra: Json<Extra>"
               from catalogs "# + $rest,
            $($bind),*
        )
    };
}

pub async fn get(connection: &mut Connection, name: &str) -> Result<Option<Catalog>> {
    Ok(select_catalogs!("where name = $1", name).fetch_optional(connection).await?.map(Catalog::from))
}

/// The catalog, kept from being dropped until the transaction ends.
pub async fn get_for_child(connection: &mut Connection, name: &str) -> Result<Option<Catalog>> {
    let row = select_catalogs!("where name = $1 for key share", name).fetch_optional(connection).await?;
    Ok(row.map(Catalog::from))
}

/// The catalog, locked until the transaction ends.
pub async fn get_for_update(connection: &mut Connection, name: &str) -> Result<Option<Catalog>> {
    let row = select_catalogs!("where name = $1 for update", name).fetch_optional(connection).await?;
    Ok(row.map(Catalog::from))
}

/// All, by name.
pub async fn list(connection: &mut Connection) -> Result<Vec<Catalog>> {
    let rows = select_catalogs!("order by name").fetch_all(connection).await?;
    Ok(rows.into_iter().map(Catalog::from).collect())
}

/// Names in order.
pub async fn names(connection: &mut Connection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("select name from catalogs order by name").fetch_all(connection).await?)
}

/// None where the name is taken. `id` is ignored.
pub async fn insert(connection: &mut Connection, catalog: &Catalog) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "insert into catalogs (name, description, location, parameters, created_at, updated_at, extra)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (name) do nothing returning id",
        catalog.name,
        catalog.description,
        catalog.location,
        Json(&catalog.parameters) as _,
        catalog.created_at,
        catalog.updated_at,
        Json(&catalog.extra) as _
    )
    .fetch_optional(connection)
    .await?)
}

pub async fn update(connection: &mut Connection, catalog: &Catalog) -> Result<()> {
    sqlx::query!(
        "update catalogs set description = $2, location = $3, parameters = $4, updated_at = $5, extra = $6
         where id = $1",
        catalog.id,
        catalog.description,
        catalog.location,
        Json(&catalog.parameters) as _,
        catalog.updated_at,
        Json(&catalog.extra) as _
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete(connection: &mut Connection, id: i64) -> Result<()> {
    sqlx::query!("delete from catalogs where id = $1", id).execute(connection).await?;
    Ok(())
}

/// The stores that catalogs and databases lie in, each once: the scheme and the bucket or host of a location.
pub async fn store_roots(connection: &mut Connection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct substring(location from '^[a-z0-9]+://[^/]+') as "root!"
           from (select location from catalogs
                 union all select location from databases
                 union all select managed_location from databases) as locations
           where location ~ '^[a-z0-9]+://[^/]'"#
    )
    .fetch_all(connection)
    .await?)
}
