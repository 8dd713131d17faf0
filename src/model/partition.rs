//! Partitions: one at a time as a struct, and many at once as a batch that shares storage descriptors.

mod namer;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::parameters::{pack, unpack, unpacked};
use super::{Parameters, StorageDescriptor, Table};
use crate::error::Result;

pub use namer::PartitionNamer;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partition {
    /// In the order of the table's partition keys.
    pub values: Vec<String>,
    /// None for partitions of views.
    pub storage: Option<Arc<StorageDescriptor>>,
    pub location: Option<String>,
    pub parameters: Parameters,
    pub created_at: i64,
    pub last_access_time: i64,
    /// When a client says that it last analyzed it, with a fraction as it was given.
    pub last_analyzed_at: Option<f64>,
    pub write_id: i64,
}

/// Where a row says it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredLocation<'a> {
    /// Word for word.
    Verbatim(&'a str),
    /// Below the table's partition base; the base itself where empty.
    Below(&'a str),
    /// In the folder of its own name below the table's partition base.
    Default,
    /// Nowhere: a partition of a view.
    None,
}

impl<'a> StoredLocation<'a> {
    /// How to store that a partition of this name lies at `location`: so that it is given back letter by letter, and
    /// follows the base where it lies in or below it.
    pub fn of(location: Option<&'a str>, base: Option<&str>, name: &str) -> Self {
        let Some(location) = location.filter(|location| !location.is_empty()) else {
            return Self::None;
        };
        let below = base.filter(|base| !base.is_empty()).and_then(|base| location.strip_prefix(base));
        match below.map(|below| (below, below.strip_prefix('/'))) {
            Some((_, Some(path))) if path == name => Self::Default,
            Some((_, Some(path))) if !path.is_empty() => Self::Below(path),
            Some(("", None)) => Self::Below(""),
            _ => Self::Verbatim(location),
        }
    }
}

/// Many partitions of one table, held in one piece of memory as they are stored: written, and encoded for clients,
/// without a struct for each.
#[derive(Debug, Clone)]
pub struct PartitionBatch {
    pub table: Arc<Table>,
    /// Every descriptor that a row refers to.
    pub storage: HashMap<i64, Arc<StorageDescriptor>>,
    namer: PartitionNamer,
    bytes: Vec<u8>,
    rows: Vec<Span>,
}

#[derive(Debug, Clone)]
struct Span {
    start: usize,
    values: u32,
    location: u32,
    parameters: u32,
    value_count: u16,
    location_kind: LocationKind,
    storage_id: Option<i64>,
    created_at: i64,
    last_access_time: i64,
    last_analyzed_at: Option<f64>,
    write_id: i64,
}

#[derive(Debug, Clone, Copy)]
enum LocationKind {
    Verbatim,
    Below,
    Default,
    None,
}

/// One row of a batch, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct PartitionRow<'a> {
    /// How many values `packed_values` holds.
    pub value_count: usize,
    /// Each value as a big-endian u32 length and UTF-8 bytes: the database's form, and the binary protocol's.
    pub packed_values: &'a [u8],
    pub location: StoredLocation<'a>,
    /// See [`super::parameters::pack`].
    pub packed_parameters: &'a [u8],
    pub storage_id: Option<i64>,
    pub created_at: i64,
    pub last_access_time: i64,
    /// When a client says that it last analyzed it, with a fraction as it was given.
    pub last_analyzed_at: Option<f64>,
    pub write_id: i64,
}

impl PartitionBatch {
    pub fn new(table: Arc<Table>) -> Self {
        let namer = PartitionNamer::new(&table.partition_key_names());
        Self { table, storage: HashMap::new(), namer, bytes: Vec::new(), rows: Vec::new() }
    }

    pub fn push(&mut self, row: PartitionRow<'_>) {
        let start = self.bytes.len();
        let (location_kind, location) = match row.location {
            StoredLocation::Verbatim(text) => (LocationKind::Verbatim, text),
            StoredLocation::Below(text) => (LocationKind::Below, text),
            StoredLocation::Default => (LocationKind::Default, ""),
            StoredLocation::None => (LocationKind::None, ""),
        };
        self.bytes.extend_from_slice(row.packed_values);
        self.bytes.extend_from_slice(location.as_bytes());
        self.bytes.extend_from_slice(row.packed_parameters);
        self.rows.push(Span {
            start,
            values: row.packed_values.len() as u32,
            location: location.len() as u32,
            parameters: row.packed_parameters.len() as u32,
            value_count: row.value_count as u16,
            location_kind,
            storage_id: row.storage_id,
            created_at: row.created_at,
            last_access_time: row.last_access_time,
            last_analyzed_at: row.last_analyzed_at,
            write_id: row.write_id,
        });
    }

