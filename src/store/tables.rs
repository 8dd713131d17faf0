//! Tables.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;

use crate::error::Result;
use crate::filter::{NamePattern, TableFilter};
use crate::model::{Column, CreationMetadata, DatabaseName, Extra, Parameters, Table, TableName, table_kind};
use crate::store::{Connection, NameMatch, Store, Transaction};

struct Row {
    id: i64,
    catalog: String,
    database: String,
    name: String,
    kind: String,
    owner_name: Option<String>,
    owner_type: Option<String>,
    created_at: i64,
    updated_at: i64,
    created_by: Option<String>,
    last_access_time: i64,
    retention: i64,
    storage_descriptor_id: i64,
    location: Option<String>,
    partition_base: Option<String>,
    partition_keys: Json<Vec<Column>>,
    parameters: Json<Parameters>,
    view_original_text: Option<String>,
    view_expanded_text: Option<String>,
    rewrite_enabled: Option<bool>,
    creation_metadata: Option<Json<CreationMetadata>>,
    write_id: i64,
    extra: Json<Extra>,
    version: i64,
}

macro_rules! select_tables {
    ($rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select t.id, c.name as catalog, d.name as database, t.name, t.kind, t.owner_name, t.owner_type,
                      t.created_at, t.updated_at, t.created_by, t.last_access_time, t.retention, t.storage_descriptor_id, t.location,
                      t.partition_base, t.partition_keys as "partition_keys: Json<Vec<Column>>",
                      t.parameters as "parameters: Json<Parameters>", t.view_original_text, t.view_expanded_text,
                      t.rewrite_enabled, t.creation_metadata as "creation_metadata: Json<CreationMetadata>",
                      t.write_id, t.extra as "extra: Json<Extra>", t.version
               from tables t join databases d on d.id = t.database_id join catalogs c on c.id = d.catalog_id "# + $rest,
            $($bind),*
        )
    };
}

impl Store {
    async fn table(&self, connection: &mut Connection, row: Option<Row>) -> Result<Option<Table>> {
        Ok(match row {
            Some(row) => self.tables(connection, vec![row]).await?.pop(),
            None => None,
        })
    }

    async fn tables(&self, connection: &mut Connection, rows: Vec<Row>) -> Result<Vec<Table>> {
        let mut descriptors = self.descriptors(connection, rows.iter().map(|row| row.storage_descriptor_id)).await?;
        Ok(rows
            .into_iter()
            .map(|row| Table {
                id: row.id,
                name: TableName { catalog: row.catalog, database: row.database, table: row.name },
                kind: row.kind,
                owner_name: row.owner_name,
                owner_type: row.owner_type.and_then(|text| text.parse().ok()),
                created_at: row.created_at,
                updated_at: row.updated_at,
                created_by: row.created_by,
                last_access_time: row.last_access_time,
                retention: row.retention,
                storage: Arc::clone(descriptors.entry(row.storage_descriptor_id).or_default()),
                storage_id: row.storage_descriptor_id,
                location: row.location,
                partition_base: row.partition_base,
                partition_keys: row.partition_keys.0,
                parameters: row.parameters.0,
                view_original_text: row.view_original_text,
                view_expanded_text: row.view_expanded_text,
                rewrite_enabled: row.rewrite_enabled,
                creation_metadata: row.creation_metadata.map(|json| json.0),
                write_id: row.write_id,
                extra: row.extra.0,
                version: row.version,
            })
            .collect())
    }

    /// The table if it is in the cache.
    pub fn cached_table(&self, name: &TableName) -> Option<Arc<Table>> {
        self.objects.as_ref()?.table(name)
    }

