//! Statistics of many partitions as one, as the metastore makes them for planners (MetaStoreDirectSql of Hive 4.0.1).
//!
//! Counts add up, ranges widen, lengths are the longest. The number of distinct values is known to lie between the
//! largest of any partition and the sum of all; where every partition has a sketch it is counted from those, else it is
//! guessed, by the rules of `distinct_values`, and it never exceeds what the range of whole numbers leaves room for.
//!
//! Where statistics of some of the partitions are missing they are extrapolated, if there are at least two to go by:
//! counts grow in proportion, and extremes along the straight line through the partitions that have the smallest and
//! the largest, by their places in the request.

use std::sync::Arc;

use super::super::Service;
use super::super::tables::no_table;
use super::{folded, values_of};
use crate::config::hive::DistinctValues;
use crate::error::Result;
use crate::model::statistics::{AggregatedStatistics, ColumnStatistics, Decimal, Kll, Range, ValueStatistics};
use crate::model::transaction::WriteIdSnapshot;
use crate::model::{Table, TableName};
use crate::store::statistics::{self, Aggregate, Edges, Sketches, Stretch};

impl Service {
    /// Aggregates statistics of columns over partitions, given by name. What is no name of a partition counts as one
    /// without statistics. Where those of one partition of an ACID table are not good for who has `seen` these writes,
    /// there are none at all.
    pub async fn aggregated_statistics(
        &self,
        name: &TableName,
        engine: &str,
        partitions: &[String],
        columns: &[String],
        seen: Option<&WriteIdSnapshot>,
    ) -> Result<AggregatedStatistics> {
        let mut connection = self.store.read().await?;
        let table = self.store.get_table(&mut connection, name).await?.ok_or_else(|| no_table(name))?;
        let columns = folded(Some(columns)).unwrap_or_default();
        let partitions = distinct_values(&table, partitions);
        if partitions.is_empty() || columns.is_empty() {
            return Ok(AggregatedStatistics::default());
        }
        let table = Arc::new(table);
        if let Some(seen) = seen
            && !self.stale_partitions(&mut connection, &table, &partitions, seen).await?.is_empty()
        {
            return Ok(AggregatedStatistics::default());
        }
        let (id, all) = (table.id, partitions.len() as i64);
        let found = statistics::aggregate(&mut connection, id, engine, &partitions, &columns).await?;
        let complete = found.len() == columns.len() && found.iter().all(|column| column.partitions == all);
        let partitions_found = if complete {
            all
        } else {
            statistics::partitions_found(&mut connection, id, engine, &partitions, &columns).await?
        };

        let sketched =
            names_of(&found, |column| column.has_histogram || column.sketched && column.statistics.distinct.is_some());
        let mut sketches = match sketched.as_slice() {
            [] => Default::default(),
            sketched => statistics::merge_sketches(&mut connection, id, engine, &partitions, sketched).await?,
        };
        let partial = names_of(&found, |column| (2..all).contains(&column.partitions));
        let mut edges = match partial.as_slice() {
            [] => Default::default(),
            partial => statistics::edges(&mut connection, id, engine, &partitions, partial).await?,
        };
        let columns = found.into_iter().map(|column| {
            let key = (column.statistics.column.clone(), column.statistics.values.kind().to_owned());
            let sketches = sketches.remove(&key).unwrap_or_default();
            whole(column, sketches, edges.remove(&key), all, self.rules.hive.distinct_values)
        });
        let columns = columns.collect();
        Ok(AggregatedStatistics { columns: self.shown(columns), partitions_found })
    }
}

fn names_of(found: &[Aggregate], wanted: impl Fn(&Aggregate) -> bool) -> Vec<String> {
    found.iter().filter(|column| wanted(column)).map(|column| column.statistics.column.clone()).collect()
}

/// In the order of the request, each once; names of no partition as an empty list each.
fn distinct_values(table: &Table, names: &[String]) -> Vec<Vec<String>> {
    let mut seen = std::collections::HashSet::new();
    names
        .iter()
        .filter(|name| seen.insert(name.as_str()))
        .map(|name| values_of(table, name).unwrap_or_default())
        .collect()
}

/// One column over all partitions.
fn whole(
    column: Aggregate,
    sketches: Sketches,
    edges: Option<Edges>,
    all: i64,
    rules: DistinctValues,
) -> ColumnStatistics {
    let Aggregate { mut statistics, partitions, distinct_sum, spacing, .. } = column;
    let largest = statistics.distinct;
    let extrapolated = edges.is_some();
    if let Some(edges) = edges {
        extrapolate(&mut statistics, partitions, &edges, all);
    }
    let counted = sketches.distinct.as_ref().zip(largest).map(|(sketch, largest)| {
        // Two sketches of a column may see fewer values than one partition counted by other means.
        sketch.estimate().clamp(largest, distinct_sum.max(largest))
    });
    let sum = if extrapolated { (distinct_sum / partitions).saturating_mul(all) } else { distinct_sum };
    statistics.distinct = match counted {
        Some(counted) => statistics.distinct.max(Some(counted)),
        None => statistics.distinct.map(|least| guess(least, sum.max(least), &statistics.values, spacing, rules)),
    };
    if let ValueStatistics::Long(range) | ValueStatistics::Date(range) | ValueStatistics::Timestamp(range) =
        &statistics.values
    {
        let room = range.low.zip(range.high).map(|(low, high)| clamped(i128::from(high) - i128::from(low) + 1));
        statistics.distinct = statistics.distinct.map(|distinct| distinct.min(room.unwrap_or(i64::MAX)));
    }
    statistics.bit_vector = sketches.distinct.map(|sketch| sketch.write().into());
    statistics.histogram =
        sketches.histograms.into_iter().max_by_key(Kll::count).map(|histogram| histogram.write().into());
    statistics
}

