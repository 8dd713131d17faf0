//! Partitions. Whatever their number, a request is one statement: lists of values are sent as arrays, and rows come as
//! they are stored, into one piece of memory.

mod descriptors;
pub mod indexes;
pub mod marks;
mod which;
mod write;

use std::collections::HashSet;
use std::sync::Arc;

use futures::TryStreamExt;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _, ValueRef as _};

use crate::error::{CatalogError, Result};
use crate::model::partition::{PartitionNamer, StoredLocation, unpack_values};
use crate::model::{PartitionBatch, PartitionRow, Table};
use crate::store::{Connection, Store};

use which::Condition;
pub use which::{Part, Segment, Which};
pub use write::{PackedValues, delete_all, insert, rename, set_columns, update};

/// The columns of a partition `p`, in the order in which [`read`] takes them.
const COLUMNS: &str = "p.values, p.storage_descriptor_id, p.location, p.subpath, p.parameters, p.created_at, \
                       p.last_access_time, p.write_id, p.last_analyzed_at";

impl Store {
    /// Partitions of a table in order of their values, at most `limit`.
    pub async fn partitions(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        which: &Which<'_>,
        limit: Option<i64>,
    ) -> Result<PartitionBatch> {
        self.part_of_partitions(connection, table, which, &Part { limit, ..Part::default() }).await
    }

    /// Of the same list a part.
    pub async fn part_of_partitions(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        which: &Which<'_>,
        part: &Part<'_>,
    ) -> Result<PartitionBatch> {
        let condition = Condition::new(which).within(part);
        let sql = format!("select {COLUMNS} {}", condition.source_in_order());
        let query = condition.query(sql, table.id).bind(part.limit);
        self.batch(connection, table, query).await
    }

    /// As [`Store::partitions`], locked until the transaction ends.
    pub async fn partitions_for_update(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        which: &Which<'_>,
    ) -> Result<PartitionBatch> {
        let condition = Condition::new(which);
        let sql = format!("select {COLUMNS} {} order by p.values for update of p", condition.source());
        let query = condition.query(sql, table.id);
        self.batch(connection, table, query).await
    }

    /// What a statement that answers [`COLUMNS`] finds.
    async fn batch(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        query: Query<'static, Postgres, PgArguments>,
    ) -> Result<PartitionBatch> {
        let mut batch = PartitionBatch::new(Arc::clone(table));
        let mut storage_ids = HashSet::new();
        let mut rows = query.fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            let row = read(&row)?;
            storage_ids.extend(row.storage_id);
            batch.push(row);
        }
        drop(rows);
        batch.storage = self.descriptors(connection, storage_ids).await?;
        Ok(batch)
    }
}

/// Names of partitions in order of their values, at most `limit`.
pub async fn names(
    connection: &mut Connection,
    table: &Table,
    which: &Which<'_>,
    limit: Option<i64>,
) -> Result<Vec<String>> {
    let condition = Condition::new(which);
    // All in one value: rows of a few bytes would cost more on both sides than what is in them.
    let sql = format!("select array_agg(p.values) from (select p.values {}) as p", condition.source_in_order());
    let row = condition.query(sql, table.id).bind(limit).fetch_one(connection).await?;
    let Some(array) = optional_bytes(&row, 0)? else { return Ok(Vec::new()) };
    let (sizes, packed) = elements(array)?;
    let [count, keys] = sizes[..] else { return Err(unreadable()) };
    let namer = PartitionNamer::new(&table.partition_key_names());
    let mut values = unpack_values(packed);
    Ok((0..count).map(|_| namer.name(values.by_ref().take(keys))).collect())
}

/// The values of some keys, given by their positions from 0, in the order of those values: each combination once where
/// `distinct`, at most `limit`.
pub async fn values_of_keys(
    connection: &mut Connection,
    table: &Table,
    which: &Which<'_>,
    keys: &[usize],
    distinct: bool,
    ascending: bool,
    limit: Option<i64>,
) -> Result<Vec<Vec<String>>> {
    let condition = Condition::new(which);
    let wanted: Vec<String> = keys.iter().map(|key| format!("p.values[{}]", key + 1)).collect();
    let sql = format!(
        "select {} array[{}]::text[] collate \"C\" as wanted {} order by wanted {} limit ${}",
        if distinct { "distinct" } else { "" },
        wanted.join(", "),
        condition.source(),
        if ascending { "asc" } else { "desc" },
        condition.next_placeholder(),
    );
    let mut found = Vec::new();
    let mut rows = condition.query(sql, table.id).bind(limit).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let (_, values) = list(bytes(&row, 0)?)?;
        found.push(unpack_values(values).map(str::to_owned).collect());
    }
    Ok(found)
}

