//! Tables for clients who keep the rules themselves: what they give is stored as it is. No location is found, no folder
//! made, moved or removed, no parameter added, no type or change of columns looked at.

use serde_json::json;

use super::super::databases::no_database;
use super::super::{Caller, Service, now};
use super::alter::check_expected_version;
use super::create::{base_of, taken};
use crate::error::{CatalogError, Result};
use crate::model::name::check_given;
use crate::model::{EventKind, PartitionIndex, PrincipalType, Table, TableName};
use crate::store::partitions::Which;
use crate::store::{Connection, Transaction, databases, partitions, table_versions};
use crate::warehouse::Location;

/// How a table is replaced.
#[derive(Debug, Default)]
pub struct ReplaceTable {
    /// Replace only if the stored table has this version; else the error is a Conflict.
    pub expected_version: Option<i64>,
    /// Whether the version that is replaced is forgotten.
    pub skip_archive: bool,
    pub file: Option<NewFile>,
}

/// What comes with a new table.
#[derive(Debug, Default)]
pub struct RegisterTable {
    pub indexes: Vec<PartitionIndex>,
    pub file: Option<NewFile>,
}

/// A file that a definition refers to: it is written if, and only if, the definition is stored.
#[derive(Debug)]
pub struct NewFile {
    pub location: String,
    pub content: Vec<u8>,
}

/// The most bytes that are read of a file that a definition refers to.
const MOST_READ: u64 = 64 << 20;

impl Service {
    /// Stores a new table or view with what comes with it; id, version and times are the server's.
    pub async fn register_table(&self, caller: &Caller, mut table: Table, with: RegisterTable) -> Result<Table> {
        check_given("table", &table.name.table)?;
        table.created_at = now();
        table.updated_at = table.created_at;
        table.created_by.clone_from(&caller.user);
        table.version = 1;
        table.owner_type.get_or_insert(PrincipalType::User);
        table.partition_base = base_of(&table);
        let mut transaction = self.store.begin().await?;
        let database = table.name.database_name();
        let database =
            databases::get_for_child(&mut transaction, &database).await?.ok_or_else(|| no_database(&database))?;
        table.storage_id = self.store.put_descriptor(&mut transaction, &table.storage).await?;
        let id = self.store.insert_table(&mut transaction, database.id, &table).await?;
        table.id = id.ok_or_else(|| taken(&table.name))?;
        self.add_partition_indexes(&mut transaction, &table, with.indexes).await?;
        table_versions::append(&mut transaction, &table, caller.user.as_deref(), self.rules().table_versions_kept)
            .await?;
        let body = json!({ "after": table });
        self.record_table(&mut transaction, EventKind::CreateTable, &table.name, body).await?;
        self.commit_with_file(transaction, with.file).await?;
        Ok(table)
    }

    /// Replaces a table by what `change` makes of the stored one. Name, id and time of creation stay; there is a new
    /// version also when nothing is changed. The number of partition keys may only change where there are no partitions.
    pub async fn replace_table<E: From<CatalogError>>(
        &self,
        caller: &Caller,
        name: &TableName,
        how: ReplaceTable,
        change: impl FnOnce(&Table) -> Result<Table, E> + Send,
    ) -> Result<Table, E> {
        let mut transaction = self.store.begin().await?;
        let before = self.store.get_table_for_update(&mut transaction, name).await?;
        let before = self.found_table(&mut transaction, name, before).await?;
        check_expected_version(&before, how.expected_version)?;
        let mut after = Table {
            id: before.id,
            name: before.name.clone(),
            created_at: before.created_at,
            created_by: before.created_by.clone(),
            updated_at: now(),
            partition_base: before.partition_base.clone(),
            ..change(&before)?
        };
        self.follow_layout(&mut transaction, &before, &mut after).await?;
        let database = name.database_name();
        let database =
            databases::get_for_child(&mut transaction, &database).await?.ok_or_else(|| no_database(&database))?;
        after.storage_id = self.store.put_descriptor(&mut transaction, &after.storage).await?;
        after.version = self.store.update_table(&mut transaction, name, database.id, &after).await?;
        self.follow_columns(&mut transaction, &before, &after, false).await?;
        if how.skip_archive {
            table_versions::delete(&mut transaction, before.id, &[before.version]).await?;
        }
        table_versions::append(&mut transaction, &after, caller.user.as_deref(), self.rules().table_versions_kept)
            .await?;
        let body = json!({ "before": before, "after": after });
        self.record_table(&mut transaction, EventKind::AlterTable, name, body).await?;
        self.commit_with_file(transaction, how.file).await?;
        Ok(after)
    }

    /// The content of a file that a definition refers to.
    pub async fn read_file(&self, location: &str) -> Result<Vec<u8>> {
        Ok(self.warehouse.read(&Location::parse(location)?, MOST_READ).await?)
    }

    /// The file last: whatever could fail in the database has not.
    async fn commit_with_file(&self, transaction: Transaction, file: Option<NewFile>) -> Result<()> {
        let Some(NewFile { location, content }) = file else {
            return transaction.commit().await;
        };
        let location = Location::parse(&location)?;
        self.warehouse.write_new(&location, content).await?;
        let committed = transaction.commit().await;
        if committed.is_err()
            && let Err(error) = self.warehouse.delete_directory(&location).await
        {
            tracing::warn!(%error, "the file of a failed change stays behind");
        }
        committed
    }

    /// What follows for partitions from changed keys and a changed location.
    async fn follow_layout(&self, connection: &mut Connection, before: &Table, after: &mut Table) -> Result<()> {
        let rekeyed = before.partition_keys.len() != after.partition_keys.len();
        if !rekeyed && before.location == after.location {
            return Ok(());
        }
        let is_empty = partitions::names(connection, before, &Which::All, Some(1)).await?.is_empty();
        if rekeyed && !is_empty {
            return Err(CatalogError::invalid_operation(format!(
                "Table {}: the number of partition keys cannot change from {} to {} while there are partitions",
                before.name,
                before.partition_keys.len(),
                after.partition_keys.len()
            )));
        }
        if is_empty {
            after.partition_base = base_of(after);
        }
        Ok(())
    }
}