    /// The table as it was last committed: not for a transaction that has changed it.
    pub async fn get_table(&self, connection: &mut Connection, name: &TableName) -> Result<Option<Arc<Table>>> {
        if let Some(table) = self.cached_table(name) {
            return Ok(Some(table));
        }
        let moment = self.objects.as_ref().map(|cache| cache.moment());
        let row = select_tables!(
            "where c.name = $1 and d.name = $2 and t.name = $3",
            name.catalog,
            name.database,
            name.table
        )
        .fetch_optional(&mut *connection)
        .await?;
        let table = self.table(connection, row).await?.map(Arc::new);
        if let (Some(cache), Some(moment), Some(table)) = (&self.objects, moment, &table) {
            cache.keep_table(moment, table);
        }
        Ok(table)
    }

    /// The table, kept from being dropped or renamed until the transaction ends. Other changes of it, and of its
    /// partitions, go on.
    pub async fn get_table_for_child(&self, connection: &mut Connection, name: &TableName) -> Result<Option<Table>> {
        let row = select_tables!(
            "where c.name = $1 and d.name = $2 and t.name = $3 for key share of t",
            name.catalog,
            name.database,
            name.table
        )
        .fetch_optional(&mut *connection)
        .await?;
        self.table(connection, row).await
    }

    /// The table, locked until the transaction ends.
    pub async fn get_table_for_update(&self, connection: &mut Connection, name: &TableName) -> Result<Option<Table>> {
        let row = select_tables!(
            "where c.name = $1 and d.name = $2 and t.name = $3 for update of t",
            name.catalog,
            name.database,
            name.table
        )
        .fetch_optional(&mut *connection)
        .await?;
        self.table(connection, row).await
    }

    /// Those of the named tables that exist, in name order.
    pub async fn get_tables(
        &self,
        connection: &mut Connection,
        database: &DatabaseName,
        names: &[String],
    ) -> Result<Vec<Table>> {
        let rows = select_tables!(
            "where c.name = $1 and d.name = $2 and t.name = any($3) order by t.name",
            database.catalog,
            database.database,
            names
        )
        .fetch_all(&mut *connection)
        .await?;
        self.tables(connection, rows).await
    }

    /// Those of the tables that exist, by their ids.
    pub async fn tables_by_id(&self, connection: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, Table>> {
        let rows = select_tables!("where t.id = any($1)", ids).fetch_all(&mut *connection).await?;
        let tables = self.tables(connection, rows).await?;
        Ok(tables.into_iter().map(|table| (table.id, table)).collect())
    }

    /// Tables by name: of those after the name `after`, the first `limit`.
    pub async fn tables_after(
        &self,
        connection: &mut Connection,
        database: &DatabaseName,
        pattern: &NamePattern,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Table>> {
        let matching = NameMatch::from(pattern);
        let rows = select_tables!(
            "where c.name = $1 and d.name = $2 and ($3 or t.name = any($4) or t.name like any($5) or t.name ~ $6)
               and t.name > $7
             order by t.name limit $8",
            database.catalog,
            database.database,
            matching.all,
            &matching.names,
            &matching.like,
            matching.regex,
            after,
            limit
        )
        .fetch_all(&mut *connection)
        .await?;
        self.tables(connection, rows).await
    }

    /// None where the name is taken. `table.id` and `table.version` are ignored; `storage_id` must be stored already.
    pub async fn insert_table(
        &self,
        connection: &mut Connection,
        database_id: i64,
        table: &Table,
    ) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar!(
            "insert into tables (database_id, name, kind, owner_name, owner_type, created_at, last_access_time,
                                 retention, storage_descriptor_id, location, partition_base, partition_keys, parameters,
                                 view_original_text, view_expanded_text, rewrite_enabled, creation_metadata, write_id,
                                 extra, updated_at, created_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
             on conflict (database_id, name) do nothing returning id",
            database_id,
            table.name.table,
            table.kind,
            table.owner_name,
            table.owner_type.map(|kind| kind.as_str()),
            table.created_at,
            table.last_access_time,
            table.retention,
            table.storage_id,
            table.location,
            table.partition_base,
            Json(&table.partition_keys) as _,
            Json(&table.parameters) as _,
            table.view_original_text,
            table.view_expanded_text,
            table.rewrite_enabled,
            table.creation_metadata.as_ref().map(Json) as _,
            table.write_id,
            Json(&table.extra) as _,
            table.updated_at,
            table.created_by
        )
        .fetch_optional(connection)
        .await?)
    }

