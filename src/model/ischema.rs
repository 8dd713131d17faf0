//! Schemas that Hive keeps within a database, each a row of versions that say which columns there are.

use std::fmt;

use super::numbered::numbered;
use super::{Column, DatabaseName, SerDe};

/// Folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ISchemaName {
    pub database: DatabaseName,
    pub name: String,
}

impl fmt::Display for ISchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.name)
    }
}

numbered! {
    ISchemaKind { Hive = 1 "HIVE", Avro = 2 "AVRO", }
}

numbered! {
    /// What a new version should keep to. Clients see to it.
    ISchemaCompatibility { None = 1 "NONE", Backward = 2 "BACKWARD", Forward = 3 "FORWARD", Both = 4 "BOTH", }
}

numbered! {
    /// Against which versions a new one is to be validated. Clients see to it.
    ISchemaValidation { Latest = 1 "LATEST", All = 2 "ALL", }
}

numbered! {
    ISchemaVersionState {
        Initiated = 1 "INITIATED",
        StartReview = 2 "START_REVIEW",
        ChangesRequired = 3 "CHANGES_REQUIRED",
        Reviewed = 4 "REVIEWED",
        Enabled = 5 "ENABLED",
        Disabled = 6 "DISABLED",
        Archived = 7 "ARCHIVED",
        Deleted = 8 "DELETED",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ISchema {
    /// The server's; 0 for a new one.
    pub id: i64,
    pub name: ISchemaName,
    pub kind: ISchemaKind,
    pub compatibility: ISchemaCompatibility,
    pub validation_level: ISchemaValidation,
    pub can_evolve: bool,
    pub schema_group: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ISchemaVersion {
    pub schema: ISchemaName,
    pub version: i32,
    /// As the client says, in whatever unit it likes.
    pub created_at: i64,
    pub columns: Vec<Column>,
    pub state: Option<ISchemaVersionState>,
    pub description: Option<String>,
    pub schema_text: Option<String>,
    pub fingerprint: Option<String>,
    pub name: Option<String>,
    pub serde: Option<SerDe>,
}
