//! Tables and views: reading, listing, dropping. See [`create`] and [`alter`] for the rest, and [`verbatim`] for
//! clients who keep the rules themselves.

mod alter;
pub(super) mod create;
mod verbatim;
mod versions;

use std::sync::Arc;

use serde_json::json;

use super::compactions;
use super::databases::no_database;
use super::statistics::validity::Write;
use super::tagged::Tagged;
use super::trash::{Discarded, skips_trash};
use super::{Caller, Service, name_pattern, record};
use crate::error::{CatalogError, Object, Result};
use crate::filter::{NamePattern, TableFilter};
use crate::model::name::{DEFAULT_CATALOG, fold};
use crate::model::{DatabaseName, EventKind, Table, TableName};
use crate::store::{Connection, Transaction, catalogs, partitions, statistics, tables};
use crate::warehouse::Location;

pub use alter::{AlterTable, Expected};
pub use create::{BASIC_STATISTICS, CreateTable, DO_NOT_UPDATE_STATS};
pub use tables::Summary;
pub use verbatim::{NewFile, RegisterTable, ReplaceTable};

/// How a table is dropped.
#[derive(Debug, Clone, Copy, Default)]
pub struct DropTable {
    pub if_exists: bool,
    /// Whether its files go too; those of external tables stay all the same, unless `external.table.purge` is set.
    pub delete_data: bool,
    /// Whether they go past the trash.
    pub purge: bool,
    /// The transaction that drops an ACID table and leaves its files to those who still read them: the cleaner deletes
    /// them later.
    pub transaction: Option<i64>,
}

impl Service {
    pub async fn get_table(&self, name: &TableName) -> Result<Arc<Table>> {
        if let Some(table) = self.store.cached_table(name) {
            return Ok(table);
        }
        let mut connection = self.store.read().await?;
        let table = self.store.get_table(&mut connection, name).await?;
        self.found_table(&mut connection, name, table).await
    }

    /// The table that was looked for, or which is not there: it, or already its database.
    pub(super) async fn found_table<T>(
        &self,
        connection: &mut Connection,
        name: &TableName,
        table: Option<T>,
    ) -> Result<T> {
        match table {
            Some(table) => Ok(table),
            None => {
                let database = name.database_name();
                Err(match self.store.get_database(connection, &database).await? {
                    None => no_database(&database),
                    Some(remote) if remote.kind == "REMOTE" => CatalogError::not_found(format!(
                        "Table {name} is not kept here: its database lies in another system, behind the data connector \
                         {}, and engines find it there",
                        remote.connector_name.as_deref().unwrap_or_default()
                    ))
                    .about(Object::Table(name.table.clone())),
                    Some(_) => no_table(name),
                })
            }
        }
    }

