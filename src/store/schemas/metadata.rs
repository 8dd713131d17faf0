//! Metadata of versions of schemas.

use uuid::Uuid;

use crate::error::Result;
use crate::model::schema_registry::VersionMetadata;
use crate::store::Connection;

/// All of a version, in the order in which they were put.
pub async fn of(connection: &mut Connection, version: Uuid) -> Result<Vec<VersionMetadata>> {
    Ok(sqlx::query_as!(
        VersionMetadata,
        r#"select key, value, (extract(epoch from created_at) * 1000)::bigint as "created_at!"
           from schema_version_metadata where version_id = $1 order by schema_version_metadata.created_at, key, value"#,
        version
    )
    .fetch_all(connection)
    .await?)
}

/// As [`of`], where nobody else puts any until the transaction ends.
pub async fn of_for_update(connection: &mut Connection, version: Uuid) -> Result<Vec<VersionMetadata>> {
    sqlx::query!("select id from schema_versions where id = $1 for update", version)
        .fetch_optional(&mut *connection)
        .await?;
    of(connection, version).await
}

pub async fn insert(connection: &mut Connection, version: Uuid, key: &str, value: &str) -> Result<()> {
    sqlx::query!(
        "insert into schema_version_metadata (version_id, key, value) values ($1, $2, $3)",
        version,
        key,
        value
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// False where there is no such pair.
pub async fn delete(connection: &mut Connection, version: Uuid, key: &str, value: &str) -> Result<bool> {
    let done = sqlx::query!(
        "delete from schema_version_metadata where version_id = $1 and key = $2 and value = $3",
        version,
        key,
        value
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
