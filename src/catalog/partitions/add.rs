//! Adding partitions.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures::{StreamExt, stream};

use super::super::locations::kept_location;
use super::super::tables::create::DO_NOT_UPDATE_STATS;
use super::super::{Caller, Service, now};
use super::{check_values, events};
use crate::error::{CatalogError, ErrorKind, Result, ResultExt};
use crate::model::parameters::{LAST_DDL_TIME, is_true};
use crate::model::partition_name::partition_name;
use crate::model::{Partition, PartitionBatch, Table, TableName};
use crate::store::{Connection, partitions};
use crate::warehouse::{Location, Made, WarehouseErrorKind};

/// Folders listed at once for one call.
const LISTINGS: usize = 16;

/// How partitions are added.
#[derive(Debug, Clone, Copy)]
pub struct AddPartitions {
    /// Partitions that exist are passed over; without, they fail the whole call.
    pub if_not_exists: bool,
    /// Whether to count the files of folders that were there before.
    pub take_statistics: bool,
}

impl Service {
    /// Adds partitions, all or none, and answers those that were added. Times are the server's; a partition without a
    /// location lies in the folder of its name below the table's. Folders are made too.
    pub async fn add_partitions(
        &self,
        _caller: &Caller,
        name: &TableName,
        partitions: Vec<Partition>,
        how: AddPartitions,
    ) -> Result<PartitionBatch> {
        let mut transaction = self.store.begin().await?;
        let table = self.table_for_partitions(&mut transaction, name).await?;
        let partitions = prepare(&table, partitions, &self.rules.hive.inherited_parameters)?;
        let mut made = Made::default();
        match self.add_prepared(&mut transaction, &table, &partitions, how, &mut made).await {
            Ok(added) => {
                self.commit_or_undo(transaction, made).await?;
                Ok(added)
            }
            Err(error) => {
                // Before the transaction ends: until then nobody else can add what these folders are of.
                self.warehouse.undo(made).await;
                Err(error)
            }
        }
    }

    /// Adds one partition that looks like the table.
    pub async fn append_partition(
        &self,
        caller: &Caller,
        name: &TableName,
        values: Vec<String>,
        take_statistics: bool,
    ) -> Result<PartitionBatch> {
        let table = self.get_table(name).await?;
        if table.is_view() {
            return Err(CatalogError::invalid_input(format!("Cannot append a partition to the view {name}")));
        }
        let partition = Partition {
            values,
            storage: Some(Arc::clone(&table.storage)),
            location: None,
            parameters: Default::default(),
            created_at: 0,
            last_access_time: 0,
            last_analyzed_at: None,
            write_id: -1,
        };
        let how = AddPartitions { if_not_exists: false, take_statistics };
        self.add_partitions(caller, name, vec![partition], how).await
    }

    /// The rows first: they decide which of two concurrent adds wins, before any folder is made.
    async fn add_prepared(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        partitions: &[Partition],
        how: AddPartitions,
        made: &mut Made,
    ) -> Result<PartitionBatch> {
        let mut batch = self.stored_batch(connection, table, partitions, &HashMap::new()).await?;
        if batch.is_empty() {
            return Ok(batch);
        }
        if let Some(inserted) = partitions::insert(connection, &batch).await? {
            let taken = batch.rows().find(|row| !inserted.contains(row.packed_values));
            if let Some(taken) = taken.filter(|_| !how.if_not_exists) {
                let values: Vec<String> = taken.values().map(str::to_owned).collect();
                return Err(super::taken(table, &values));
            }
            batch = batch.filter(|row| inserted.contains(row.packed_values));
        }
        let locations = locations(&batch)?;
        self.make_partition_directories(table, &locations, made).await?;
        let gathers = how.take_statistics && self.rules.hive.gathers_statistics;
        if gathers && !is_true(&table.parameters, DO_NOT_UPDATE_STATS) {
            batch = self.count_files(connection, batch, &locations, made).await?;
        }
        events::record_added(connection, &batch).await?;
        Ok(batch)
    }

    /// As with tables: a folder that the server cannot make is no obstacle where the data is somebody else's.
    async fn make_partition_directories(
        &self,
        table: &Table,
        locations: &[Option<Location>],
        made: &mut Made,
    ) -> Result<()> {
        let external = table.is_external();
        let wanted: Vec<Location> = locations
            .iter()
            .flatten()
            .filter(|location| !external || self.warehouse.manages(location))
            .cloned()
            .collect();
        match self.warehouse.make_directories(&wanted).await {
            Ok(new) => made.extend(new),
            Err(error) if external && error.kind != WarehouseErrorKind::InvalidLocation => {
                tracing::warn!(table = %table.name, %error, "partitions registered without making their folders");
            }
            Err(error) => {
                return Err(CatalogError::from(error)).map_kind(ErrorKind::InvalidObject, ErrorKind::InvalidInput);
            }
        }
        Ok(())
    }

