//! Writing column statistics.

use std::collections::BTreeMap;

use super::{array_literal, array_literals};
use crate::error::Result;
use crate::model::statistics::{ColumnStatistics, ValueStatistics};
use crate::store::Connection;

/// Many statistics as a list for each column of the tables.
#[derive(Default)]
struct Lists<'a> {
    names: Vec<&'a str>,
    types: Vec<&'a str>,
    kinds: Vec<&'a str>,
    analyzed_at: Vec<i64>,
    nulls: Vec<i64>,
    distinct: Vec<Option<i64>>,
    long_low: Vec<Option<i64>>,
    long_high: Vec<Option<i64>>,
    double_low: Vec<Option<f64>>,
    double_high: Vec<Option<f64>>,
    decimal_low: Vec<Option<String>>,
    decimal_high: Vec<Option<String>>,
    max_length: Vec<Option<i64>>,
    average_length: Vec<Option<f64>>,
    trues: Vec<Option<i64>>,
    falses: Vec<Option<i64>>,
    bit_vectors: Vec<Option<&'a [u8]>>,
    histograms: Vec<Option<&'a [u8]>>,
}

impl<'a> Lists<'a> {
    fn push(&mut self, statistics: &'a ColumnStatistics) {
        use ValueStatistics::*;
        let values = &statistics.values;
        let longs = match values {
            Long(range) | Date(range) | Timestamp(range) => *range,
            _ => Default::default(),
        };
        let doubles = if let Double(range) = values { *range } else { Default::default() };
        let decimals = if let Decimal(range) = values { *range } else { Default::default() };
        let lengths = match values {
            String { max_length, average_length } | Binary { max_length, average_length } => {
                Some((*max_length, *average_length))
            }
            _ => None,
        };
        let truths = if let Boolean { trues, falses } = values { Some((*trues, *falses)) } else { None };
        self.names.push(&statistics.column);
        self.types.push(&statistics.column_type);
        self.kinds.push(values.kind());
        self.analyzed_at.push(statistics.analyzed_at);
        self.nulls.push(statistics.nulls);
        self.distinct.push(statistics.distinct);
        self.long_low.push(longs.low);
        self.long_high.push(longs.high);
        self.double_low.push(doubles.low);
        self.double_high.push(doubles.high);
        self.decimal_low.push(decimals.low.map(|decimal| decimal.to_string()));
        self.decimal_high.push(decimals.high.map(|decimal| decimal.to_string()));
        self.max_length.push(lengths.map(|(max, _)| max));
        self.average_length.push(lengths.map(|(_, average)| average));
        self.trues.push(truths.map(|(trues, _)| trues));
        self.falses.push(truths.map(|(_, falses)| falses));
        self.bit_vectors.push(statistics.bit_vector.as_deref());
        self.histograms.push(statistics.histogram.as_deref());
    }
}

/// A statement that writes `$lists` into a table of statistics over what is there. The lists are $1 to $18; the table's
/// id, the engine and the partitions come after them, these as one more list.
macro_rules! put {
    ($table:literal, $key:literal, $key_values:literal, $partition:literal, $conflict:literal, $lists:ident,
     $($bind:expr),*) => {
        sqlx::query!(
            "insert into " + $table + " (" + $key + ", column_name, column_type, kind, analyzed_at, nulls,
                    distinct_count, long_low, long_high, double_low, double_high, decimal_low, decimal_high,
                    max_length, average_length, trues, falses, bit_vector, histogram)
             select " + $key_values + ", n.column_name, n.column_type, n.kind, n.analyzed_at, n.nulls,
                    n.distinct_count, n.long_low, n.long_high, n.double_low, n.double_high, n.decimal_low::numeric,
                    n.decimal_high::numeric, n.max_length, n.average_length, n.trues, n.falses, n.bit_vector,
                    n.histogram
             from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                    $8::bigint[], $9::float8[], $10::float8[], $11::text[], $12::text[], $13::bigint[], $14::float8[],
                    $15::bigint[], $16::bigint[], $17::bytea[], $18::bytea[] " + $partition + ")
                  as n(column_name, column_type, kind, analyzed_at, nulls, distinct_count, long_low, long_high,
                    double_low, double_high, decimal_low, decimal_high, max_length, average_length, trues, falses,
                    bit_vector, histogram, partition)
             on conflict (" + $conflict + ") do update set
                    column_type = excluded.column_type, kind = excluded.kind, analyzed_at = excluded.analyzed_at,
                    nulls = excluded.nulls, distinct_count = excluded.distinct_count, long_low = excluded.long_low,
                    long_high = excluded.long_high, double_low = excluded.double_low,
                    double_high = excluded.double_high, decimal_low = excluded.decimal_low,
                    decimal_high = excluded.decimal_high, max_length = excluded.max_length,
                    average_length = excluded.average_length, trues = excluded.trues, falses = excluded.falses,
                    bit_vector = excluded.bit_vector, histogram = excluded.histogram",
            &$lists.names as _,
            &$lists.types as _,
            &$lists.kinds as _,
            &$lists.analyzed_at,
            &$lists.nulls,
            &$lists.distinct as _,
            &$lists.long_low as _,
            &$lists.long_high as _,
            &$lists.double_low as _,
            &$lists.double_high as _,
            &$lists.decimal_low as _,
            &$lists.decimal_high as _,
            &$lists.max_length as _,
            &$lists.average_length as _,
            &$lists.trues as _,
            &$lists.falses as _,
            &$lists.bit_vectors as _,
            &$lists.histograms as _,
            $($bind),*
        )
    };
}