    /// Tables of a database by name: of those after the name `after`, the first `limit`.
    pub async fn tables_after(
        &self,
        database: &DatabaseName,
        pattern: &NamePattern,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Table>> {
        let mut connection = self.store.read().await?;
        self.store.get_database(&mut connection, database).await?.ok_or_else(|| no_database(database))?;
        self.store.tables_after(&mut connection, database, pattern, after, limit).await
    }

    /// Those of the named tables that exist, each once, in name order.
    pub async fn get_tables(&self, database: &DatabaseName, names: &[String]) -> Result<Vec<Table>> {
        let mut connection = self.store.read().await?;
        self.store.get_database(&mut connection, database).await?.ok_or_else(|| no_database(database))?;
        let names: Vec<String> = names.iter().map(|name| fold(name)).collect();
        self.store.get_tables(&mut connection, database, &names).await
    }

    /// Tables by patterns of database and table names, in order. A database that is not there has none, but the catalog
    /// has to be there.
    pub async fn tables_like(&self, databases: &DatabaseName, table_pattern: &str) -> Result<Vec<Table>> {
        let database_pattern = name_pattern(Some(&databases.database))?;
        let table_pattern = name_pattern(Some(table_pattern))?;
        let mut connection = self.store.read().await?;
        let found =
            tables::summaries(&mut connection, &databases.catalog, &database_pattern, &table_pattern, &[]).await?;
        if found.is_empty() && catalogs::get(&mut connection, &databases.catalog).await?.is_none() {
            return Err(no_database(databases));
        }
        let mut all = Vec::with_capacity(found.len());
        for of_one in found.chunk_by(|one, other| one.name.database == other.name.database) {
            let names: Vec<_> = of_one.iter().map(|summary| summary.name.table.clone()).collect();
            all.append(&mut self.store.get_tables(&mut connection, &of_one[0].name.database_name(), &names).await?);
        }
        Ok(all)
    }

    /// Names in order; no pattern means all, no kind means any. An unknown database has none.
    pub async fn table_names(
        &self,
        database: &DatabaseName,
        pattern: Option<&str>,
        kind: Option<&str>,
    ) -> Result<Vec<String>> {
        let pattern = name_pattern(pattern)?;
        let mut connection = self.store.read().await?;
        tables::names(&mut connection, database, &pattern, kind).await
    }

    /// Names of the tables that a filter over owner, last access and parameters lets through, in order, at most
    /// `limit`. An unknown database has none, but the catalog has to be there.
    pub async fn table_names_by_filter(
        &self,
        database: &DatabaseName,
        filter: &str,
        limit: Option<i64>,
    ) -> Result<Vec<String>> {
        let filter = TableFilter::parse(filter)?;
        let mut connection = self.store.read().await?;
        let names = tables::names_by_filter(&mut connection, database, &filter, limit).await?;
        if names.is_empty() && catalogs::get(&mut connection, &database.catalog).await?.is_none() {
            return Err(no_database(database));
        }
        Ok(names)
    }

    /// Summaries of the tables of a catalog, by database and name; no patterns and no kinds mean all.
    pub async fn table_summaries(
        &self,
        catalog: &str,
        database_pattern: Option<&str>,
        table_pattern: Option<&str>,
        kinds: &[String],
    ) -> Result<Vec<Summary>> {
        let database_pattern = name_pattern(database_pattern)?;
        let table_pattern = name_pattern(table_pattern)?;
        let mut connection = self.store.read().await?;
        tables::summaries(&mut connection, &fold(catalog), &database_pattern, &table_pattern, kinds).await
    }

    /// Materialized views that queries may be rewritten with, of one database or of the whole default catalog.
    pub async fn rewriting_views(&self, database: Option<&DatabaseName>) -> Result<Vec<TableName>> {
        let catalog = database.map_or(DEFAULT_CATALOG, |database| database.catalog.as_str());
        let database = database.map(|database| database.database.as_str());
        tables::rewriting_views(&mut *self.store.read().await?, catalog, database).await
    }

    pub async fn drop_table(&self, caller: &Caller, name: &TableName, how: DropTable) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let table = match self.store.get_table_for_update(&mut transaction, name).await? {
            None if how.if_exists => return Ok(()),
            table => self.found_table(&mut transaction, name, table).await?,
        };
        let delete_data = how.delete_data && table.owns_data();
        let folders = if delete_data { self.table_folders(&mut transaction, &table).await? } else { Vec::new() };
        self.check_may_delete(caller, &format!("Table {name}"), &folders.iter().collect::<Vec<_>>()).await?;
        check_no_view_reads(&mut transaction, name).await?;
        self.remove_table(&mut transaction, &table).await?;
        if let (Some(id), false) = (how.transaction, how.delete_data) {
            compactions::leave_to_cleaner(&mut transaction, &table, None, table.location.as_deref(), id).await?;
        }
        transaction.commit().await?;
        let purge = how.purge || skips_trash(&table);
        let folders: Vec<_> = folders.into_iter().map(|location| Discarded { location, purge }).collect();
        self.discard(&folders).await;
        Ok(())
    }

