//! The event log as readers see it, and events that clients write themselves.
//!
//! Bodies are written beside the changes they tell of, as JSON of the model in which storage descriptors, being
//! immutable, are their ids. Here they become the model again.

mod change;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::partitions::check_values;
use super::tables::no_table;
use super::{Caller, Service, now};
use crate::error::{CatalogError, Result};
use crate::model::compaction::CompactionKind;
use crate::model::{Event, EventFilter, EventKind, NewEvent, Parameters, Partition, Table, TableName};
use crate::store::partitions::Which;
use crate::store::{Connection, events};

pub use change::{Change, InsertedFile, Notification};

/// An insert that a client tells of.
#[derive(Debug, Clone)]
pub struct Insert {
    /// The partition's values; None for a table without partitions, or where the client does not say which.
    pub values: Option<Vec<String>>,
    /// Whether what was there before is gone.
    pub replaced: bool,
    pub files: Vec<InsertedFile>,
}

/// A partition in the body of an event.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    values: Vec<String>,
    #[serde(default)]
    storage_id: Option<i64>,
    location: Option<String>,
    #[serde(default)]
    parameters: Parameters,
    #[serde(default)]
    created_at: i64,
    #[serde(default)]
    last_access_time: i64,
    #[serde(default = "no_write_id")]
    write_id: i64,
}

fn no_write_id() -> i64 {
    -1
}

impl Service {
    /// The number of the newest event, 0 where there never was one.
    pub async fn current_event_id(&self) -> Result<i64> {
        let settled = events::settled_id(&mut *self.store.read().await?).await?;
        if let Some(id) = settled {
            return Ok(id);
        }
        let mut transaction = self.store.begin().await?;
        let id = events::current_id(&mut transaction).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Events after the one of this number, oldest first, at most `limit`.
    pub async fn events_after(&self, filter: &EventFilter, after: i64, limit: usize) -> Result<Vec<Notification>> {
        // Most who ask are waiting for something to happen.
        let settled = events::settled_id(&mut *self.store.read().await?).await?;
        if settled.is_some_and(|last| last <= after) {
            return Ok(Vec::new());
        }
        let mut transaction = self.store.begin().await?;
        let stored = events::after(&mut transaction, filter, after, limit as i64).await?;
        let mut told = Vec::new();
        for event in stored {
            let first = event.id - event.parts as i64 + 1;
            let skipped = (after + 1 - first).max(0) as usize;
            let wanted = event.parts.saturating_sub(skipped).min(limit - told.len());
            if wanted == 0 {
                break;
            }
            let changes = self.changes(&mut transaction, &event, skipped, wanted).await.map_err(|error| {
                CatalogError::internal(format!("event {} ({}) cannot be read: {error}", event.id, event.kind))
                    .caused_by(error)
            })?;
            for (part, (kind, change)) in changes.into_iter().enumerate() {
                told.push(Notification {
                    id: first + (skipped + part) as i64,
                    happened_at: event.happened_at,
                    kind,
                    catalog: event.catalog.clone(),
                    database: event.database.clone(),
                    table: event.table.clone(),
                    change,
                });
            }
        }
        transaction.commit().await?;
        Ok(told)
    }

    /// How many events have numbers after `from` up to `to`.
    pub async fn count_events(&self, filter: &EventFilter, from: i64, to: i64) -> Result<i64> {
        let mut transaction = self.store.begin().await?;
        let count = events::count(&mut transaction, filter, from, to).await?;
        transaction.commit().await?;
        Ok(count)
    }

    /// Records inserts into a table that is there, with partitions that are there, and gives the events' numbers.
    pub async fn record_inserts(&self, _caller: &Caller, name: &TableName, inserts: Vec<Insert>) -> Result<Vec<i64>> {
        let mut told = Vec::with_capacity(inserts.len());
        for Insert { values, replaced, files } in inserts {
            told.push((values, json!({ "replaced": replaced, "files": files })));
        }
        self.record_about_partitions(EventKind::Insert, name, told).await
    }

    /// Records that a table, or these partitions of it, should be read anew, and gives the events' numbers.
    pub async fn record_reload(
        &self,
        _caller: &Caller,
        name: &TableName,
        partitions: Vec<Option<Vec<String>>>,
        refresh: bool,
    ) -> Result<Vec<i64>> {
        let told = partitions.into_iter().map(|values| (values, json!({ "refresh": refresh }))).collect();
        self.record_about_partitions(EventKind::Reload, name, told).await
    }

    pub(super) async fn record_about_partitions(
        &self,
        kind: EventKind,
        name: &TableName,
        told: Vec<(Option<Vec<String>>, Value)>,
    ) -> Result<Vec<i64>> {
        let mut transaction = self.store.begin().await?;
        let table = self.store.get_table_for_child(&mut transaction, name).await?.ok_or_else(|| no_table(name))?;
        let table = Arc::new(table);
        let wanted: Vec<Vec<String>> = told.iter().filter_map(|(values, _)| values.clone()).collect();
        let partitions = self.told_partitions(&mut transaction, &table, &wanted).await?;
        let mut partitions = partitions.into_iter();
        let described = json!(*table);
        let recorded: Vec<NewEvent> = told
            .into_iter()
            .map(|(values, mut body)| {
                body["table"] = described.clone();
                if values.is_some() {
                    body["partition"] = json!(partitions.next());
                }
                NewEvent {
                    kind,
                    catalog: name.catalog.clone(),
                    database: Some(name.database.clone()),
                    table: Some(name.table.clone()),
                    body,
                }
            })
            .collect();
        let sequence = events::append(&mut transaction, &recorded, now()).await?;
        transaction.commit().await?;

        let mut transaction = self.store.begin().await?;
        let ids = events::ids(&mut transaction, &sequence).await?;
        transaction.commit().await?;
        Ok(ids)
    }

    /// What a transaction has written, as [`Change::AcidWritten`], the oldest first; to all tables, or to those of these
    /// names.
    pub(super) async fn acid_writes(
        &self,
        transaction: i64,
        database: Option<&str>,
        table: Option<&str>,
    ) -> Result<Vec<(TableName, Change)>> {
        let mut connection = self.store.read().await?;
        let mut told = Vec::new();
        for event in events::acid_writes(&mut connection, transaction, database, table).await? {
            let changes = self.changes(&mut connection, &event, 0, 1).await?;
            let name = |part: &Option<String>| part.clone().unwrap_or_default();
            let table = TableName {
                catalog: event.catalog.clone(),
                database: name(&event.database),
                table: name(&event.table),
            };
            told.extend(changes.into_iter().map(|(_, change)| (table.clone(), change)));
        }
        Ok(told)
    }

    /// The partitions with these values, all of which exist, in the same order.
    async fn told_partitions(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        wanted: &[Vec<String>],
    ) -> Result<Vec<Told>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let wanted: Vec<Vec<String>> =
            wanted.iter().map(|values| check_values(table, values)).collect::<Result<_>>()?;
        let batch = self.store.partitions(connection, table, &Which::Values(&wanted), None).await?;
        let mut found = std::collections::HashMap::with_capacity(batch.len());
        for row in batch.rows() {
            found.insert(row.values().collect::<Vec<_>>(), row);
        }
        wanted
            .iter()
            .map(|values| {
                let key: Vec<&str> = values.iter().map(String::as_str).collect();
                let row = found.get(&key).ok_or_else(|| {
                    CatalogError::not_found(format!("Table {} has no partition with the values {values:?}", table.name))
                })?;
                let partition = batch.partition(row)?;
                Ok(Told {
                    values: partition.values,
                    storage_id: row.storage_id,
                    location: partition.location,
                    parameters: partition.parameters,
                    created_at: partition.created_at,
                    last_access_time: partition.last_access_time,
                    write_id: partition.write_id,
                })
            })
            .collect()
    }

