//! Column statistics of tables and partitions. Whatever their number, a request is one statement.

mod aggregate;
mod write;

use bytes::Bytes;
use futures::TryStreamExt;

use crate::error::{CatalogError, Result};
use crate::model::statistics::{ColumnStatistics, Decimal, Range, ValueStatistics};
use crate::store::Connection;

pub use aggregate::{Aggregate, Edges, Sketches, Stretch, aggregate, edges, merge_sketches, partitions_found};
pub use write::{delete_from_partitions, delete_from_table, put_partitions, put_table};

struct Row {
    /// Of the partition in the request, from 0.
    position: i64,
    column_name: String,
    column_type: String,
    kind: String,
    analyzed_at: i64,
    nulls: i64,
    distinct_count: Option<i64>,
    long_low: Option<i64>,
    long_high: Option<i64>,
    double_low: Option<f64>,
    double_high: Option<f64>,
    decimal_low: Option<String>,
    decimal_high: Option<String>,
    max_length: Option<i64>,
    average_length: Option<f64>,
    trues: Option<i64>,
    falses: Option<i64>,
    bit_vector: Option<Vec<u8>>,
    histogram: Option<Vec<u8>>,
}

impl TryFrom<Row> for ColumnStatistics {
    type Error = CatalogError;

    fn try_from(row: Row) -> Result<Self> {
        let longs = Range { low: row.long_low, high: row.long_high };
        let lengths = || (row.max_length.unwrap_or_default(), row.average_length.unwrap_or_default());
        let values = match row.kind.as_str() {
            "boolean" => ValueStatistics::Boolean {
                trues: row.trues.unwrap_or_default(),
                falses: row.falses.unwrap_or_default(),
            },
            "long" => ValueStatistics::Long(longs),
            "date" => ValueStatistics::Date(longs),
            "timestamp" => ValueStatistics::Timestamp(longs),
            "double" => ValueStatistics::Double(Range { low: row.double_low, high: row.double_high }),
            "decimal" => ValueStatistics::Decimal(Range {
                low: decimal(row.decimal_low.as_deref())?,
                high: decimal(row.decimal_high.as_deref())?,
            }),
            "string" => {
                let (max_length, average_length) = lengths();
                ValueStatistics::String { max_length, average_length }
            }
            "binary" => {
                let (max_length, average_length) = lengths();
                ValueStatistics::Binary { max_length, average_length }
            }
            other => {
                return Err(CatalogError::internal(format!("statistics are stored with the unknown kind {other}")));
            }
        };
        Ok(ColumnStatistics {
            column: row.column_name,
            column_type: row.column_type,
            analyzed_at: row.analyzed_at,
            nulls: row.nulls,
            distinct: row.distinct_count,
            values,
            bit_vector: row.bit_vector.map(Bytes::from),
            histogram: row.histogram.map(Bytes::from),
        })
    }
}

fn decimal(text: Option<&str>) -> Result<Option<Decimal>> {
    text.map(str::parse).transpose()
}

macro_rules! select_statistics {
    ($position:literal, $rest:literal, $($bind:expr),*) => {
        sqlx::query_as!(
            Row,
            "select " + $position + r#" as "position!", s.column_name, s.column_type, s.kind, s.analyzed_at, s.nulls,
                    s.distinct_count, s.long_low, s.long_high, s.double_low, s.double_high,
                    s.decimal_low::text as decimal_low, s.decimal_high::text as decimal_high, s.max_length,
                    s.average_length, s.trues, s.falses, s.bit_vector, s.histogram "# + $rest,
            $($bind),*
        )
    };
}

/// Statistics of a table's columns that an engine took, by column name. No columns mean all.
pub async fn of_table(
    connection: &mut Connection,
    table_id: i64,
    engine: &str,
    columns: Option<&[String]>,
) -> Result<Vec<ColumnStatistics>> {
    let rows = select_statistics!(
        "0::bigint",
        "from table_column_statistics s
         where s.table_id = $1 and s.engine = $2 and ($3::text[] is null or s.column_name = any($3))
         order by s.column_name",
        table_id,
        engine,
        columns as _
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ColumnStatistics::try_from).collect()
}