    /// Empties the files of a table, or of some of its partitions, given by name. Folders stay. What is not ours to
    /// empty is refused.
    pub async fn truncate_table(
        &self,
        _caller: &Caller,
        name: &TableName,
        partition_names: &[String],
        write: &Write,
    ) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let mut table = self.store.get_table_for_update(&mut transaction, name).await?.ok_or_else(|| no_table(name))?;
        if table.is_view() {
            return Err(CatalogError::invalid_operation(format!("{name} is a view and has no data to truncate")));
        }
        if !table.owns_data() {
            return Err(CatalogError::invalid_operation(format!(
                "Table {name} is external: its data is not truncated here, unless its parameter external.table.purge \
                 is true"
            )));
        }
        let folders = self.truncated_folders(&mut transaction, &table, partition_names).await?;
        let before = table.clone();
        self.reset_basic_statistics(&mut transaction, &mut table, partition_names, write).await?;
        let body = json!({ "before": before, "after": table, "truncated": true });
        self.record_table(&mut transaction, EventKind::AlterTable, &table.name, body).await?;
        self.empty_folders(&folders, skips_trash(&table)).await?;
        transaction.commit().await
    }

    /// The folders that a truncate empties: the table's and its partitions', or those of the named partitions. Names of
    /// no partition are passed over, as in lists.
    async fn truncated_folders(
        &self,
        connection: &mut Connection,
        table: &Table,
        partition_names: &[String],
    ) -> Result<Vec<Location>> {
        if partition_names.is_empty() {
            return self.table_folders(connection, table).await;
        }
        let batch = self.batch_by_names(connection, table, partition_names).await?;
        batch.rows().filter_map(|row| batch.location(&row)).map(|location| Ok(Location::parse(&location)?)).collect()
    }

    /// The folders of a table and of its partitions elsewhere.
    pub(super) async fn table_folders(&self, connection: &mut Connection, table: &Table) -> Result<Vec<Location>> {
        let Some(root) = table.location.as_deref().filter(|_| table.owns_data()) else {
            return Ok(Vec::new());
        };
        let root = Location::parse(root)?;
        let mut folders = Vec::new();
        if table.is_partitioned() {
            for location in partitions::locations_elsewhere(connection, table).await? {
                match Location::parse(&location) {
                    Ok(location) if !location.is_under(&root) => folders.push(location),
                    Ok(_) => {}
                    // The rules for partitions take any text: there is nothing at this one that could be deleted.
                    Err(error) => tracing::warn!(table = %table.name, %error, "a partition lies nowhere"),
                }
            }
        }
        folders.push(root);
        Ok(folders)
    }

    /// Deletes all rows of a table, and records that.
    pub(super) async fn remove_table(&self, transaction: &mut Transaction, table: &Table) -> Result<()> {
        statistics::delete_all(transaction, table.id).await?;
        partitions::delete_all(transaction, table.id).await?;
        tables::delete(transaction, table).await?;
        Tagged::table(&table.name).clear(transaction).await?;
        let body = json!({ "before": table });
        self.record_table(transaction, EventKind::DropTable, &table.name, body).await
    }

    pub(super) async fn record_table(
        &self,
        connection: &mut Connection,
        kind: EventKind,
        name: &TableName,
        body: serde_json::Value,
    ) -> Result<()> {
        record(connection, kind, &name.catalog, Some(&name.database), Some(&name.table), body).await
    }
}

/// Refuses to drop a table that a materialized view is made from.
async fn check_no_view_reads(connection: &mut Connection, name: &TableName) -> Result<()> {
    match tables::views_over(connection, name).await?.first() {
        None => Ok(()),
        Some(view) => Err(CatalogError::invalid_operation(format!(
            "Table {name} cannot be dropped: the materialized view {view} is made from it; drop that first"
        ))),
    }
}

pub(super) fn no_table(name: &TableName) -> CatalogError {
    CatalogError::not_found(format!("Table {name} does not exist")).about(Object::Table(name.table.clone()))
}
