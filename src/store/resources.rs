//! Resources: objects around the catalog, kept as documents.

use serde_json::{Map, Value};
use sqlx::types::Json;

use crate::error::Result;
use crate::model::{Resource, ResourceKey};
use crate::store::Connection;

struct Row {
    parent: String,
    name: String,
    document: Json<Map<String, Value>>,
    version: i64,
    created_at: f64,
    updated_at: f64,
}

impl From<Row> for Resource {
    fn from(row: Row) -> Self {
        Resource {
            parent: row.parent,
            name: row.name,
            document: row.document.0,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

macro_rules! resources {
    ($before:literal, $after:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            $before
                + r#" parent, name, document as "document: Json<Map<String, Value>>", version,
                      round(extract(epoch from created_at), 3)::float8 as "created_at!",
                      round(extract(epoch from updated_at), 3)::float8 as "updated_at!" "#
                + $after,
            $($bind),*
        )
    };
}

/// None where there is one of this name already.
pub async fn insert(
    connection: &mut Connection,
    key: &ResourceKey,
    document: &Map<String, Value>,
) -> Result<Option<Resource>> {
    let row = resources!(
        "insert into resources (scope, kind, parent, name, document) values ($1, $2, $3, $4, $5)
         on conflict do nothing returning",
        "",
        key.scope,
        key.kind,
        key.parent,
        key.name,
        Json(document) as _
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Resource::from))
}

pub async fn get(connection: &mut Connection, key: &ResourceKey) -> Result<Option<Resource>> {
    let row = resources!(
        "select",
        "from resources where scope = $1 and kind = $2 and parent = $3 and name = $4",
        key.scope,
        key.kind,
        key.parent,
        key.name
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Resource::from))
}

/// The resource, locked until the transaction ends.
pub async fn get_for_update(connection: &mut Connection, key: &ResourceKey) -> Result<Option<Resource>> {
    let row = resources!(
        "select",
        "from resources where scope = $1 and kind = $2 and parent = $3 and name = $4 for update",
        key.scope,
        key.kind,
        key.parent,
        key.name
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Resource::from))
}

/// Resources of a kind by name, those after a name only, at most `limit`. No parent means those of all parents, by
/// parent and name, and then there is no `after`.
pub async fn list(
    connection: &mut Connection,
    scope: &str,
    kind: &str,
    parent: Option<&str>,
    after: Option<&str>,
    limit: Option<i64>,
) -> Result<Vec<Resource>> {
    let rows = resources!(
        "select",
        "from resources
         where scope = $1 and kind = $2 and ($3::text is null or parent = $3) and ($4::text is null or name > $4)
         order by parent, name limit $5",
        scope,
        kind,
        parent,
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Resource::from).collect())
}

/// The last `count` by name of the resources that are parts of each parent, those of one parent together and the last
/// first.
pub async fn latest_parts(
    connection: &mut Connection,
    scope: &str,
    kind: &str,
    parents: &[String],
    count: i64,
) -> Result<Vec<Resource>> {
    let rows = resources!(
        "select",
        "from unnest($3::text[]) as wanted(owner)
         cross join lateral (
             select * from resources where scope = $1 and kind = $2 and parent = owner order by name desc limit $4
         ) parts order by parent, name desc",
        scope,
        kind,
        parents,
        count
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Resource::from).collect())
}

/// Those of the named resources that exist, by name.
pub async fn named(connection: &mut Connection, scope: &str, kind: &str, names: &[String]) -> Result<Vec<Resource>> {
    let rows = resources!(
        "select",
        "from resources where scope = $1 and kind = $2 and parent = '' and name = any($3) order by name",
        scope,
        kind,
        names
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Resource::from).collect())
}

/// Replaces the document; None where there is no such resource.
pub async fn update(
    connection: &mut Connection,
    key: &ResourceKey,
    document: &Map<String, Value>,
) -> Result<Option<Resource>> {
    let row = resources!(
        "update resources set document = $5, version = version + 1, updated_at = clock_timestamp()
         where scope = $1 and kind = $2 and parent = $3 and name = $4 returning",
        "",
        key.scope,
        key.kind,
        key.parent,
        key.name,
        Json(document) as _
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Resource::from))
}

/// Whether there was one to delete.
pub async fn delete(connection: &mut Connection, key: &ResourceKey) -> Result<bool> {
    let outcome = sqlx::query!(
        "delete from resources where scope = $1 and kind = $2 and parent = $3 and name = $4",
        key.scope,
        key.kind,
        key.parent,
        key.name
    )
    .execute(connection)
    .await?;
    Ok(outcome.rows_affected() > 0)
}

/// Deletes all of a kind that are parts of `parent`.
pub async fn delete_parts(connection: &mut Connection, scope: &str, kind: &str, parent: &str) -> Result<()> {
    sqlx::query!("delete from resources where scope = $1 and kind = $2 and parent = $3", scope, kind, parent)
        .execute(connection)
        .await?;
    Ok(())
}
