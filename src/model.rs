//! What a catalog holds: plain types, no I/O, no wire format.

pub mod database;
pub mod event;
pub mod function;
pub mod lock;
pub mod name;
pub mod parameters;
pub mod partition;
pub mod partition_name;
pub mod principal;
pub mod privilege;
pub mod statistics;
pub mod storage;
pub mod table;

pub use database::{Catalog, Database};
pub use event::{Event, EventFilter, EventKind, NewEvent};
pub use function::Function;
pub use name::{DatabaseName, TableName};
pub use parameters::Parameters;
pub use partition::{Partition, PartitionBatch, PartitionRow};
pub use principal::PrincipalType;
pub use statistics::{AggregatedStatistics, ColumnStatistics};
pub use storage::{Column, SerDe, Skew, SortColumn, StorageDescriptor};
pub use table::{CreationMetadata, SourceTable, Table, table_kind};
