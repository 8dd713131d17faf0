//! Where the data of an ACID table lies, and what is there.

use std::sync::Arc;

use super::super::Service;
use crate::error::{CatalogError, Result};
use crate::model::acid::{AcidDirectory, AcidDirectoryKind, is_original_directory};
use crate::model::transaction::{TransactionSnapshot, WriteIdSnapshot};
use crate::model::{Parameters, Table, TableName};
use crate::store::Connection;
use crate::store::transactions::write_ids;
use crate::warehouse::{Location, WarehouseErrorKind};

/// The file in a base that says what made it, for those that do not say it by their name.
const METADATA: &str = "_metadata_acid";

/// It has some dozens of bytes.
const MAX_METADATA: u64 = 64 << 10;

/// Directories that are looked through for what was written to partitions that nobody knows.
const MAX_DIRECTORIES: usize = 100_000;

/// A table, or a partition of it.
#[derive(Debug)]
pub(super) struct Place {
    pub table: Arc<Table>,
    pub location: Location,
    /// Of the partition, or of a table without.
    pub parameters: Parameters,
    /// A table with partitions, as such.
    pub above_partitions: bool,
}

/// What is in a directory, but for what is hidden.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub directories: Vec<AcidDirectory>,
    /// Names of what is from before the table was an ACID one.
    pub originals: Vec<String>,
}

impl Service {
    /// None where the table or partition is gone.
    pub(super) async fn acid_place(
        &self,
        connection: &mut Connection,
        table: &TableName,
        partition: Option<&str>,
    ) -> Result<Option<Place>> {
        let Some(table) = self.store.get_table(connection, table).await? else {
            return Ok(None);
        };
        let Some(partition) = partition else {
            let location = Location::parse(table.location.as_deref().unwrap_or_default())?;
            let (parameters, above_partitions) = (table.parameters.clone(), !table.partition_keys.is_empty());
            return Ok(Some(Place { table, location, parameters, above_partitions }));
        };
        let batch = self.batch_by_names(connection, &table, &[partition.to_owned()]).await?;
        let Some(row) = batch.row(0) else {
            return Ok(None);
        };
        let location = Location::parse(batch.location(&row).as_deref().unwrap_or_default())?;
        let parameters = row.parameters().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Ok(Some(Place { table, location, parameters, above_partitions: false }))
    }

    /// The write ids of a table, up to one of them, as they are for who sees these transactions: each by itself.
    pub(super) async fn table_write_ids(
        &self,
        connection: &mut Connection,
        table: &TableName,
        seen: &TransactionSnapshot,
        highest: Option<i64>,
    ) -> Result<WriteIdSnapshot> {
        let allocated = write_ids::allocated(connection, &[table], seen.high_water_mark()).await?.pop();
        let allocated = allocated.unwrap_or_default();
        let mark = highest.map_or(allocated.high_water_mark, |highest| highest.min(allocated.high_water_mark));
        let invisible: Vec<(i64, bool)> = allocated
            .ids
            .iter()
            .filter(|(write_id, transaction)| *write_id <= mark && !seen.sees(*transaction))
            .map(|(write_id, transaction)| (*write_id, seen.is_aborted(*transaction)))
            .collect();
        let min_open = invisible.iter().find(|(_, aborted)| !aborted).map(|(write_id, _)| *write_id);
        Ok(WriteIdSnapshot::new(format!("{}.{}", table.database, table.table), mark, min_open, &invisible))
    }

    pub(super) async fn listing(&self, location: &Location) -> Result<Listing> {
        let mut listing = Listing::default();
        for child in self.warehouse.children(location).await? {
            let hidden = child.name.starts_with(['_', '.']);
            match AcidDirectory::parse(&child.name).filter(|_| child.is_directory) {
                _ if hidden => {}
                Some(mut directory) => {
                    if let AcidDirectoryKind::Base { compacted: compacted @ false, .. } = &mut directory.kind {
                        *compacted = self.says_compacted(&location.join(&child.name)?).await?;
                    }
                    listing.directories.push(directory);
                }
                None if !child.is_directory || is_original_directory(&child.name) => listing.originals.push(child.name),
                None => {}
            }
        }
        Ok(listing)
    }

    async fn says_compacted(&self, base: &Location) -> Result<bool> {
        match self.warehouse.read(&base.join(METADATA)?, MAX_METADATA).await {
            Ok(content) => Ok(String::from_utf8_lossy(&content).contains("compacted")),
            Err(error) if error.kind == WarehouseErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The directories of partitions below that of a table with so many keys, known or not.
    pub(super) async fn partition_directories(&self, table: &Location, keys: usize) -> Result<Vec<Location>> {
        let mut level = vec![table.clone()];
        for _ in 0..keys {
            let mut below = Vec::new();
            for location in &level {
                let children = self.warehouse.children(location).await?;
                let partitions = children.iter().filter(|child| child.is_directory && child.name.contains('='));
                for child in partitions {
                    below.push(location.join(&child.name)?);
                }
                if below.len() > MAX_DIRECTORIES {
                    return Err(CatalogError::invalid_operation(format!(
                        "{table} has more than {MAX_DIRECTORIES} directories: run MSCK REPAIR TABLE, and compact the \
                         partitions that it finds"
                    )));
                }
            }
            level = below;
        }
        Ok(level)
    }
}
