//! Statistics of many partitions as one. Sums, extremes and coverage are the database's work; what it cannot do is left
//! to the catalog, with the numbers for it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use futures::TryStreamExt;

use super::{Row, array_literals};
use crate::error::Result;
use crate::model::statistics::{ColumnStatistics, HyperLogLog, Kll, add_histogram};
use crate::store::Connection;

/// One column over the partitions that have statistics of it.
#[derive(Debug)]
pub struct Aggregate {
    /// Counts are sums, lengths the longest, the range the widest, and `distinct` the largest number of any partition.
    pub statistics: ColumnStatistics,
    /// How many partitions these are.
    pub partitions: i64,
    /// The numbers of distinct values of all partitions together.
    pub distinct_sum: i64,
    /// Whether every one of them has a sketch of its distinct values.
    pub sketched: bool,
    /// Whether any of them has a histogram.
    pub has_histogram: bool,
    /// The mean over the partitions of how far apart two values are, if they fill the range evenly; None where they have
    /// no range or no values.
    pub spacing: Option<f64>,
}

/// Aggregates by column name. Where partitions differ in the kind of a column's statistics, those of the commonest kind
/// count.
///
/// `offset 0` keeps the inner query apart, so that the sketches themselves are not sorted along with the numbers.
pub async fn aggregate(
    connection: &mut Connection,
    table_id: i64,
    engine: &str,
    partitions: &[Vec<String>],
    columns: &[String],
) -> Result<Vec<Aggregate>> {
    let rows = sqlx::query!(
        r#"select distinct on (s.column_name) s.column_name, max(s.column_type) as "column_type!", s.kind,
                  max(s.analyzed_at) as "analyzed_at!", clamp_to_bigint(sum(s.nulls)) as "nulls!",
                  max(s.distinct_count) as distinct_count, min(s.long_low) as long_low, max(s.long_high) as long_high,
                  min(s.double_low) as double_low, max(s.double_high) as double_high,
                  min(s.decimal_low)::text as decimal_low, max(s.decimal_high)::text as decimal_high,
                  max(s.max_length) as max_length, max(s.average_length) as average_length,
                  clamp_to_bigint(sum(s.trues)) as "trues!",
                  clamp_to_bigint(sum(s.falses)) as "falses!",
                  count(*) as "partitions!",
                  clamp_to_bigint(sum(s.distinct_count)) as "distinct_sum!",
                  bool_and(s.sketched) as "sketched!", bool_or(s.has_histogram) as "has_histogram!",
                  avg(coalesce(s.long_high::float8 - s.long_low::float8, s.double_high - s.double_low,
                               (s.decimal_high - s.decimal_low)::float8) / nullif(s.distinct_count, 0)) as spacing
           from (
               select s.*, s.bit_vector is not null as sketched, s.histogram is not null as has_histogram from partition_column_statistics s
               where s.table_id = $1 and s.engine = $2 and s.column_name = any($4)
                 and s.values in (select literal::text[] from unnest($3::text[]) as literal)
               offset 0
           ) s
           group by s.column_name, s.kind
           order by s.column_name, count(*) desc, s.kind"#,
        table_id,
        engine,
        &array_literals(partitions),
        columns
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Aggregate {
                partitions: row.partitions,
                distinct_sum: row.distinct_sum,
                sketched: row.sketched,
                has_histogram: row.has_histogram,
                spacing: row.spacing.filter(|spacing| spacing.is_finite() && *spacing > 0.0),
                statistics: Row {
                    position: 0,
                    column_name: row.column_name,
                    column_type: row.column_type,
                    kind: row.kind,
                    analyzed_at: row.analyzed_at,
                    nulls: row.nulls,
                    distinct_count: row.distinct_count,
                    long_low: row.long_low,
                    long_high: row.long_high,
                    double_low: row.double_low,
                    double_high: row.double_high,
                    decimal_low: row.decimal_low,
                    decimal_high: row.decimal_high,
                    max_length: row.max_length,
                    average_length: row.average_length,
                    trues: Some(row.trues),
                    falses: Some(row.falses),
                    bit_vector: None,
                    histogram: None,
                }
                .try_into()?,
            })
        })
        .collect()
}

/// How many of the partitions have statistics of every one of these columns, of which none comes twice.
pub async fn partitions_found(
    connection: &mut Connection,
    table_id: i64,
    engine: &str,
    partitions: &[Vec<String>],
    columns: &[String],
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "found!" from (
               select from partition_column_statistics s
               where s.table_id = $1 and s.engine = $2 and s.column_name = any($4)
                 and s.values in (select literal::text[] from unnest($3::text[]) as literal)
               group by s.values having count(*) = cardinality($4)
           ) covered"#,
        table_id,
        engine,
        &array_literals(partitions),
        columns
    )
    .fetch_one(connection)
    .await?)
}

/// The partitions in which a number is smallest and largest, by their places in the list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch<T> {
    pub smallest: T,
    pub smallest_at: i64,
    pub largest: T,
    pub largest_at: i64,
}

/// The stretches of one column's numbers; None where no partition has such a number.
#[derive(Debug, Default)]
pub struct Edges {
    pub long_low: Option<Stretch<i64>>,
    pub long_high: Option<Stretch<i64>>,
    pub double_low: Option<Stretch<f64>>,
    pub double_high: Option<Stretch<f64>>,
    pub distinct: Option<Stretch<i64>>,
    pub max_length: Option<Stretch<i64>>,
    pub average_length: Option<Stretch<f64>>,
}

