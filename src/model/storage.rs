//! The storage descriptor: what a table's or partition's files look like, all but where they lie.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Extra, Parameters};

/// A column of a table, a partition key, or a field of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// In Hive's type grammar, as the client wrote it.
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// The serializer and deserializer of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SerDe {
    pub name: Option<String>,
    pub library: Option<String>,
    pub parameters: Parameters,
    pub description: Option<String>,
    pub serializer_class: Option<String>,
    pub deserializer_class: Option<String>,
    /// 1 Hive, 2 schema registry.
    pub kind: Option<i32>,
}

/// A column that rows are sorted by within a bucket. Order 1 is ascending, 0 descending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SortColumn {
    pub column: String,
    pub order: i32,
}

/// Values so frequent that their rows get folders of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Skew {
    pub columns: Vec<String>,
    pub values: Vec<Vec<String>>,
    /// From a combination of values to its folder, ordered by the values.
    pub locations: Vec<(Vec<String>, String)>,
}

/// The key in [`StorageDescriptor::extra`] of a descriptor that came without a list of columns, which is not the empty
/// list: partitions of Hive may have such.
pub const NULL_COLUMNS: &str = "null_columns";

/// Immutable once stored, and stored once: see [`StorageDescriptor::hash`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StorageDescriptor {
    pub columns: Vec<Column>,
    pub input_format: Option<String>,
    pub output_format: Option<String>,
    pub compressed: bool,
    pub buckets: i32,
    pub serde: SerDe,
    pub bucket_columns: Vec<String>,
    pub sort_columns: Vec<SortColumn>,
    pub parameters: Parameters,
    pub skew: Skew,
    pub stored_as_sub_directories: bool,
    /// What only one face can say and the others must give back unchanged (Glue's schema reference and the like).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<Extra>,
}

impl StorageDescriptor {
    /// Takes over what only other faces can say from the definition that this one replaces.
    pub fn keep_extra(&mut self, before: &StorageDescriptor) {
        let Some(kept) = &before.extra else { return };
        for (key, value) in kept.iter().filter(|(key, _)| *key != NULL_COLUMNS) {
            self.extra.get_or_insert_default().entry(key.clone()).or_insert_with(|| value.clone());
        }
    }

    /// SHA-256 of the canonical JSON: fields in the order of declaration, maps in key order.
    pub fn hash(&self) -> Vec<u8> {
        // Strings, numbers and maps with string keys: nothing that JSON could refuse.
        let json = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(&json).to_vec()
    }
}
