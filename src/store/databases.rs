//! Databases.

use std::sync::Arc;

use sqlx::types::Json;

use crate::error::Result;
use crate::filter::NamePattern;
use crate::model::{Database, DatabaseName, Extra, Parameters};
use crate::store::{Connection, NameMatch, Store, Transaction};

struct Row {
    id: i64,
    catalog: String,
    name: String,
    description: Option<String>,
    location: Option<String>,
    managed_location: Option<String>,
    parameters: Json<Parameters>,
    owner_name: Option<String>,
    owner_type: Option<String>,
    created_at: i64,
    kind: String,
    connector_name: Option<String>,
    remote_name: Option<String>,
    implicit: bool,
    extra: Json<Extra>,
    version: i64,
}

impl From<Row> for Database {
    fn from(row: Row) -> Self {
        Database {
            id: row.id,
            name: DatabaseName { catalog: row.catalog, database: row.name },
            description: row.description,
            location: row.location,
            managed_location: row.managed_location,
            parameters: row.parameters.0,
            owner_name: row.owner_name,
            owner_type: row.owner_type.and_then(|text| text.parse().ok()),
            created_at: row.created_at,
            kind: row.kind,
            connector_name: row.connector_name,
            remote_name: row.remote_name,
            implicit: row.implicit,
            extra: row.extra.0,
            version: row.version,
        }
    }
}

macro_rules! select_databases {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select d.id, c.name as catalog, d.name, d.description, d.location, d.managed_location,
                      d.parameters as "parameters: Json<Parameters>", d.owner_name, d.owner_type, d.created_at,
                      d.kind, d.connector_name, d.remote_name, d.implicit,
                      d.extra as "extra: Json<Extra>", d.version
               from databases d join catalogs c on c.id = d.catalog_id "# + $rest,
            $($bind),*
        )
    };
}

impl Store {
    /// The database if it is in the cache.
    pub fn cached_database(&self, name: &DatabaseName) -> Option<Arc<Database>> {
        self.objects.as_ref()?.database(name)
    }

    /// The database as it was last committed: not for a transaction that has changed it.
    pub async fn get_database(
        &self,
        connection: &mut Connection,
        name: &DatabaseName,
    ) -> Result<Option<Arc<Database>>> {
        if let Some(database) = self.cached_database(name) {
            return Ok(Some(database));
        }
        let moment = self.objects.as_ref().map(|cache| cache.moment());
        let row = select_databases!("where c.name = $1 and d.name = $2", name.catalog, name.database)
            .fetch_optional(connection)
            .await?;
        let database = row.map(|row| Arc::new(Database::from(row)));
        if let (Some(cache), Some(moment), Some(database)) = (&self.objects, moment, &database) {
            cache.keep_database(moment, database);
        }
        Ok(database)
    }
}

/// The database, kept from being dropped or renamed until the transaction ends.
pub async fn get_for_child(connection: &mut Connection, name: &DatabaseName) -> Result<Option<Database>> {
    let row = select_databases!("where c.name = $1 and d.name = $2 for key share of d", name.catalog, name.database)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(Database::from))
}

/// The database, locked until the transaction ends.
pub async fn get_for_update(connection: &mut Connection, name: &DatabaseName) -> Result<Option<Database>> {
    let row = select_databases!("where c.name = $1 and d.name = $2 for update of d", name.catalog, name.database)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(Database::from))
}

/// Databases of a catalog in name order.
pub async fn list(connection: &mut Connection, catalog: &str, pattern: &NamePattern) -> Result<Vec<Database>> {
    let matching = NameMatch::from(pattern);
    let rows = select_databases!(
        "where c.name = $1 and ($2 or d.name = any($3) or d.name like any($4) or d.name ~ $5) order by d.name",
        catalog,
        matching.all,
        &matching.names,
        &matching.like,
        matching.regex
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Database::from).collect())
}

/// Names in order.
pub async fn names(connection: &mut Connection, catalog: &str, pattern: &NamePattern) -> Result<Vec<String>> {
    let matching = NameMatch::from(pattern);
    // One row with all names: a row a name costs both sides several times as much.
    let names = sqlx::query_scalar!(
        "select array_agg(d.name order by d.name) from databases d join catalogs c on c.id = d.catalog_id
         where c.name = $1 and ($2 or d.name = any($3) or d.name like any($4) or d.name ~ $5)",
        catalog,
        matching.all,
        &matching.names,
        &matching.like,
        matching.regex
    )
    .fetch_one(connection)
    .await?;
    Ok(names.unwrap_or_default())
}

