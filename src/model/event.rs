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
    AddPrimaryKey,
    AddForeignKey,
    AddUniqueConstraint,
    AddNotNullConstraint,
    AddDefaultConstraint,
    AddCheckConstraint,
    DropConstraint,
    Insert,
    UpdateTableColumnStatistics,
    DeleteTableColumnStatistics,
    UpdatePartitionColumnStatistics,
    DeletePartitionColumnStatistics,
    Reload,
    OpenTransactions,
    CommitTransaction,
    AbortTransaction,
    AllocateWriteIds,
    AcidWrite,
    CommitCompaction,
}

impl EventKind {
    const ALL: [Self; 33] = [
        Self::CreateCatalog,
        Self::AlterCatalog,
        Self::DropCatalog,
        Self::CreateDatabase,
        Self::AlterDatabase,
        Self::DropDatabase,
        Self::CreateTable,
        Self::AlterTable,
        Self::DropTable,
        Self::AddPartition,
        Self::AlterPartition,
        Self::DropPartition,
        Self::CreateFunction,
        Self::DropFunction,
        Self::AddPrimaryKey,
        Self::AddForeignKey,
        Self::AddUniqueConstraint,
        Self::AddNotNullConstraint,
        Self::AddDefaultConstraint,
        Self::AddCheckConstraint,
        Self::DropConstraint,
        Self::Insert,
        Self::UpdateTableColumnStatistics,
        Self::DeleteTableColumnStatistics,
        Self::UpdatePartitionColumnStatistics,
        Self::DeletePartitionColumnStatistics,
        Self::Reload,
        Self::OpenTransactions,
        Self::CommitTransaction,
        Self::AbortTransaction,
        Self::AllocateWriteIds,
        Self::AcidWrite,
        Self::CommitCompaction,
    ];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

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
            Self::AddPrimaryKey => "ADD_PRIMARYKEY",
            Self::AddForeignKey => "ADD_FOREIGNKEY",
            Self::AddUniqueConstraint => "ADD_UNIQUECONSTRAINT",
            Self::AddNotNullConstraint => "ADD_NOTNULLCONSTRAINT",
            Self::AddDefaultConstraint => "ADD_DEFAULTCONSTRAINT",
            Self::AddCheckConstraint => "ADD_CHECKCONSTRAINT",
            Self::DropConstraint => "DROP_CONSTRAINT",
            Self::Insert => "INSERT",
            Self::UpdateTableColumnStatistics => "UPDATE_TBL_COL_STAT_EVENT",
            Self::DeleteTableColumnStatistics => "DELETE_TBL_COL_STAT_EVENT",
            Self::UpdatePartitionColumnStatistics => "UPDATE_PART_COL_STAT_EVENT",
            Self::DeletePartitionColumnStatistics => "DELETE_PART_COL_STAT_EVENT",
            Self::Reload => "RELOAD",
            Self::OpenTransactions => "OPEN_TXN",
            Self::CommitTransaction => "COMMIT_TXN",
            Self::AbortTransaction => "ABORT_TXN",
            Self::AllocateWriteIds => "ALLOC_WRITE_ID_EVENT",
            Self::AcidWrite => "ACID_WRITE_EVENT",
            Self::CommitCompaction => "COMMIT_COMPACTION_EVENT",
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

impl NewEvent {
    /// How many events readers see in it: Hive's notification log has one for each partition that is altered, and for
    /// each column that loses its statistics.
    pub fn parts(&self) -> usize {
        let list = match self.kind {
            EventKind::AlterPartition => "after",
            EventKind::DeleteTableColumnStatistics | EventKind::DeletePartitionColumnStatistics => "columns",
            _ => return 1,
        };
        self.body[list].as_array().map_or(1, Vec::len).max(1)
    }
}

/// An event as it is stored; `id` is dense and never goes back.
#[derive(Debug, Clone)]
pub struct Event {
    /// The number of its last part, the others being those before it.
    pub id: i64,
    pub parts: usize,
    pub happened_at: i64,
    /// One of [`EventKind`]'s names, or what a client wrote itself.
    pub kind: String,
    pub catalog: String,
    pub database: Option<String>,
    pub table: Option<String>,
    pub body: Value,
}

/// Which events to read. Names are folded; what is None or empty lets all through.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    pub catalog: Option<String>,
    pub database: Option<String>,
    pub tables: Vec<String>,
    pub kinds: Vec<String>,
    pub skipped_kinds: Vec<String>,
}