    /// Adds a partition whose descriptor, where it has one, is stored as `storage_id`.
    pub fn push_partition(&mut self, partition: &Partition, storage_id: Option<i64>) {
        let name = self.namer.name(partition.values.iter().map(String::as_str));
        let base = self.table.partition_base.clone();
        if let (Some(id), Some(storage)) = (storage_id, &partition.storage) {
            self.storage.entry(id).or_insert_with(|| Arc::clone(storage));
        }
        self.push(PartitionRow {
            value_count: partition.values.len(),
            packed_values: &pack_values(&partition.values),
            location: StoredLocation::of(partition.location.as_deref(), base.as_deref(), &name),
            packed_parameters: &pack(&partition.parameters),
            storage_id,
            created_at: partition.created_at,
            last_access_time: partition.last_access_time,
            last_analyzed_at: partition.last_analyzed_at,
            write_id: partition.write_id,
        });
    }

    fn without_rows(&self) -> Self {
        Self { storage: self.storage.clone(), ..Self::new(Arc::clone(&self.table)) }
    }

    /// The rows that `keep` wants, in a batch of their own.
    pub fn filter(&self, mut keep: impl FnMut(&PartitionRow<'_>) -> bool) -> Self {
        let mut kept = self.without_rows();
        self.rows().filter(|row| keep(row)).for_each(|row| kept.push(row));
        kept
    }

    /// The same rows, with only the parameters whose keys `keep` wants.
    pub fn filter_parameters(&self, keep: impl Fn(&str) -> bool) -> Self {
        let mut kept = self.without_rows();
        for row in self.rows() {
            let parameters: Vec<&str> =
                row.parameters().filter(|(key, _)| keep(key)).flat_map(|(key, value)| [key, value]).collect();
            kept.push(PartitionRow { packed_parameters: &pack_values(&parameters), ..row });
        }
        kept
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn row(&self, index: usize) -> Option<PartitionRow<'_>> {
        self.rows.get(index).map(|span| self.borrow(span))
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = PartitionRow<'_>> {
        self.rows.iter().map(|span| self.borrow(span))
    }

    fn borrow(&self, span: &Span) -> PartitionRow<'_> {
        let values_end = span.start + span.values as usize;
        let location_end = values_end + span.location as usize;
        let text = std::str::from_utf8(&self.bytes[values_end..location_end]).unwrap_or_default();
        PartitionRow {
            value_count: span.value_count.into(),
            packed_values: &self.bytes[span.start..values_end],
            location: match span.location_kind {
                LocationKind::Verbatim => StoredLocation::Verbatim(text),
                LocationKind::Below => StoredLocation::Below(text),
                LocationKind::Default => StoredLocation::Default,
                LocationKind::None => StoredLocation::None,
            },
            packed_parameters: &self.bytes[location_end..location_end + span.parameters as usize],
            storage_id: span.storage_id,
            created_at: span.created_at,
            last_access_time: span.last_access_time,
            last_analyzed_at: span.last_analyzed_at,
            write_id: span.write_id,
        }
    }

    /// `key=value/key=value`, escaped.
    pub fn name(&self, row: &PartitionRow<'_>) -> String {
        self.namer.name(row.values())
    }

    /// The full location, put together from what is stored.
    pub fn location(&self, row: &PartitionRow<'_>) -> Option<String> {
        let mut location = String::new();
        self.write_location(row, &mut location).then_some(location)
    }

    /// Appends the location to `out`; false where the partition has none.
    pub fn write_location(&self, row: &PartitionRow<'_>, out: &mut String) -> bool {
        let base = self.table.partition_base.as_deref().unwrap_or_default();
        match row.location {
            StoredLocation::Verbatim(text) => out.push_str(text),
            StoredLocation::Below("") => out.push_str(base),
            StoredLocation::Below(path) => {
                out.push_str(base);
                out.push('/');
                out.push_str(path);
            }
            StoredLocation::Default => {
                out.push_str(base);
                out.push('/');
                self.namer.write(row.values(), out);
            }
            StoredLocation::None => return false,
        }
        true
    }

    /// The length of the location in bytes; None where the partition has none.
    pub fn location_len(&self, row: &PartitionRow<'_>) -> Option<usize> {
        let base = self.table.partition_base.as_deref().unwrap_or_default();
        match row.location {
            StoredLocation::Verbatim(text) => Some(text.len()),
            StoredLocation::Below("") => Some(base.len()),
            StoredLocation::Below(path) => Some(base.len() + 1 + path.len()),
            StoredLocation::Default => Some(base.len() + 1 + self.namer.name_len(row.values())),
            StoredLocation::None => None,
        }
    }

    /// The row as a struct of its own.
    pub fn partition(&self, row: &PartitionRow<'_>) -> Result<Partition> {
        Ok(Partition {
            values: row.values().map(str::to_owned).collect(),
            storage: row.storage_id.and_then(|id| self.storage.get(&id).cloned()),
            location: self.location(row),
            parameters: unpack(row.packed_parameters)?,
            created_at: row.created_at,
            last_access_time: row.last_access_time,
            last_analyzed_at: row.last_analyzed_at,
            write_id: row.write_id,
        })
    }

    pub fn partitions(&self) -> Result<Vec<Partition>> {
        self.rows().map(|row| self.partition(&row)).collect()
    }
}

