//! Schemas of databases, their versions, and SerDes.

use serde_json::Value;
use sqlx::types::Json;

use crate::error::Result;
use crate::model::ischema::{ISchema, ISchemaName, ISchemaVersion, ISchemaVersionState};
use crate::model::numbered::Numbered;
use crate::model::{Column, DatabaseName, SerDe};
use crate::store::Connection;

struct Row {
    id: i64,
    kind: String,
    compatibility: String,
    validation_level: String,
    can_evolve: bool,
    schema_group: Option<String>,
    description: Option<String>,
}

macro_rules! select_ischema {
    ($lock:literal, $name:ident, $connection:ident) => {{
        let row = sqlx::query_as!(
            Row,
            "select s.id, s.kind, s.compatibility, s.validation_level, s.can_evolve, s.schema_group, s.description
             from ischemas s join databases d on d.id = s.database_id join catalogs c on c.id = d.catalog_id
             where c.name = $1 and d.name = $2 and s.name = $3 "
                + $lock,
            $name.database.catalog,
            $name.database.database,
            $name.name
        )
        .fetch_optional($connection)
        .await?;
        row.map(|row| ischema($name, row)).transpose()
    }};
}

pub async fn get(connection: &mut Connection, name: &ISchemaName) -> Result<Option<ISchema>> {
    select_ischema!("", name, connection)
}

/// The schema, kept from being dropped until the transaction ends.
pub async fn get_for_child(connection: &mut Connection, name: &ISchemaName) -> Result<Option<ISchema>> {
    select_ischema!("for key share of s", name, connection)
}

/// The schema, locked until the transaction ends.
pub async fn get_for_update(connection: &mut Connection, name: &ISchemaName) -> Result<Option<ISchema>> {
    select_ischema!("for update of s", name, connection)
}

fn ischema(name: &ISchemaName, row: Row) -> Result<ISchema> {
    Ok(ISchema {
        id: row.id,
        name: name.clone(),
        kind: Numbered::stored(&row.kind)?,
        compatibility: Numbered::stored(&row.compatibility)?,
        validation_level: Numbered::stored(&row.validation_level)?,
        can_evolve: row.can_evolve,
        schema_group: row.schema_group,
        description: row.description,
    })
}

