//! Altering tables: new definitions, renames, moves.

use std::sync::Arc;

use serde_json::json;

use super::super::data_connectors::check_is_kept_here;
use super::super::locations::kept_location;
use super::super::statistics::accurate;
use super::super::statistics::validity::{Changed, Write};
use super::super::tagged::Tagged;
use super::super::types::{check_columns, is_compatible_change};
use super::super::{Caller, Service, now};
use super::create::{BASIC_STATISTICS, check_names, normalize_kind};
use crate::error::{CatalogError, ErrorKind, Result, ResultExt};
use crate::model::name::check_object;
use crate::model::parameters::LAST_DDL_TIME;
use crate::model::{Column, Database, EventKind, Table, TableName, table_kind};
use crate::store::{Connection, Transaction, databases, partitions, statistics, table_versions, tables};
use crate::warehouse::{Location, Renamed};

/// A condition on a parameter as it is stored; None expects it to be unset.
#[derive(Debug, Clone)]
pub struct Expected {
    pub key: String,
    pub value: Option<String>,
}

/// How a table is altered.
#[derive(Debug, Clone, Default)]
pub struct AlterTable {
    /// Whether partitions take the table's new columns.
    pub cascade: bool,
    /// Alter only if the stored table satisfies this; else the error is a Conflict.
    pub expected: Option<Expected>,
    /// Alter only if the stored table has this version; else the error is a Conflict.
    pub expected_version: Option<i64>,
    /// Take columns whose types cannot read the data that was written with the old ones.
    pub incompatible_columns: bool,
    /// Of an ACID table: within which write.
    pub write: Write,
}

impl Service {
    /// Replaces everything but id, creation time and the number and names of partition keys. A new name renames, a
    /// new database moves; the folder of a managed table in its default place goes along.
    pub async fn alter_table(
        &self,
        caller: &Caller,
        name: &TableName,
        mut after: Table,
        how: AlterTable,
    ) -> Result<Table> {
        if name.catalog != after.name.catalog {
            return Err(CatalogError::invalid_operation(format!(
                "Table {name} cannot move to another catalog: {}",
                after.name.catalog
            )));
        }
        let mut transaction = self.store.begin().await?;
        let before = self.store.get_table_for_update(&mut transaction, name).await?;
        let before = self.found_table(&mut transaction, name, before).await?;
        check_expected(&before, &how)?;
        check_changes(&before, &after)?;
        check_partition_keys(&before, &after)?;
        if !how.incompatible_columns {
            check_column_changes(&before, &after)?;
        }
        normalize_kind(&mut after);
        after.id = before.id;
        after.created_at = before.created_at;
        after.created_by.clone_from(&before.created_by);
        after.updated_at = now();
        after.extra.clone_from(&before.extra);
        Arc::make_mut(&mut after.storage).keep_extra(&before.storage);
        after.partition_base.clone_from(&before.partition_base);
        after.owner_type = after.owner_type.or(before.owner_type);
        after.parameters.entry(LAST_DDL_TIME.to_owned()).or_insert_with(|| now().to_string());
        settle_statistics(&before, &mut after, &how.write)?;

        let database = self.target_database(&mut transaction, &before, &after).await?;
        let target = self.target_location(&mut transaction, &before, &mut after, &database).await?;
        after.storage_id = self.store.put_descriptor(&mut transaction, &after.storage).await?;
        after.version = self.store.update_table(&mut transaction, &before.name, database.id, &after).await?;
        if before.name != after.name {
            Tagged::table(&before.name).rename(&mut transaction, &Tagged::table(&after.name)).await?;
        }
        self.follow_columns(&mut transaction, &before, &after, how.cascade).await?;
        let kept = self.rules().table_versions_kept;
        table_versions::append(&mut transaction, &after, caller.user.as_deref(), kept).await?;
        let body = json!({ "before": before, "after": after });
        self.record_table(&mut transaction, EventKind::AlterTable, &after.name, body).await?;

        // The folder last: whatever could fail in the database has not.
        let renamed = match target {
            Some((from, to)) => Some(self.warehouse.rename_directory(&from, &to).await?),
            None => None,
        };
        self.commit_rename(transaction, renamed).await?;
        Ok(after)
    }

    /// Commits, and settles the folder that was moved accordingly.
    pub(in crate::catalog) async fn commit_rename(
        &self,
        transaction: Transaction,
        renamed: Option<Renamed>,
    ) -> Result<()> {
        match (transaction.commit().await, renamed) {
            (Ok(()), Some(renamed)) => {
                if let Err(error) = self.warehouse.finish_rename(renamed).await {
                    tracing::warn!(%error, "the old folder of a renamed object was not removed");
                }
                Ok(())
            }
            (Ok(()), None) => Ok(()),
            (Err(failure), renamed) => {
                if let Some(renamed) = renamed
                    && let Err(error) = self.warehouse.undo_rename(renamed).await
                {
                    tracing::error!(%error, "a folder could not be moved back after a failed rename");
                }
                Err(failure)
            }
        }
    }

