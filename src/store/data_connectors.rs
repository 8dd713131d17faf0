//! Data connectors.

use sqlx::types::Json;

use crate::error::Result;
use crate::model::data_connector::DataConnector;
use crate::model::{DatabaseName, Parameters, PrincipalType};
use crate::store::Connection;

struct Row {
    name: String,
    kind: Option<String>,
    url: Option<String>,
    description: Option<String>,
    parameters: Option<Json<Parameters>>,
    owner_name: Option<String>,
    owner_type: Option<String>,
    created_at: i64,
}

impl From<Row> for DataConnector {
    fn from(row: Row) -> Self {
        DataConnector {
            name: row.name,
            kind: row.kind,
            url: row.url,
            description: row.description,
            parameters: row.parameters.unwrap_or_default().0,
            owner_name: row.owner_name,
            owner_type: row.owner_type.and_then(|text| text.parse().ok()),
            created_at: row.created_at,
        }
    }
}

macro_rules! select_connector {
    ($lock:literal, $name:ident, $connection:ident) => {{
        let row = sqlx::query_as!(
            Row,
            r#"select name, kind, url, description, parameters as "parameters: Json<Parameters>", owner_name, owner_type,
                      created_at
               from data_connectors where name = $1 "#
                + $lock,
            $name
        )
        .fetch_optional($connection)
        .await?;
        Ok(row.map(DataConnector::from))
    }};
}

pub async fn get(connection: &mut Connection, name: &str) -> Result<Option<DataConnector>> {
    select_connector!("", name, connection)
}

/// The connector, locked until the transaction ends.
pub async fn get_for_update(connection: &mut Connection, name: &str) -> Result<Option<DataConnector>> {
    select_connector!("for update", name, connection)
}

/// In order.
pub async fn names(connection: &mut Connection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!("select name from data_connectors order by name").fetch_all(connection).await?)
}

/// False where there is one of this name already.
pub async fn insert(connection: &mut Connection, connector: &DataConnector) -> Result<bool> {
    let done = sqlx::query!(
        "insert into data_connectors (name, kind, url, description, parameters, owner_name, owner_type, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (name) do nothing",
        connector.name,
        connector.kind,
        connector.url,
        connector.description,
        Json(&connector.parameters) as _,
        connector.owner_name,
        connector.owner_type.map(PrincipalType::as_str),
        connector.created_at
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Writes all but name, kind and time of creation.
pub async fn update(connection: &mut Connection, connector: &DataConnector) -> Result<()> {
    sqlx::query!(
        "update data_connectors set url = $2, description = $3, parameters = $4, owner_name = $5, owner_type = $6
         where name = $1",
        connector.name,
        connector.url,
        connector.description,
        Json(&connector.parameters) as _,
        connector.owner_name,
        connector.owner_type.map(PrincipalType::as_str)
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete(connection: &mut Connection, name: &str) -> Result<()> {
    sqlx::query!("delete from data_connectors where name = $1", name).execute(connection).await?;
    Ok(())
}

/// A database that is read through the connector.
pub async fn used_by(connection: &mut Connection, name: &str) -> Result<Option<DatabaseName>> {
    let row = sqlx::query!(
        "select c.name as catalog, d.name from databases d join catalogs c on c.id = d.catalog_id
         where lower(d.connector_name) = $1 order by d.id limit 1",
        name
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| DatabaseName { catalog: row.catalog, database: row.name }))
}
