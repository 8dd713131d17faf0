//! Writing partitions.

use std::collections::HashSet;
use std::sync::Arc;

use futures::TryStreamExt;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

use super::which::{Columns, Condition};
use super::{COLUMNS, Which, bytes, list};
use crate::error::Result;
use crate::model::partition::StoredLocation;
use crate::model::{Column, PartitionBatch, StorageDescriptor, Table};
use crate::store::{Connection, Store};

/// Packed values of partitions, as in [`PartitionRow::packed_values`](crate::model::PartitionRow).
pub type PackedValues = HashSet<Vec<u8>>;

/// Adds partitions in order of their values, so that two writers never wait for each other, all but those whose values
/// are taken. None when all of them were added, else the values of those
/// that were. The caller holds the table's row, and gives no values twice.
pub async fn insert(connection: &mut Connection, batch: &PartitionBatch) -> Result<Option<PackedValues>> {
    let columns = RowColumns::new(batch);
    let sql = format!(
        "insert into partitions (table_id, values, {OTHER_COLUMNS}) select $1, {}, {} from {} order by 2
         on conflict do nothing returning values",
        columns.array,
        columns.others("u"),
        columns.source
    );
    written(connection, batch, columns.bind(sql, batch)).await
}

/// Replaces all but the values. None when all of them are there, else the values of those that are.
pub async fn update(connection: &mut Connection, batch: &PartitionBatch) -> Result<Option<PackedValues>> {
    let columns = RowColumns::new(batch);
    let sql = format!(
        "update partitions p set ({OTHER_COLUMNS}) = row({}) from {} where p.table_id = $1 and p.values = {}
         returning p.values",
        columns.others("u"),
        columns.source,
        columns.array
    );
    written(connection, batch, columns.bind(sql, batch)).await
}

/// Gives the partition with these values the values, and all else, of the first row of the batch. False where the
/// partition is not there.
pub async fn rename(connection: &mut Connection, old: &[String], batch: &PartitionBatch) -> Result<bool> {
    let columns = RowColumns::new(batch);
    let sql = format!(
        "update partitions p set (values, {OTHER_COLUMNS}) = row({}, {}) from {}
         where p.table_id = $1 and p.values = ${}",
        columns.array,
        columns.others("u"),
        columns.source,
        columns.next_placeholder()
    );
    let done = columns.bind(sql, batch).bind(old).execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

impl Store {
    /// Deletes partitions and answers them as they were.
    pub async fn delete_partitions(
        &self,
        connection: &mut Connection,
        table: &Arc<Table>,
        which: &Which<'_>,
    ) -> Result<PartitionBatch> {
        let condition = Condition::new(which).unprepared();
        let sql = format!("{} returning {COLUMNS}", condition.delete());
        let query = condition.query(sql, table.id);
        self.batch(connection, table, query).await
    }
}

/// Deletes all partitions of a table. Their statistics are deleted by their own noun.
pub async fn delete_all(connection: &mut Connection, table_id: i64) -> Result<()> {
    sqlx::query!("delete from partitions where table_id = $1", table_id).execute(connection).await?;
    Ok(())
}

/// Gives every partition of a table these columns, and leaves the rest of its descriptor: one statement, however many.
pub async fn set_columns(connection: &mut Connection, store: &Store, table_id: i64, columns: &[Column]) -> Result<()> {
    let old_ids: Vec<i64> = sqlx::query_scalar!(
        r#"select distinct storage_descriptor_id as "id!" from partitions
           where table_id = $1 and storage_descriptor_id is not null"#,
        table_id
    )
    .fetch_all(&mut *connection)
    .await?;
    let (old_ids, new): (Vec<i64>, Vec<Arc<StorageDescriptor>>) = store
        .descriptors(connection, old_ids)
        .await?
        .into_iter()
        .filter(|(_, storage)| storage.columns != columns)
        .map(|(id, storage)| {
            let columns = columns.to_vec();
            (id, Arc::new(StorageDescriptor { columns, ..storage.as_ref().clone() }))
        })
        .unzip();
    if old_ids.is_empty() {
        return Ok(());
    }
    let new_ids = store.put_descriptors(connection, &new).await?;
    sqlx::query!(
        "update partitions p set storage_descriptor_id = m.new from unnest($2::bigint[], $3::bigint[]) as m(old, new)
         where p.table_id = $1 and p.storage_descriptor_id = m.old",
        table_id,
        &old_ids,
        &new_ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// All columns that are not the key.
const OTHER_COLUMNS: &str =
    "storage_descriptor_id, location, subpath, parameters, created_at, last_access_time, last_analyzed_at, write_id";
const OTHER_TYPES: [&str; 8] =
    ["bigint[]", "text[]", "text[]", "bytea[]", "bigint[]", "bigint[]", "float8[]", "bigint[]"];

/// The rows of a batch as a table `u` in a statement: one array for each column.
struct RowColumns {
    values: Columns,
    /// The values, put together.
    array: String,
    source: String,
}

impl RowColumns {
    fn new(batch: &PartitionBatch) -> Self {
        let values = Columns::new(batch.rows().map(|row| row.value_count));
        let others: Vec<String> =
            OTHER_TYPES.iter().zip(2 + values.width..).map(|(kind, index)| format!("${index}::{kind}")).collect();
        let source = format!(
            "unnest({}, {}) as u({}, {OTHER_COLUMNS})",
            values.placeholders(2),
            others.join(", "),
            values.names()
        );
        Self { values, array: values.array(), source }
    }

    fn others(&self, alias: &str) -> String {
        OTHER_COLUMNS.split(", ").map(|column| format!("{alias}.{column}")).collect::<Vec<_>>().join(", ")
    }

    fn next_placeholder(&self) -> usize {
        2 + self.values.width + OTHER_TYPES.len()
    }

    fn bind(&self, sql: String, batch: &PartitionBatch) -> Query<'static, Postgres, PgArguments> {
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(batch.table.id);
        for column in self.values.split(batch.rows().map(|row| row.values())) {
            query = query.bind(column);
        }
        let (mut verbatim, mut below) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        for row in batch.rows() {
            let (location, subpath) = match row.location {
                StoredLocation::Verbatim(location) => (Some(location), None),
                StoredLocation::Below(path) => (None, Some(path)),
                StoredLocation::Default => (None, None),
                StoredLocation::None => (Some(""), None),
            };
            verbatim.push(location);
            below.push(subpath);
        }
        query
            .bind(batch.rows().map(|row| row.storage_id).collect::<Vec<_>>())
            .bind(verbatim)
            .bind(below)
            .bind(batch.rows().map(|row| row.packed_parameters).collect::<Vec<_>>())
            .bind(batch.rows().map(|row| row.created_at).collect::<Vec<_>>())
            .bind(batch.rows().map(|row| row.last_access_time).collect::<Vec<_>>())
            .bind(batch.rows().map(|row| row.last_analyzed_at).collect::<Vec<_>>())
            .bind(batch.rows().map(|row| row.write_id).collect::<Vec<_>>())
    }
}

/// None when the statement answers as many values as the batch has rows, else those that it answers.
async fn written(
    connection: &mut Connection,
    batch: &PartitionBatch,
    query: Query<'static, Postgres, PgArguments>,
) -> Result<Option<PackedValues>> {
    let mut done = Vec::with_capacity(batch.len());
    let mut rows = query.fetch(connection);
    while let Some(row) = rows.try_next().await? {
        done.push(list(bytes(&row, 0)?)?.1.to_vec());
    }
    Ok(if done.len() == batch.len() { None } else { Some(done.into_iter().collect()) })
}
