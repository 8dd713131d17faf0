//! Partitions. A list of them is written as JSON straight from its rows, with each storage descriptor encoded once.

use std::collections::HashMap;
use std::sync::Arc;

use propolis_glue_api::types;
use serde::Serialize;

use super::storage::{storage, wire_storage};
use crate::model::{Partition, PartitionBatch, PartitionRow, StorageDescriptor};

/// How many descriptors are compared with, so that a list that mixes some shapes still shares them.
const REMEMBERED: usize = 8;

/// Reads the partitions of one call. Those with equal storage descriptors, apart from the location, share one.
#[derive(Debug, Default)]
pub struct PartitionReader {
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    sent: Option<types::StorageDescriptor>,
    before: Option<Arc<StorageDescriptor>>,
    read: Arc<StorageDescriptor>,
}

impl PartitionReader {
    /// A definition as it is to be stored. What the service has no words for comes from the partition that it replaces.
    pub fn read(&mut self, sent: types::PartitionInput, before: Option<&Partition>) -> Partition {
        let (storage, location) = self.storage(sent.storage_descriptor, before.and_then(|b| b.storage.as_ref()));
        Partition {
            values: sent.values.unwrap_or_default(),
            storage: Some(storage),
            location,
            parameters: sent.parameters.unwrap_or_default(),
            created_at: 0,
            last_access_time: sent.last_access_time.map_or(0, |time| time.0.floor() as i64),
            last_analyzed_at: sent.last_analyzed_time.map(|time| time.0),
            write_id: -1,
        }
    }

    fn storage(
        &mut self,
        mut sent: Option<types::StorageDescriptor>,
        before: Option<&Arc<StorageDescriptor>>,
    ) -> (Arc<StorageDescriptor>, Option<String>) {
        let location = sent.as_mut().and_then(|sent| sent.location.take());
        let same = |known: &&Known| {
            let replaces = match (&known.before, before) {
                (Some(known), Some(before)) => Arc::ptr_eq(known, before),
                (known, before) => known.is_none() && before.is_none(),
            };
            replaces && known.sent == sent
        };
        if let Some(known) = self.known.iter().rev().find(same) {
            return (Arc::clone(&known.read), location);
        }
        let read = Arc::new(storage(sent.clone(), before.map(Arc::as_ref)).0);
        if self.known.len() == REMEMBERED {
            self.known.remove(0);
        }
        self.known.push(Known { sent, before: before.cloned(), read: Arc::clone(&read) });
        (read, location)
    }
}

/// Writes the rows of a batch as the shape Partition.
pub struct PartitionWriter<'a> {
    batch: &'a PartitionBatch,
    storage: HashMap<i64, Encoded>,
    /// The members that all of them have.
    common: Vec<u8>,
    location: String,
}

/// A storage descriptor as JSON.
struct Encoded {
    /// Without its location; None where it is not shown.
    plain: Option<Vec<u8>>,
    /// What follows the location.
    rest: Vec<u8>,
}

impl<'a> PartitionWriter<'a> {
    pub fn new(batch: &'a PartitionBatch, catalog_id: &str, without_columns: bool) -> Self {
        let name = &batch.table.name;
        let mut common = Vec::new();
        for (member, value) in
            [("DatabaseName", &*name.database), ("TableName", &*name.table), ("CatalogId", catalog_id)]
        {
            common.push(b',');
            write_json(&mut common, member);
            common.push(b':');
            write_json(&mut common, value);
        }
        let encode = |(id, storage): (&i64, &Arc<StorageDescriptor>)| (*id, encoded(storage, without_columns));
        let storage = batch.storage.iter().map(encode).collect();
        Self { batch, storage, common, location: String::new() }
    }

    /// `[{…},…]`
    pub fn list<'r>(&mut self, rows: impl Iterator<Item = PartitionRow<'r>>, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, row) in rows.enumerate() {
            if at > 0 {
                out.push(b',');
            }
            self.write(&row, out);
        }
        out.push(b']');
    }

    pub fn write(&mut self, row: &PartitionRow<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"Values\":[");
        for (at, value) in row.values().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_json(out, value);
        }
        out.push(b']');
        out.extend_from_slice(&self.common);
        out.extend_from_slice(b",\"CreationTime\":");
        write_json(out, &row.created_at);
        if row.last_access_time != 0 {
            out.extend_from_slice(b",\"LastAccessTime\":");
            write_json(out, &row.last_access_time);
        }
        if let Some(time) = row.last_analyzed_at {
            out.extend_from_slice(b",\"LastAnalyzedTime\":");
            write_json(out, &time);
        }
        if let Some(storage) = row.storage_id.and_then(|id| self.storage.get(&id)) {
            self.location.clear();
            if self.batch.write_location(row, &mut self.location) {
                out.extend_from_slice(b",\"StorageDescriptor\":{\"Location\":");
                write_json(out, &self.location);
                out.extend_from_slice(&storage.rest);
            } else if let Some(plain) = &storage.plain {
                out.extend_from_slice(b",\"StorageDescriptor\":");
                out.extend_from_slice(plain);
            }
        }
        out.extend_from_slice(b",\"Parameters\":{");
        for (at, (key, value)) in row.parameters().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_json(out, key);
            out.push(b':');
            write_json(out, value);
        }
        out.extend_from_slice(b"}}");
    }
}

