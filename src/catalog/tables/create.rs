//! Creating tables.

use std::collections::HashSet;

use serde_json::json;

use super::super::data_connectors::check_is_kept_here;
use super::super::databases::no_database;
use super::super::locations::kept_location;
use super::super::statistics::Update;
use super::super::statistics::validity::Write;
use super::super::types::check_columns;
use super::super::{Caller, Service, now};
use crate::error::{CatalogError, ErrorKind, Object, Result, ResultExt};
use crate::model::name::check_object;
use crate::model::parameters::{LAST_DDL_TIME, is_true};
use crate::model::privilege::PrivilegeSet;
use crate::model::{
    Column, ColumnStatistics, Constraint, EventKind, PrincipalType, StorageDescriptor, Table, TableName, table_kind,
};
use crate::store::{databases, privileges, table_versions};
use crate::warehouse::{FileStats, Location, Made};

/// Set by a client, in the request or as a table parameter, that wants no file statistics taken.
pub const DO_NOT_UPDATE_STATS: &str = "DO_NOT_UPDATE_STATS";
/// Basic statistics that are all zero or unknown: what a change of the data leaves behind.
pub const BASIC_STATISTICS: [&str; 4] = ["numFiles", "totalSize", "numRows", "rawDataSize"];

/// How a table is created.
#[derive(Debug, Default)]
pub struct CreateTable {
    /// Leave basic statistics to the client.
    pub without_statistics: bool,
    /// Grants that come with the table, its owner's most often.
    pub privileges: Option<PrivilegeSet>,
    /// Statistics of its columns that come with the table, and whose engine wrote them.
    pub column_statistics: Option<(String, Vec<ColumnStatistics>)>,
    /// Constraints on the table.
    pub constraints: Vec<Constraint>,
}

impl Service {
    /// Creates a table or view with what is set in `table`; ids and times are the server's. Its folder is made too.
    pub async fn create_table(&self, caller: &Caller, mut table: Table, how: CreateTable) -> Result<Table> {
        check_table(&table)?;
        let asks_no_statistics = take(&mut table, DO_NOT_UPDATE_STATS);
        normalize_kind(&mut table);
        table.created_at = now();
        table.updated_at = table.created_at;
        table.created_by.clone_from(&caller.user);
        table.version = 1;
        table.owner_type.get_or_insert(PrincipalType::User);
        table.parameters.entry(LAST_DDL_TIME.to_owned()).or_insert_with(|| table.created_at.to_string());

        let mut transaction = self.store.begin().await?;
        let database_name = table.name.database_name();
        let database = databases::get_for_child(&mut transaction, &database_name)
            .await?
            .ok_or_else(|| no_database(&database_name))
            .map_kind(ErrorKind::NotFound, ErrorKind::InvalidObject)?;
        check_is_kept_here(&database, "tables")?;
        let location = self.place(&mut table, &database)?;
        table.partition_base = base_of(&table);
        table.storage_id = self.store.put_descriptor(&mut transaction, &table.storage).await?;

        // The row first: it decides which of two concurrent creates wins, before any folder is made.
        let id = self.store.insert_table(&mut transaction, database.id, &table).await?;
        table.id = id.ok_or_else(|| taken(&table.name))?;
        if let Some(granted) = how.privileges {
            privileges::grant_on_create(&mut transaction, table.id, granted, table.created_at).await?;
        }
        let mut made = Made::default();
        if let Some(location) = &location {
            made = self.make_table_directory(&table, location).await?;
        }
        let takes_statistics = self.rules.hive.gathers_statistics && !how.without_statistics && !asks_no_statistics;
        let written = async {
            if let Some(location) = location.filter(|_| takes_statistics)
                && made.is_empty()
                && self.take_basic_statistics(&mut table, &location).await
            {
                self.store.set_table_parameters(&mut transaction, &table).await?;
            }
            if let Some((engine, columns)) = how.column_statistics {
                let how = Update { merge: false, write: Write::first(&table) };
                self.write_table_statistics(&mut transaction, &mut table, &engine, columns, &how).await?;
            }
            let kept = self.rules().table_versions_kept;
            table_versions::append(&mut transaction, &table, caller.user.as_deref(), kept).await?;
            let body = json!({ "after": table });
            self.record_table(&mut transaction, EventKind::CreateTable, &table.name, body).await?;
            self.write_constraints(&mut transaction, &how.constraints).await
        }
        .await;
        if let Err(error) = written {
            self.warehouse.undo(made).await;
            return Err(error);
        }
        self.commit_or_undo(transaction, made).await?;
        Ok(table)
    }

