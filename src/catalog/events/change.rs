//! What events tell.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::compaction::CompactionKind;
use crate::model::{Catalog, ColumnStatistics, Constraint, Database, EventKind, Function, Partition, Table};

/// One event.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Dense: the next event has the next number.
    pub id: i64,
    /// Seconds since the epoch.
    pub happened_at: i64,
    pub kind: EventKind,
    pub catalog: String,
    pub database: Option<String>,
    pub table: Option<String>,
    pub change: Change,
}

/// What an event tells. What is made has no before, what is dropped no after.
#[derive(Debug, Clone)]
pub enum Change {
    Catalog {
        before: Option<Box<Catalog>>,
        after: Option<Box<Catalog>>,
    },
    Database {
        before: Option<Box<Database>>,
        after: Option<Box<Database>>,
    },
    Function {
        before: Option<Box<Function>>,
        after: Option<Box<Function>>,
    },
    Table {
        before: Option<Arc<Table>>,
        after: Option<Arc<Table>>,
        truncated: bool,
    },
    /// All of one kind.
    ConstraintsAdded(Vec<Constraint>),
    /// By its name, of the table that the event is about.
    ConstraintDropped(String),
    PartitionsAdded {
        table: Arc<Table>,
        partitions: Vec<Partition>,
    },
    PartitionsDropped {
        table: Arc<Table>,
        values: Vec<Vec<String>>,
    },
    PartitionAltered {
        table: Arc<Table>,
        before: Partition,
        after: Partition,
        truncated: bool,
    },
    Inserted {
        table: Arc<Table>,
        partition: Option<Partition>,
        replaced: bool,
        files: Vec<InsertedFile>,
    },
    /// A client asks others to read a table or partition anew.
    Reload {
        table: Arc<Table>,
        partition: Option<Partition>,
        refresh: bool,
    },
    /// Of the partition with these values, or of the table.
    StatisticsUpdated {
        table: Arc<Table>,
        values: Option<Vec<String>>,
        engine: String,
        columns: Vec<ColumnStatistics>,
        write_id: i64,
    },
    /// Of all columns where none is named.
    StatisticsDeleted {
        table: Arc<Table>,
        values: Option<Vec<String>>,
        column: Option<String>,
    },
    /// With numbers from `first` to `last`.
    TransactionsOpened {
        first: i64,
        last: i64,
    },
    TransactionCommitted(i64),
    TransactionAborted {
        transaction: i64,
        /// In which it had write ids.
        databases: Vec<String>,
    },
    /// In the table that the event is about; to each transaction the write id in the same place.
    WriteIdsAllocated {
        transactions: Vec<i64>,
        write_ids: Vec<i64>,
    },
    /// Files that a transaction has written.
    AcidWritten {
        table: Arc<Table>,
        partition: Option<Partition>,
        transaction: i64,
        write_id: i64,
        files: Vec<InsertedFile>,
    },
    /// Of the table that the event is about, or of a partition, by its name.
    CompactionCommitted {
        transaction: i64,
        compaction: i64,
        kind: CompactionKind,
        partition: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InsertedFile {
    pub location: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_directory: Option<String>,
}
