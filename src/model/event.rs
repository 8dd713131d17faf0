//! What changed: written by each change in its own transaction, read by replication and caches.

use serde_json::Value;

/// The kinds of event, each the name that the metastore's notification log has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    CreateCatalog,
    AlterCatalog,
    DropCatalog,
    CreateDatabase,
    AlterDatabase,
    DropDatabase,
    CreateTable,
    AlterTable,
    DropTable,
    AddPartition,
    AlterPartition,
    DropPartition,
    CreateFunction,
    DropFunction,
    Insert,
    UpdateTableColumnStatistics,
    DeleteTableColumnStatistics,
    UpdatePartitionColumnStatistics,
    DeletePartitionColumnStatistics,
}

impl EventKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateCatalog => "CREATE_CATALOG",
            Self::AlterCatalog => "ALTER_CATALOG",
            Self::DropCatalog => "DROP_CATALOG",
            Self::CreateDatabase => "CREATE_DATABASE",
            Self::AlterDatabase => "ALTER_DATABASE",
            Self::DropDatabase => "DROP_DATABASE",
            Self::CreateTable => "CREATE_TABLE",
            Self::AlterTable => "ALTER_TABLE",
            Self::DropTable => "DROP_TABLE",
            Self::AddPartition => "ADD_PARTITION",
            Self::AlterPartition => "ALTER_PARTITION",
            Self::DropPartition => "DROP_PARTITION",
            Self::CreateFunction => "CREATE_FUNCTION",
            Self::DropFunction => "DROP_FUNCTION",
            Self::Insert => "INSERT",
            Self::UpdateTableColumnStatistics => "UPDATE_TBL_COL_STAT_EVENT",
            Self::DeleteTableColumnStatistics => "DELETE_TBL_COL_STAT_EVENT",
            Self::UpdatePartitionColumnStatistics => "UPDATE_PART_COL_STAT_EVENT",
            Self::DeletePartitionColumnStatistics => "DELETE_PART_COL_STAT_EVENT",
        }
    }
}

/// An event to be written. `body` is the object after the change, and before it where there was one, in the model's
/// own JSON; faces make their message of it.
#[derive(Debug, Clone)]
pub struct NewEvent {
    pub kind: EventKind,
    pub catalog: String,
    pub database: Option<String>,
    pub table: Option<String>,
    pub body: Value,
}

/// An event as readers see it; `id` is dense and never goes back.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: i64,
    pub happened_at: i64,
    /// One of [`EventKind`]'s names, or what a client wrote itself.
    pub kind: String,
    pub catalog: String,
    pub database: Option<String>,
    pub table: Option<String>,
    pub body: Value,
}
