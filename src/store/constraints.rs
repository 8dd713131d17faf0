//! Constraints.

use crate::error::{CatalogError, Result};
use crate::model::constraint::Parent;
use crate::model::{Constraint, ConstraintKind, Table, TableName};
use crate::store::Connection;

/// Which constraints to read; None lets all through.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    pub kind: Option<ConstraintKind>,
    pub database: Option<&'a str>,
    pub table: Option<&'a str>,
    pub parent_database: Option<&'a str>,
    pub parent_table: Option<&'a str>,
}

struct Row {
    database: String,
    table_name: String,
    name: String,
    kind: String,
    columns: Vec<String>,
    parent_database: Option<String>,
    parent_table: Option<String>,
    parent_columns: Option<Vec<String>>,
    parent_key: Option<String>,
    update_rule: Option<i32>,
    delete_rule: Option<i32>,
    expression: Option<String>,
    enabled: bool,
    validated: bool,
    relied_on: bool,
}

/// Constraints of the tables of a catalog, those of one table in the order in which they were made.
pub async fn list(connection: &mut Connection, catalog: &str, which: Which<'_>) -> Result<Vec<Constraint>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select d.name as database, t.name as table_name, o.name, o.kind, o.columns,
                  pd.name as "parent_database?", pt.name as "parent_table?", o.parent_columns,
                  (select key.name from constraints key
                   where key.table_id = o.parent_table_id and key.kind in ('PRIMARY_KEY', 'UNIQUE')
                     and key.columns = o.parent_columns
                   order by key.kind, key.id limit 1) as parent_key,
                  o.update_rule, o.delete_rule, o.expression, o.enabled, o.validated, o.relied_on
           from constraints o
           join tables t on t.id = o.table_id
           join databases d on d.id = t.database_id
           join catalogs c on c.id = d.catalog_id
           left join tables pt on pt.id = o.parent_table_id
           left join databases pd on pd.id = pt.database_id
           where c.name = $1 and ($2::text is null or o.kind = $2) and ($3::text is null or d.name = $3)
             and ($4::text is null or t.name = $4) and ($5::text is null or pd.name = $5)
             and ($6::text is null or pt.name = $6)
           order by d.name, t.name, o.id"#,
        catalog,
        which.kind.map(ConstraintKind::as_str),
        which.database,
        which.table,
        which.parent_database,
        which.parent_table
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| constraint(catalog, row)).collect()
}

fn constraint(catalog: &str, row: Row) -> Result<Constraint> {
    let name = |database, table| TableName { catalog: catalog.to_owned(), database, table };
    let kind = ConstraintKind::parse(&row.kind)
        .ok_or_else(|| CatalogError::internal(format!("{:?} is no kind of constraint", row.kind)))?;
    let parent = row.parent_database.zip(row.parent_table).map(|(database, table)| Parent {
        table: name(database, table),
        columns: row.parent_columns.unwrap_or_default(),
        key: row.parent_key,
        update_rule: row.update_rule.unwrap_or_default(),
        delete_rule: row.delete_rule.unwrap_or_default(),
    });
    Ok(Constraint {
        table: name(row.database, row.table_name),
        name: row.name,
        kind,
        columns: row.columns,
        parent,
        expression: row.expression,
        enabled: row.enabled,
        validated: row.validated,
        relied_on: row.relied_on,
    })
}

/// False where the table has one of this name already.
pub async fn insert(
    connection: &mut Connection,
    table: &Table,
    parent: Option<&Table>,
    constraint: &Constraint,
) -> Result<bool> {
    let other = constraint.parent.as_ref();
    let done = sqlx::query!(
        "insert into constraints (table_id, name, kind, columns, parent_table_id, parent_columns, update_rule,
                                  delete_rule, expression, enabled, validated, relied_on)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (table_id, name) do nothing",
        table.id,
        constraint.name,
        constraint.kind.as_str(),
        &constraint.columns,
        parent.map(|parent| parent.id),
        other.map(|other| other.columns.as_slice()),
        other.map(|other| other.update_rule),
        other.map(|other| other.delete_rule),
        constraint.expression,
        constraint.enabled,
        constraint.validated,
        constraint.relied_on
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Whether the table has a primary key.
pub async fn has_primary_key(connection: &mut Connection, table_id: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from constraints where table_id = $1 and kind = 'PRIMARY_KEY') as "exists!""#,
        table_id
    )
    .fetch_one(connection)
    .await?)
}

/// Whether a primary or unique key of the table has exactly these columns, in whatever order.
pub async fn has_key(connection: &mut Connection, table_id: i64, columns: &[String]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from constraints
               where table_id = $1 and kind in ('PRIMARY_KEY', 'UNIQUE')
                 and columns @> $2 and columns <@ $2) as "exists!""#,
        table_id,
        columns
    )
    .fetch_one(connection)
    .await?)
}

/// Whether there was one of this name.
pub async fn delete(connection: &mut Connection, table_id: i64, name: &str) -> Result<bool> {
    let done = sqlx::query!("delete from constraints where table_id = $1 and name = $2", table_id, name)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