    /// What [`create_table`](Self::create_table) would store for this table, without storing it.
    pub async fn plan_table(&self, mut table: Table) -> Result<Table> {
        check_table(&table)?;
        normalize_kind(&mut table);
        table.owner_type.get_or_insert(PrincipalType::User);
        let database = self
            .get_database(&table.name.database_name())
            .await
            .map_kind(ErrorKind::NotFound, ErrorKind::InvalidObject)?;
        self.place(&mut table, &database)?;
        Ok(table)
    }

    /// Sets the location where none is given, and refuses those that no table may have. A view
    /// needs none and has no folder, but keeps what it is given.
    fn place(&self, table: &mut Table, database: &crate::model::Database) -> Result<Option<Location>> {
        if table.is_view() {
            table.location = table.location.take().filter(|location| !location.is_empty()).map(kept_location);
            return Ok(None);
        }
        if table.location.as_deref().is_none_or(str::is_empty) {
            table.location = Some(self.default_table_location(database, &table.name.table, table.is_external())?);
        }
        let location = Location::parse(table.location.as_deref().unwrap_or_default())?.as_kept();
        table.location = Some(location.to_string());
        if location.is_root() {
            // What clients of the metastore look for.
            return Err(CatalogError::invalid_object(format!("{} location must not be root path", table.name.table)));
        }
        Ok(Some(location))
    }

    /// Counts files and bytes of an unpartitioned table into its parameters, where a folder with data was there
    /// before. A store that cannot be listed is no obstacle. True when parameters changed.
    async fn take_basic_statistics(&self, table: &mut Table, location: &Location) -> bool {
        if table.is_partitioned() || !self.warehouse.manages(location) {
            return false;
        }
        match self.warehouse.file_stats(location).await {
            Ok(Some(FileStats { num_files, total_size })) => {
                table.parameters.insert("numFiles".to_owned(), num_files.to_string());
                table.parameters.insert("totalSize".to_owned(), total_size.to_string());
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(table = %table.name, %error, "no basic statistics taken");
                false
            }
        }
    }
}

pub(super) fn taken(name: &TableName) -> CatalogError {
    CatalogError::already_exists(format!("Table {name} already exists")).about(Object::Table(name.table.clone()))
}

/// What every table must satisfy that is made by Hive's rules.
fn check_table(table: &Table) -> Result<()> {
    check_object("table", &table.name.table)?;
    check_columns("column", &table.storage.columns)?;
    check_columns("partition key", &table.partition_keys)?;
    check_names(table)
}

/// That columns and keys have names of their own, and that rows are skewed by columns there are.
pub(super) fn check_names(table: &Table) -> Result<()> {
    check_distinct(table, &table.storage, &table.partition_keys)?;
    for skewed in &table.storage.skew.columns {
        if !table.storage.columns.iter().any(|column| column.name.eq_ignore_ascii_case(skewed)) {
            return Err(CatalogError::invalid_object(format!(
                "Table {}: the skewed column {skewed:?} is not one of its columns",
                table.name
            )));
        }
    }
    Ok(())
}

/// A partition key that is also a column, or a name that comes twice, makes a table that no engine can read.
fn check_distinct(table: &Table, storage: &StorageDescriptor, keys: &[Column]) -> Result<()> {
    let mut seen = HashSet::new();
    for column in storage.columns.iter().chain(keys) {
        if !seen.insert(column.name.as_str()) {
            return Err(CatalogError::invalid_object(format!(
                "Table {}: the column {:?} comes twice among columns and partition keys",
                table.name, column.name
            )));
        }
    }
    Ok(())
}

/// Where the partitions of a new table lie when nobody says where.
pub(super) fn base_of(table: &Table) -> Option<String> {
    table.location.as_deref().map(|location| location.trim_end_matches('/').to_owned()).filter(|base| !base.is_empty())
}

/// Brings the kind and the parameter EXTERNAL, which say the same, into line. The parameter wins where both speak, as
/// in the metastore: engines switch a table between managed and external by it.
pub(super) fn normalize_kind(table: &mut Table) {
    if table.kind.is_empty() {
        table.kind = table_kind::MANAGED.to_owned();
    }
    let external = table.parameters.contains_key("EXTERNAL").then(|| is_true(&table.parameters, "EXTERNAL"));
    match (table.kind.as_str(), external) {
        (table_kind::MANAGED, Some(true)) => table.kind = table_kind::EXTERNAL.to_owned(),
        (table_kind::EXTERNAL, Some(false)) => table.kind = table_kind::MANAGED.to_owned(),
        (table_kind::EXTERNAL, None) => {
            table.parameters.insert("EXTERNAL".to_owned(), "TRUE".to_owned());
        }
        _ => {}
    }
}

/// Removes a flag from the parameters; true if it was set to true.
fn take(table: &mut Table, flag: &str) -> bool {
    table.parameters.remove(flag).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