/// False where the database has one of this name already.
pub async fn insert(connection: &mut Connection, database_id: i64, schema: &ISchema) -> Result<bool> {
    let done = sqlx::query!(
        "insert into ischemas (database_id, name, kind, compatibility, validation_level, can_evolve, schema_group,
                               description)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (database_id, name) do nothing",
        database_id,
        schema.name.name,
        schema.kind.as_str(),
        schema.compatibility.as_str(),
        schema.validation_level.as_str(),
        schema.can_evolve,
        schema.schema_group,
        schema.description
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes all but name and kind. A group or description that is None stays as it is.
pub async fn update(connection: &mut Connection, id: i64, changed: &ISchema) -> Result<()> {
    sqlx::query!(
        "update ischemas set compatibility = $2, validation_level = $3, can_evolve = $4,
                schema_group = coalesce($5, schema_group), description = coalesce($6, description)
         where id = $1",
        id,
        changed.compatibility.as_str(),
        changed.validation_level.as_str(),
        changed.can_evolve,
        changed.schema_group,
        changed.description
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete(connection: &mut Connection, id: i64) -> Result<()> {
    sqlx::query!("delete from ischemas where id = $1", id).execute(connection).await?;
    Ok(())
}

struct VersionRow {
    catalog: String,
    database: String,
    schema: String,
    version: i32,
    created_at: i64,
    columns: Json<Vec<Column>>,
    state: Option<String>,
    description: Option<String>,
    schema_text: Option<String>,
    fingerprint: Option<String>,
    name: Option<String>,
    serde: Option<Json<SerDe>>,
}

impl TryFrom<VersionRow> for ISchemaVersion {
    type Error = crate::error::CatalogError;

    fn try_from(row: VersionRow) -> Result<Self> {
        Ok(ISchemaVersion {
            schema: ISchemaName {
                database: DatabaseName { catalog: row.catalog, database: row.database },
                name: row.schema,
            },
            version: row.version,
            created_at: row.created_at,
            columns: row.columns.0,
            state: row.state.map(|state| Numbered::stored(&state)).transpose()?,
            description: row.description,
            schema_text: row.schema_text,
            fingerprint: row.fingerprint,
            name: row.name,
            serde: row.serde.map(|serde| serde.0),
        })
    }
}

/// The latest first.
pub async fn versions(
    connection: &mut Connection,
    name: &ISchemaName,
    version: Option<i32>,
    limit: Option<i64>,
) -> Result<Vec<ISchemaVersion>> {
    let rows = sqlx::query_as!(
        VersionRow,
        r#"select c.name as catalog, d.name as database, s.name as schema, v.version, v.created_at,
                  v.columns as "columns: Json<Vec<Column>>", v.state, v.description, v.schema_text, v.fingerprint,
                  v.name, v.serde as "serde: Json<SerDe>"
           from ischema_versions v join ischemas s on s.id = v.ischema_id
           join databases d on d.id = s.database_id join catalogs c on c.id = d.catalog_id
           where c.name = $1 and d.name = $2 and s.name = $3 and ($4::int is null or v.version = $4)
           order by v.version desc limit $5"#,
        name.database.catalog,
        name.database.database,
        name.name,
        version,
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ISchemaVersion::try_from).collect()
}

/// Schemas and numbers of the versions that have a column with all these properties, given as the column's JSON.
pub async fn versions_with_column(connection: &mut Connection, column: &Value) -> Result<Vec<(ISchemaName, i32)>> {
    let rows = sqlx::query!(
        "select c.name as catalog, d.name as database, s.name, v.version
         from ischema_versions v join ischemas s on s.id = v.ischema_id
         join databases d on d.id = s.database_id join catalogs c on c.id = d.catalog_id
         where v.columns @> jsonb_build_array($1::jsonb)
         order by c.name, d.name, s.name, v.version",
        column
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let database = DatabaseName { catalog: row.catalog, database: row.database };
            (ISchemaName { database, name: row.name }, row.version)
        })
        .collect())
}

/// False where the schema has this version already.
pub async fn insert_version(connection: &mut Connection, id: i64, version: &ISchemaVersion) -> Result<bool> {
    let done = sqlx::query!(
        "insert into ischema_versions (ischema_id, version, created_at, columns, state, description, schema_text,
                                       fingerprint, name, serde)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (ischema_id, version) do nothing",
        id,
        version.version,
        version.created_at,
        Json(&version.columns) as _,
        version.state.map(Numbered::as_str),
        version.description,
        version.schema_text,
        version.fingerprint,
        version.name,
        version.serde.as_ref().map(Json) as _
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether there was such a version. What is None stays as it is.
pub async fn update_version(
    connection: &mut Connection,
    name: &ISchemaName,
    version: i32,
    state: Option<ISchemaVersionState>,
    serde: Option<&SerDe>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update ischema_versions v set state = coalesce($5, v.state), serde = coalesce($6, v.serde)
         from ischemas s, databases d, catalogs c
         where s.id = v.ischema_id and d.id = s.database_id and c.id = d.catalog_id
           and c.name = $1 and d.name = $2 and s.name = $3 and v.version = $4",
        name.database.catalog,
        name.database.database,
        name.name,
        version,
        state.map(Numbered::as_str),
        serde.map(Json) as _
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether there was such a version.
pub async fn delete_version(connection: &mut Connection, name: &ISchemaName, version: i32) -> Result<bool> {
    let done = sqlx::query!(
        "delete from ischema_versions v using ischemas s, databases d, catalogs c
         where s.id = v.ischema_id and d.id = s.database_id and c.id = d.catalog_id
           and c.name = $1 and d.name = $2 and s.name = $3 and v.version = $4",
        name.database.catalog,
        name.database.database,
        name.name,
        version
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn get_serde(connection: &mut Connection, name: &str) -> Result<Option<SerDe>> {
    let found =
        sqlx::query_scalar!(r#"select definition as "definition: Json<SerDe>" from serdes where name = $1"#, name)
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|definition| definition.0))
}

/// False where there is one of this name already.
pub async fn insert_serde(connection: &mut Connection, name: &str, serde: &SerDe) -> Result<bool> {
    let done = sqlx::query!(
        "insert into serdes (name, definition) values ($1, $2) on conflict (name) do nothing",
        name,
        Json(serde) as _
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}
