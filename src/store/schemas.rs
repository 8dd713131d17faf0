//! The schema registry: schemas here, registries, versions and their metadata in files of their own.

pub mod metadata;
pub mod registries;
pub mod versions;

use crate::error::{CatalogError, Result};
use crate::model::schema_registry::{Compatibility, DataFormat, Schema, SchemaName};
use crate::store::Connection;

struct Row {
    id: i64,
    registry: String,
    name: String,
    description: Option<String>,
    format: String,
    compatibility: String,
    checkpoint: i64,
    latest_version: Option<i64>,
    next_version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<Row> for Schema {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            name: SchemaName { registry: row.registry, schema: row.name },
            description: row.description,
            format: format(&row.format)?,
            compatibility: Compatibility::parse(&row.compatibility).ok_or_else(|| unknown(&row.compatibility))?,
            checkpoint: row.checkpoint,
            latest_version: row.latest_version,
            next_version: row.next_version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn format(text: &str) -> Result<DataFormat> {
    DataFormat::parse(text).ok_or_else(|| unknown(text))
}

fn unknown(text: &str) -> CatalogError {
    CatalogError::internal(format!("a schema has {text:?}, which this version does not know"))
}

macro_rules! select_schemas {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select s.id, r.name as registry, s.name, s.description, s.format, s.compatibility, s.checkpoint,
                      (select max(v.number) from schema_versions v where v.schema_id = s.id and v.failure is null)
                          as latest_version,
                      s.next_version, (extract(epoch from s.created_at) * 1000)::bigint as "created_at!",
                      (extract(epoch from s.updated_at) * 1000)::bigint as "updated_at!"
               from schemas s join schema_registries r on r.id = s.registry_id "# + $rest,
            $($bind),*
        )
    };
}

pub async fn get(connection: &mut Connection, scope: &str, name: &SchemaName) -> Result<Option<Schema>> {
    let row = select_schemas!("where r.scope = $1 and r.name = $2 and s.name = $3", scope, name.registry, name.schema)
        .fetch_optional(connection)
        .await?;
    row.map(Schema::try_from).transpose()
}

/// The schema, locked until the transaction ends.
pub async fn get_for_update(connection: &mut Connection, scope: &str, name: &SchemaName) -> Result<Option<Schema>> {
    // The lock comes first, or what was read of the versions could be older than it.
    sqlx::query!(
        "select s.id from schemas s join schema_registries r on r.id = s.registry_id
         where r.scope = $1 and r.name = $2 and s.name = $3 for update of s",
        scope,
        name.registry,
        name.schema
    )
    .fetch_optional(&mut *connection)
    .await?;
    get(connection, scope, name).await
}

/// Schemas of a registry, or of all, by registry and name, after this one.
pub async fn list(
    connection: &mut Connection,
    scope: &str,
    registry: Option<&str>,
    after: Option<&SchemaName>,
    limit: i64,
) -> Result<Vec<Schema>> {
    let rows = select_schemas!(
        "where r.scope = $1 and ($2::text is null or r.name = $2) and ($3::text is null or (r.name, s.name) > ($3, $4))
         order by r.name, s.name limit $5",
        scope,
        registry,
        after.map(|name| &name.registry),
        after.map(|name| &name.schema),
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Schema::try_from).collect()
}

/// What a new schema starts with.
#[derive(Debug)]
pub struct NewSchema<'a> {
    pub registry_id: i64,
    pub name: &'a str,
    pub description: Option<&'a str>,
    pub format: DataFormat,
    pub compatibility: Compatibility,
}

/// Makes a schema without versions and gives its id; None where the name is taken.
pub async fn insert(connection: &mut Connection, schema: &NewSchema<'_>) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "insert into schemas (registry_id, name, description, format, compatibility, checkpoint, next_version)
         values ($1, $2, $3, $4, $5, 1, 1)
         on conflict (registry_id, name) do nothing returning id",
        schema.registry_id,
        schema.name,
        schema.description,
        schema.format.as_str(),
        schema.compatibility.as_str()
    )
    .fetch_optional(connection)
    .await?)
}

/// Writes what may change: description, compatibility and checkpoint.
pub async fn update(connection: &mut Connection, schema: &Schema) -> Result<()> {
    sqlx::query!(
        "update schemas set description = $2, compatibility = $3, checkpoint = $4, updated_at = clock_timestamp()
         where id = $1",
        schema.id,
        schema.description,
        schema.compatibility.as_str(),
        schema.checkpoint
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the number of the next version, of a schema that is locked.
pub async fn take_number(connection: &mut Connection, id: i64) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"update schemas set next_version = next_version + 1, updated_at = clock_timestamp() where id = $1
           returning next_version - 1 as "number!""#,
        id
    )
    .fetch_one(connection)
    .await?)
}

/// Deletes a schema with its versions.
pub async fn delete(connection: &mut Connection, id: i64) -> Result<()> {
    sqlx::query!("delete from schemas where id = $1", id).execute(connection).await?;
    Ok(())
}
