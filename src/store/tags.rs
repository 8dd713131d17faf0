//! Tags: key-value pairs on whatever has a name of the form `kind/name`.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::store::Connection;

/// The tags of one object; none where nothing is known of it.
pub async fn of(connection: &mut Connection, scope: &str, resource: &str) -> Result<BTreeMap<String, String>> {
    let rows = sqlx::query!("select key, value from tags where scope = $1 and resource = $2", scope, resource)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.value)).collect())
}

/// The tags of all objects of a kind that have any, by the object's name.
pub async fn of_kind(
    connection: &mut Connection,
    scope: &str,
    kind: &str,
) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    let rows = sqlx::query!(
        r#"select substr(resource, length($2) + 2) as "name!", key, value from tags
           where scope = $1 and starts_with(resource, $2 || '/')"#,
        scope,
        kind
    )
    .fetch_all(connection)
    .await?;
    let mut tags: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows {
        tags.entry(row.name).or_default().insert(row.key, row.value);
    }
    Ok(tags)
}

/// Adds tags, or gives those of the same keys other values; then the answer is how many there are.
pub async fn set(
    connection: &mut Connection,
    scope: &str,
    resource: &str,
    tags: &BTreeMap<String, String>,
) -> Result<i64> {
    let (keys, values): (Vec<String>, Vec<String>) = tags.clone().into_iter().unzip();
    sqlx::query!(
        "insert into tags (scope, resource, key, value) select $1, $2, * from unnest($3::text[], $4::text[])
         on conflict (scope, resource, key) do update set value = excluded.value",
        scope,
        resource,
        &keys,
        &values
    )
    .execute(&mut *connection)
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from tags where scope = $1 and resource = $2"#,
        scope,
        resource
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// Removes tags by their keys; keys that are not there are passed over.
pub async fn remove(connection: &mut Connection, scope: &str, resource: &str, keys: &[String]) -> Result<()> {
    sqlx::query!("delete from tags where scope = $1 and resource = $2 and key = any($3)", scope, resource, keys)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes all tags of an object that is gone.
pub async fn clear(connection: &mut Connection, scope: &str, resource: &str) -> Result<()> {
    sqlx::query!("delete from tags where scope = $1 and resource = $2", scope, resource).execute(connection).await?;
    Ok(())
}

/// Removes all tags of what is called `resource` and a slash and more.
pub async fn clear_below(connection: &mut Connection, scope: &str, resource: &str) -> Result<()> {
    sqlx::query!("delete from tags where scope = $1 and starts_with(resource, $2 || '/')", scope, resource)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives tags of an object, and of those whose names go on with a slash after its own, to another name.
pub async fn rename(connection: &mut Connection, scope: &str, old: &str, new: &str) -> Result<()> {
    sqlx::query!(
        "update tags set resource = $3 || substr(resource, length($2) + 1)
         where scope = $1 and (resource = $2 or starts_with(resource, $2 || '/'))",
        scope,
        old,
        new
    )
    .execute(connection)
    .await?;
    Ok(())
}
