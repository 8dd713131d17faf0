//! Lists of partitions. A row is written between the two halves of its storage descriptor, which are encoded once; its
//! values and parameters are stored as the binary protocol has them.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use propolis_thrift::codec::{self, Protocol, SharedDescriptor, TType, Writer};
use propolis_thrift::types;

use super::{PIECE, Wrap, written};
use crate::hms::convert::seconds;
use crate::hms::convert::storage::wire_storage;
use crate::hms::methods::Body;
use crate::model::partition::StoredLocation;
use crate::model::{PartitionBatch, PartitionRow, StorageDescriptor};

/// A result that is a list of partitions.
#[derive(Debug)]
pub struct PartitionList {
    source: Source,
    wrap: Wrap,
    next: usize,
    /// By id; of the protocol that the first piece was written in.
    shared: HashMap<i64, Shared>,
    location: String,
}

/// An encoded storage descriptor.
#[derive(Debug)]
struct Shared {
    placed: SharedDescriptor,
    /// As partitions of views have it.
    without_location: Bytes,
}

#[derive(Debug)]
enum Source {
    Batch {
        batch: PartitionBatch,
        without_columns: bool,
    },
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

    fn size(&mut self, protocol: Protocol) -> usize {
        if let (Source::Batch { batch, without_columns }, Protocol::Binary) = (&self.source, protocol) {
            self.shared = share(protocol, batch, *without_columns);
            return self.wrap.size(protocol, TType::Struct, batch.len()) + size_of_rows(batch, &self.shared);
        }
        let size = written(protocol, |writer| self.write_piece(writer));
        self.next = 0;
        size
    }

    fn count(&self) -> usize {
        match &self.source {
            Source::Batch { batch, .. } => batch.len(),
            Source::Whole(partitions) => partitions.len(),
        }
    }
}

fn share(protocol: Protocol, batch: &PartitionBatch, without_columns: bool) -> HashMap<i64, Shared> {
    let encode = |(id, storage): (&i64, &Arc<StorageDescriptor>)| {
        let mut wire = wire_storage(storage, None);
        if without_columns {
            wire.cols = Some(Vec::new());
        }
        let without_location = codec::encode_storage_descriptor(protocol, &wire);
        (*id, Shared { placed: SharedDescriptor::new(protocol, wire), without_location })
    };
    batch.storage.iter().map(encode).collect()
}

/// The size of all rows in the binary protocol, where everything but the texts has a fixed length.
fn size_of_rows(batch: &PartitionBatch, shared: &HashMap<i64, Shared>) -> usize {
    let mut fixed: HashMap<(Option<i64>, bool), usize> = HashMap::new();
    let mut size_of_row = |row: PartitionRow<'_>| {
        let location = batch.location_len(&row);
        let fixed = fixed.entry((row.storage_id, location.is_some())).or_insert_with(|| {
            let empty = PartitionRow {
                value_count: 0,
                packed_values: &[],
                location: location.map_or(StoredLocation::None, |_| StoredLocation::Verbatim("")),
                packed_parameters: &[],
                ..row
            };
            written(Protocol::Binary, |writer| {
                write_row(writer, batch, &empty, shared, &mut String::new());
                false
            })
        });
        // A partition without a descriptor shows no location either.
        let shown = row.storage_id.and(location).unwrap_or_default();
        *fixed + row.packed_values.len() + shown + row.packed_parameters.len()
    };
    batch.rows().map(&mut size_of_row).sum()
}