    /// Counts files and bytes of folders that were there before, where the client did not. A folder that cannot be
    /// listed is no obstacle.
    async fn count_files(
        &self,
        connection: &mut Connection,
        batch: PartitionBatch,
        locations: &[Option<Location>],
        made: &Made,
    ) -> Result<PartitionBatch> {
        let (at, managed): (Vec<usize>, Vec<Location>) = batch
            .rows()
            .zip(locations)
            .enumerate()
            .filter_map(|(at, (row, location))| {
                let known = row.parameter("numFiles").is_some() && row.parameter("totalSize").is_some();
                let location = location.as_ref().filter(|location| !known && self.warehouse.manages(location))?;
                Some((at, location.clone()))
            })
            .unzip();
        let new = made.contains_each(&managed);
        let old = at.into_iter().zip(managed).zip(new).filter(|(_, new)| !new).map(|(old, _)| old);
        let listing = |(at, location): (usize, Location)| {
            let warehouse = self.warehouse.clone();
            async move { (at, warehouse.file_stats(&location).await) }
        };
        let counted: Vec<_> =
            stream::iter(old.collect::<Vec<_>>()).map(listing).buffer_unordered(LISTINGS).collect().await;
        let mut partitions = batch.partitions()?;
        let mut changed = Vec::new();
        for (at, stats) in counted {
            match stats {
                Ok(Some(stats)) => {
                    let parameters = &mut partitions[at].parameters;
                    parameters.insert("numFiles".to_owned(), stats.num_files.to_string());
                    parameters.insert("totalSize".to_owned(), stats.total_size.to_string());
                    changed.push(partitions[at].clone());
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "no basic statistics taken of a new partition"),
            }
        }
        if changed.is_empty() {
            return Ok(batch);
        }
        let counted = self.stored_batch(connection, &batch.table, &changed, &batch.storage).await?;
        partitions::update(connection, &counted).await?;
        self.stored_batch(connection, &batch.table, &partitions, &batch.storage).await
    }
}

/// Checks partitions that are to be added, and fills in what the client left to the server.
fn prepare(table: &Table, mut partitions: Vec<Partition>, inherited: &[String]) -> Result<Vec<Partition>> {
    let now = now();
    let base = table.partition_base.as_deref().unwrap_or_default();
    let keys = table.partition_key_names();
    let inherits = |key: &str| inherited.iter().any(|wanted| wanted == "*" || wanted == key);
    let inherited: Vec<_> = table.parameters.iter().filter(|(key, _)| inherits(key)).collect();
    let mut seen = HashSet::with_capacity(partitions.len());
    for partition in &mut partitions {
        partition.values = check_values(table, &partition.values)?;
        let name = partition_name(&keys, &partition.values);
        if !seen.insert(partition.values.clone()) {
            return Err(CatalogError::invalid_input(format!(
                "Partition {name} of table {} is twice in the list",
                table.name
            )));
        }
        partition.location = partition.location.take().filter(|location| !location.is_empty());
        if table.is_view() {
            if partition.location.is_some() {
                return Err(CatalogError::invalid_input(format!(
                    "Cannot specify a location for partition {name} of the view {}",
                    table.name
                )));
            }
        } else {
            if partition.storage.is_none() {
                return Err(CatalogError::invalid_input(format!(
                    "Partition {name} of table {} has no storage descriptor",
                    table.name
                )));
            }
            partition.location = Some(match partition.location.take() {
                Some(given) => kept_location(given),
                None => format!("{base}/{name}"),
            });
        }
        for (key, value) in &inherited {
            partition.parameters.entry((*key).clone()).or_insert_with(|| (*value).clone());
        }
        partition.created_at = now;
        partition.parameters.entry(LAST_DDL_TIME.to_owned()).or_insert_with(|| now.to_string());
    }
    Ok(partitions)
}

/// Where the rows of a batch lie.
fn locations(batch: &PartitionBatch) -> Result<Vec<Option<Location>>> {
    batch
        .rows()
        .map(|row| Ok(batch.location(&row).map(|location| Location::parse(&location)).transpose()?))
        .collect::<Result<_>>()
        .map_kind(ErrorKind::InvalidObject, ErrorKind::InvalidInput)
}