/// How many partitions there are of those.
pub async fn count(connection: &mut Connection, table: &Table, which: &Which<'_>) -> Result<i64> {
    let condition = Condition::new(which);
    let sql = format!("select count(*) {}", condition.source());
    let row = condition.query(sql, table.id).fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}

/// Where those partitions lie that do not lie below the table's partition base.
pub async fn locations_elsewhere(connection: &mut Connection, table: &Table) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select location as "location!" from partitions where table_id = $1 and location <> '' order by values"#,
        table.id
    )
    .fetch_all(connection)
    .await?)
}

fn read(row: &PgRow) -> Result<PartitionRow<'_>> {
    let (value_count, packed_values) = list(bytes(row, 0)?)?;
    let location = match (optional_text(row, 2)?, optional_text(row, 3)?) {
        (Some(""), _) => StoredLocation::None,
        (Some(location), _) => StoredLocation::Verbatim(location),
        (None, Some(path)) => StoredLocation::Below(path),
        (None, None) => StoredLocation::Default,
    };
    let storage_id = optional_bytes(row, 1)?.map(number).transpose()?;
    Ok(PartitionRow {
        value_count,
        packed_values,
        location,
        packed_parameters: bytes(row, 4)?,
        storage_id,
        created_at: number(bytes(row, 5)?)?,
        last_access_time: number(bytes(row, 6)?)?,
        last_analyzed_at: optional_bytes(row, 8)?.map(float).transpose()?,
        write_id: number(bytes(row, 7)?)?,
    })
}

/// A value as the database sends it in its binary format, which is what a prepared statement gets.
fn bytes(row: &PgRow, column: usize) -> Result<&[u8]> {
    optional_bytes(row, column)?.ok_or_else(unreadable)
}

fn optional_bytes(row: &PgRow, column: usize) -> Result<Option<&[u8]>> {
    let value = row.try_get_raw(column)?;
    Ok(if value.is_null() { None } else { Some(value.as_bytes().map_err(|_| unreadable())?) })
}

fn optional_text(row: &PgRow, column: usize) -> Result<Option<&str>> {
    optional_bytes(row, column)?.map(|text| std::str::from_utf8(text).map_err(|_| unreadable())).transpose()
}

fn float(bytes: &[u8]) -> Result<f64> {
    Ok(f64::from_be_bytes(bytes.try_into().map_err(|_| unreadable())?))
}

fn number(bytes: &[u8]) -> Result<i64> {
    Ok(i64::from_be_bytes(bytes.try_into().map_err(|_| unreadable())?))
}

/// Of an array of texts without nulls: its size in each dimension, and the elements, which are packed as the model
/// packs values. Before them the array has its number of dimensions, flags and type, then for each dimension size and
/// lower bound.
fn elements(array: &[u8]) -> Result<(Vec<usize>, &[u8])> {
    let number =
        |at: usize| -> Option<usize> { Some(u32::from_be_bytes(array.get(at..at + 4)?.try_into().ok()?) as usize) };
    let dimensions = number(0).filter(|dimensions| *dimensions <= 2).ok_or_else(unreadable)?;
    let sizes = (0..dimensions).map(|dimension| number(12 + 8 * dimension)).collect::<Option<Vec<_>>>();
    let elements = array.get(12 + 8 * dimensions..);
    sizes.zip(elements).ok_or_else(unreadable)
}

/// As [`elements`], of an array of one dimension.
fn list(array: &[u8]) -> Result<(usize, &[u8])> {
    match elements(array)? {
        (sizes, elements) if sizes.len() == 1 => Ok((sizes[0], elements)),
        _ => Err(unreadable()),
    }
}

fn unreadable() -> CatalogError {
    CatalogError::internal("a stored partition cannot be read")
}