/// Edges by column name. Decimals are told as doubles.
///
/// An array of a number and its place is compared by the number first: so one pass finds a number and where it is.
pub async fn edges(
    connection: &mut Connection,
    table_id: i64,
    engine: &str,
    partitions: &[Vec<String>],
    columns: &[String],
) -> Result<HashMap<(String, String), Edges>> {
    let rows = sqlx::query!(
        r#"select s.column_name, s.kind,
                  min(array[s.long_low, place]) filter (where s.long_low is not null) as long_low_least,
                  max(array[s.long_low, place]) filter (where s.long_low is not null) as long_low_most,
                  min(array[s.long_high, place]) filter (where s.long_high is not null) as long_high_least,
                  max(array[s.long_high, place]) filter (where s.long_high is not null) as long_high_most,
                  min(array[numbers.low, place]) filter (where numbers.low is not null) as double_low_least,
                  max(array[numbers.low, place]) filter (where numbers.low is not null) as double_low_most,
                  min(array[numbers.high, place]) filter (where numbers.high is not null) as double_high_least,
                  max(array[numbers.high, place]) filter (where numbers.high is not null) as double_high_most,
                  min(array[s.distinct_count, place]) filter (where s.distinct_count is not null) as distinct_least,
                  max(array[s.distinct_count, place]) filter (where s.distinct_count is not null) as distinct_most,
                  min(array[s.max_length, place]) filter (where s.max_length is not null) as max_length_least,
                  max(array[s.max_length, place]) filter (where s.max_length is not null) as max_length_most,
                  min(array[s.average_length, place]) filter (where s.average_length is not null) as average_least,
                  max(array[s.average_length, place]) filter (where s.average_length is not null) as average_most
           from unnest($3::text[]) with ordinality as wanted(literal, position)
           join partition_column_statistics s on s.table_id = $1 and s.values = wanted.literal::text[]
           cross join lateral (
               select wanted.position - 1 as place, coalesce(s.double_low, s.decimal_low::float8) as low,
                      coalesce(s.double_high, s.decimal_high::float8) as high
           ) numbers
           where s.engine = $2 and s.column_name = any($4)
           group by s.column_name, s.kind"#,
        table_id,
        engine,
        &array_literals(partitions),
        columns
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let edges = Edges {
                long_low: longs(row.long_low_least, row.long_low_most),
                long_high: longs(row.long_high_least, row.long_high_most),
                double_low: doubles(row.double_low_least, row.double_low_most),
                double_high: doubles(row.double_high_least, row.double_high_most),
                distinct: longs(row.distinct_least, row.distinct_most),
                max_length: longs(row.max_length_least, row.max_length_most),
                average_length: doubles(row.average_least, row.average_most),
            };
            ((row.column_name, row.kind), edges)
        })
        .collect())
}

fn longs(least: Option<Vec<i64>>, most: Option<Vec<i64>>) -> Option<Stretch<i64>> {
    match (least?.as_slice(), most?.as_slice()) {
        (&[smallest, smallest_at], &[largest, largest_at]) => {
            Some(Stretch { smallest, smallest_at, largest, largest_at })
        }
        _ => None,
    }
}

fn doubles(least: Option<Vec<f64>>, most: Option<Vec<f64>>) -> Option<Stretch<f64>> {
    match (least?.as_slice(), most?.as_slice()) {
        (&[smallest, smallest_at], &[largest, largest_at]) => {
            Some(Stretch { smallest, smallest_at: smallest_at as i64, largest, largest_at: largest_at as i64 })
        }
        _ => None,
    }
}

/// What the sketches of a column's values over all partitions come to.
#[derive(Debug, Default)]
pub struct Sketches {
    /// None where one partition has none, or one that cannot be read.
    pub distinct: Option<HyperLogLog>,
    /// Of those partitions that have one.
    pub histograms: Vec<Kll>,
}

/// The sketches of columns over all partitions, by column and kind, merged as they come.
pub async fn merge_sketches(
    connection: &mut Connection,
    table_id: i64,
    engine: &str,
    partitions: &[Vec<String>],
    columns: &[String],
) -> Result<HashMap<(String, String), Sketches>> {
    let mut merged: HashMap<(String, String), Sketches> = HashMap::new();
    let literals = array_literals(partitions);
    let mut rows = sqlx::query!(
        r#"select s.column_name, s.kind, s.bit_vector, s.histogram from partition_column_statistics s
           where s.table_id = $1 and s.engine = $2 and s.column_name = any($4)
             and s.values in (select literal::text[] from unnest($3::text[]) as literal)"#,
        table_id,
        engine,
        &literals,
        columns
    )
    .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let sketch = row.bit_vector.as_deref().and_then(HyperLogLog::read);
        let sketches = match merged.entry((row.column_name, row.kind)) {
            Entry::Vacant(first) => first.insert(Sketches { distinct: sketch, histograms: Vec::new() }),
            Entry::Occupied(known) => {
                let known = known.into_mut();
                match (known.distinct.as_mut(), &sketch) {
                    (Some(merged), Some(sketch)) => merged.merge(sketch),
                    _ => known.distinct = None,
                }
                known
            }
        };
        if let Some(histogram) = &row.histogram {
            add_histogram(&mut sketches.histograms, histogram);
        }
    }
    Ok(merged)
}