fn encoded(storage: &StorageDescriptor, without_columns: bool) -> Encoded {
    let encode = |location: Option<&str>| {
        let mut wire = wire_storage(storage, location)?;
        wire.location = None;
        if without_columns {
            wire.columns = None;
        }
        let mut json = Vec::new();
        write_json(&mut json, &wire);
        Some(json)
    };
    // `{…}` goes on after a member with `,…}`.
    let mut rest = encode(Some("")).unwrap_or_else(|| b"{}".to_vec());
    if rest == b"{}" {
        rest.remove(0);
    } else {
        rest[0] = b',';
    }
    Encoded { plain: encode(None), rest }
}

/// Shapes, texts and numbers: nothing that JSON could refuse.
fn write_json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let _ = serde_json::to_writer(out, value);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Column, Parameters, Table, TableName};

    fn table() -> Arc<Table> {
        let key = |name: &str| Column { name: name.into(), type_name: "string".into(), comment: None };
        let storage = StorageDescriptor::default();
        Arc::new(Table {
            id: 1,
            name: TableName::new("hive", "d", "t"),
            kind: "EXTERNAL_TABLE".into(),
            owner_name: None,
            owner_type: None,
            created_at: 0,
            updated_at: 0,
            created_by: None,
            last_access_time: 0,
            retention: 0,
            storage: Arc::new(storage),
            storage_id: 1,
            location: Some("s3://b/t".into()),
            partition_base: Some("s3://b/t".into()),
            partition_keys: vec![key("dt"), key("region")],
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

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[a-z/=%]{1,8}", "[ -~]{1,8}", "\\PC{1,4}", Just("a\"\\\u{1}\n".to_owned())]
    }

    fn input() -> impl Strategy<Value = types::PartitionInput> {
        let columns = prop::option::of(prop::collection::vec(
            (text(), prop::option::of(text())).prop_map(|(name, comment)| types::Column {
                name,
                r#type: Some("int".into()),
                comment,
                parameters: None,
            }),
            0..3,
        ));
        let location = prop_oneof![Just(None), Just(Some("s3://b/t/x".to_owned())), text().prop_map(Some)];
        let parameters = prop::option::of(prop::collection::btree_map(text(), text(), 0..3));
        let storage = (columns, location, parameters, any::<Option<bool>>()).prop_map(
            |(columns, location, parameters, compressed)| types::StorageDescriptor {
                columns,
                location,
                parameters,
                compressed,
                ..Default::default()
            },
        );
        let times = (0i64..2_000_000_000, prop::option::of(0.0..2e9f64));
        let parameters = prop::collection::btree_map(text(), text(), 0..3);
        (text(), text(), prop::option::of(storage), parameters, times).prop_map(
            |(dt, region, storage_descriptor, parameters, (accessed, analyzed))| types::PartitionInput {
                values: Some(vec![dt, region]),
                storage_descriptor,
                parameters: Some(parameters),
                last_access_time: (accessed > 0).then(|| accessed.into()),
                last_analyzed_time: analyzed.map(propolis_glue_api::Timestamp),
            },
        )
    }

    proptest! {
        #[test]
        fn lists_are_what_was_sent(sent in prop::collection::vec(input(), 0..6)) {
            let mut reader = PartitionReader::default();
            let mut batch = PartitionBatch::new(table());
            for (id, sent) in (0..).zip(&sent) {
                let partition = Partition { created_at: 7, ..reader.read(sent.clone(), None) };
                batch.push_partition(&partition, Some(id));
            }
            let mut json = Vec::new();
            PartitionWriter::new(&batch, "1", false).list(batch.rows(), &mut json);
            let written: Vec<types::Partition> = serde_json::from_slice(&json).unwrap();
            let expected: Vec<_> = sent
                .into_iter()
                .map(|sent| types::Partition {
                    values: sent.values,
                    database_name: Some("d".into()),
                    table_name: Some("t".into()),
                    catalog_id: Some("1".into()),
                    creation_time: Some(7.into()),
                    last_access_time: sent.last_access_time,
                    last_analyzed_time: sent.last_analyzed_time,
                    storage_descriptor: sent.storage_descriptor,
                    parameters: sent.parameters,
                })
                .collect();
            prop_assert_eq!(written, expected);
        }
    }

    #[test]
    fn partitions_of_one_shape_share_their_descriptor() {
        let mut reader = PartitionReader::default();
        let mut read = |value: &str, location: &str, format: &str| {
            let storage = types::StorageDescriptor {
                location: Some(location.into()),
                input_format: Some(format.into()),
                ..Default::default()
            };
            let sent = types::PartitionInput {
                values: Some(vec![value.into()]),
                storage_descriptor: Some(storage),
                ..Default::default()
            };
            reader.read(sent, None).storage.unwrap()
        };
        let (a, b, c) = (read("1", "x", "i"), read("2", "y", "i"), read("3", "x", "j"));
        assert!(Arc::ptr_eq(&a, &b) && !Arc::ptr_eq(&a, &c));
    }
}