/// How many distinct values there are between the largest number of a partition and the sum of all.
fn guess(least: i64, most: i64, values: &ValueStatistics, spacing: Option<f64>, rules: DistinctValues) -> i64 {
    let width = match values {
        ValueStatistics::Long(range) | ValueStatistics::Date(range) | ValueStatistics::Timestamp(range) => {
            range.low.zip(range.high).map(|(low, high)| high as f64 - low as f64)
        }
        ValueStatistics::Double(range) => range.low.zip(range.high).map(|(low, high)| high - low),
        ValueStatistics::Decimal(range) => range.low.zip(range.high).map(|(low, high)| high.to_f64() - low.to_f64()),
        _ => None,
    };
    match width.zip(spacing).filter(|_| rules.by_density) {
        Some((width, spacing)) => ((width / spacing) as i64).clamp(least, most),
        None => least + ((most - least) as f64 * rules.tuner) as i64,
    }
}

fn extrapolate(statistics: &mut ColumnStatistics, partitions: i64, edges: &Edges, all: i64) {
    let grown = |count: i64| (count / partitions).saturating_mul(all);
    let last = all - 1;
    statistics.nulls = grown(statistics.nulls);
    if let Some(stretch) = edges.distinct {
        statistics.distinct = Some(stretch.highest(last));
    }
    match &mut statistics.values {
        ValueStatistics::Boolean { trues, falses } => {
            *trues = grown(*trues);
            *falses = grown(*falses);
        }
        ValueStatistics::Long(range) | ValueStatistics::Date(range) | ValueStatistics::Timestamp(range) => {
            *range = Range {
                low: edges.long_low.map(|stretch| stretch.lowest(last)),
                high: edges.long_high.map(|stretch| stretch.highest(last)),
            };
        }
        ValueStatistics::Double(range) => {
            *range = Range {
                low: edges.double_low.map(|stretch| stretch.lowest(last)),
                high: edges.double_high.map(|stretch| stretch.highest(last)),
            };
        }
        // On the way through doubles digits are lost: the exact extremes stay where nothing was extrapolated.
        ValueStatistics::Decimal(range) => {
            let moved = |stretch: Option<Stretch<f64>>, to: fn(&Stretch<f64>, i64) -> f64, known: Option<Decimal>| {
                let stretch = stretch.filter(|stretch| stretch.smallest != stretch.largest);
                stretch.and_then(|stretch| Decimal::from_f64(to(&stretch, last))).or(known)
            };
            range.low = moved(edges.double_low, Stretch::<f64>::lowest, range.low);
            range.high = moved(edges.double_high, Stretch::<f64>::highest, range.high);
        }
        ValueStatistics::String { max_length, average_length }
        | ValueStatistics::Binary { max_length, average_length } => {
            if let Some(stretch) = edges.max_length {
                *max_length = stretch.highest(last);
            }
            if let Some(stretch) = edges.average_length {
                *average_length = stretch.highest(last);
            }
        }
    }
}

impl<T: Copy> Stretch<T> {
    /// How far apart the two partitions are, and how far the border beyond the largest is from the smallest: the last
    /// place, or the first where numbers fall.
    fn beyond_largest(&self, last: i64) -> (i64, i64) {
        if self.smallest_at < self.largest_at {
            (last - self.smallest_at, self.largest_at - self.smallest_at)
        } else {
            (self.smallest_at, self.smallest_at - self.largest_at)
        }
    }

    /// The same for the border beyond the smallest, from the largest.
    fn beyond_smallest(&self, last: i64) -> (i64, i64) {
        if self.smallest_at < self.largest_at {
            (self.largest_at, self.largest_at - self.smallest_at)
        } else {
            (last - self.largest_at, self.smallest_at - self.largest_at)
        }
    }
}

impl Stretch<i64> {
    fn grow(&self, (to, apart): (i64, i64)) -> i128 {
        if apart == 0 {
            return 0;
        }
        (i128::from(self.largest) - i128::from(self.smallest)) * i128::from(to) / i128::from(apart)
    }

    fn highest(&self, last: i64) -> i64 {
        clamped(i128::from(self.smallest) + self.grow(self.beyond_largest(last)))
    }

    fn lowest(&self, last: i64) -> i64 {
        clamped(i128::from(self.largest) - self.grow(self.beyond_smallest(last)))
    }
}

impl Stretch<f64> {
    fn grow(&self, (to, apart): (i64, i64)) -> f64 {
        if apart == 0 { 0.0 } else { (self.largest - self.smallest) * to as f64 / apart as f64 }
    }

    fn highest(&self, last: i64) -> f64 {
        self.smallest + self.grow(self.beyond_largest(last))
    }

    fn lowest(&self, last: i64) -> f64 {
        self.largest - self.grow(self.beyond_smallest(last))
    }
}

fn clamped(number: i128) -> i64 {
    number.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}
