//! Objects by the ids under which their grants are stored.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use sqlx::types::Json;

use crate::error::Result;
use crate::model::privilege::{Object, ObjectKind};
use crate::model::{DatabaseName, TableName};
use crate::store::Connection;

/// An object as its grants know it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    pub kind: ObjectKind,
    pub database_id: Option<i64>,
    pub table_id: Option<i64>,
    pub partition_values: Option<Vec<String>>,
    pub column_name: Option<String>,
}

/// The targets of objects, in their order; None for one whose database or table does not exist. Partitions and columns
/// are not looked for.
pub async fn targets<'a>(
    connection: &mut Connection,
    objects: impl Iterator<Item = &'a Object> + Clone,
) -> Result<Vec<Option<Target>>> {
    let databases = objects.clone().filter_map(|object| match object {
        Object::Database(name) => Some(name),
        _ => None,
    });
    let databases = database_ids(connection, databases.collect()).await?;
    let tables = table_ids(connection, objects.clone().filter_map(Object::table).collect()).await?;
    Ok(objects
        .map(|object| {
            let database_id = match object {
                Object::Database(name) => Some(*databases.get(name)?),
                _ => None,
            };
            let table_id = match object.table() {
                Some(name) => Some(*tables.get(name)?),
                None => None,
            };
            Some(Target {
                kind: object.kind(),
                database_id,
                table_id,
                partition_values: object.partition().map(<[String]>::to_vec),
                column_name: object.column().map(str::to_owned),
            })
        })
        .collect())
}

async fn database_ids(
    connection: &mut Connection,
    names: HashSet<&DatabaseName>,
) -> Result<HashMap<DatabaseName, i64>> {
    let (catalogs, databases): (Vec<_>, Vec<_>) =
        names.into_iter().map(|name| (name.catalog.clone(), name.database.clone())).unzip();
    let rows = sqlx::query!(
        r#"select c.name as catalog, d.name as database, d.id
           from unnest($1::text[], $2::text[]) wanted (catalog, database)
           join catalogs c on c.name = wanted.catalog join databases d on d.catalog_id = c.id and d.name = wanted.database"#,
        &catalogs,
        &databases
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (DatabaseName { catalog: row.catalog, database: row.database }, row.id)).collect())
}

async fn table_ids(connection: &mut Connection, names: HashSet<&TableName>) -> Result<HashMap<TableName, i64>> {
    let mut catalogs = Vec::with_capacity(names.len());
    let mut databases = Vec::with_capacity(names.len());
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        catalogs.push(name.catalog.clone());
        databases.push(name.database.clone());
        tables.push(name.table.clone());
    }
    let rows = sqlx::query!(
        r#"select c.name as catalog, d.name as database, t.name, t.id
           from unnest($1::text[], $2::text[], $3::text[]) wanted (catalog, database, name)
           join catalogs c on c.name = wanted.catalog join databases d on d.catalog_id = c.id and d.name = wanted.database
           join tables t on t.database_id = d.id and t.name = wanted.name"#,
        &catalogs,
        &databases,
        &tables
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (TableName { catalog: row.catalog, database: row.database, table: row.name }, row.id))
        .collect())
}

/// The place of the first of some targets that names a partition which does not exist. Those that do stay until the
/// transaction ends.
pub async fn first_without_partition(connection: &mut Connection, targets: &[Target]) -> Result<Option<usize>> {
    #[derive(Serialize)]
    struct Row<'a> {
        place: usize,
        table_id: i64,
        partition_values: &'a [String],
    }
    let rows: Vec<Row<'_>> = targets
        .iter()
        .enumerate()
        .filter_map(|(place, target)| {
            let partition_values = target.partition_values.as_deref()?;
            Some(Row { place, table_id: target.table_id?, partition_values })
        })
        .collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let found = sqlx::query_scalar!(
        r#"select wanted.place as "place!"
           from json_to_recordset($1::json) as wanted (place bigint, table_id bigint, partition_values text[])
           join partitions p on p.table_id = wanted.table_id and p.values = wanted.partition_values
           for key share of p"#,
        Json(&rows) as _
    )
    .fetch_all(connection)
    .await?;
    let found: HashSet<i64> = found.into_iter().collect();
    Ok(rows.iter().map(|row| row.place).find(|place| !found.contains(&(*place as i64))))
}
