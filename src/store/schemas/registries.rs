//! Registries of schemas.

use crate::error::Result;
use crate::model::schema_registry::{DEFAULT_REGISTRY, Registry};
use crate::store::Connection;

macro_rules! select_registries {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Registry,
            r#"select id, name, description, (extract(epoch from created_at) * 1000)::bigint as "created_at!",
                      (extract(epoch from updated_at) * 1000)::bigint as "updated_at!"
               from schema_registries "# + $rest,
            $($bind),*
        )
    };
}

pub async fn get(connection: &mut Connection, scope: &str, name: &str) -> Result<Option<Registry>> {
    Ok(select_registries!("where scope = $1 and name = $2", scope, name).fetch_optional(connection).await?)
}

/// The registry, which stays until the transaction ends.
pub async fn get_for_child(connection: &mut Connection, scope: &str, name: &str) -> Result<Option<Registry>> {
    Ok(select_registries!("where scope = $1 and name = $2 for key share", scope, name)
        .fetch_optional(connection)
        .await?)
}

/// Registries by name, after this one.
pub async fn list(connection: &mut Connection, scope: &str, after: Option<&str>, limit: i64) -> Result<Vec<Registry>> {
    let rows = select_registries!(
        "where scope = $1 and ($2::text is null or name > $2) order by name limit $3",
        scope,
        after,
        limit
    );
    Ok(rows.fetch_all(connection).await?)
}

/// How many there are, but for the default one, which the server makes.
pub async fn count(connection: &mut Connection, scope: &str) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from schema_registries where scope = $1 and name <> $2"#,
        scope,
        DEFAULT_REGISTRY
    )
    .fetch_one(connection)
    .await?)
}

/// False where the name is taken.
pub async fn insert(connection: &mut Connection, scope: &str, name: &str, description: Option<&str>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into schema_registries (scope, name, description) values ($1, $2, $3)
         on conflict (scope, name) do nothing",
        scope,
        name,
        description
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// False where there is no such registry.
pub async fn update(connection: &mut Connection, scope: &str, name: &str, description: &str) -> Result<bool> {
    let done = sqlx::query!(
        "update schema_registries set description = $3, updated_at = clock_timestamp() where scope = $1 and name = $2",
        scope,
        name,
        description
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes a registry with its schemas; false where there is none.
pub async fn delete(connection: &mut Connection, scope: &str, name: &str) -> Result<bool> {
    let done = sqlx::query!("delete from schema_registries where scope = $1 and name = $2", scope, name)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
