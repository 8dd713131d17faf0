//! Tables and views.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Column, Parameters, PrincipalType, StorageDescriptor, TableName};

/// What only one face can say of an object, by the name that it has there. The other faces keep it when they alter the
/// object.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// The kinds of table that rules look at. Others are kept as they came.
pub mod table_kind {
    pub const MANAGED: &str = "MANAGED_TABLE";
    pub const EXTERNAL: &str = "EXTERNAL_TABLE";
    pub const VIEW: &str = "VIRTUAL_VIEW";
    pub const MATERIALIZED_VIEW: &str = "MATERIALIZED_VIEW";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub id: i64,
    pub name: TableName,
    /// See [`table_kind`].
    pub kind: String,
    pub owner_name: Option<String>,
    pub owner_type: Option<PrincipalType>,
    pub created_at: i64,
    /// Of the last change that made a new version.
    #[serde(default)]
    pub updated_at: i64,
    /// The caller who made it, as far as known.
    #[serde(default)]
    pub created_by: Option<String>,
    pub last_access_time: i64,
    pub retention: i64,
    /// Not part of stored definitions, which refer to it by its id.
    #[serde(skip)]
    pub storage: Arc<StorageDescriptor>,
    #[serde(default)]
    pub storage_id: i64,
    /// None for views.
    pub location: Option<String>,
    /// See the column of the same name.
    pub partition_base: Option<String>,
    pub partition_keys: Vec<Column>,
    pub parameters: Parameters,
    pub view_original_text: Option<String>,
    pub view_expanded_text: Option<String>,
    pub rewrite_enabled: Option<bool>,
    pub creation_metadata: Option<CreationMetadata>,
    pub write_id: i64,
    /// What only one face can say and the others must give back unchanged.
    #[serde(default)]
    pub extra: Extra,
    /// Grows with each change; 1 for a new table.
    pub version: i64,
}

impl Table {
    pub fn is_view(&self) -> bool {
        self.kind == table_kind::VIEW
    }

    pub fn is_external(&self) -> bool {
        self.kind == table_kind::EXTERNAL || super::parameters::is_true(&self.parameters, "EXTERNAL")
    }

    /// Whether it came as a managed table and was made external, as Hive 4 does: its data is still its own, and goes
    /// where it goes.
    pub fn is_translated(&self) -> bool {
        self.is_external() && super::parameters::is_true(&self.parameters, "TRANSLATED_TO_EXTERNAL")
    }

    /// Whether its writes are numbered: an ACID table.
    pub fn is_transactional(&self) -> bool {
        super::parameters::is_true(&self.parameters, "transactional")
    }

    pub fn is_partitioned(&self) -> bool {
        !self.partition_keys.is_empty()
    }

    /// Whether its files are removed with it: all but external tables without `external.table.purge`.
    pub fn owns_data(&self) -> bool {
        !self.is_view() && (!self.is_external() || super::parameters::is_true(&self.parameters, "external.table.purge"))
    }

    pub fn partition_key_names(&self) -> Vec<&str> {
        self.partition_keys.iter().map(|key| key.name.as_str()).collect()
    }
}

/// What a materialized view was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CreationMetadata {
    pub catalog: String,
    pub database: String,
    pub table: String,
    /// Full names of the tables read, ordered.
    pub tables_used: Vec<String>,
    pub valid_transactions: Option<String>,
    pub materialized_at: Option<i64>,
    #[serde(default)]
    pub source_tables: Vec<SourceTable>,
}

/// A table that a materialized view reads, with how many rows changed since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceTable {
    pub name: TableName,
    pub inserted: i64,
    pub updated: i64,
    pub deleted: i64,
}