    /// Writes everything but the identity, and the next version, of the table that is called `name` so far. Returns
    /// that version.
    pub async fn update_table(
        &self,
        transaction: &mut Transaction,
        name: &TableName,
        database_id: i64,
        table: &Table,
    ) -> Result<i64> {
        transaction.changes_table(name);
        Ok(sqlx::query_scalar!(
            "update tables set database_id = $2, name = $3, kind = $4, owner_name = $5, owner_type = $6,
                    created_at = $7, last_access_time = $8, retention = $9, storage_descriptor_id = $10, location = $11,
                    partition_base = $12, partition_keys = $13, parameters = $14, view_original_text = $15,
                    view_expanded_text = $16, rewrite_enabled = $17, creation_metadata = $18, write_id = $19,
                    extra = $20, updated_at = $21, version = version + 1
             where id = $1 returning version",
            table.id,
            database_id,
            table.name.table,
            table.kind,
            table.owner_name,
            table.owner_type.map(|kind| kind.as_str()),
            table.created_at,
            table.last_access_time,
            table.retention,
            table.storage_id,
            table.location,
            table.partition_base,
            Json(&table.partition_keys) as _,
            Json(&table.parameters) as _,
            table.view_original_text,
            table.view_expanded_text,
            table.rewrite_enabled,
            table.creation_metadata.as_ref().map(Json) as _,
            table.write_id,
            Json(&table.extra) as _,
            table.updated_at
        )
        .fetch_one(&mut **transaction)
        .await?)
    }
}

impl Store {
    /// Parameters and write id alone, without a new version: what the server itself notes about the data.
    pub async fn set_table_parameters(&self, transaction: &mut Transaction, table: &Table) -> Result<()> {
        transaction.changes_table(&table.name);
        sqlx::query!(
            "update tables set parameters = $2, write_id = $3 where id = $1",
            table.id,
            Json(&table.parameters) as _,
            table.write_id
        )
        .execute(&mut **transaction)
        .await?;
        Ok(())
    }
}

/// Whether a table of this name exists.
pub async fn exists(connection: &mut Connection, name: &TableName) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from tables t join databases d on d.id = t.database_id join catalogs c on c.id = d.catalog_id
               where c.name = $1 and d.name = $2 and t.name = $3
           ) as "exists!""#,
        name.catalog,
        name.database,
        name.table
    )
    .fetch_one(connection)
    .await?)
}

/// Deletes the table's row and its versions. Partitions and statistics are deleted before, by their own nouns.
pub async fn delete(transaction: &mut Transaction, table: &Table) -> Result<()> {
    transaction.changes_table(&table.name);
    sqlx::query!("delete from tables where id = $1", table.id).execute(&mut **transaction).await?;
    Ok(())
}

/// Names of a database's tables in order; no kind means any.
pub async fn names(
    connection: &mut Connection,
    database: &DatabaseName,
    pattern: &NamePattern,
    kind: Option<&str>,
) -> Result<Vec<String>> {
    let matching = NameMatch::from(pattern);
    // One row with all names: a row a name costs both sides several times as much.
    let names = sqlx::query_scalar!(
        "select array_agg(t.name order by t.name)
         from tables t join databases d on d.id = t.database_id join catalogs c on c.id = d.catalog_id
         where c.name = $1 and d.name = $2 and ($3 or t.name = any($4) or t.name like any($5) or t.name ~ $6)
           and ($7::text is null or t.kind = $7)",
        database.catalog,
        database.database,
        matching.all,
        &matching.names,
        &matching.like,
        matching.regex,
        kind
    )
    .fetch_one(connection)
    .await?;
    Ok(names.unwrap_or_default())
}