    /// The database that the table is to be in, with the new name free there.
    async fn target_database(&self, connection: &mut Connection, before: &Table, after: &Table) -> Result<Database> {
        let name = after.name.database_name();
        let database = databases::get_for_child(connection, &name).await?.ok_or_else(|| {
            CatalogError::invalid_operation(format!(
                "Table {} cannot move to database {name}, which does not exist",
                before.name
            ))
        })?;
        check_is_kept_here(&database, "tables")?;
        if before.name != after.name && tables::exists(connection, &after.name).await? {
            return Err(CatalogError::invalid_operation(format!(
                "Table {} cannot be renamed: {} already exists",
                before.name, after.name
            )));
        }
        Ok(database)
    }

    /// Settles the location after an alter. Where a managed table in its default folder was renamed, it is the default
    /// folder of the new name, and the answer is the move to be made.
    async fn target_location(
        &self,
        connection: &mut Connection,
        before: &Table,
        after: &mut Table,
        database: &Database,
    ) -> Result<Option<(Location, Location)>> {
        if after.is_view() {
            after.location = after.location.take().filter(|location| !location.is_empty()).map(kept_location);
            return Ok(None);
        }
        let Some(old) = before.location.as_deref().filter(|location| !location.is_empty()) else {
            return Ok(None);
        };
        if after.location.as_deref().is_none_or(str::is_empty) {
            after.location = Some(old.to_owned());
        }
        if before.name == after.name && after.location == before.location {
            return Ok(None);
        }
        let from = Location::parse(old)?;
        let stays = Location::parse(after.location.as_deref().unwrap_or_default())?.as_kept();
        after.location = Some(stays.to_string());
        if stays.is_root() {
            return Err(CatalogError::invalid_operation(format!(
                "Table {}: {stays} must not be a root path; give the table a folder of its own",
                after.name
            )));
        }
        let follows = before.kind == table_kind::MANAGED || before.is_translated() && after.is_translated();
        let moves = before.name != after.name && follows && stays.is_same(&from);
        if !moves {
            return Ok(None);
        }
        let old_database = self.store.get_database(connection, &before.name.database_name()).await?;
        let was_default = match &old_database {
            Some(old_database) => {
                // Engines place managed tables below the database's location, the server below its warehouse.
                let below_database = old_database
                    .location
                    .as_deref()
                    .and_then(|location| Location::parse(location).ok()?.join(&before.name.table).ok());
                let ours = self.default_table_location(old_database, &before.name.table, before.is_external())?;
                below_database.is_some_and(|location| location.is_same(&from)) || Location::parse(&ours)?.is_same(&from)
            }
            None => false,
        };
        if !was_default || !self.warehouse.manages(&from) || !self.warehouse.exists(&from).await? {
            return Ok(None);
        }
        let to = if before.name.database == after.name.database {
            match from.parent() {
                Some(parent) => parent.join(&after.name.table)?,
                None => return Ok(None),
            }
        } else {
            Location::parse(&self.default_table_location(database, &after.name.table, before.is_external())?)?
        };
        after.location = Some(to.to_string());
        let old_base = before.partition_base.as_deref().map(Location::parse).transpose()?;
        if old_base.is_some_and(|base| base.is_same(&from)) {
            after.partition_base.clone_from(&after.location);
        }
        Ok(Some((from, to)))
    }

    /// What follows from changed columns: statistics of columns that are gone or of another type are dropped, and with
    /// cascade every partition takes the new ones.
    pub(super) async fn follow_columns(
        &self,
        connection: &mut Connection,
        before: &Table,
        after: &Table,
        cascade: bool,
    ) -> Result<()> {
        if before.storage.columns == after.storage.columns {
            return Ok(());
        }
        let kept = |column: &Column| {
            after.storage.columns.iter().any(|new| new.name == column.name && new.type_name == column.type_name)
        };
        let gone: Vec<String> =
            before.storage.columns.iter().filter(|column| !kept(column)).map(|column| column.name.clone()).collect();
        if !gone.is_empty() {
            statistics::forget_columns(connection, before.id, &gone).await?;
        }
        if cascade && after.is_partitioned() {
            partitions::set_columns(connection, &self.store, before.id, &after.storage.columns).await?;
        }
        Ok(())
    }

    /// After a truncate: basic statistics of the table, or of the named partitions, are zero.
    pub(super) async fn reset_basic_statistics(
        &self,
        transaction: &mut Transaction,
        table: &mut Table,
        partition_names: &[String],
        write: &Write,
    ) -> Result<()> {
        if table.is_partitioned() {
            self.reset_partition_statistics(transaction, table, partition_names, write).await?;
        } else {
            for key in BASIC_STATISTICS {
                table.parameters.insert(key.to_owned(), "0".to_owned());
            }
            let Table { mut parameters, mut write_id, .. } = table.clone();
            write.settle_truncated(table, &mut parameters, &mut write_id)?;
            (table.parameters, table.write_id) = (parameters, write_id);
        }
        table.parameters.insert(LAST_DDL_TIME.to_owned(), now().to_string());
        self.store.set_table_parameters(transaction, table).await
    }

