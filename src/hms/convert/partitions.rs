//! Partitions.

use std::sync::Arc;

use propolis_thrift::types;

use super::storage::{storage, wire_storage};
use super::{parameters, seconds, texts, wire, wire_list, wire_parameters};
use crate::error::{CatalogError, Result};
use crate::model::{Partition, StorageDescriptor, TableName};

/// How many descriptors are compared with, so that a list that mixes some shapes still shares them.
const REMEMBERED: usize = 8;

/// Converts the partitions of one call. Those with equal storage descriptors, apart from the location, share one.
#[derive(Debug, Default)]
pub struct PartitionReader {
    known: Vec<(types::StorageDescriptor, Arc<StorageDescriptor>)>,
    /// Columns that the client sent once for all, in place of each partition's.
    columns: Option<Vec<types::FieldSchema>>,
}

impl PartitionReader {
    /// For a request that leaves out the columns of each partition and has them once.
    pub fn with_columns(columns: Option<Vec<types::FieldSchema>>) -> Self {
        Self { known: Vec::new(), columns }
    }

    pub fn read(&mut self, sent: types::Partition) -> Result<Partition> {
        let missing =
            |what: &str| CatalogError::invalid_input(format!("A partition has no {what}: null is not allowed"));
        let (storage, location) = sent.sd.map(|sd| self.storage(sd)).transpose()?.unzip();
        Ok(Partition {
            values: texts(Some(sent.values.ok_or_else(|| missing("values"))?)),
            storage,
            location: location.flatten(),
            parameters: parameters(sent.parameters),
            created_at: sent.create_time.unwrap_or_default().into(),
            last_access_time: sent.last_access_time.unwrap_or_default().into(),
            last_analyzed_at: None,
            write_id: sent.write_id.unwrap_or(-1),
        })
    }

    pub fn read_all(&mut self, sent: Vec<types::Partition>) -> Result<Vec<Partition>> {
        sent.into_iter().map(|partition| self.read(partition)).collect()
    }

    fn storage(&mut self, mut sent: types::StorageDescriptor) -> Result<(Arc<StorageDescriptor>, Option<String>)> {
        let location = sent.location.take().map(|location| location.to_string());
        if let Some(columns) = &self.columns
            && sent.cols.as_ref().is_none_or(Vec::is_empty)
        {
            sent.cols = Some(columns.clone());
        }
        if let Some((_, storage)) = self.known.iter().rev().find(|(known, _)| *known == sent) {
            return Ok((Arc::clone(storage), location));
        }
        if sent.serde_info.is_none() {
            return Err(CatalogError::invalid_input(
                "The storage descriptor of a partition has no SerDe: null is not allowed",
            ));
        }
        let read = Arc::new(storage(sent.clone())?.0);
        if self.known.len() == REMEMBERED {
            self.known.remove(0);
        }
        self.known.push((sent, Arc::clone(&read)));
        Ok((read, location))
    }
}

pub fn wire_partition(partition: &Partition, table: &TableName) -> types::Partition {
    let sd = partition.storage.as_ref().map(|storage| wire_storage(storage, partition.location.as_deref().map(wire)));
    types::Partition {
        values: Some(wire_list(&partition.values)),
        db_name: Some(wire(&table.database)),
        table_name: Some(wire(&table.table)),
        create_time: Some(seconds(partition.created_at)),
        last_access_time: Some(seconds(partition.last_access_time)),
        sd,
        parameters: Some(wire_parameters(&partition.parameters)),
        cat_name: Some(wire(&table.catalog)),
        // Apache's server sends 0 where none was written.
        write_id: Some(partition.write_id.max(0)),
        ..Default::default()
    }
}