/// Names of a database's tables that a filter lets through, in order, at most `limit`.
pub async fn names_by_filter(
    connection: &mut Connection,
    database: &DatabaseName,
    filter: &TableFilter,
    limit: Option<i64>,
) -> Result<Vec<String>> {
    let predicate = filter.to_sql("t", 4);
    let sql = format!(
        "select t.name from tables t join databases d on d.id = t.database_id join catalogs c on c.id = d.catalog_id
         where c.name = $1 and d.name = $2 and {} order by t.name limit $3",
        predicate.sql
    );
    Ok(sqlx::query_scalar(AssertSqlSafe(sql))
        .persistent(false)
        .bind(&database.catalog)
        .bind(&database.database)
        .bind(limit)
        .bind(&predicate.constants)
        .fetch_all(connection)
        .await?)
}

/// Materialized views that queries may be rewritten with, of one database or all of the catalog, by name.
pub async fn rewriting_views(
    connection: &mut Connection,
    catalog: &str,
    database: Option<&str>,
) -> Result<Vec<TableName>> {
    let rows = sqlx::query!(
        "select d.name as database, t.name
         from tables t join databases d on d.id = t.database_id join catalogs c on c.id = d.catalog_id
         where c.name = $1 and ($2::text is null or d.name = $2) and t.kind = $3 and t.rewrite_enabled
         order by d.name, t.name",
        catalog,
        database,
        table_kind::MATERIALIZED_VIEW
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TableName { catalog: catalog.to_owned(), database: row.database, table: row.name })
        .collect())
}

/// The materialized views that are made from a table.
pub async fn views_over(connection: &mut Connection, source: &TableName) -> Result<Vec<TableName>> {
    let rows = sqlx::query!(
        "select c.name as catalog_name, d.name as database_name, t.name
         from tables t join databases d on d.id = t.database_id join catalogs c on c.id = d.catalog_id
         where t.kind = 'MATERIALIZED_VIEW'
               and (t.creation_metadata -> 'source_tables' @> $1 or t.creation_metadata -> 'tables_used' ?| $2)
         order by t.id",
        json!([{ "name": source }]),
        &[source.to_string(), format!("{}.{}", source.database, source.table)]
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TableName { catalog: row.catalog_name, database: row.database_name, table: row.name })
        .collect())
}

/// A table as a list of tables shows it.
#[derive(Debug, Clone)]
pub struct Summary {
    pub name: TableName,
    pub kind: String,
    pub comment: Option<String>,
    pub owner_name: Option<String>,
    pub owner_type: Option<String>,
}

/// Summaries over the databases of a catalog, by database and table name; no kinds mean all.
pub async fn summaries(
    connection: &mut Connection,
    catalog: &str,
    databases: &NamePattern,
    tables: &NamePattern,
    kinds: &[String],
) -> Result<Vec<Summary>> {
    let (databases, tables) = (NameMatch::from(databases), NameMatch::from(tables));
    let rows = sqlx::query!(
        r#"select d.name as database, t.name, t.kind, t.parameters ->> 'comment' as comment, t.owner_name, t.owner_type
           from tables t join databases d on d.id = t.database_id join catalogs c on c.id = d.catalog_id
           where c.name = $1 and (cardinality($2::text[]) = 0 or t.kind = any($2))
             and ($3 or d.name = any($4) or d.name like any($5) or d.name ~ $6)
             and ($7 or t.name = any($8) or t.name like any($9) or t.name ~ $10)
           order by d.name, t.name"#,
        catalog,
        kinds,
        databases.all,
        &databases.names,
        &databases.like,
        databases.regex,
        tables.all,
        &tables.names,
        &tables.like,
        tables.regex
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Summary {
            name: TableName { catalog: catalog.to_owned(), database: row.database, table: row.name },
            kind: row.kind,
            comment: row.comment,
            owner_name: row.owner_name,
            owner_type: row.owner_type,
        })
        .collect())
}