    /// The changes that a stored event tells of, from part `skipped` on.
    async fn changes(
        &self,
        connection: &mut Connection,
        event: &Event,
        skipped: usize,
        wanted: usize,
    ) -> Result<Vec<(EventKind, Change)>> {
        let kind = EventKind::parse(&event.kind)
            .ok_or_else(|| CatalogError::internal(format!("{:?} is no kind of event", event.kind)))?;
        let body = Body { service: self, body: &event.body };
        let change = match kind {
            EventKind::CreateCatalog | EventKind::AlterCatalog | EventKind::DropCatalog => {
                Change::Catalog { before: body.get("before")?, after: body.get("after")? }
            }
            EventKind::CreateDatabase | EventKind::AlterDatabase | EventKind::DropDatabase => {
                Change::Database { before: body.get("before")?, after: body.get("after")? }
            }
            EventKind::CreateFunction | EventKind::DropFunction => {
                Change::Function { before: body.get("before")?, after: body.get("after")? }
            }
            EventKind::CreateTable | EventKind::AlterTable | EventKind::DropTable => Change::Table {
                before: body.table(connection, "before").await?,
                after: body.table(connection, "after").await?,
                truncated: body.get::<bool>("truncated")?.unwrap_or_default(),
            },
            EventKind::AddPrimaryKey
            | EventKind::AddForeignKey
            | EventKind::AddUniqueConstraint
            | EventKind::AddNotNullConstraint
            | EventKind::AddDefaultConstraint
            | EventKind::AddCheckConstraint => Change::ConstraintsAdded(body.need("constraints")?),
            EventKind::DropConstraint => Change::ConstraintDropped(body.need("constraint")?),
            EventKind::AddPartition => Change::PartitionsAdded {
                table: body.the_table(connection).await?,
                partitions: body.partitions(connection, body.need("partitions")?).await?,
            },
            EventKind::DropPartition => Change::PartitionsDropped {
                table: body.the_table(connection).await?,
                values: body.need::<Vec<Told>>("partitions")?.into_iter().map(|told| told.values).collect(),
            },
            EventKind::AlterPartition => {
                let table = body.the_table(connection).await?;
                let part = |list: Vec<Told>| list.into_iter().skip(skipped).take(wanted).collect();
                let before = body.partitions(connection, part(body.need("before")?)).await?;
                let after = body.partitions(connection, part(body.need("after")?)).await?;
                let truncated = body.get::<bool>("truncated")?.unwrap_or_default();
                let pairs = before.into_iter().zip(after);
                return Ok(pairs
                    .map(|(before, after)| {
                        (kind, Change::PartitionAltered { table: Arc::clone(&table), before, after, truncated })
                    })
                    .collect());
            }
            EventKind::Insert => Change::Inserted {
                table: body.the_table(connection).await?,
                partition: body.partition(connection).await?,
                replaced: body.need("replaced")?,
                files: body.need("files")?,
            },
            EventKind::Reload => Change::Reload {
                table: body.the_table(connection).await?,
                partition: body.partition(connection).await?,
                refresh: body.need("refresh")?,
            },
            EventKind::OpenTransactions => {
                Change::TransactionsOpened { first: body.need("first")?, last: body.need("last")? }
            }
            EventKind::CommitTransaction => Change::TransactionCommitted(body.need("transaction")?),
            EventKind::AbortTransaction => Change::TransactionAborted {
                transaction: body.need("transaction")?,
                databases: body.need("databases")?,
            },
            EventKind::AllocateWriteIds => Change::WriteIdsAllocated {
                transactions: body.need("transactions")?,
                write_ids: body.need("write_ids")?,
            },
            EventKind::AcidWrite => Change::AcidWritten {
                table: body.the_table(connection).await?,
                partition: body.partition(connection).await?,
                transaction: body.need("transaction")?,
                write_id: body.need("write_id")?,
                files: body.need("files")?,
            },
            EventKind::CommitCompaction => {
                let kind: String = body.need("kind")?;
                Change::CompactionCommitted {
                    transaction: body.need("transaction")?,
                    compaction: body.need("compaction")?,
                    kind: CompactionKind::parse(&kind)
                        .ok_or_else(|| CatalogError::internal(format!("{kind:?} is no kind of compaction")))?,
                    partition: body.get("partition")?,
                }
            }
            EventKind::UpdateTableColumnStatistics | EventKind::UpdatePartitionColumnStatistics => {
                let table = body.the_table(connection).await?;
                Change::StatisticsUpdated {
                    write_id: body.get("write_id")?.unwrap_or(table.write_id),
                    table,
                    values: body.get("values")?,
                    engine: body.need("engine")?,
                    columns: body.need("statistics")?,
                }
            }
            EventKind::DeleteTableColumnStatistics | EventKind::DeletePartitionColumnStatistics => {
                let table = body.the_table(connection).await?;
                let values: Option<Vec<String>> = body.get("values")?;
                let columns: Option<Vec<String>> = body.get("columns")?;
                let columns: Vec<Option<String>> = match columns {
                    Some(columns) if !columns.is_empty() => columns.into_iter().map(Some).collect(),
                    _ => vec![None],
                };
                let told = columns.into_iter().skip(skipped).take(wanted);
                return Ok(told
                    .map(|column| {
                        let (table, values) = (Arc::clone(&table), values.clone());
                        (kind, Change::StatisticsDeleted { table, values, column })
                    })
                    .collect());
            }
        };
        Ok(vec![(kind, change)])
    }
}