    /// Replaces what a materialized view was made from.
    pub async fn update_creation_metadata(
        &self,
        caller: &Caller,
        name: &TableName,
        metadata: crate::model::CreationMetadata,
    ) -> Result<()> {
        let table = self.get_table(name).await?;
        let mut after = Table::clone(&table);
        after.creation_metadata = Some(metadata);
        let how = AlterTable { expected_version: Some(table.version), ..AlterTable::default() };
        self.alter_table(caller, name, after, how).await.map_kind(ErrorKind::Conflict, ErrorKind::InvalidOperation)?;
        Ok(())
    }
}

/// The statistics of a table that only becomes an ACID table are of no write.
fn settle_statistics(before: &Table, after: &mut Table, write: &Write) -> Result<()> {
    if !after.is_transactional() {
        after.write_id = before.write_id;
    } else if before.is_transactional() {
        let changed = (&mut after.parameters, &mut after.write_id);
        write.settle((&before.parameters, before.write_id), changed, Changed::Definition)?;
    } else {
        after.write_id = before.write_id;
        after.parameters.remove(accurate::PARAMETER);
    }
    Ok(())
}

fn check_expected(before: &Table, how: &AlterTable) -> Result<()> {
    if let Some(expected) = &how.expected {
        let actual = before.parameters.get(&expected.key);
        if actual != expected.value.as_ref() {
            return Err(CatalogError::conflict(format!(
                "The table has been modified. The parameter value for key '{}' is {actual:?}. The expected value was \
                 {:?}",
                expected.key, expected.value
            )));
        }
    }
    check_expected_version(before, how.expected_version)
}

pub(super) fn check_expected_version(before: &Table, expected: Option<i64>) -> Result<()> {
    match expected {
        Some(version) if version != before.version => Err(CatalogError::conflict(format!(
            "The table has been modified. {} has version {}, not {version}",
            before.name, before.version
        ))),
        _ => Ok(()),
    }
}

/// What every stored table must satisfy, as far as it is new: a table made by another face may hold what Hive's rules
/// forbid, and stays as it is.
fn check_changes(before: &Table, after: &Table) -> Result<()> {
    if before.name != after.name {
        check_object("table", &after.name.table)?;
    }
    check_columns("column", &new_columns(&before.storage.columns, &after.storage.columns))?;
    check_columns("partition key", &new_columns(&before.partition_keys, &after.partition_keys))?;
    let names = |table: &Table| {
        let columns = table.storage.columns.iter().chain(&table.partition_keys).map(|column| column.name.clone());
        (columns.collect::<Vec<_>>(), table.storage.skew.columns.clone())
    };
    if names(before) != names(after) {
        check_names(after)?;
    }
    check_bucket_columns(before, after)
}

/// A column that rows are put into buckets by cannot be taken away by itself.
fn check_bucket_columns(before: &Table, after: &Table) -> Result<()> {
    let has = |table: &Table, wanted: &str| {
        let mut columns = table.storage.columns.iter().chain(&table.partition_keys);
        columns.any(|column| column.name.eq_ignore_ascii_case(wanted))
    };
    match after.storage.bucket_columns.iter().find(|column| has(before, column) && !has(after, column)) {
        None => Ok(()),
        Some(column) => Err(CatalogError::invalid_operation(format!(
            "Table {}: column {column} cannot go, since rows are bucketed by it",
            before.name
        ))),
    }
}

fn new_columns(before: &[Column], after: &[Column]) -> Vec<Column> {
    let is_known =
        |column: &Column| before.iter().any(|known| known.name == column.name && known.type_name == column.type_name);
    after.iter().filter(|column| !is_known(column)).cloned().collect()
}

/// Keys keep their number, names and order; types and comments may change.
fn check_partition_keys(before: &Table, after: &Table) -> Result<()> {
    if before.is_view() || before.partition_key_names() == after.partition_key_names() {
        return Ok(());
    }
    Err(CatalogError::invalid_operation(format!(
        "Table {}: partition keys cannot change: they are {:?}, not {:?}",
        before.name,
        before.partition_key_names(),
        after.partition_key_names()
    )))
}

/// Columns that files are read by may only change to types that can read the old data. Where another table format
/// keeps the schema itself, the columns here are a copy, and any change goes.
fn check_column_changes(before: &Table, after: &Table) -> Result<()> {
    let schema_is_elsewhere = |table: &Table| {
        table.parameters.contains_key("spark.sql.sources.provider")
            || table.parameters.get("table_type").is_some_and(|kind| kind.eq_ignore_ascii_case("iceberg"))
    };
    if before.is_view() || schema_is_elsewhere(before) || schema_is_elsewhere(after) {
        return Ok(());
    }
    let pairs = before.storage.columns.iter().zip(&after.storage.columns);
    let broken: Vec<String> = pairs
        .filter(|(old, new)| !is_compatible_change(&old.type_name, &new.type_name))
        .map(|(old, new)| format!("{} ({} to {})", new.name, old.type_name, new.type_name))
        .collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(CatalogError::invalid_operation(format!(
        "Table {}: the following columns have types incompatible with the existing columns in their respective \
         positions: {}",
        before.name,
        broken.join(", ")
    )))
}