/// Databases of a catalog by name: of those after the name `after`, the first `limit`. What the server made by itself is
/// left out while nothing is in it.
pub async fn used_after(connection: &mut Connection, catalog: &str, after: &str, limit: i64) -> Result<Vec<Database>> {
    let rows = select_databases!(
        "where c.name = $1 and d.name > $2
           and (not d.implicit or exists (select from tables where database_id = d.id)
                or exists (select from functions where database_id = d.id))
         order by d.name limit $3",
        catalog,
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Database::from).collect())
}

/// Whether there are tables or functions in it.
pub async fn is_used(connection: &mut Connection, id: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from tables where database_id = $1)
               or exists (select from functions where database_id = $1) as "used!""#,
        id
    )
    .fetch_one(connection)
    .await?)
}

/// None where the name is taken. `id` and `version` are ignored.
pub async fn insert(connection: &mut Connection, catalog_id: i64, database: &Database) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "insert into databases (catalog_id, name, description, location, managed_location, parameters, owner_name,
                                owner_type, created_at, kind, connector_name, remote_name, implicit, extra)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (catalog_id, name) do nothing returning id",
        catalog_id,
        database.name.database,
        database.description,
        database.location,
        database.managed_location,
        Json(&database.parameters) as _,
        database.owner_name,
        database.owner_type.map(|kind| kind.as_str()),
        database.created_at,
        database.kind,
        database.connector_name,
        database.remote_name,
        database.implicit,
        Json(&database.extra) as _
    )
    .fetch_optional(connection)
    .await?)
}

/// Writes everything but the identity, and the next version, of the database that is called `name` so far. Returns that
/// version.
pub async fn update(transaction: &mut Transaction, name: &DatabaseName, database: &Database) -> Result<i64> {
    if *name == database.name {
        transaction.changes_database(name);
    } else {
        transaction.changes_everything();
    }
    Ok(sqlx::query_scalar!(
        "update databases set name = $2, description = $3, location = $4, managed_location = $5, parameters = $6,
                owner_name = $7, owner_type = $8, created_at = $9, kind = $10, connector_name = $11,
                remote_name = $12, implicit = $13, extra = $14, version = version + 1
         where id = $1 returning version",
        database.id,
        database.name.database,
        database.description,
        database.location,
        database.managed_location,
        Json(&database.parameters) as _,
        database.owner_name,
        database.owner_type.map(|kind| kind.as_str()),
        database.created_at,
        database.kind,
        database.connector_name,
        database.remote_name,
        database.implicit,
        Json(&database.extra) as _
    )
    .fetch_one(&mut **transaction)
    .await?)
}

pub async fn delete(transaction: &mut Transaction, database: &Database) -> Result<()> {
    transaction.changes_database(&database.name);
    sqlx::query!("delete from databases where id = $1", database.id).execute(&mut **transaction).await?;
    Ok(())
}

/// A table of a database, and a materialized view of another one that is made from it.
pub async fn first_view_from_outside(
    connection: &mut Connection,
    database: &Database,
) -> Result<Option<(String, String)>> {
    let row = sqlx::query!(
        r#"select source.name as source, c.name || '.' || d.name || '.' || v.name as "view!"
           from tables v join databases d on d.id = v.database_id join catalogs c on c.id = d.catalog_id,
                tables source
           where v.kind = 'MATERIALIZED_VIEW' and v.database_id <> $1 and source.database_id = $1
                 and (v.creation_metadata -> 'tables_used' ?| array[$2 || '.' || $3 || '.' || source.name,
                                                                   $3 || '.' || source.name]
                      or v.creation_metadata -> 'source_tables' @> jsonb_build_array(jsonb_build_object('name',
                            jsonb_build_object('catalog', $2::text, 'database', $3::text, 'table', source.name))))
           limit 1"#,
        database.id,
        database.name.catalog,
        database.name.database
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.source, row.view)))
}