/// The body of a stored event.
struct Body<'a> {
    service: &'a Service,
    body: &'a Value,
}

impl Body<'_> {
    fn get<'de, T: Deserialize<'de>>(&'de self, key: &str) -> Result<Option<T>> {
        match self.body.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => T::deserialize(value)
                .map(Some)
                .map_err(|error| CatalogError::internal(format!("its {key} is not what this version writes: {error}"))),
        }
    }

    fn need<'de, T: Deserialize<'de>>(&'de self, key: &str) -> Result<T> {
        self.get(key)?.ok_or_else(|| CatalogError::internal(format!("it has no {key}")))
    }

    async fn table(&self, connection: &mut Connection, key: &str) -> Result<Option<Arc<Table>>> {
        let Some(mut table) = self.get::<Table>(key)? else {
            return Ok(None);
        };
        table.storage = self.service.store.descriptor(connection, table.storage_id).await?;
        Ok(Some(Arc::new(table)))
    }

    async fn the_table(&self, connection: &mut Connection) -> Result<Arc<Table>> {
        self.table(connection, "table").await?.ok_or_else(|| CatalogError::internal("it has no table"))
    }

    async fn partition(&self, connection: &mut Connection) -> Result<Option<Partition>> {
        let told: Option<Told> = self.get("partition")?;
        Ok(self.partitions(connection, told.into_iter().collect()).await?.pop())
    }

    async fn partitions(&self, connection: &mut Connection, told: Vec<Told>) -> Result<Vec<Partition>> {
        let ids = told.iter().filter_map(|told| told.storage_id);
        let storage = self.service.store.descriptors(connection, ids).await?;
        Ok(told
            .into_iter()
            .map(|told| Partition {
                values: told.values,
                storage: told.storage_id.and_then(|id| storage.get(&id).cloned()),
                location: told.location,
                parameters: told.parameters,
                created_at: told.created_at,
                last_access_time: told.last_access_time,
                last_analyzed_at: None,
                write_id: told.write_id,
            })
            .collect())
    }
}
