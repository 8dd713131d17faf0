//! Events as Hive's notification log has them, in the format `json-0.2`: a JSON object whose keys are those of the
//! classes in `org.apache.hadoop.hive.metastore.messaging.json`. Objects of the catalog stand in it as texts, in
//! Thrift's JSON protocol.
//!
//! The data files of new tables and partitions are not told: Hive lists them for its replication of managed tables.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use propolis_thrift::{methods as idl, types};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::catalogs::wire_catalog;
use super::constraints::{wire_check, wire_default, wire_foreign_key, wire_not_null, wire_primary_key, wire_unique};
use super::databases::wire_database;
use super::functions::wire_function;
use super::partitions::wire_partition;
use super::statistics::{Arms, wire_described};
use super::tables::wire_table;
use super::tjson::tjson;
use super::{seconds, wire, wire_option};
use crate::catalog::events::{Change, InsertedFile, Notification};
use crate::catalog::transactions::WriteEvent;
use crate::error::{CatalogError, Result};
use crate::model::partition_name::partition_name;
use crate::model::{Catalog, Constraint, ConstraintKind, Database, Function, Parameters, Partition, Table};

const FORMAT: &str = "json-0.2";
/// The same, zipped and in base64.
const ZIPPED_FORMAT: &str = "gzip(json-2.0)";

/// `zipped` is how a Hive 4 tells them unless it is set up otherwise.
pub fn wire_event(event: &Notification, zipped: bool) -> Result<types::NotificationEvent> {
    let failed = |error: &dyn std::fmt::Display| {
        CatalogError::internal(format!("event {} cannot be written: {error}", event.id))
    };
    let mut message = serde_json::to_string(&message(event)?).map_err(|error| failed(&error))?;
    if zipped {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let written = encoder.write_all(message.as_bytes()).and_then(|()| encoder.finish());
        message = STANDARD.encode(written.map_err(|error| failed(&error))?);
    }
    Ok(types::NotificationEvent {
        event_id: event.id,
        event_time: seconds(event.happened_at),
        event_type: wire(event.kind.as_str()),
        db_name: wire_option(event.database.as_ref()),
        table_name: wire_option(event.table.as_ref()),
        message: message.into(),
        message_format: Some(wire(if zipped { ZIPPED_FORMAT } else { FORMAT })),
        cat_name: Some(wire(&event.catalog)),
    })
}

