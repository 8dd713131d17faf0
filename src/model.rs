//! What a catalog holds: plain types, no I/O, no wire format.

pub mod access_key;
pub mod constraint;
pub mod database;
pub mod event;
pub mod function;
pub mod lock;
pub mod name;
pub mod parameters;
pub mod partition;
pub mod partition_index;
pub mod partition_name;
pub mod principal;
pub mod privilege;
pub mod resource;
pub mod schema_registry;
pub mod search;
pub mod statistics;
pub mod storage;
pub mod table;

pub use access_key::AccessKey;
pub use constraint::{Constraint, ConstraintKind};
pub use database::{Catalog, Database};
pub use event::{Event, EventFilter, EventKind, NewEvent};
pub use function::Function;
pub use name::{DatabaseName, TableName};
pub use parameters::Parameters;
pub use partition::{Partition, PartitionBatch, PartitionRow};
pub use partition_index::PartitionIndex;
pub use principal::PrincipalType;
pub use resource::{Resource, ResourceKey};
pub use statistics::{AggregatedStatistics, ColumnStatistics};
pub use storage::{Column, SerDe, Skew, SortColumn, StorageDescriptor};
pub use table::{CreationMetadata, Extra, SourceTable, Table, table_kind};