/// Statistics of the columns of partitions, given by their values, that an engine took: for each partition in its turn
/// a list, by column name. No columns mean all.
pub async fn of_partitions(
    connection: &mut Connection,
    table_id: i64,
    engine: &str,
    partitions: &[Vec<String>],
    columns: Option<&[String]>,
) -> Result<Vec<Vec<ColumnStatistics>>> {
    let mut found: Vec<Vec<ColumnStatistics>> = vec![Vec::new(); partitions.len()];
    let mut rows = select_statistics!(
        "wanted.position - 1",
        "from unnest($3::text[]) with ordinality as wanted(literal, position)
         join partition_column_statistics s on s.table_id = $1 and s.values = wanted.literal::text[]
         where s.engine = $2 and ($4::text[] is null or s.column_name = any($4))",
        table_id,
        engine,
        &array_literals(partitions),
        columns as _
    )
    .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        if let Some(list) = usize::try_from(row.position).ok().and_then(|position| found.get_mut(position)) {
            list.push(row.try_into()?);
        }
    }
    found.iter_mut().for_each(|list| list.sort_by(|a, b| a.column.cmp(&b.column)));
    Ok(found)
}

/// Columns of which there are statistics, by whichever engine: of a table, or of its partition with these values.
pub async fn columns(connection: &mut Connection, table_id: i64, partition: Option<&[String]>) -> Result<Vec<String>> {
    Ok(match partition {
        None => {
            sqlx::query_scalar!(
                "select distinct column_name from table_column_statistics where table_id = $1 order by 1",
                table_id
            )
            .fetch_all(connection)
            .await?
        }
        Some(values) => {
            sqlx::query_scalar!(
                "select distinct column_name from partition_column_statistics
                 where table_id = $1 and values = $2 order by 1",
                table_id,
                values
            )
            .fetch_all(connection)
            .await?
        }
    })
}

/// Forgets the statistics of a table and of all its partitions.
pub async fn delete_all(connection: &mut Connection, table_id: i64) -> Result<()> {
    sqlx::query!(
        "with gone as (delete from partition_column_statistics where table_id = $1)
         delete from table_column_statistics where table_id = $1",
        table_id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what is known of columns that changed or went, in the table and all its partitions.
pub async fn forget_columns(connection: &mut Connection, table_id: i64, columns: &[String]) -> Result<()> {
    sqlx::query!(
        "with gone as (delete from partition_column_statistics where table_id = $1 and column_name = any($2))
         delete from table_column_statistics where table_id = $1 and column_name = any($2)",
        table_id,
        columns
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Carries the statistics of a partition over to its new values.
pub async fn rename_partition(
    connection: &mut Connection,
    table_id: i64,
    old: &[String],
    new: &[String],
) -> Result<()> {
    sqlx::query!(
        "update partition_column_statistics set values = $3 where table_id = $1 and values = $2",
        table_id,
        old,
        new
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the statistics of partitions, given by their values.
pub async fn delete_partitions(connection: &mut Connection, table_id: i64, partitions: &[Vec<String>]) -> Result<()> {
    sqlx::query!(
        "delete from partition_column_statistics
         where table_id = $1 and values in (select literal::text[] from unnest($2::text[]) as literal)",
        table_id,
        &array_literals(partitions)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Arrays as Postgres writes them: the way to send many at once, for arrays of arrays cannot be bound.
fn array_literals(partitions: &[Vec<String>]) -> Vec<String> {
    partitions.iter().map(|values| array_literal(values)).collect()
}

fn array_literal(values: &[String]) -> String {
    let mut literal = String::from("{");
    for (index, value) in values.iter().enumerate() {
        literal.push_str(if index == 0 { "\"" } else { ",\"" });
        for c in value.chars() {
            if matches!(c, '"' | '\\') {
                literal.push('\\');
            }
            literal.push(c);
        }
        literal.push('"');
    }
    literal.push('}');
    literal
}