impl<'a> PartitionRow<'a> {
    pub fn values(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        unpack_values(self.packed_values)
    }

    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        unpacked(self.packed_parameters)
    }

    pub fn parameter(&self, key: &str) -> Option<&'a str> {
        self.parameters().find_map(|(name, value)| (name == key).then_some(value))
    }
}

/// Each value as a big-endian u32 length and UTF-8 bytes.
pub fn pack_values<S: AsRef<str>>(values: &[S]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(values.iter().map(|value| 4 + value.as_ref().len()).sum());
    for value in values {
        packed.extend_from_slice(&(value.as_ref().len() as u32).to_be_bytes());
        packed.extend_from_slice(value.as_ref().as_bytes());
    }
    packed
}

/// The texts of [`pack_values`], without copying.
pub fn unpack_values(packed: &[u8]) -> impl Iterator<Item = &str> {
    let mut rest = packed;
    std::iter::from_fn(move || {
        let (size, tail) = rest.split_first_chunk::<4>()?;
        let (text, tail) = tail.split_at_checked(u32::from_be_bytes(*size) as usize)?;
        rest = tail;
        std::str::from_utf8(text).ok()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Column, TableName};

    fn table(base: Option<&str>) -> Arc<Table> {
        let key = |name: &str| Column { name: name.into(), type_name: "string".into(), comment: None };
        Arc::new(Table {
            id: 1,
            name: TableName::new("hive", "d", "t"),
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
            location: base.map(str::to_owned),
            partition_base: base.map(str::to_owned),
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

    fn partition(values: [&str; 2], location: Option<&str>) -> Partition {
        Partition {
            values: values.map(str::to_owned).to_vec(),
            storage: Some(Arc::default()),
            location: location.map(str::to_owned),
            parameters: Parameters::from([("k".to_owned(), "v".to_owned())]),
            created_at: 7,
            last_access_time: 8,
            last_analyzed_at: Some(9.5),
            write_id: -1,
        }
    }

    #[test]
    fn locations_are_stored_as_short_as_they_can_be_given_back() {
        use StoredLocation::*;
        let of = |location| StoredLocation::of(location, Some("file:/w/t"), "dt=1");
        for (location, stored) in [
            (Some("file:/w/t/dt=1"), Default),
            (Some("file:/w/t/dt=1/"), Below("dt=1/")),
            (Some("file:/w/t/other/x"), Below("other/x")),
            (Some("file:/w/t//x"), Below("/x")),
            (Some("file:/w/t"), Below("")),
            (Some("file:/w/t/"), Verbatim("file:/w/t/")),
            (Some("file:/w/t2/dt=1"), Verbatim("file:/w/t2/dt=1")),
            (Some("file:///w/t/dt=1"), Verbatim("file:///w/t/dt=1")),
            (Some("s3://b/dt=1"), Verbatim("s3://b/dt=1")),
            (Some(""), None),
            (Option::None, None),
        ] {
            assert_eq!(of(location), stored, "{location:?}");
        }
        assert_eq!(StoredLocation::of(Some("/dt=1"), Option::None, "dt=1"), Verbatim("/dt=1"));
        assert_eq!(StoredLocation::of(Some("/dt=1"), Some(""), "dt=1"), Verbatim("/dt=1"));
    }

    #[test]
    fn partitions_follow_the_base_of_their_table() {
        let mut batch = PartitionBatch::new(table(Some("file:/w/t")));
        batch.push_partition(&partition(["1", "eu"], Some("file:/w/t/dt=1/region=eu")), Some(1));
        batch.push_partition(&partition(["2", "eu"], Some("file:/w/t/x")), Some(1));
        batch.push_partition(&partition(["3", "eu"], Some("file:/elsewhere")), Some(1));
        batch.push_partition(&partition(["4", "eu"], None), Some(1));
        batch.table = table(Some("file:/v/u"));
        let locations: Vec<_> = batch.rows().map(|row| batch.location(&row)).collect();
        let expected = [Some("file:/v/u/dt=1/region=eu"), Some("file:/v/u/x"), Some("file:/elsewhere"), None];
        assert_eq!(locations, expected.map(|location| location.map(str::to_owned)));
    }

    proptest! {
        #[test]
        fn what_is_pushed_comes_back(
            values in proptest::array::uniform2("\\PC{0,12}"),
            location in proptest::option::of("(file:/w/t)?/?\\PC{0,8}"),
            parameters in proptest::collection::btree_map("\\PC{0,8}", "\\PC{0,8}", 0..4),
        ) {
            let location = location.filter(|location| !location.is_empty());
            let mut pushed = partition([&values[0], &values[1]], location.as_deref());
            pushed.parameters = parameters;
            let mut batch = PartitionBatch::new(table(Some("file:/w/t")));
            batch.push_partition(&partition(["0", "0"], None), Some(1));
            batch.push_partition(&pushed, Some(1));
            prop_assert_eq!(batch.partition(&batch.row(1).unwrap()).unwrap(), pushed);
            prop_assert_eq!(batch.filter(|row| row.values().next() != Some("0")).len(), usize::from(values[0] != "0"));
        }
    }
}
