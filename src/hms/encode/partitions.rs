//! Lists of partitions. A row is written between the two halves of its storage descriptor, which are encoded once; its
//! values and parameters are stored as the binary protocol has them.

use std::collections::HashMap;

use propolis_thrift::codec::{self, Protocol, SharedDescriptor, TType, Writer};
use propolis_thrift::types;

use super::{PIECE, Wrap};
use crate::hms::convert::seconds;
use crate::hms::convert::storage::wire_storage;
use crate::hms::methods::Body;
use crate::model::{PartitionBatch, PartitionRow};

/// A result that is a list of partitions.
#[derive(Debug)]
pub struct PartitionList {
    source: Source,
    wrap: Wrap,
    next: usize,
    /// By id; of the protocol that the first piece was written in.
    shared: HashMap<i64, SharedDescriptor>,
    location: String,
}

#[derive(Debug)]
enum Source {
    Batch { batch: PartitionBatch, without_columns: bool },
    /// Partitions of which something else is shown than what is stored.
    Whole(Vec<types::Partition>),
}

impl PartitionList {
    pub fn new(batch: PartitionBatch, wrap: Wrap) -> Self {
        Self::of(Source::Batch { batch, without_columns: false }, wrap)
    }

    /// With storage descriptors that have no columns: for clients who take them from the table.
    pub fn without_columns(batch: PartitionBatch, wrap: Wrap) -> Self {
        Self::of(Source::Batch { batch, without_columns: true }, wrap)
    }

    pub fn whole(partitions: Vec<types::Partition>, wrap: Wrap) -> Self {
        Self::of(Source::Whole(partitions), wrap)
    }

    /// The response without the list.
    pub fn unset() -> Self {
        Self::whole(Vec::new(), Wrap::Unset)
    }

    fn of(source: Source, wrap: Wrap) -> Self {
        Self { source, wrap, next: 0, shared: HashMap::new(), location: String::new() }
    }

    fn write(&mut self, writer: &mut Writer, index: usize) {
        match &self.source {
            Source::Batch { batch, .. } => {
                if let Some(row) = batch.row(index) {
                    write_row(writer, batch, &row, &self.shared, &mut self.location);
                }
            }
            Source::Whole(partitions) => {
                writer.raw_bytes(codec::encode_partition(writer.protocol(), &partitions[index]));
            }
        }
    }
}

impl Body for PartitionList {
    fn write_piece(&mut self, writer: &mut Writer) -> bool {
        if self.next == 0 {
            if let Source::Batch { batch, without_columns } = &self.source
                && self.shared.is_empty()
            {
                self.shared = share(writer.protocol(), batch, *without_columns);
            }
            self.wrap.open(writer, TType::Struct, self.count());
        }
        let end = writer.len() + PIECE;
        while self.next < self.count() {
            self.write(writer, self.next);
            self.next += 1;
            if writer.len() >= end && self.next < self.count() {
                return true;
            }
        }
        self.wrap.close(writer);
        false
    }

    fn rewind(&mut self) {
        self.next = 0;
    }

    fn count(&self) -> usize {
        match &self.source {
            Source::Batch { batch, .. } => batch.len(),
            Source::Whole(partitions) => partitions.len(),
        }
    }
}

fn share(protocol: Protocol, batch: &PartitionBatch, without_columns: bool) -> HashMap<i64, SharedDescriptor> {
    let encode = |(id, storage): (&i64, &std::sync::Arc<crate::model::StorageDescriptor>)| {
        let mut wire = wire_storage(storage, None);
        if without_columns {
            wire.cols = Some(Vec::new());
        }
        (*id, SharedDescriptor::new(protocol, wire))
    };
    batch.storage.iter().map(encode).collect()
}

/// The struct Partition: its fields as the IDL numbers them, and of the optional ones those that Java's server sets.
fn write_row(
    writer: &mut Writer,
    batch: &PartitionBatch,
    row: &PartitionRow<'_>,
    shared: &HashMap<i64, SharedDescriptor>,
    location: &mut String,
) {
    let name = &batch.table.name;
    let packed = writer.protocol() == Protocol::Binary;
    writer.begin_struct();
    writer.field(TType::List, 1);
    writer.list(TType::Binary, row.value_count);
    if packed {
        writer.raw(row.packed_values);
    } else {
        row.values().for_each(|value| writer.string(value));
    }
    writer.field(TType::Binary, 2);
    writer.string(&name.database);
    writer.field(TType::Binary, 3);
    writer.string(&name.table);
    writer.field(TType::I32, 4);
    writer.i32(seconds(row.created_at));
    writer.field(TType::I32, 5);
    writer.i32(seconds(row.last_access_time));
    if let Some(shared) = row.storage_id.and_then(|id| shared.get(&id)) {
        writer.field(TType::Struct, 6);
        location.clear();
        batch.write_location(row, location);
        shared.write(writer, location);
    }
    writer.field(TType::Map, 7);
    writer.map(TType::Binary, TType::Binary, row.parameters().count());
    if packed {
        writer.raw(row.packed_parameters);
    } else {
        for (key, value) in row.parameters() {
            writer.string(key);
            writer.string(value);
        }
    }
    writer.field(TType::Binary, 9);
    writer.string(&name.catalog);
    if row.write_id >= 0 {
        writer.field(TType::I64, 10);
        writer.i64(row.write_id);
    }
    writer.end_struct();
}
