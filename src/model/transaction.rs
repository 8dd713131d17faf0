//! Transactions of ACID tables.

mod snapshot;

pub use snapshot::{TransactionSnapshot, WriteIdSnapshot, WriteIdSnapshots};

use super::TableName;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionKind {
    Default,
    /// Opened by replication for a transaction of another catalog.
    Replayed,
    ReadOnly,
    Compaction,
    MaterializedViewRebuild,
    SoftDelete,
    RebalanceCompaction,
}

impl TransactionKind {
    pub const ALL: [Self; 7] = [
        Self::Default,
        Self::Replayed,
        Self::ReadOnly,
        Self::Compaction,
        Self::MaterializedViewRebuild,
        Self::SoftDelete,
        Self::RebalanceCompaction,
    ];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Replayed => "replayed",
            Self::ReadOnly => "read_only",
            Self::Compaction => "compaction",
            Self::MaterializedViewRebuild => "materialized_view_rebuild",
            Self::SoftDelete => "soft_delete",
            Self::RebalanceCompaction => "rebalance_compaction",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    pub fn is_compaction(self) -> bool {
        matches!(self, Self::Compaction | Self::RebalanceCompaction)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionState {
    Open,
    Aborted,
    Committed,
}

impl TransactionState {
    /// The name in the database.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "open" => Some(Self::Open),
            "aborted" => Some(Self::Aborted),
            "committed" => Some(Self::Committed),
            _ => None,
        }
    }
}

/// What a transaction does to a table or partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    Insert,
    Update,
    Delete,
    Compact,
}

impl Operation {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Compact => "compact",
        }
    }
}

/// Transactions to be opened.
#[derive(Debug, Clone)]
pub struct NewTransactions {
    pub count: i64,
    pub kind: TransactionKind,
    pub user: String,
    pub host: String,
    /// The program that asks, as it calls itself.
    pub agent: Option<String>,
    /// Of a replication that opens them, with the transactions of the other catalog that they stand for.
    pub policy: Option<String>,
    pub source_ids: Vec<i64>,
}

/// A transaction that is not committed. Times are milliseconds since the epoch.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub id: i64,
    pub kind: TransactionKind,
    pub state: TransactionState,
    pub user: String,
    pub host: String,
    pub agent: Option<String>,
    pub started_at: i64,
    pub heartbeat_at: i64,
    pub abort_reason: Option<String>,
}

/// All transactions at one moment.
#[derive(Debug, Clone)]
pub struct Transactions {
    /// The number of the newest.
    pub high_water_mark: i64,
    /// Those that are open or aborted, in order; what is not here and not above the mark is committed.
    pub uncommitted: Vec<Transaction>,
}

/// What a transaction writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    pub table: TableName,
    /// Empty: the table, or partitions not known yet.
    pub partition: String,
    pub operation: Operation,
    /// None: the one that the transaction has for the table, if any.
    pub write_id: Option<i64>,
}

/// What a transaction ends with, besides its end.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    pub id: i64,
    pub kind: Option<TransactionKind>,
    pub policy: Option<String>,
    /// The caller made sure by locks that nobody else changed the same.
    pub exclusive_write: bool,
    pub parameter: Option<CommitParameter>,
    pub replicated: Option<Replicated>,
    /// What a replayed transaction wrote: table, partition (empty: none), write id.
    pub writes: Vec<(TableName, String, i64)>,
}

/// A parameter of a table that changes with a commit.
#[derive(Debug, Clone)]
pub struct CommitParameter {
    pub table_id: i64,
    pub key: String,
    pub value: String,
}

/// How far a replication is, to be noted on what it has written.
#[derive(Debug, Clone)]
pub struct Replicated {
    pub database: super::DatabaseName,
    pub table: Option<String>,
    pub partitions: Vec<String>,
    pub last_event: i64,
}

/// A transaction to be aborted.
#[derive(Debug, Clone, Default)]
pub struct Abort {
    pub id: i64,
    pub kind: Option<TransactionKind>,
    pub policy: Option<String>,
    pub reason: Option<&'static str>,
}

/// Write ids to be given out: to transactions of this catalog, or as another catalog gave them out.
#[derive(Debug, Clone)]
pub enum WriteIdRequest {
    Transactions { ids: Vec<i64>, anew: bool },
    Replayed { policy: String, ids: Vec<(i64, i64)> },
}