/// The struct Partition: its fields as the IDL numbers them, and of the optional ones those that Java's server sets.
fn write_row(
    writer: &mut Writer,
    batch: &PartitionBatch,
    row: &PartitionRow<'_>,
    shared: &HashMap<i64, Shared>,
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
        if batch.write_location(row, location) {
            shared.placed.write(writer, location);
        } else {
            writer.raw(&shared.without_location);
        }
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
    writer.field(TType::I64, 10);
    writer.i64(row.write_id.max(0));
    writer.end_struct();
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use propolis_thrift::codec::decode_result;
    use propolis_thrift::methods;
    use proptest::prelude::*;

    use super::*;
    use crate::hms::convert::partitions::wire_partition;
    use crate::model::{Column, Parameters, Partition, SerDe, Table, TableName};

    fn table(keys: usize) -> Arc<Table> {
        let key = |n: usize| Column { name: format!("k{n}"), type_name: "string".into(), comment: None };
        Arc::new(Table {
            id: 1,
            name: TableName::new("hive", "sales", "orders"),
            kind: "MANAGED_TABLE".into(),
            owner_name: None,
            owner_type: None,
            created_at: 0,
            updated_at: 0,
            created_by: None,
            last_access_time: 0,
            retention: 0,
            storage: Arc::default(),
            storage_id: 1,
            location: Some("file:/w/orders".into()),
            partition_base: Some("file:/w/orders".into()),
            partition_keys: (0..keys).map(key).collect(),
            parameters: Parameters::new(),
            view_original_text: None,
            view_expanded_text: None,
            rewrite_enabled: None,
            creation_metadata: None,
            write_id: -1,
            extra: Default::default(),
            version: 1,
        })
    }

    prop_compose! {
        fn storage()(
            columns in proptest::collection::vec("[a-z]{1,9}", 0..20),
            input_format in proptest::option::of("\\PC{0,20}"),
            library in proptest::option::of("\\PC{0,20}"),
            parameters in proptest::collection::btree_map("\\PC{0,5}", "\\PC{0,5}", 0..2),
            compressed: bool,
            buckets: i32,
        ) -> StorageDescriptor {
            let column = |name| Column { name, type_name: "int".into(), comment: None };
            StorageDescriptor {
                columns: columns.into_iter().map(column).collect(),
                input_format,
                compressed,
                buckets,
                serde: SerDe { library, ..SerDe::default() },
                parameters,
                ..StorageDescriptor::default()
            }
        }
    }

    prop_compose! {
        fn partition(keys: usize, storage: Vec<Arc<StorageDescriptor>>)(
            values in proptest::collection::vec("\\PC{0,12}", keys..=keys),
            at in 0..=storage.len(),
            location in prop_oneof!["file:/w/orders/\\PC{0,200}", "s3://\\PC{0,20}"],
            parameters in proptest::collection::btree_map("\\PC{0,20}", "\\PC{0,200}", 0..20),
            created_at in 0..i64::from(i32::MAX),
            last_access_time in 0..5_i64,
            write_id in -1..300_i64,
            placed: bool,
        ) -> Partition {
            let storage = storage.get(at).cloned();
            let location = storage.as_ref().map(|_| location).filter(|_| placed);
            let last_analyzed_at = None;
            Partition { values, storage, location, parameters, created_at, last_access_time, last_analyzed_at, write_id }
        }
    }

    fn partitions() -> impl Strategy<Value = (usize, Vec<Arc<StorageDescriptor>>, Vec<Partition>)> {
        (1..17_usize, proptest::collection::vec(storage(), 1..3)).prop_flat_map(|(keys, storage)| {
            let storage: Vec<_> = storage.into_iter().map(Arc::new).collect();
            let list = proptest::collection::vec(partition(keys, storage.clone()), 0..40);
            (Just(keys), Just(storage), list)
        })
    }

    /// The whole reply, after a check that it has the size that it tells.
    fn bytes(list: &mut dyn Body, protocol: Protocol, method: &str) -> Bytes {
        let mut writer = Writer::new(protocol, usize::MAX);
        writer.begin_reply(method, 3);
        let size = writer.len() + list.size(protocol);
        let mut all = bytes::BytesMut::new();
        loop {
            let more = list.write_piece(&mut writer);
            all.extend_from_slice(&writer.drain().into_bytes());
            if !more {
                assert_eq!(all.len(), size);
                return all.freeze();
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_batch_is_read_as_the_structs_that_it_stands_for((keys, storage, partitions) in partitions()) {
            let mut batch = PartitionBatch::new(table(keys));
            for partition in &partitions {
                let id = |own: &Arc<StorageDescriptor>| storage.iter().position(|known| Arc::ptr_eq(known, own));
                batch.push_partition(partition, partition.storage.as_ref().and_then(id).map(|id| id as i64));
            }
            let expected: Vec<_> =
                partitions.iter().map(|partition| wire_partition(partition, &batch.table.name)).collect();
            for protocol in [Protocol::Binary, Protocol::Compact] {
                let mut list = PartitionList::new(batch.clone(), Wrap::Bare);
                let bare = bytes(&mut list, protocol, "get_partitions");
                prop_assert_eq!(&decode_result::<methods::GetPartitions>(protocol, bare).unwrap(), &expected);

                let columns = vec![types::FieldSchema::default(); 2];
                let wrap = Wrap::ResponseAndColumns(columns.clone());
                let response = bytes(&mut PartitionList::new(batch.clone(), wrap), protocol, "add_partitions_req");
                let response = decode_result::<methods::AddPartitionsReq>(protocol, response).unwrap();
                prop_assert_eq!(response.partitions.as_ref(), Some(&expected));
                prop_assert_eq!(response.partition_col_schema, Some(columns));

                let response = bytes(&mut PartitionList::unset(), protocol, "add_partitions_req");
                let response = decode_result::<methods::AddPartitionsReq>(protocol, response).unwrap();
                prop_assert_eq!(response.partitions, None);

                let mut list = PartitionList::whole(expected.clone(), Wrap::ResponseAndFlag(true));
                let response = bytes(&mut list, protocol, "get_partitions_by_expr");
                let response = decode_result::<methods::GetPartitionsByExpr>(protocol, response).unwrap();
                prop_assert_eq!((&response.partitions, response.has_unknown_partitions), (&expected, true));
            }
        }
    }
}
