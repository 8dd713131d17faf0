//! Versions of schemas.

use uuid::Uuid;

use super::format;
use crate::error::{CatalogError, Result};
use crate::model::schema_registry::{SchemaName, SchemaVersion, VersionNumber, VersionSelector};
use crate::store::Connection;

struct Row {
    id: Uuid,
    registry: String,
    name: String,
    format: String,
    number: i64,
    definition: String,
    failure: Option<String>,
    created_at: i64,
}

impl TryFrom<Row> for SchemaVersion {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            schema: SchemaName { registry: row.registry, schema: row.name },
            format: format(&row.format)?,
            number: row.number,
            definition: row.definition,
            failure: row.failure,
            created_at: row.created_at,
        })
    }
}

macro_rules! select_versions {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select v.id, r.name as registry, s.name, s.format, v.number, v.definition, v.failure,
                      (extract(epoch from v.created_at) * 1000)::bigint as "created_at!"
               from schema_versions v join schemas s on s.id = v.schema_id
               join schema_registries r on r.id = s.registry_id "# + $rest,
            $($bind),*
        )
    };
}

pub async fn get(
    connection: &mut Connection,
    scope: &str,
    selector: &VersionSelector,
) -> Result<Option<SchemaVersion>> {
    let row = match selector {
        VersionSelector::Id(id) => {
            select_versions!("where r.scope = $1 and v.id = $2", scope, id).fetch_optional(connection).await?
        }
        VersionSelector::Of(name, VersionNumber::Number(number)) => {
            select_versions!(
                "where r.scope = $1 and r.name = $2 and s.name = $3 and v.number = $4",
                scope,
                name.registry,
                name.schema,
                number
            )
            .fetch_optional(connection)
            .await?
        }
        VersionSelector::Of(name, VersionNumber::Latest) => {
            select_versions!(
                "where r.scope = $1 and r.name = $2 and s.name = $3 and v.failure is null
                 order by v.number desc limit 1",
                scope,
                name.registry,
                name.schema
            )
            .fetch_optional(connection)
            .await?
        }
    };
    row.map(SchemaVersion::try_from).transpose()
}

/// The version of a schema with this definition, the latest that passed its check before those that did not.
pub async fn find(connection: &mut Connection, schema_id: i64, fingerprint: &[u8]) -> Result<Option<SchemaVersion>> {
    let row = select_versions!(
        "where v.schema_id = $1 and v.fingerprint = $2 order by v.failure is not null, v.number desc limit 1",
        schema_id,
        fingerprint
    )
    .fetch_optional(connection)
    .await?;
    row.map(SchemaVersion::try_from).transpose()
}

/// Versions in order, after this number.
pub async fn list(connection: &mut Connection, schema_id: i64, after: i64, limit: i64) -> Result<Vec<SchemaVersion>> {
    let rows = select_versions!(
        "where v.schema_id = $1 and v.number > $2 order by v.number limit $3",
        schema_id,
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(SchemaVersion::try_from).collect()
}

/// The last version before this number that passed its check.
pub async fn passed_before(connection: &mut Connection, schema_id: i64, number: i64) -> Result<Option<SchemaVersion>> {
    let row = select_versions!(
        "where v.schema_id = $1 and v.number < $2 and v.failure is null order by v.number desc limit 1",
        schema_id,
        number
    )
    .fetch_optional(connection)
    .await?;
    row.map(SchemaVersion::try_from).transpose()
}

pub async fn insert(
    connection: &mut Connection,
    schema_id: i64,
    number: i64,
    definition: &str,
    fingerprint: &[u8],
    failure: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "insert into schema_versions (schema_id, number, definition, fingerprint, failure) values ($1, $2, $3, $4, $5)",
        schema_id,
        number,
        definition,
        fingerprint,
        failure
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes versions from one number to another, both included, and gives the numbers of those that were there.
pub async fn delete(connection: &mut Connection, schema_id: i64, from: i64, to: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "delete from schema_versions where schema_id = $1 and number between $2 and $3 returning number",
        schema_id,
        from,
        to
    )
    .fetch_all(connection)
    .await?)
}