/// Writes statistics of a table's columns, each column once.
pub async fn put_table(
    connection: &mut Connection,
    table_id: i64,
    engine: &str,
    statistics: &[ColumnStatistics],
) -> Result<()> {
    let mut lists = Lists::default();
    statistics.iter().for_each(|column| lists.push(column));
    put!(
        "table_column_statistics",
        "table_id, engine",
        "$19::bigint, $20::text",
        ", array[null::text]",
        "table_id, column_name, engine",
        lists,
        table_id,
        engine
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes statistics of the columns of partitions, given by their values: each partition once, and in it each column.
pub async fn put_partitions(
    connection: &mut Connection,
    table_id: i64,
    engine: &str,
    partitions: &[(&[String], &[ColumnStatistics])],
) -> Result<()> {
    let mut lists = Lists::default();
    let mut values = Vec::new();
    for (partition, statistics) in partitions {
        let literal = array_literal(partition);
        for column in *statistics {
            lists.push(column);
            values.push(literal.clone());
        }
    }
    put!(
        "partition_column_statistics",
        "table_id, engine, values",
        "$19::bigint, $20::text, n.partition::text[]",
        ", $21::text[]",
        "table_id, values, column_name, engine",
        lists,
        table_id,
        engine,
        &values
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets statistics of a table's columns. No engine means any, no columns mean all. Answers the columns that had any.
pub async fn delete_from_table(
    connection: &mut Connection,
    table_id: i64,
    engine: Option<&str>,
    columns: Option<&[String]>,
) -> Result<Vec<String>> {
    let mut gone = sqlx::query_scalar!(
        "delete from table_column_statistics
         where table_id = $1 and ($2::text is null or engine = $2) and ($3::text[] is null or column_name = any($3))
         returning column_name",
        table_id,
        engine,
        columns as _
    )
    .fetch_all(connection)
    .await?;
    gone.sort_unstable();
    gone.dedup();
    Ok(gone)
}

/// Forgets statistics of the columns of partitions, given by their values. No engine means any, no columns mean all.
/// Answers for each partition, by its place in the list, the columns that had any.
pub async fn delete_from_partitions(
    connection: &mut Connection,
    table_id: i64,
    engine: Option<&str>,
    partitions: &[Vec<String>],
    columns: Option<&[String]>,
) -> Result<BTreeMap<usize, Vec<String>>> {
    let rows = sqlx::query!(
        r#"delete from partition_column_statistics s
           using unnest($3::text[]) with ordinality as given(literal, position)
           where s.table_id = $1 and s.values = given.literal::text[] and ($2::text is null or s.engine = $2)
             and ($4::text[] is null or s.column_name = any($4))
           returning given.position - 1 as "position!", s.column_name"#,
        table_id,
        engine,
        &array_literals(partitions),
        columns as _
    )
    .fetch_all(connection)
    .await?;
    let mut gone: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for row in rows {
        let columns = gone.entry(row.position as usize).or_default();
        if !columns.contains(&row.column_name) {
            columns.push(row.column_name);
        }
    }
    Ok(gone)
}