/// Keys and values of a message, in their order.
struct Message(Vec<(&'static str, Field)>);

#[derive(Serialize)]
#[serde(untagged)]
enum Field {
    Number(i64),
    Numbers(Vec<i64>),
    Text(String),
    Texts(Vec<String>),
    Parameters(Parameters),
    Keys(Keys),
    KeysOfMany(Vec<Keys>),
}

/// The values of a partition by its keys, in the keys' order, on which some readers count.
struct Keys(Vec<(String, String)>);

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for Keys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl Message {
    /// With the fields that all have. Readers refuse a message without the first two, whatever is in them.
    fn new(event: &Notification) -> Self {
        Self(Vec::new()).text("server", "").text("servicePrincipal", "").number("timestamp", event.happened_at)
    }

    fn with(mut self, key: &'static str, value: Field) -> Self {
        self.0.push((key, value));
        self
    }

    fn text(self, key: &'static str, value: impl Into<String>) -> Self {
        self.with(key, Field::Text(value.into()))
    }

    fn number(self, key: &'static str, value: i64) -> Self {
        self.with(key, Field::Number(value))
    }

    /// The fields of all events about a table, of it as it is in `table`.
    fn about(self, table: &Table) -> Self {
        self.text("db", &table.name.database).text("table", &table.name.table).text("tableType", &table.kind)
    }
}

fn message(event: &Notification) -> Result<Message> {
    let message = Message::new(event);
    Ok(match &event.change {
        Change::Catalog { before: Some(before), after: Some(after) } => {
            message.text("catObjBeforeJson", catalog(before)?).text("catObjAfterJson", catalog(after)?)
        }
        Change::Catalog { .. } => message.text("catalog", &event.catalog),
        Change::Database { before: Some(before), after: Some(after) } => message
            .text("db", &after.name.database)
            .text("dbObjBeforeJson", database(before)?)
            .text("dbObjAfterJson", database(after)?),
        Change::Database { before, after } => {
            let told = either(after.as_ref(), before.as_ref())?;
            message.text("db", &told.name.database).text("dbJson", database(told)?)
        }
        Change::Function { after: Some(after), .. } => {
            message.text("db", &after.database.database).text("functionObjJson", function(after)?)
        }
        Change::Function { before, .. } => {
            let dropped = either(before.as_ref(), None)?;
            message.text("db", &dropped.database.database).text("functionName", &dropped.name)
        }
        Change::Table { before: Some(before), after: Some(after), truncated } => message
            .about(before)
            .text("isTruncateOp", truncated.to_string())
            .number("writeId", after.write_id)
            .text("tableObjBeforeJson", table(before)?)
            .text("tableObjAfterJson", table(after)?),
        Change::Table { after: Some(after), .. } => {
            message.about(after).text("tableObjJson", table(after)?).with("files", Field::Texts(Vec::new()))
        }
        Change::Table { before, .. } => {
            let dropped = either(before.as_ref(), None)?;
            message.about(dropped).text("tableObjJson", table(dropped)?)
        }
        Change::ConstraintsAdded(constraints) => {
            let (key, objects) = added(constraints)?;
            message.with(key, Field::Texts(objects))
        }
        Change::ConstraintDropped(name) => message
            .text("dbName", event.database.as_deref().unwrap_or_default())
            .text("tableName", event.table.as_deref().unwrap_or_default())
            .text("constraintName", name),
        Change::PartitionsAdded { table: of, partitions } => {
            let objects: Vec<String> = partitions.iter().map(|one| partition(one, of)).collect::<Result<_>>()?;
            let keys = partitions.iter().map(|partition| keys(of, &partition.values)).collect();
            message
                .about(of)
                .text("tableObjJson", table(of)?)
                .with("partitions", Field::KeysOfMany(keys))
                .with("partitionListJson", Field::Texts(objects))
                .with("partitionFiles", Field::Texts(Vec::new()))
        }
        Change::PartitionsDropped { table: of, values } => {
            let keys = values.iter().map(|values| keys(of, values)).collect();
            message.about(of).text("tableObjJson", table(of)?).with("partitions", Field::KeysOfMany(keys))
        }
        Change::PartitionAltered { table: of, before, after, truncated } => message
            .about(of)
            .text("isTruncateOp", truncated.to_string())
            .number("writeId", after.write_id)
            .text("tableObjJson", table(of)?)
            .with("keyValues", Field::Keys(keys(of, &before.values)))
            .text("partitionObjBeforeJson", partition(before, of)?)
            .text("partitionObjAfterJson", partition(after, of)?),
        Change::Inserted { table: of, partition: into, replaced, files } => {
            let message = message.about(of).text("tableObjJson", table(of)?);
            with_partition(message, into.as_ref(), of)?
                .text("replace", replaced.to_string())
                .with("files", Field::Texts(files.iter().map(file).collect()))
        }
        Change::Reload { table: of, partition, refresh } => {
            let message = message.about(of).text("tableObjJson", table(of)?);
            with_partition(message, partition.as_ref(), of)?.text("refreshEvent", refresh.to_string())
        }
        Change::StatisticsUpdated { table: of, values, engine, columns, write_id } => {
            let name = values.as_ref().map(|values| partition_name(&of.partition_key_names(), values));
            let told = wire_described(&of.name, name.as_deref(), engine, columns.clone(), Arms::All);
            let parameters = if values.is_none() { of.parameters.clone() } else { Parameters::new() };
            let message = message
                .text("database", &of.name.database)
                .number("writeId", *write_id)
                .text("colStatsJson", tjson::<idl::GetTableColumnStatistics>(told)?)
                .with("parameters", Field::Parameters(parameters))
                .text("tableObjJson", table(of)?);
            match values {
                Some(values) => message.with("partVals", Field::Texts(values.clone())),
                None => message,
            }
        }
        Change::TransactionsOpened { first, last } => message.number("fromTxnId", *first).number("toTxnId", *last),
        Change::TransactionCommitted(transaction) => message.number("txnid", *transaction),
        Change::TransactionAborted { transaction, databases } => {
            message.number("txnid", *transaction).with("dbsUpdated", Field::Texts(databases.clone()))
        }
        Change::WriteIdsAllocated { transactions, write_ids } => message
            .text("dbName", event.database.as_deref().unwrap_or_default())
            .text("tableName", event.table.as_deref().unwrap_or_default())
            .with("txnIdList", Field::Numbers(transactions.clone()))
            .with("writeIdList", Field::Numbers(write_ids.clone())),
        Change::AcidWritten { table: of, partition: into, transaction, write_id, files } => {
            let message = message
                .number("txnid", *transaction)
                .number("writeId", *write_id)
                .text("database", &of.name.database)
                .text("table", &of.name.table)
                .text("partition", written_partition(of, into.as_ref()))
                .text("tableObjJson", table(of)?);
            let message = match into {
                Some(told) => message.text("partitionObjJson", partition(told, of)?),
                None => message,
            };
            message.with("files", Field::Texts(files.iter().map(file).collect()))
        }
        Change::CompactionCommitted { transaction, compaction, kind, partition } => {
            let message = message
                .number("txnid", *transaction)
                .number("compactionId", *compaction)
                .text("type", kind.as_str().to_uppercase())
                .text("dbname", event.database.as_deref().unwrap_or_default())
                .text("tableName", event.table.as_deref().unwrap_or_default());
            match partition {
                Some(partition) => message.text("partName", partition),
                None => message,
            }
        }
        Change::StatisticsDeleted { table: of, values, column } => {
            let mut message = message.text("database", &of.name.database);
            if let Some(column) = column {
                message = message.text("colName", column);
            }
            match values {
                Some(values) => message
                    .text("partName", partition_name(&of.partition_key_names(), values))
                    .with("partValues", Field::Texts(values.clone())),
                None => message,
            }
        }
    })
}

fn either<'a, T>(one: Option<&'a T>, other: Option<&'a T>) -> Result<&'a T> {
    one.or(other).ok_or_else(|| CatalogError::internal("an event tells of nothing"))
}

fn with_partition(message: Message, told: Option<&Partition>, table: &Table) -> Result<Message> {
    Ok(match told {
        Some(told) => message.text("ptnObjJson", partition(told, table)?),
        None => message,
    })
}

/// The key under which a message has constraints, and each column of each as an object.
fn added(constraints: &[Constraint]) -> Result<(&'static str, Vec<String>)> {
    let kind = constraints.first().map(|constraint| constraint.kind);
    let kind = kind.ok_or_else(|| CatalogError::internal("an event tells of no constraint"))?;
    macro_rules! objects {
        ($key:literal, $method:ident, $response:ident { $list:ident }, $wire:expr) => {{
            let columns = constraints.iter().flat_map($wire);
            let object = |column| {
                let response = types::$response { $list: vec![column] };
                tjson::<idl::$method>(response).map(|text| inside(text, "{\"1\":{\"lst\":[\"rec\",1,", "]}}"))
            };
            Ok(($key, columns.map(object).collect::<Result<_>>()?))
        }};
    }
    match kind {
        ConstraintKind::PrimaryKey => {
            objects!("primaryKeyListJson", GetPrimaryKeys, PrimaryKeysResponse { primary_keys }, wire_primary_key)
        }
        ConstraintKind::ForeignKey => {
            objects!("foreignKeyListJson", GetForeignKeys, ForeignKeysResponse { foreign_keys }, wire_foreign_key)
        }
        ConstraintKind::Unique => objects!(
            "uniqueConstraintListJson",
            GetUniqueConstraints,
            UniqueConstraintsResponse { unique_constraints },
            wire_unique
        ),
        ConstraintKind::NotNull => objects!(
            "notNullConstraintListJson",
            GetNotNullConstraints,
            NotNullConstraintsResponse { not_null_constraints },
            |constraint| [wire_not_null(constraint)]
        ),
        ConstraintKind::Default => objects!(
            "defaultConstraintListJson",
            GetDefaultConstraints,
            DefaultConstraintsResponse { default_constraints },
            |constraint| [wire_default(constraint)]
        ),
        ConstraintKind::Check => objects!(
            "checkConstraintListJson",
            GetCheckConstraints,
            CheckConstraintsResponse { check_constraints },
            |constraint| [wire_check(constraint)]
        ),
    }
}

fn catalog(catalog: &Catalog) -> Result<String> {
    tjson::<idl::GetCatalog>(types::GetCatalogResponse { catalog: Some(wire_catalog(catalog)) })
        .map(|response| inside(response, "{\"1\":{\"rec\":", "}}"))
}

/// The object within a response: some are not returned by themselves.
fn inside(response: String, before: &str, after: &str) -> String {
    let inner = response.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    inner.map(str::to_owned).unwrap_or(response)
}

fn database(database: &Database) -> Result<String> {
    tjson::<idl::GetDatabase>(wire_database(database))
}

fn function(function: &Function) -> Result<String> {
    tjson::<idl::GetFunction>(wire_function(function))
}

fn table(table: &Table) -> Result<String> {
    tjson::<idl::GetTable>(wire_table(table))
}

fn partition(partition: &Partition, table: &Table) -> Result<String> {
    tjson::<idl::GetPartition>(wire_partition(partition, &table.name))
}

/// What a transaction has written to a table or partition, where that is what the change tells.
pub fn wire_write_event(event: &WriteEvent) -> Result<Option<types::WriteEventInfo>> {
    let Change::AcidWritten { table: of, partition: into, write_id, files, .. } = &event.write else {
        return Ok(None);
    };
    let files: Vec<String> = files.iter().map(file).collect();
    Ok(Some(types::WriteEventInfo {
        write_id: *write_id,
        database: wire(&event.table.database),
        table: wire(&event.table.table),
        // The separator of Hive's ReplChangeManager.
        files: files.join("]").into(),
        partition: Some(written_partition(of, into.as_ref()).into()),
        table_obj: Some(table(of)?.into()),
        partition_obj: into.as_ref().map(|told| partition(told, of)).transpose()?.map(Into::into),
    }))
}

/// Empty for the table itself.
fn written_partition(table: &Table, partition: Option<&Partition>) -> String {
    partition.map(|told| partition_name(&table.partition_key_names(), &told.values)).unwrap_or_default()
}

fn keys(table: &Table, values: &[String]) -> Keys {
    Keys(table.partition_keys.iter().map(|key| key.name.clone()).zip(values.iter().cloned()).collect())
}

/// Hive's form is `LOCATION#CHECKSUM#ARCHIVE#SUBDIRECTORY`, where a checksum goes with an archive of replaced files only.
fn file(file: &InsertedFile) -> String {
    format!("{}###{}", file.location, file.sub_directory.as_deref().unwrap_or_default())
}
